"""Functions of one file, and a service that runs them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.functions.function_configuration import FunctionConfiguration
from tests.support.sandbox.settings_client import zipped

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.functions.invocation import Invocation
    from sandbox.functions.service import FunctionService


@dataclass(frozen=True, kw_only=True)
class SmallFunction:
    """A function, and the service that runs it."""

    service: FunctionService
    configuration: FunctionConfiguration

    def call(self, event: object = None) -> Invocation:
        """Call it with an event."""
        return self.service.invoke(self.configuration, json.dumps(event).encode())

    def answer(self, event: object = None) -> object:
        """Call it and return its answer, which must not be an error."""
        invocation = self.call(event)
        assert invocation.error is None, (invocation.error, invocation.log)
        return json.loads(invocation.payload)

    def changed(self, **settings: object) -> SmallFunction:
        """The same code with other settings."""
        return replace(self, configuration=replace(self.configuration, **settings))  # type: ignore[arg-type]  # any field


def small_function(
    folder: Path, service: FunctionService, code: str, runtime: str = "python3.13", *, file: str = ""
) -> SmallFunction:
    """Write a ZIP with one file: ``index.py``, ``index.mjs`` or another one."""
    name = file or ("index.py" if runtime.startswith("python") else "index.mjs")
    data = zipped({name: code})
    sha256 = hashlib.sha256(data).hexdigest()
    artifact = folder / f"{sha256}.zip"
    artifact.write_bytes(data)
    configuration = FunctionConfiguration(
        name=f"Plugin-{sha256[:8]}",
        runtime=runtime,
        handler="index.handler",
        artifact=artifact,
        artifact_sha256=sha256,
        timeout_seconds=10,
        variables=(("BIOT_BASE_URL", "http://127.0.0.1:8788"),),
    )
    return SmallFunction(service=service, configuration=configuration)
