"""Facts about Lambda's execution environment: limits, error types and texts.

Sources: AWS Lambda Developer Guide ("Lambda quotas", "Lambda runtime environment lifecycle", "Using the Lambda runtime
API", "Defined runtime environment variables", "Lambda function URLs") and the aws-lambda-runtime-interface-emulator.
Sizes are bytes.
"""

from __future__ import annotations

AS_OF = "2026-11-28"

REQUEST_MAX = 6_291_456
"""The largest event of a synchronous call: 6 MB."""
RESPONSE_MAX = 6_291_556
"""The largest answer, as Lambda's own error message names it: 6 MB and 100 bytes."""
INITIALIZATION_SECONDS = 10
"""The time for imports and everything else outside of the handler. Lambda then starts over, within the timeout."""
WARNING_SHARE = 0.8
"""A report warns from this share of a limit on (the kit's choice)."""

STORAGE = "/tmp"  # noqa: S108 - the folder's name on Lambda
"""The only folder that the code can write to."""

REGION = "eu-central-1"
ACCOUNT = "123456789012"
VERSION = "$LATEST"

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"
UNKNOWN_ERROR = "Runtime.Unknown"


def function_arn(name: str) -> str:
    """Return the ARN of a function."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
