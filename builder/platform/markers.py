"""The values of environment markers (PEP 508) on Lambda. Source: the runtimes' own Python, on x86_64."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.platform.runtimes import Runtime


def marker_environment(runtime: Runtime) -> dict[str, str]:
    """The value of each marker, without ``extra``."""
    return {
        "python_version": runtime.version,
        "python_full_version": f"{runtime.version}.0",
        "implementation_version": f"{runtime.version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_release": "",
        "platform_version": "",
    }
