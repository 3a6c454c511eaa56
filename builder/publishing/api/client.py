"""The client of BioT's API, one method per call (specification 2.4.2, settings service).

A change is sent once: it returns, or raises an error that says what is known (``builder.publishing.failures``). Queries
are repeated.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from builder.progress import SilentProgress
from builder.publishing.api.calls import not_sent
from builder.publishing.api.dispatcher import Dispatcher
from builder.publishing.api.http_response import UnreadableResponseError, describe_response, read_object, server_time
from builder.publishing.api.http_transport import HttpRequest
from builder.publishing.api.paging import PAGE_SIZE, all_pages
from builder.publishing.api.plugin_identity import certain_name, full_name
from builder.publishing.api.rejections import METHOD_NOT_ALLOWED
from builder.publishing.api.request_bodies import PluginForm, patch_fields, put_fields
from builder.publishing.api.response_fields import (
    read_actions,
    read_docker_credentials,
    read_plugin,
    read_plugin_page,
    read_search_page,
)
from builder.publishing.api_values import SystemProperties
from builder.publishing.failures import NoAnswer, NoSuchPlugin, Refused
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import TypeVar

    from builder.progress import Progress
    from builder.publishing.api.calls import ApiCalls, TokenSource
    from builder.publishing.api.http_response import HttpResponse
    from builder.publishing.api_values import PluginPage, RemotePlugin, SearchPage, TargetEnvironment

    T = TypeVar("T")

_PLUGINS = "/settings/v2/plugins"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOT_FOUND = 404
_NO_SUCH_PLUGIN = "PLUGIN_NOT_FOUND"


class BiotClient:
    """A client for one environment of BioT, with the rights of one principal.

    Args:
        calls: Requests to the environment.
        tokens: Its access tokens.
        progress: Shows uploads.
    """

    def __init__(self, calls: ApiCalls, tokens: TokenSource, progress: Progress | None = None) -> None:
        self._calls = calls
        self._tokens = tokens
        self._progress: Progress = progress or SilentProgress()
        self._prefixed = True
        self._patches = True
        self._proven: tuple[str, str] | None = None
        self.dispatcher = Dispatcher(calls, tokens)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._calls.transport.close()

    @property
    def target(self) -> TargetEnvironment:
        """The environment."""
        return self._calls.transport.target

    def read(self, name: str) -> RemotePlugin | None:
        """A plugin, or None when none has this name.

        Args:
            name: Its own name, without ``Plugin-``.

        Raises:
            Unreachable, NoAnswer, AccessDenied, Refused: See ``builder.publishing.api.calls``.
        """
        return self._by_either_name(name, lambda path: self._read(path, name))

    def create(self, config: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Create a plugin.

        Args:
            config: The result of ``builder.manifest.render_config``.
            code: The ZIP, or None for BioT's seed code or an image.

        Raises:
            Refused: Nothing was created; ``code`` is ``PLUGIN_EXISTS_BY_NAME`` when the plugin exists.
            Unreachable, AccessDenied: Nothing was sent, or nothing was processed.
            RolledBack: It failed, and BioT undid it; read the plugin to verify.
            OutcomeUnknown: Read the plugin to find out.
        """
        request = HttpRequest(
            method="POST", path=_PLUGINS, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_CREATE"
        )
        response = self._calls.change(request, self._tokens, form=_form(config, code), progress=self._progress)
        return self._read_confirmed(request, response, str(config["name"]))

    def update(self, name: str, changes: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Change some fields of a plugin: by PATCH, or by PUT with all fields where BioT has no PATCH.

        Args:
            name: Its own name, without ``Plugin-``.
            changes: The fields that change; ``name`` and ``deploymentPackageType`` cannot change and are not sent.
            code: The new ZIP, or None when the code stays; then ``version`` must stay too.

        Raises:
            NoSuchPlugin: It does not exist any more; nothing was changed.
            Refused, Unreachable, AccessDenied, RolledBack, OutcomeUnknown: As ``create``.
        """
        fields = patch_fields(changes)
        plugin = self._by_either_name(name, lambda path: self._update(path, name, fields, code))
        if plugin is None:
            raise _no_such_plugin(name, self.target)
        return plugin

    def delete(self, name: str) -> None:
        """Delete a plugin with its service user, its subscriptions and its code.

        Raises:
            NoSuchPlugin: It does not exist.
            Refused, Unreachable, AccessDenied, RolledBack, OutcomeUnknown: As ``create``.
        """
        if self._by_either_name(name, self._delete) is None:
            raise _no_such_plugin(name, self.target)

    def search(self, request: Mapping[str, object]) -> PluginPage:
        """One page of plugins.

        Args:
            request: BioT's ``searchRequest``: filter, sort, freeTextSearch, limit, page.
        """
        return self._search(_PLUGINS, request, "SETTINGS_PLUGIN_SEARCH", read_plugin_page)

    def interceptable(self) -> tuple[Mapping[str, object], ...]:
        """All APIs and entities that can be intercepted: rows of ``entityTypeName``, ``servicePrefix``, ``apiId``."""
        # The documented default is to sort by a column that this search does not have.
        search: dict[str, object] = {"sort": [{"prop": "apiId", "order": "ASC"}], "limit": PAGE_SIZE}
        path, permission = "/settings/v1/interceptions", "SETTINGS_SEARCH_INTERCEPTION_SUBSCRIPTION_CONFIGURATIONS"

        def read(page: int) -> SearchPage:
            return self._search(path, {**search, "page": page}, permission, read_search_page)

        return all_pages(read, "APIs that can be intercepted")

    def notifiable(self) -> tuple[Mapping[str, object], ...]:
        """All actions that can notify: rows of ``entityName``, ``actionName`` and their display names."""
        path, permission = "/settings/v2/entity-types/action-notifications", "SETTINGS_GET_ENTITY_TYPES"
        return self._calls.read(HttpRequest(method="GET", path=path, permission=permission), self._tokens, read_actions)

    def templates(self) -> tuple[Mapping[str, object], ...]:
        """All templates: rows of ``entityTypeName``, ``name`` and ``customAttributes`` among others."""
        search: dict[str, object] = {"sort": [{"prop": "id", "order": "ASC"}], "limit": PAGE_SIZE}

        def read(page: int) -> SearchPage:
            path = "/settings/v1/templates"
            return self._search(path, {**search, "page": page}, "SETTINGS_SEARCH_TEMPLATE", read_search_page)

        return all_pages(read, "templates")

    def docker_credentials(self) -> Mapping[str, object]:
        """Temporary credentials for the environment's repository of images, as BioT answers; each call makes new ones.

        ``builder.registry.parse_temp_credentials`` reads them. They are valid for one hour.
        """
        path = f"{_PLUGINS}/docker-repository/temp-credentials"
        permission = "SETTINGS_PLUGIN_GET_DOCKER_REPOSITORY_TEMP_CREDENTIALS"
        request = HttpRequest(method="GET", path=path, permission=permission)
        return self._calls.read(request, self._tokens, read_docker_credentials)

    def _read(self, path: str, name: str) -> RemotePlugin | None:
        plugin = self._get(path, name)
        return plugin if self._is_named(plugin, path, name) else None

    def _get(self, path: str, name: str) -> RemotePlugin:
        request = HttpRequest(method="GET", path=path, permission="SETTINGS_PLUGIN_GET")
        return self._calls.read(request, self._tokens, lambda document: read_plugin(document, name=name))

    def _is_named(self, plugin: RemotePlugin, path: str, name: str) -> bool:
        """Whether a response is about the plugin of this name, and not about one whose own name begins with Plugin-."""
        answered = str(plugin.fields["name"])
        own = certain_name(answered, plugin.console_url)
        if own is not None or answered not in {name, full_name(name)}:
            return own == name
        if answered == name:
            return path == _path(full_name(name))
        identity = (name, plugin.creation_time)
        if plugin.creation_time and identity != self._proven and self._exists_as(full_name(answered), answered, plugin):
            return False
        self._proven = identity
        return True

    def _exists_as(self, other: str, name: str, plugin: RemotePlugin) -> bool:
        """Whether the plugin that was just read also exists under another full name."""
        try:
            found = self._get(_path(other), name)
        except Refused as error:
            if error.status != _NOT_FOUND or error.code != _NO_SUCH_PLUGIN:
                raise
            return False
        return (found.creation_time, found.endpoint_url) == (plugin.creation_time, plugin.endpoint_url)

    def _update(self, path: str, name: str, fields: Mapping[str, object], code: Path | None) -> RemotePlugin:
        if self._patches:
            try:
                return self._send_update("PATCH", path, name, _form(fields, code))
            except Refused as error:
                if error.status != METHOD_NOT_ALLOWED:
                    raise
                self._patches = False
        try:
            all_fields = put_fields(self._get(path, name).fields, fields, name)
        except NoAnswer as error:
            raise not_sent(error) from error
        return self._send_update("PUT", path, name, _form(all_fields, code))

    def _send_update(self, method: str, path: str, name: str, form: PluginForm) -> RemotePlugin:
        request = HttpRequest(
            method=method, path=path, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_UPDATE"
        )
        response = self._calls.change(request, self._tokens, form=form, progress=self._progress)
        return self._read_confirmed(request, response, name)

    def _delete(self, path: str) -> bool:
        request = HttpRequest(
            method="DELETE", path=path, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_DELETE"
        )
        response = self._calls.change(request, self._tokens, progress=self._progress)
        if response.body.strip():
            raise self._calls.outcome_unknown(request, describe_response(response))
        return True

    def _by_either_name(self, name: str, call: Callable[[str], T | None]) -> T | None:
        """Call with the full name, as documented; when BioT has no such plugin, with the own name."""
        if not _NAME.fullmatch(name):
            return None  # never send a path with ".."
        forms = [full_name(name), name] if self._prefixed else [name, full_name(name)]
        for form in forms:
            try:
                result = call(_path(form))
            except Refused as error:
                if error.status != _NOT_FOUND or error.code != _NO_SUCH_PLUGIN:
                    raise
                continue
            if result is not None:
                self._prefixed = form != name
                return result
        return None

    def _read_confirmed(self, request: HttpRequest, response: HttpResponse, name: str) -> RemotePlugin:
        try:
            return read_plugin(read_object(response), name=name)
        except UnreadableResponseError as error:
            raise self._calls.outcome_unknown(request, f"HTTP {response.status}, and its body is {error}") from error

    def _search(
        self, path: str, request: Mapping[str, object], permission: str, read: Callable[[Mapping[str, object]], T]
    ) -> T:
        query = {"searchRequest": json.dumps(request, separators=(",", ":"))}
        return self._calls.read(
            HttpRequest(method="GET", path=path, query=query, permission=permission), self._tokens, read
        )


def read_system_properties(calls: ApiCalls) -> SystemProperties:
    """BioT's version and time, read without credentials.

    Raises:
        Unreachable, NoAnswer, Refused: As every query.
    """
    result = calls.query(HttpRequest(method="GET", path="/settings/v1/system/properties"))
    version = result.document.get("biotVersion")
    return SystemProperties(
        version=version if isinstance(version, str) else "", server_time=server_time(result.response)
    )


def _path(name: str) -> str:
    return f"{_PLUGINS}/{quote(name, safe='')}"


def _form(fields: Mapping[str, object], code: Path | None) -> PluginForm:
    return PluginForm(config=json.dumps(fields, ensure_ascii=False, separators=(",", ":")), code=code)


def _no_such_plugin(name: str, target: TargetEnvironment) -> NoSuchPlugin:
    shown = printable(name, 80)
    msg = f"There is no plugin {shown} in {target.name} ({target.base_url})."
    hint = f"`biot-plugin list -e {target.name}` shows all plugins."
    return NoSuchPlugin(msg, hint=hint, status=_NOT_FOUND, code=_NO_SUCH_PLUGIN)
