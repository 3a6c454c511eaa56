"""Cases that exist only in Python. Everything else is in the table of cases."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from plugin.configure_logger import configure_logger
from plugin.context import Context
from plugin.errors import PluginError
from plugin.flow import run
from plugin.hook import Hook
from plugin.settings import Settings, read_settings

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def direct_call(perform: Callable[[Any, Context], object], body: str = "{}") -> dict[str, Any]:
    hook = Hook(perform=perform, require_token=False)
    return run({"requestContext": {}, "body": body}, None, {"nonspecific": hook})


def code_of(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["code"])


@pytest.mark.parametrize("body", ["[" * 200_000, "1" * 10_000, "\ud800", '{"a": -Infinity}'])
def test_what_the_json_parser_cannot_take_is_not_json(body: str) -> None:
    answer = direct_call(lambda data, _: data, body)

    assert (answer["statusCode"], code_of(answer)) == (400, "INVALID_JSON")


@pytest.mark.parametrize("result", [float("nan"), {1, 2}, {"statusCode": 200, "headers": {"x": object()}}])
def test_what_json_cannot_say_is_an_error_of_the_plugin_and_not_of_lambda(result: object) -> None:
    answer = direct_call(lambda *_: result)

    assert (answer["statusCode"], code_of(answer)) == (500, "INTERNAL_SERVER_ERROR")


def test_details_that_are_no_json_do_not_break_the_answer() -> None:
    def refuse(*_: object) -> object:
        raise PluginError(409, "CONFLICT", "No.", {"when": object()})

    answer = direct_call(refuse)

    assert (answer["statusCode"], code_of(answer)) == (500, "INTERNAL_SERVER_ERROR")


def test_a_status_code_that_is_true_is_data() -> None:
    answer = direct_call(lambda *_: {"statusCode": True})

    assert (answer["statusCode"], answer["body"]) == (200, '{"statusCode": true}')


def test_details_reach_the_caller() -> None:
    def refuse(*_: object) -> object:
        raise PluginError(422, "TOO_YOUNG", "Patients must be of age.", {"age": 17})

    assert json.loads(direct_call(refuse)["body"])["details"] == {"age": 17}


@pytest.mark.parametrize("status", [200, 302, 399, 600])
def test_a_refusal_needs_a_status_that_blocks(status: int) -> None:
    with pytest.raises(ValueError, match="400 to 599"):
        PluginError(status, "CODE", "message")


def settings(level: str = "INFO") -> Settings:
    return read_settings({"BIOT_APP_NAME": "Case Plugin", "LOG_LEVEL": level})


def test_a_token_in_a_log_line_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logger(settings(), TRACE_ID)

    log.warning("got %s", "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl")

    assert json.loads(capsys.readouterr().out)["message"] == "got <token>"


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", ("DEBUG", 10000)), ("info", ("INFO", 30000)), ("warning", ("WARN", 40000)), ("error", ("ERROR", 50000))],
)
def test_levels_have_biots_names_and_values(
    level: str, expected: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    getattr(configure_logger(settings("DEBUG"), TRACE_ID), level)("hello")

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["level_value"]) == expected


def test_an_exception_is_one_line_with_its_stack(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logger(settings(), TRACE_ID)

    log.error("failed", exc_info=LookupError("over\nthere"))

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "LookupError: over\nthere" in json.loads(lines[0])["stack"]


def test_warnings_of_libraries_are_lines_of_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logger(settings(), TRACE_ID)

    logging.getLogger("urllib3").warning("pool is full")
    logging.getLogger("urllib3").info("left out")

    assert json.loads(capsys.readouterr().out)["traceId"] == TRACE_ID


def test_an_unknown_log_level_is_info() -> None:
    assert settings("LOUD").log_level == "INFO"


def test_settings_can_be_printed_without_the_secret_key() -> None:
    assert "a-test-secret-key" not in repr(read_settings({"BIOT_SERVICE_USER_SECRET_KEY": "a-test-secret-key"}))
