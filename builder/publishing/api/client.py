"""BioT's API as the kit uses it, one method per call (platform specification 2.4.2, settings service).

What changes something is sent once: it returns, or raises by what is known (``builder.publishing.failures``). Questions
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
from builder.publishing.api.multipart import PluginForm
from builder.publishing.api.paging import PAGE_SIZE, all_pages
from builder.publishing.api.plugin_identity import certain_name, full_name
from builder.publishing.api.rejections import METHOD_NOT_ALLOWED
from builder.publishing.api.response_fields import read_actions, read_plugin, read_plugin_page, read_search_page
from builder.publishing.api.update_body import patch_body, put_body
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
    """One environment of BioT, by one principal.

    Args:
        calls: Requests to it.
        tokens: Its access tokens.
        progress: Told of uploads.
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
        self._calls.wire.close()

    @property
    def target(self) -> TargetEnvironment:
        """Where this is."""
        return self._calls.wire.target

    def read(self, name: str) -> RemotePlugin | None:
        """A plugin, or None when there is none of this name.

        Args:
            name: Its own, without ``Plugin-``.

        Raises:
            Unreachable, NoAnswer, AccessDenied, Refused: See ``builder.publishing.api.calls``.
        """
        return self._by_either_name(name, lambda path: self._read(path, name))

    def create(self, config: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """A new plugin.

        Args:
            config: As ``builder.manifest.render_config`` makes it.
            code: The ZIP, or None for BioT's seed or an image.

        Raises:
            Refused: Nothing was created; ``code`` is ``PLUGIN_EXISTS_BY_NAME`` when there is one already.
            Unreachable, AccessDenied: Nothing was sent, or nothing was processed.
            RolledBack: It failed, and BioT undid it; read back to verify.
            OutcomeUnknown: Read back to find out.
        """
        request = HttpRequest(
            method="POST", path=_PLUGINS, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_CREATE"
        )
        answer = self._calls.change(request, self._tokens, form=_form(config, code), progress=self._progress)
        return self._confirmed(request, answer, str(config["name"]))

    def update(self, name: str, changes: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """A plugin with some fields replaced: by PATCH, or by PUT with all of them where BioT knows no PATCH.

        Args:
            name: Its own, without ``Plugin-``.
            changes: The fields that change; ``name`` and ``deploymentPackageType`` cannot and are not sent.
            code: The new ZIP, or None when the code stays; then ``version`` must stay too.

        Raises:
            NoSuchPlugin: It is gone; nothing was changed.
            Refused, Unreachable, AccessDenied, RolledBack, OutcomeUnknown: As ``create``.
        """
        body = patch_body(changes)
        plugin = self._by_either_name(name, lambda path: self._update(path, name, body, code))
        if plugin is None:
            raise _gone(name, self.target)
        return plugin

    def delete(self, name: str) -> None:
        """Delete a plugin with its service user, its subscriptions and its code.

        Raises:
            NoSuchPlugin: There is none.
            Refused, Unreachable, AccessDenied, RolledBack, OutcomeUnknown: As ``create``.
        """
        if self._by_either_name(name, self._delete) is None:
            raise _gone(name, self.target)

    def search(self, request: Mapping[str, object]) -> PluginPage:
        """One page of plugins.

        Args:
            request: BioT's ``searchRequest``: filter, sort, freeTextSearch, limit, page.
        """
        return self._searched(_PLUGINS, request, "SETTINGS_PLUGIN_SEARCH", read_plugin_page)

    def interceptable(self) -> tuple[Mapping[str, object], ...]:
        """Every API and entity that can be intercepted: rows of ``entityTypeName``, ``servicePrefix``, ``apiId``."""
        # The sort is asked for: BioT's documented default is a column that this search does not have.
        asked: dict[str, object] = {"sort": [{"prop": "apiId", "order": "ASC"}], "limit": PAGE_SIZE}
        path, permission = "/settings/v1/interceptions", "SETTINGS_SEARCH_INTERCEPTION_SUBSCRIPTION_CONFIGURATIONS"

        def read(page: int) -> SearchPage:
            return self._searched(path, {**asked, "page": page}, permission, read_search_page)

        return all_pages(read, "APIs that can be intercepted")

    def notifiable(self) -> tuple[Mapping[str, object], ...]:
        """Every action that notifies: rows of ``entityName``, ``actionName`` and their display names."""
        path, permission = "/settings/v2/entity-types/action-notifications", "SETTINGS_GET_ENTITY_TYPES"
        return self._calls.read(HttpRequest(method="GET", path=path, permission=permission), self._tokens, read_actions)

    def _read(self, path: str, name: str) -> RemotePlugin | None:
        plugin = self._asked(path, name)
        return plugin if self._is_named(plugin, path, name) else None

    def _asked(self, path: str, name: str) -> RemotePlugin:
        request = HttpRequest(method="GET", path=path, permission="SETTINGS_PLUGIN_GET")
        return self._calls.read(request, self._tokens, lambda document: read_plugin(document, name=name))

    def _is_named(self, plugin: RemotePlugin, path: str, name: str) -> bool:
        """Whether an answer is about the plugin of this name, and not about one whose own name begins with Plugin-."""
        answered = str(plugin.fields["name"])
        own = certain_name(answered, plugin.console_url)
        if own is not None or answered not in {name, full_name(name)}:
            return own == name
        if answered == name:
            return path == _path(full_name(name))
        seen = (name, plugin.creation_time)
        if plugin.creation_time and seen != self._proven and self._answers_to(full_name(answered), answered, plugin):
            return False
        self._proven = seen
        return True

    def _answers_to(self, other: str, name: str, plugin: RemotePlugin) -> bool:
        """Whether a plugin that was just read is also there under another full name."""
        try:
            same = self._asked(_path(other), name)
        except Refused as error:
            if error.status != _NOT_FOUND or error.code != _NO_SUCH_PLUGIN:
                raise
            return False
        return (same.creation_time, same.endpoint_url) == (plugin.creation_time, plugin.endpoint_url)

    def _update(self, path: str, name: str, body: Mapping[str, object], code: Path | None) -> RemotePlugin:
        if self._patches:
            try:
                return self._send_update("PATCH", path, name, _form(body, code))
            except Refused as error:
                if error.status != METHOD_NOT_ALLOWED:
                    raise
                self._patches = False
        try:
            whole = put_body(self._asked(path, name).fields, body, name)
        except NoAnswer as error:
            raise not_sent(error) from error
        return self._send_update("PUT", path, name, _form(whole, code))

    def _send_update(self, method: str, path: str, name: str, form: PluginForm) -> RemotePlugin:
        request = HttpRequest(
            method=method, path=path, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_UPDATE"
        )
        answer = self._calls.change(request, self._tokens, form=form, progress=self._progress)
        return self._confirmed(request, answer, name)

    def _delete(self, path: str) -> bool:
        request = HttpRequest(
            method="DELETE", path=path, changes=True, rolls_back=True, permission="SETTINGS_PLUGIN_DELETE"
        )
        answer = self._calls.change(request, self._tokens, progress=self._progress)
        if answer.body.strip():
            raise self._calls.unsettled(request, describe_response(answer))
        return True

    def _by_either_name(self, name: str, call: Callable[[str], T | None]) -> T | None:
        """Call with the name's documented form, and where BioT knows no such plugin with the other one."""
        if not _NAME.fullmatch(name):
            return None  # and ".." is no plugin to ask for
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

    def _confirmed(self, request: HttpRequest, answer: HttpResponse, name: str) -> RemotePlugin:
        try:
            return read_plugin(read_object(answer), name=name)
        except UnreadableResponseError as error:
            raise self._calls.unsettled(request, f"HTTP {answer.status}, and its body is {error}") from error

    def _searched(
        self, path: str, request: Mapping[str, object], permission: str, read: Callable[[Mapping[str, object]], T]
    ) -> T:
        query = {"searchRequest": json.dumps(request, separators=(",", ":"))}
        return self._calls.read(
            HttpRequest(method="GET", path=path, query=query, permission=permission), self._tokens, read
        )


def read_system_properties(calls: ApiCalls) -> SystemProperties:
    """BioT's version and clock, asked without credentials.

    Raises:
        Unreachable, NoAnswer, Refused: As every question.
    """
    reply = calls.ask(HttpRequest(method="GET", path="/settings/v1/system/properties"))
    version = reply.document.get("biotVersion")
    return SystemProperties(version=version if isinstance(version, str) else "", server_time=server_time(reply.answer))


def _path(name: str) -> str:
    return f"{_PLUGINS}/{quote(name, safe='')}"


def _form(config: Mapping[str, object], code: Path | None) -> PluginForm:
    return PluginForm(config=json.dumps(config, ensure_ascii=False, separators=(",", ":")), code=code)


def _gone(name: str, target: TargetEnvironment) -> NoSuchPlugin:
    shown = printable(name, 80)
    msg = f"There is no plugin {shown} in {target.name} ({target.base_url})."
    hint = f"`biot-plugin list -e {target.name}` shows what is there."
    return NoSuchPlugin(msg, hint=hint, status=_NOT_FOUND, code=_NO_SUCH_PLUGIN)
