"""Make a plugin and its plugin.toml agree: write the plugin's settings to the file, or the file's to the plugin."""

from __future__ import annotations

import difflib
import os
import secrets
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from builder.errors import KitError
from builder.manifest import parse
from builder.manifest.environments import LOCAL
from builder.manifest.serialization import render_config
from builder.manifest.text.toml_document import decode, parse_toml
from sandbox.plugin_files.settings_drift import find_drift, own_variables
from sandbox.settings import plugin_operations
from sandbox.settings.code.upload_form import UploadForm
from sandbox.settings.configuration import apply_partial_update
from sandbox.settings.plugin_schema import FIXED
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from sandbox.instance_state import InstanceState
    from sandbox.settings.configuration import ConfiguredPlugin
    from sandbox.settings.plugin_schema import Config

_CONFLICT = 409
_CONTEXT_LINES = 2
_REPLACED = ("cronSchedule", "subscriptions")
"""Settings that are removed when plugin.toml does not have them, which a partial update alone cannot do."""
_NOT_SETTINGS = (*FIXED, "version", "imageTag")
_VARIABLES = "environmentVariables"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileComparison:
    """A plugin compared with its plugin.toml.

    Attributes:
        file: The plugin.toml.
        digest: Of its text, so that a later write finds out whether somebody has changed it.
        new_text: The text that would agree with the plugin.
        lines: The changed lines of the text, as a unified difference without its header; empty if both agree.
        problem: Why they cannot be compared; empty otherwise.
    """

    file: Path
    digest: str = ""
    new_text: str = ""
    lines: tuple[str, ...] = ()
    problem: str = ""


def compare_with_file(state: InstanceState, plugin: str, file: Path) -> FileComparison:
    """Compare a plugin of the local BioT with its plugin.toml.

    Raises:
        ApiError: 404, there is no such plugin.
    """
    config = plugin_operations.configuration(state, plugin)
    try:
        text = decode(_read(file), file=file.name)
        return _compared(file, text, config, state.clock.now().date())
    except (KitError, ApiError) as error:
        return FileComparison(file=file, problem=_explained(error))


def write_to_file(state: InstanceState, plugin: str, file: Path, digest: str) -> None:
    """Write the plugin's settings to its plugin.toml, and keep the comments and the order of the file.

    Args:
        state: The state of the local BioT.
        plugin: The plugin.
        file: Its plugin.toml.
        digest: Of the text that was compared.

    Raises:
        ApiError: 404, there is no such plugin; 409, the file has changed meanwhile, or cannot be changed.
    """
    comparison = compare_with_file(state, plugin, file)
    if comparison.problem:
        raise ApiError(_CONFLICT, "FILE_NOT_WRITTEN", comparison.problem)
    if comparison.digest != digest:
        message = f"{file} has changed meanwhile, so it was not written. Look at the differences again."
        raise ApiError(_CONFLICT, "FILE_HAS_CHANGED", message)
    if comparison.lines:
        _replace(file, comparison.new_text)


def discard_changes(state: InstanceState, plugin: str, file: Path) -> None:
    """Give the plugin the settings of its plugin.toml.

    Raises:
        ApiError: 404, there is no such plugin; 409, the file has errors.
    """
    try:
        text = decode(_read(file), file=file.name)
        manifest = parse(text, file=file, environment=LOCAL, today=state.clock.now().date()).manifest
    except KitError as error:
        raise ApiError(_CONFLICT, "FILE_NOT_READ", _explained(error)) from error
    wanted = {key: value for key, value in render_config(manifest.plugin).items() if key not in _NOT_SETTINGS}
    no_code = UploadForm(config="", code=None)
    plugin_operations.update(state, plugin, partial(_with_settings_of, wanted), no_code)


def _with_settings_of(wanted: Config, current: Config) -> ConfiguredPlugin:
    """Return the plugin with other settings; the variables by which the kit knows its code stay."""
    before: Any = current[_VARIABLES]
    of_the_kit = {name: value for name, value in before.items() if name not in own_variables(before)}
    variables: Any = wanted[_VARIABLES]
    kept = {key: value for key, value in current.items() if key not in _REPLACED}
    return apply_partial_update(kept, {**wanted, _VARIABLES: {**variables, **of_the_kit}}, with_code=False)


def _compared(file: Path, text: str, config: Config, today: date) -> FileComparison:
    parse(text, file=file, environment=LOCAL, today=today)
    edits = find_drift(parse_toml(text, file=file.name), config)
    new_text = _agreeing_text(file, text, config, today) if edits else text
    lines = difflib.unified_diff(text.splitlines(), new_text.splitlines(), lineterm="", n=_CONTEXT_LINES)
    digest = sha256(text.encode()).hexdigest()
    return FileComparison(file=file, digest=digest, new_text=new_text, lines=tuple(lines)[2:])


def _agreeing_text(file: Path, text: str, config: Config, today: date) -> str:
    """Return the text that agrees with the plugin, read again to be sure that it does."""
    from tomlkit.exceptions import TOMLKitError  # tomlkit: only when something has to be written

    from sandbox.plugin_files.toml_edits import edited_toml

    reason = "Edit the file by hand."
    try:
        new_text = edited_toml(text, find_drift(parse_toml(text, file=file.name), config))
        parse(new_text, file=file, environment=LOCAL, today=today)
        if not find_drift(parse_toml(new_text, file=file.name), config):
            return new_text
    except (KitError, TOMLKitError) as error:
        reason = _explained(error) if isinstance(error, KitError) else reason
    message = f"The settings cannot be written into {file.name} as it is now. {reason}"
    raise ApiError(_CONFLICT, "FILE_NOT_WRITTEN", message)


def _explained(error: KitError | ApiError) -> str:
    """Return an error in one line, with everything that is wrong in the file."""
    problems = error.problems if isinstance(error, KitError) else ()
    hint = error.hint if isinstance(error, KitError) else ""
    found = [f"Line {problem.line}: {problem.message}" if problem.line else problem.message for problem in problems]
    return " ".join(filter(None, [error.message, *found, hint]))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise ApiError(_CONFLICT, "FILE_NOT_READ", message) from error


def _replace(file: Path, text: str) -> None:
    """Write a file completely or not at all; a link stays a link."""
    target = file.resolve()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        mode = target.stat().st_mode & 0o777
        part.write_bytes(text.encode())
        part.chmod(mode)
        os.replace(part, target)  # noqa: PTH105 - as one step, also where a file is there
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"{file} cannot be written: {error.strerror}."
        raise ApiError(_CONFLICT, "FILE_NOT_WRITTEN", message) from error
