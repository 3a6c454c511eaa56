"""The order of the steps that every event goes through, and nothing else.

Each step is one file of the same name. An error in any step becomes an answer that BioT understands. No exception
leaves the plugin: Lambda would answer with a 502, and BioT would then block the user's API call without saying why.
"""

import os
from collections.abc import Mapping
from typing import Any, cast

from plugin.authenticate import authenticate
from plugin.biot import Biot
from plugin.check_request_type import check_event, check_request_type
from plugin.configure_logger import configure_logger
from plugin.context import Context, remaining_time
from plugin.create_error_response import create_error_response
from plugin.extract_data_from_event import extract_data_from_event
from plugin.get_trace_id import get_trace_id, get_traceparent
from plugin.hook import Hook, get_hook
from plugin.hook_data import Metadata
from plugin.response import response
from plugin.settings import read_settings


def run(event: object, lambda_context: object, hooks: Mapping[str, Hook]) -> dict[str, Any]:
    """Answer one event.

    Args:
        event: What Lambda passes: an HTTP request to the plugin's URL, or the event of a cron schedule.
        lambda_context: Lambda's context object; only the remaining time is read from it.
        hooks: The hooks this plugin has, by name.

    Returns:
        An HTTP response in Lambda's form: status code, headers, and the body as text.
    """
    settings = read_settings(os.environ)
    traceparent = get_traceparent(event)
    log = configure_logger(settings, get_trace_id(traceparent))
    try:
        checked = check_event(event)
        request_type = check_request_type(checked)
        hook = get_hook(hooks, request_type, log)
        extracted = extract_data_from_event(checked, request_type)
        remaining_seconds = remaining_time(lambda_context)
        claims = authenticate(extracted.token, request_type, hook, settings, remaining_seconds)
        context = Context(
            hook=request_type.hook,
            trigger=request_type.trigger,
            metadata=cast("Metadata", extracted.metadata),
            trace_id=get_trace_id(traceparent),
            traceparent=traceparent,
            claims=claims,
            biot=Biot(settings=settings, traceparent=traceparent, remaining_seconds=remaining_seconds),
            log=log,
            remaining_seconds=remaining_seconds,
        )
        answer = hook.perform(extracted.data, context)
        return response(request_type, extracted.data, answer, traceparent)
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes an answer
        return create_error_response(error, settings, traceparent, log)
