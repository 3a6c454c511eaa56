"""The doubles that stand in for the author's ``perform``; "about" in cases.json explains each."""

from collections.abc import Callable
from typing import Any

from plugin.context import Context
from plugin.errors import PluginError

PATIENTS = "/organization/v1/users/patients"
PATIENT_ID = "00000000-0000-4000-8000-000000000001"
PATIENT = {"_id": PATIENT_ID, "_name": {"firstName": "Ann"}}


def echo(data: object, _: Context) -> object:
    return data


def keep(_: object, __: Context) -> None:
    return None


def change(data: dict[str, Any], context: Context) -> object:
    if context.hook in {"interceptor_pre", "interceptor_post"}:
        data["body"]["changed"] = True
        return data
    if context.hook == "interceptor_post_entity":
        for entity in data["entities"]:
            entity["changed"] = True
        return data
    return {"changed": True}


def change_and_keep(data: dict[str, Any], context: Context) -> None:
    change(data, context)


def reject(_: object, __: Context) -> object:
    raise PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends")


def crash(_: object, __: Context) -> object:
    raise RuntimeError("secret-internal-detail")


def call_biot(data: dict[str, Any], context: Context) -> object:
    patient = context.biot.get(f"{PATIENTS}/{PATIENT_ID}")
    if context.hook == "nonspecific":
        return patient
    if context.hook in {"interceptor_pre", "interceptor_post"}:
        data["body"]["fetched"] = patient
    return None


def write_log(_: object, context: Context) -> None:
    context.log.info("perform was here")


def respond(_: object, __: Context) -> object:
    return {"statusCode": 201, "headers": {"location": "/things/1"}, "body": {"made": True}}


def show_context(_: object, context: Context) -> object:
    return {
        "hook": context.hook,
        "trigger": context.trigger,
        "traceId": context.trace_id,
        "metadata": context.metadata,
        "claims": sorted(context.claims),
    }


def return_text(_: object, __: Context) -> object:
    return "not an object"


PERFORMS: dict[str, Callable[[Any, Context], object]] = {
    "echo": echo,
    "keep": keep,
    "change": change,
    "change_and_keep": change_and_keep,
    "reject": reject,
    "crash": crash,
    "call_biot": call_biot,
    "log": write_log,
    "respond": respond,
    "show_context": show_context,
    "return_text": return_text,
}
