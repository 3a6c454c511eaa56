"""Requests that the settings service refuses, with the specification's codes and details."""

from __future__ import annotations

import json
import stat
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from builder.platform.limits import NAME_MAX, UNZIPPED_MAX, ZIP_MAX
from sandbox.settings.code.upload_form import CONFIG_MAX
from sandbox.ums.accounts import create_service_user
from tests.support.sandbox.settings_client import (
    CODE,
    MINIMAL,
    PATIENTS,
    PLUGINS,
    Settings,
    http_client,
    settings_of,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.sandbox.running_sandbox import Sandbox

BAD, INVALID = "BAD_REQUEST", "PLUGIN_REQUEST_VALIDATION_FAILED"
PERMISSIONS = {
    ("GET", PLUGINS): "SETTINGS_PLUGIN_SEARCH",
    ("POST", PLUGINS): "SETTINGS_PLUGIN_CREATE",
    ("GET", f"{PLUGINS}/Plugin-x"): "SETTINGS_PLUGIN_GET",
    ("PATCH", f"{PLUGINS}/Plugin-x"): "SETTINGS_PLUGIN_UPDATE",
    ("PUT", f"{PLUGINS}/Plugin-x"): "SETTINGS_PLUGIN_UPDATE",
    ("DELETE", f"{PLUGINS}/Plugin-x"): "SETTINGS_PLUGIN_DELETE",
    ("GET", f"{PLUGINS}/docker-repository/temp-credentials"): "SETTINGS_PLUGIN_GET_DOCKER_REPOSITORY_TEMP_CREDENTIALS",
    ("GET", "/settings/v1/interceptions"): "SETTINGS_SEARCH_INTERCEPTION_SUBSCRIPTION_CONFIGURATIONS",
    ("GET", "/settings/v1/entity-types/action-notifications"): "SETTINGS_GET_ENTITY_TYPES",
    ("GET", "/settings/v2/entity-types/action-notifications"): "SETTINGS_GET_ENTITY_TYPES",
}


@pytest.fixture(scope="module")
def publisher(sandbox: Sandbox) -> Iterator[Settings]:
    client = settings_of(sandbox)
    with client.http:
        yield client


@pytest.fixture
def settings(sandbox: Sandbox, publisher: Settings) -> Iterator[Settings]:
    yield publisher
    assert publisher.search().json()["data"] == [], "a refusal leaves nothing"
    code = sandbox.running.state.database.file.with_name("biot.sqlite.code")
    assert [file.name for file in code.glob("*")] == []


def refused(response: httpx.Response) -> tuple[int, str, dict[str, object]]:
    body = response.json()
    assert body.keys() == {"code", "message", "serviceName", "traceId", "environment", "details"}
    return response.status_code, body["code"], body["details"]


def intercepting(**row: object) -> dict[str, object]:
    return {"subscriptions": {"interceptions": [row]}}


WRONG_VALUES: list[dict[str, object]] = [
    {"displayName": ""},
    {"displayName": "x" * 256},
    {"displayName": 7},
    {"displayName": "\ud800"},
    {"version": "1"},
    {"version": True},
    {"version": 1.5},
    {"version": 0},
    {"version": 32768},
    {"timeout": 0},
    {"timeout": 901},
    {"memorySize": 127},
    {"memorySize": 10241},
    {"ephemeralStorage": 511},
    {"enabledState": "enabled"},
    {"analyticsDbAccess": "true"},
    {"environmentVariables": {"LOG_LEVEL": 1}},
    {"environmentVariables": {"LOG_LEVEL": None}},
    {"environmentVariables": {"": "x"}},
    {"environmentVariables": []},
    {"runtime": "python2.7"},
    {"runtime": "java20"},
    {"runtime": ""},
    {"handler": ""},
    {"cronSchedule": "cron(0 2 * * ? *)"},
    {"cronSchedule": "0 25 * * ? *"},
    {"cronSchedule": "0 2 * * * *"},
    {"cronSchedule": ""},
    {"cors": {"allowMethods": ["OPTIONS"]}},
    {"cors": {"allowOrigin": ["*"]}},
    {"subscriptions": []},
    {"subscriptions": {"interceptionOrder": 0}},
    {"subscriptions": {"interceptions": {}}},
    {"subscriptions": {"notifications": [{"entityTypeName": "device"}]}},
    intercepting(type="DURING_REQUEST", apiId=PATIENTS),
    {"displayNames": "x"},
]


@pytest.mark.parametrize("wrong", WRONG_VALUES, ids=json.dumps)
def test_wrong_values_are_a_400_for_every_method(settings: Settings, wrong: dict[str, object]) -> None:
    assert refused(settings.create({**MINIMAL, **wrong}))[:2] == (400, BAD)
    settings.create()
    for response in (settings.patch(wrong), settings.put({**MINIMAL, **wrong})):
        status, code, details = refused(response)
        assert (status, code in {INVALID, BAD}, details) == (400, True, {})
    settings.http.delete(f"{PLUGINS}/age")


@pytest.mark.parametrize("name", ["", "x" * (NAME_MAX + 1), "age calculator", "age/1", "äge", "age\n", 7, None])
def test_names_that_lambda_does_not_accept_are_refused(settings: Settings, name: object) -> None:
    assert refused(settings.create({**MINIMAL, "name": name}))[:2] == (400, BAD)


@pytest.mark.parametrize("missing", ["name", "displayName", "version", "runtime"])
def test_required_fields_must_not_be_missing(settings: Settings, missing: str) -> None:
    config = {key: value for key, value in MINIMAL.items() if key != missing}

    assert refused(settings.create(config))[:2] == (400, BAD)
    assert refused(settings.create({**config, missing: None}))[:2] == (400, BAD)


@pytest.mark.parametrize(
    ("part", "status", "code", "details"),
    [
        (
            {"environmentVariables": {"BIOT_APP_NAME": "x"}},
            400,
            "ENVIRONMENT_VARIABLES_CANNOT_START_WITH_RESERVED_PREFIX",
            {"environmentVariable": "BIOT_APP_NAME", "reservedPrefix": "BIOT_"},
        ),
        (
            intercepting(type="ADAPT_ENTITY", apiId=PATIENTS, entityTypeName="patient"),
            400,
            "INTERCEPTION_MUST_HAVE_CORRECT_API_ID_NULL_VALUE_FOR_TYPE",
            {"type": "ADAPT_ENTITY", "correctValue": "null", "apiId": PATIENTS},
        ),
        (
            intercepting(type="PRE_REQUEST", entityTypeName="patient"),
            400,
            "INTERCEPTION_MUST_HAVE_CORRECT_API_ID_NULL_VALUE_FOR_TYPE",
            {"type": "PRE_REQUEST", "correctValue": "not null", "apiId": None},
        ),
        (
            {"subscriptions": {"interceptionOrder": 1}},
            400,
            "INTERCEPTION_ORDER_CANNOT_BE_RESERVED_ORDER",
            {"order": 1, "reservedOrder": 1},
        ),
        (
            intercepting(type="POST_REQUEST", apiId=PATIENTS, order=1),
            400,
            "INTERCEPTION_ORDER_CANNOT_BE_RESERVED_ORDER",
            {"order": 1, "reservedOrder": 1},
        ),
        (
            intercepting(type="PRE_REQUEST", apiId="POST/organization/v1/robots"),
            404,
            "INTERCEPTION_CONFIGURATION_NOT_FOUND",
            {"value": "POST/organization/v1/robots", "fieldName": "apiId"},
        ),
        (
            intercepting(type="ADAPT_ENTITY", entityTypeName="robot"),
            404,
            "INTERCEPTION_CONFIGURATION_NOT_FOUND",
            {"value": "robot", "fieldName": "entityTypeName"},
        ),
        (
            {"environmentVariables": {"AWS_REGION": "x"}},
            500,
            "AWS_EXCEPTION",
            {"className": "InvalidParameterValueException"},
        ),
        (
            {"environmentVariables": {"LONG_VALUE": "x" * 4096}},
            500,
            "AWS_EXCEPTION",
            {"className": "InvalidParameterValueException"},
        ),
    ],
)
def test_broken_rules_are_reported_with_their_codes_and_details(
    settings: Settings, part: dict[str, object], status: int, code: str, details: dict[str, object]
) -> None:
    assert refused(settings.create({**MINIMAL, **part})) == (status, code, details)
    settings.create()
    assert refused(settings.patch(part)) == (status, code, details)
    assert refused(settings.put({**MINIMAL, **part})) == (status, code, details)
    settings.http.delete(f"{PLUGINS}/age")


def test_an_unknown_action_has_the_dispatchers_code(settings: Settings) -> None:
    row = {"entityTypeName": "device", "actionName": "_explode"}
    status, code, details = refused(settings.create({**MINIMAL, "subscriptions": {"notifications": [row]}}))

    assert (status, code, details["invalidActionName"]) == (400, "INVALID_ACTION_NAME", "_explode")


def test_name_and_package_type_cannot_change(settings: Settings) -> None:
    settings.create()
    for response in (
        settings.patch({"name": "age"}),
        settings.patch({"deploymentPackageType": "ZIP"}),
        settings.put({**MINIMAL, "name": "years"}),
        settings.put({**MINIMAL, "deploymentPackageType": "IMAGE"}),
    ):
        assert refused(response) == (400, INVALID, {})
    settings.http.delete(f"{PLUGINS}/age")


def linked() -> bytes:
    stream = BytesIO(zipped({"index.py": ""}))
    with zipfile.ZipFile(stream, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


def bomb() -> bytes:
    """Return a ZIP whose directory says that it decompresses to more than Lambda's limit."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("zeros", "w") as member:
            for _ in range(UNZIPPED_MAX // (1 << 24) + 1):
                member.write(bytes(1 << 24))
        archive.writestr("index.py", "")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"", "unzip"),
        (b"no zip", "unzip"),
        (CODE[:-30], "unzip"),
        (CODE.replace(b"index.py", b"../ab.py"), "unzip"),
        (linked(), "symbolic link"),
        (zipped({"src/index.py": ""}), "index.py"),
        (zipped({"index.js": ""}), "index.py"),
    ],
    ids=["empty", "text", "cut", "outside", "link", "folder", "language"],
)
def test_code_that_lambda_could_not_run_is_refused(settings: Settings, code: bytes, message: str) -> None:
    answer = settings.create(code=code)

    assert refused(answer) == (500, "AWS_EXCEPTION", {"className": "InvalidParameterValueException"})
    assert message in answer.json()["message"]


def test_code_that_decompresses_to_more_than_lambdas_limit_is_refused(settings: Settings) -> None:
    answer = settings.create(code=bomb())

    assert refused(answer) == (500, "AWS_EXCEPTION", {"className": "InvalidParameterValueException"})
    assert "unpacks to" in answer.json()["message"]


def test_code_that_is_too_large_to_upload_is_refused(settings: Settings) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.py", bytes(ZIP_MAX + 1000))

    details = {"className": "RequestEntityTooLargeException"}
    assert refused(settings.create(code=stream.getvalue())) == (500, "AWS_EXCEPTION", details)


@pytest.mark.parametrize(
    ("handler", "path", "runtime"),
    [
        ("app.main", "app.py", "python3.13"),
        ("src/app.main", "src/app.py", "python3.13"),
        ("src.app.main", "src/app.py", "python3.13"),
        ("app.main", "app/__init__.py", "python3.13"),
        ("index.handler", "index.mjs", "nodejs22.x"),
        ("src/index.handler", "src/index.cjs", "nodejs24.x"),
    ],
)
def test_handlers_that_lambda_finds_are_accepted(settings: Settings, handler: str, path: str, runtime: str) -> None:
    config = {**MINIMAL, "handler": handler, "runtime": runtime}

    assert settings.create(config, zipped({path: ""})).status_code == 201
    settings.http.delete(f"{PLUGINS}/age")


def multipart(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


CONFIG = b'Content-Disposition: form-data; name="config"\r\n\r\n' + json.dumps(MINIMAL).encode()
FILE = b'Content-Disposition: form-data; name="code"; filename="a.zip"\r\n\r\n' + CODE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (json.dumps(MINIMAL).encode(), "application/json"),
        (multipart(CONFIG), "multipart/form-data"),
        (multipart(CONFIG), "multipart/form-data; boundary=c"),
        (multipart(CONFIG), "multipart/mixed; boundary=b"),
        (multipart(FILE), "multipart/form-data; boundary=b"),
        (multipart(CONFIG, FILE, end=b""), "multipart/form-data; boundary=b"),
        (multipart(CONFIG, CONFIG), "multipart/form-data; boundary=b"),
        (multipart(FILE, FILE, CONFIG), "multipart/form-data; boundary=b"),
        (multipart(CONFIG, CONFIG.replace(b"config", b"other")), "multipart/form-data; boundary=b"),
        (multipart(CONFIG, FILE.replace(b'; filename="a.zip"', b"")), "multipart/form-data; boundary=b"),
        (multipart(CONFIG.replace(b'"config"', b"\xff")), "multipart/form-data; boundary=b"),
        (multipart(CONFIG + b"\xff"), "multipart/form-data; boundary=b"),
        (multipart(b'Content-Disposition: form-data; name="config"\r\n\r\n{'), "multipart/form-data; boundary=b"),
        (multipart(b'Content-Disposition: form-data; name="config"\r\n\r\n[]'), "multipart/form-data; boundary=b"),
        (multipart(CONFIG + b" " * CONFIG_MAX), "multipart/form-data; boundary=b"),
    ],
)
def test_invalid_forms_are_refused(settings: Settings, body: bytes, kind: str) -> None:
    answer = settings.http.post(PLUGINS, content=body, headers={"content-type": kind})

    assert refused(answer)[:2] == (400, BAD)


def test_config_can_be_a_file_and_the_last_part(settings: Settings) -> None:
    as_file = CONFIG.replace(b'"config"', b'"config"; filename="config"')
    answer = settings.http.post(
        PLUGINS, content=multipart(FILE, as_file), headers={"content-type": 'multipart/form-data; boundary="b"'}
    )

    assert answer.status_code == 201
    settings.http.delete(f"{PLUGINS}/age")


def test_messages_do_not_repeat_a_value_in_the_wrong_place(settings: Settings) -> None:
    answer = settings.create({**MINIMAL, "timeout": "hunter2-secret"})

    assert "timeout" in answer.json()["message"]
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(("method", "path"), PERMISSIONS)
def test_every_operation_requires_its_permission(sandbox: Sandbox, method: str, path: str) -> None:
    scopes = [scope for scope in set(PERMISSIONS.values()) if scope != PERMISSIONS[method, path]]
    with sandbox.running.state.database.write() as connection:
        user = create_service_user(connection, f"all but one {method} {path}", scopes)
    without = replace(sandbox, service_user=user).token()

    with http_client(sandbox.base_url) as nobody, http_client(sandbox.base_url, without) as somebody:
        assert refused(nobody.request(method, path))[:2] == (401, "TOKEN_NOT_VALID")
        assert refused(somebody.request(method, path))[:2] == (403, "ACCESS_DENIED")


@pytest.mark.parametrize("path", ["/settings/v1/system/properties", "/settings/system/healthCheck"])
def test_public_operations_need_no_token(sandbox: Sandbox, path: str) -> None:
    with http_client(sandbox.base_url) as nobody:
        answer = nobody.get(path)

    assert answer.status_code == 200
    assert "2.4.2" in answer.json().values()


def test_lookups(settings: Settings) -> None:
    search = json.dumps({"filter": {"entityTypeName": {"eq": "device"}, "apiId": {"isNull": True}}})
    entities = settings.http.get("/settings/v1/interceptions", params={"searchRequest": search}).json()
    actions = settings.http.get("/settings/v2/entity-types/action-notifications").json()["entityTypes"]
    docker = settings.http.get(f"{PLUGINS}/docker-repository/temp-credentials").json()

    assert entities["data"] == [{"entityTypeName": "device", "servicePrefix": "device"}]
    assert settings.http.get("/settings/v1/interceptions").json()["metadata"]["page"]["totalResults"] > 50
    bulk = [row for row in actions if row["actionName"] == "_saveMeasurementBulk"]
    assert [(row["entityName"], row["actionDisplayName"]) for row in bulk] == [("patient", "Save measurement bulk")]
    assert docker.keys() == {"credentials", "region", "repositoryUri"}
