"""What is looked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A handler, taken apart as the language's runtime does it.

    Attributes:
        handler: As in the manifest.
        language: ``python`` or ``nodejs``.
        version: Of the runtime's language, or empty.
        module: Path of the file below the build root, with ``/`` and without its ending.
        name: The function's name there.
    """

    handler: str
    language: str
    version: str
    module: str
    name: str

    @classmethod
    def of(cls, handler: str, language: str, version: str) -> Request:
        """Take a handler apart.

        ``awslambdaric`` cuts at the last dot and takes the others for slashes; ``aws-lambda-ric`` cuts the last part
        of the path at its first dot and looks the rest up property by property, of which only the first is checked.
        """
        if language == "python":
            module, _, name = handler.rpartition(".")
            module = module.replace(".", "/")
        else:
            folder, slash, last = handler.rpartition("/")
            stem, _, properties = last.partition(".")
            module, name = f"{folder}{slash}{stem}", properties.split(".")[0]
        return cls(handler=handler, language=language, version=version, module=module, name=name)
