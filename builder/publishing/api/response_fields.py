"""Read values from BioT's JSON, and refuse types that its specification (2.4.2) does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.limits import VERSION_MAX, VERSION_MIN
from builder.publishing.api.http_response import UnreadableResponseError
from builder.publishing.api.plugin_identity import bare_name, certain_name, full_name, is_akin
from builder.publishing.api_values import PluginPage, RemotePlugin, SearchPage

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES = frozenset({"creationTime", "lastModifiedTime"})
_REQUIRED: Mapping[str, type] = {"name": str, "displayName": str, "version": int}
_OPTIONAL: Mapping[str, type] = {
    "endpointUrl": str,
    "linkToConsole": str,
    "creationTime": str,
    "lastModifiedTime": str,
    "runtime": str,
    "handler": str,
    "timeout": int,
    "memorySize": int,
    "ephemeralStorage": int,
    "environmentVariables": dict,
    "subscriptions": dict,
    "enabledState": str,
    "cronSchedule": str,
    "deploymentPackageType": str,
    "analyticsDbAccess": bool,
    "cors": dict,
}
_LISTS = (("subscriptions", "interceptions", dict), ("subscriptions", "notifications", dict))
_CORS = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders")


def read_plugin(document: Mapping[str, object], *, name: str | None = None) -> RemotePlugin:
    """BioT's PluginResponse.

    Args:
        document: The JSON object.
        name: The requested plugin; a response that can only be about another one is refused. Whether it is about
            this one is decided by ``builder.publishing.api.plugin_identity``.

    Raises:
        UnreadableResponseError: It is not a plugin, or not this one.
    """
    for key, kind in _REQUIRED.items():
        _check(document, key, kind, needed=True)
    for key, kind in _OPTIONAL.items():
        _check(document, key, kind, needed=False)
    for table, key, kind in (*_LISTS, *(("cors", key, str) for key in _CORS)):
        _check_list(document.get(table), table, key, kind)
    variables = document.get("environmentVariables")
    if isinstance(variables, dict) and not all(isinstance(value, str) for value in variables.values()):
        msg = "a plugin with environmentVariables that are not text"
        raise UnreadableResponseError(msg)
    return _plugin(document, name)


def _plugin(document: Mapping[str, object], name: str | None) -> RemotePlugin:
    answered, version = str(document["name"]), document["version"]
    if not isinstance(version, int) or not VERSION_MIN <= version <= VERSION_MAX:
        msg = f"a plugin with version {version}"
        raise UnreadableResponseError(msg)
    if name is not None and not is_akin(answered, name):
        msg = "another plugin than the requested one"
        raise UnreadableResponseError(msg)
    console_url = str(document.get("linkToConsole") or "")
    own = name or certain_name(answered, console_url) or bare_name(answered)
    return RemotePlugin(
        name=own,
        full_name=full_name(own),
        display_name=str(document["displayName"]),
        version=version,
        fields={key: value for key, value in document.items() if key not in _TIMES},
        endpoint_url=str(document.get("endpointUrl") or ""),
        console_url=console_url,
        creation_time=str(document.get("creationTime") or ""),
        last_modified_time=str(document.get("lastModifiedTime") or ""),
    )


def read_plugin_page(document: Mapping[str, object]) -> PluginPage:
    """A page of plugins.

    Raises:
        UnreadableResponseError: It is not.
    """
    rows = read_search_page(document)
    return PluginPage(plugins=tuple(read_plugin(row) for row in rows.rows), total=rows.total)


def read_search_page(document: Mapping[str, object]) -> SearchPage:
    """A page of BioT's search envelope.

    Raises:
        UnreadableResponseError: It is not.
    """
    rows, metadata = document.get("data"), document.get("metadata")
    page = metadata.get("page") if isinstance(metadata, dict) else None
    total = page.get("totalResults") if isinstance(page, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = "a search result without rows"
        raise UnreadableResponseError(msg)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        msg = "a search result without totalResults"
        raise UnreadableResponseError(msg)
    return SearchPage(rows=tuple(rows), total=total)


def read_actions(document: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """The actions that can notify, each with its entity.

    Raises:
        UnreadableResponseError: The document is not such a list.
    """
    rows = document.get("entityTypes")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = "a list of actions without rows"
        raise UnreadableResponseError(msg)
    return tuple(rows)


def read_docker_credentials(document: Mapping[str, object]) -> Mapping[str, object]:
    """Temporary credentials as BioT answers, complete; ``builder.registry.parse_temp_credentials`` checks their values.

    Raises:
        UnreadableResponseError: A field is missing or wrong.
    """
    for key in ("region", "repositoryUri"):
        _check(document, key, str, needed=True)
    _check(document, "credentials", dict, needed=True)
    credentials = document["credentials"]
    if isinstance(credentials, dict):
        for key in ("accessKeyId", "secretAccessKey", "sessionToken", "expiration"):
            _check(credentials, key, str, needed=True)
    return document


def _check(table: Mapping[str, object], key: str, kind: type, *, needed: bool) -> None:
    value = table.get(key)
    if value is None and not needed:
        return
    # True is an int for Python, but not for BioT.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        msg = f"JSON with a missing or wrong {key}"
        raise UnreadableResponseError(msg)


def _check_list(table: object, name: str, key: str, kind: type) -> None:
    value = table.get(key) if isinstance(table, dict) else None
    if value is not None and (not isinstance(value, list) or not all(isinstance(item, kind) for item in value)):
        msg = f"a plugin with a wrong {name}.{key}"
        raise UnreadableResponseError(msg)
