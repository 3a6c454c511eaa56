"""Plugin Configuration Management: the list, Create Plugin, Edit Plugin, and the actions of each row."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial as bind
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import escape
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import INTERCEPTION_TARGETS
from sandbox.console.console_access import PATH
from sandbox.console.form_problems import FormProblems, check_form
from sandbox.console.local_pages.cron_pages import preview_of
from sandbox.console.local_pages.file_pages import comparison_of
from sandbox.console.page_rendering import SECURITY_HEADERS, render
from sandbox.console.plugin_fields import INTERCEPTION_COLUMNS, NOTIFICATION_COLUMNS, STEPS, form_fields
from sandbox.console.plugin_form import FormContent, configuration_of, empty_form, form_of, submitted_form
from sandbox.data_editing.entity_reading import template_names
from sandbox.instance_state import state_of
from sandbox.intercepted_apis import narrowing_of
from sandbox.search.search_query import LIMIT_DEFAULT
from sandbox.settings import plugin_operations
from sandbox.settings.code.code_store import CodeStore, Upload
from sandbox.settings.code.upload_form import UploadForm
from sandbox.settings.configuration import apply_partial_update
from sandbox.settings.plugin_schema import FIXED, read_creation, read_update
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.console.console_access import ConsoleAccess

PLUGINS = f"{PATH}/plugins"
FORM_FIELDS_MAX = 5_000
_FORM_FIELD_MAX = 1 << 20
_CHUNK = 1 << 20
_SORTS = ("name", "displayName", "version", "enabledState", "runtime", "deploymentPackageType", "lastModifiedTime")
_SEE_OTHER = 303
_PAGE_DIGITS = 7


def routes() -> list[Route]:
    """Return the routes of the pages about plugins."""
    return [
        Route("/plugins", list_plugins, methods=["GET"]),
        Route("/plugins/new", new_plugin, methods=["GET"]),
        Route("/plugins/new", create_plugin, methods=["POST"]),
        Route("/narrowing", show_narrowing, methods=["GET"]),
        Route("/plugins/{name}", edit_plugin, methods=["GET"]),
        Route("/plugins/{name}", save_plugin, methods=["POST"]),
        Route("/plugins/{name}/actions", show_actions, methods=["GET"]),
        Route("/plugins/{name}/state", change_state, methods=["POST"]),
        Route("/plugins/{name}/delete", confirm_deletion, methods=["GET"]),
        Route("/plugins/{name}/delete", delete_plugin, methods=["POST"]),
    ]


def list_plugins(request: Request) -> Response:
    """The list, with the API's search, filter and sort."""
    search, query = _search_request(dict(request.query_params)), request.query_params
    found = json.loads(plugin_operations.search(state_of(request), json.dumps(search)))
    return render(
        request,
        "plugins.html",
        plugins=found["data"],
        total=found["metadata"]["page"]["totalResults"],
        query={key: query.get(key, "") for key in ("text", "state", "sort", "order")},
        page=search["page"],
        page_size=LIMIT_DEFAULT,
        sorts=_SORTS,
        done=query.get("done", ""),
    )


def new_plugin(request: Request) -> Response:
    """The empty form of Create Plugin."""
    return _form_page(request, empty_form())


async def create_plugin(request: Request) -> Response:
    """Create a plugin from the form, or show the form again with every problem."""
    return await _submit(request, None)


def show_narrowing(request: Request) -> Response:
    """A part of a page: what a value in an API ID narrows the subscription to, while somebody types it."""
    text = narrowing_of(request.query_params.get("apiId", "").strip())
    return HTMLResponse(escape(text), headers=SECURITY_HEADERS)


def edit_plugin(request: Request) -> Response:
    """The form of Edit Plugin."""
    plugin = _plugin(request)
    return _form_page(request, form_of(plugin), plugin=plugin)


async def save_plugin(request: Request) -> Response:
    """Save a plugin from the form, or show the form again with every problem."""
    return await _submit(request, await run_in_threadpool(_plugin, request))


def show_actions(request: Request) -> Response:
    """The actions of a plugin: a page, or with ``part`` only the list that the menu of a row shows."""
    page = "plugin_actions.html" if "part" in request.query_params else "plugin_menu.html"
    return render(request, page, plugin=_plugin(request))


async def change_state(request: Request) -> Response:
    """Enable or disable a plugin."""
    async with request.form() as form:
        _access(request).require_form(form)
        wanted = str(form.get("enabledState", ""))
    name = request.path_params["name"]
    decide = bind(apply_partial_update, request=read_update(json.dumps({"enabledState": wanted})), with_code=False)
    no_code = UploadForm(config="", code=None)
    await run_in_threadpool(plugin_operations.update, state_of(request), name, decide, no_code)
    return _back_to_list(f"{name} is {wanted.lower()}.")


def confirm_deletion(request: Request) -> Response:
    """The page that asks for the plugin's name before it is deleted."""
    return render(request, "delete.html", plugin=_plugin(request), problem="")


