"""Is the handler in the ZIP, where Lambda looks for it?

Source: AWS Lambda Developer Guide, "Define Lambda function handler" for Java, C# and Ruby, and "Building a custom
runtime" for the file ``bootstrap`` (read on 2026-11-20).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.build_values import EXECUTABLE_MODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from builder.platform.runtimes import Language

_BOOTSTRAP = "bootstrap"


def handler_problem(
    handler: str, language: Language, files: Mapping[str, int], classes: AbstractSet[str]
) -> tuple[str, str]:
    """Why Lambda would not find the handler, and how to fix it; both are empty if it would.

    Args:
        handler: As in plugin.toml, of a form that its rule accepts.
        language: Of the runtime.
        files: The paths in the ZIP with their modes.
        classes: The paths in the JARs below ``lib/``, which Lambda adds to the class path.
    """
    places = _PLACES[language](handler)
    found = next((place for place in places if place in files or place in classes), None)
    if found == _BOOTSTRAP and files[found] != EXECUTABLE_MODE:
        return f"{_BOOTSTRAP} is not executable, so Lambda cannot start it.", "Run `chmod +x bootstrap` before zipping."
    if found is not None:
        return "", ""
    message = f"The handler {handler} needs {' or '.join(places)}, which the ZIP does not have."
    nested = next((path for path in files if path.endswith(tuple(f"/{place}" for place in places))), "")
    if nested:
        return message, f"It has {nested}: zip the content of the folder, not the folder itself."
    return message, _HINTS.get(language, "Correct the handler, or the tool that makes the ZIP.")


def _of_java(handler: str) -> tuple[str, ...]:
    return (f"{handler.partition('::')[0].replace('.', '/')}.class",)


def _of_dotnet(handler: str) -> tuple[str, ...]:
    return (f"{handler.partition('::')[0]}.dll",)


def _of_ruby(handler: str) -> tuple[str, ...]:
    return (f"{handler.partition('.')[0]}.rb",)


def _of_python(handler: str) -> tuple[str, ...]:
    module = handler.rpartition(".")[0].replace(".", "/")
    return f"{module}.py", f"{module}/__init__.py"


def _of_nodejs(handler: str) -> tuple[str, ...]:
    module = handler.rpartition(".")[0]
    return tuple(f"{module}{ending}" for ending in (".js", ".mjs", ".cjs"))


def _of_provided(_handler: str) -> tuple[str, ...]:
    return (_BOOTSTRAP,)


_PLACES: Mapping[Language, Callable[[str], tuple[str, ...]]] = {
    "java": _of_java,
    "dotnet": _of_dotnet,
    "ruby": _of_ruby,
    "provided": _of_provided,
    "python": _of_python,
    "nodejs": _of_nodejs,
}
_HINTS: Mapping[Language, str] = {
    "java": "A ZIP for Java has the classes at its root, and other JARs below lib/.",
    "dotnet": "A ZIP for .NET is the content of the folder that `dotnet publish` writes.",
    "provided": "The program that Lambda starts must be called bootstrap, at the root of the ZIP.",
}
