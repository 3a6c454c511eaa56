"""The environment variables of a function: Lambda's, the function's own, and nothing of the author's shell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from builder.platform.limits import ENVIRONMENT_VARIABLES_MAX
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.lambda_facts import REGION, VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.functions.function_configuration import FunctionConfiguration


def function_variables(configuration: FunctionConfiguration, *, task_root: str, runtime_api: str) -> dict[str, str]:
    """Return every variable that does not depend on the language.

    AWS_ACCESS_KEY_ID and the other credentials are missing, because a function on this machine has none.

    Args:
        configuration: The function.
        task_root: The folder of its code, as the function sees it.
        runtime_api: Host and port of the Runtime API.
    """
    return {
        **dict(configuration.variables),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_megabytes),
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_VERSION": VERSION,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[{VERSION}]{uuid4().hex}",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": REGION,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": task_root,
        "LANG": "en_US.UTF-8",
        "TZ": dict(configuration.variables).get("TZ", ":UTC"),
        "_HANDLER": configuration.handler,
    }


def check_variables_size(variables: Mapping[str, str]) -> None:
    """Check the size of the function's own variables, measured as Lambda measures it.

    Raises:
        FunctionUnavailableError: They are larger than 4 KB.
    """
    size = len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode())
    if size > ENVIRONMENT_VARIABLES_MAX:
        message = f"The environment variables have {size} bytes; Lambda allows {ENVIRONMENT_VARIABLES_MAX}."
        raise FunctionUnavailableError(message, hint="Remove or shorten some in [plugin.environmentVariables].")