async def delete_plugin(request: Request) -> Response:
    """Delete a plugin, if its name was typed."""
    plugin = await run_in_threadpool(_plugin, request)
    async with request.form() as form:
        _access(request).require_form(form)
        typed = str(form.get("name", "")).strip()
    if typed not in {plugin["name"], plugin["name"].removeprefix("Plugin-")}:
        problem = f"This is not the name of the plugin. Type {plugin['name']} to delete it."
        return render(request, "delete.html", status=400, plugin=plugin, problem=problem)
    await run_in_threadpool(plugin_operations.delete, state_of(request), plugin["name"])
    return _back_to_list(f"{plugin['name']} is deleted.")


async def _submit(request: Request, plugin: dict[str, Any] | None) -> Response:
    with ExitStack() as stack:
        async with request.form(max_files=1, max_fields=FORM_FIELDS_MAX, max_part_size=_FORM_FIELD_MAX) as fields:
            _access(request).require_form(fields)
            texts = [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]
            upload = fields.get("code")
            code = await _store_upload(request, upload, stack) if isinstance(upload, UploadFile) else None
        if plugin is not None:
            texts += [(name, str(plugin[name])) for name in FIXED]
        form = submitted_form(texts)
        if "addRow" in dict(texts):
            return await run_in_threadpool(_form_page, request, form, plugin=plugin)
        return await run_in_threadpool(_save, request, form, plugin, code)


def _save(request: Request, form: FormContent, plugin: dict[str, Any] | None, code: Upload | None) -> Response:
    state, config = state_of(request), configuration_of(form)
    problems = check_form(config, state.clock.now().date())
    if problems.is_refused:
        return _form_page(request, form, plugin=plugin, problems=problems)
    upload = UploadForm(config=json.dumps(config), code=code)
    try:
        if plugin is None:
            plugin_operations.create(state, read_creation(upload.config), upload)
        else:
            changed = {key: value for key, value in config.items() if key not in FIXED}
            sent = {"cronSchedule": None, **changed}
            decide = bind(_with_removals, sent=sent, with_code=code is not None)
            plugin_operations.update(state, plugin["name"], decide, upload)
    except ApiError as error:
        refused = FormProblems(by_field={**problems.by_field, "": (error.message,)}, is_refused=True)
        return _form_page(request, form, plugin=plugin, problems=refused)
    return _back_to_list(f"{config['name']} is saved.")


def _with_removals(current: dict[str, object], sent: dict[str, Any], *, with_code: bool) -> Any:  # noqa: ANN401
    """Apply the form to a plugin: a schedule that was emptied is removed, which PATCH alone cannot do."""
    kept = {key: value for key, value in current.items() if key != "cronSchedule"}
    request = read_update(json.dumps({key: value for key, value in sent.items() if value is not None}))
    return apply_partial_update(kept, request, with_code=with_code)


def _form_page(
    request: Request,
    form: FormContent,
    *,
    plugin: dict[str, Any] | None = None,
    problems: FormProblems | None = None,
) -> Response:
    return render(
        request,
        "plugin_form.html",
        status=400 if problems else 200,
        plugin=plugin,
        form=form,
        steps=STEPS,
        fields=form_fields(),
        problems=problems.by_field if problems else {},
        notification_columns=NOTIFICATION_COLUMNS,
        interception_columns=INTERCEPTION_COLUMNS,
        actions_by_entity=ACTIONS_BY_ENTITY,
        targets=INTERCEPTION_TARGETS,
        templates=template_names(state_of(request).database),
        schedule_preview=preview_of(request, form.cron_schedule),
        comparison=comparison_of(request, plugin["name"]) if plugin else None,
        done=request.query_params.get("done", ""),
    )


def _search_request(query: dict[str, str]) -> dict[str, object]:
    """The API's search request for the list's search, filter and sort."""
    page = query.get("page", "")
    request: dict[str, object] = {"page": int(page) if page.isdecimal() and len(page) < _PAGE_DIGITS else 0}
    if text := query.get("text", "").strip():
        request["freeTextSearch"] = text
    if (state := query.get("state", "")) in {"ENABLED", "DISABLED"}:
        request["filter"] = {"enabledState": {"in": [state]}}
    if (sort := query.get("sort", "")) in _SORTS:
        request["sort"] = [{"prop": sort, "order": "DESC" if query.get("order") == "DESC" else "ASC"}]
    return request


def _plugin(request: Request) -> dict[str, Any]:
    plugin: dict[str, Any] = json.loads(plugin_operations.get(state_of(request), request.path_params["name"]))
    return plugin


async def _store_upload(request: Request, upload: UploadFile, stack: ExitStack) -> Upload | None:
    if not upload.size:
        return None
    file = stack.enter_context(Upload(CodeStore.beside(state_of(request).database).folder))
    read: Callable[[int], Any] = upload.read
    while chunk := await read(_CHUNK):
        file.write(chunk)
    file.finish()
    return file


def _access(request: Request) -> ConsoleAccess:
    access: ConsoleAccess = request.app.state.console
    return access


def _back_to_list(done: str) -> Response:
    if "\n" in done:
        msg = "A name has a line feed."
        raise bad_request(msg)
    return RedirectResponse(f"{PLUGINS}?done={quote(done)}", _SEE_OTHER)
