"""BioT's adherence sample rebuilt so that it runs: one plugin for notifications and one for scheduled runs.

Source: gen2_adherence_plugin, commit cbdf9ef. Its habits stay: a log-in in every call without a check of its status,
requests with a JSON body even for GET, the header ``Host: lambda.aws.com`` in every request to BioT, and a scheduled
event whose body is an object. The code and the texts are our own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.entities.seed_data import seed_id
from sandbox.entities.templates.seed_templates import default_template_name
from tests.support.plugins.sample_layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION_END = "2026-01-02T03:04:05.000Z"
_REQUIREMENTS = "requests\npython-jose[pycryptodome]\n# More packages go here."
_CONSTANTS = """\
import os

CLOUD = os.getenv("AWS_EXECUTION_ENV") is not None


def setting(name, otherwise=None):
    return os.getenv(name, otherwise) if CLOUD else otherwise


BIOT_APP_NAME = setting("BIOT_APP_NAME", "adherence")
BIOT_BASE_URL = setting("BIOT_BASE_URL")
BIOT_SERVICE_USER_ID = setting("BIOT_SERVICE_USER_ID")
BIOT_SERVICE_USER_SECRET_KEY = setting("BIOT_SERVICE_USER_SECRET_KEY")
BIOT_SERVICE_ENVIRONMENT = setting("BIOT_SERVICE_ENVIRONMENT", "int")
BIOT_SHOULD_VALIDATE_JWT = setting("BIOT_SHOULD_VALIDATE_JWT") not in ("False", "false")
JWT_PERMISSION = setting("JWT_PERMISSION")
ADHERENCE_SESSION_TEMPLATE_NAME = setting("ADHERENCE_SESSION_TEMPLATE_NAME")
LAST_SESSION_TIME_ATTRIBUTE = setting("LAST_SESSION_TIME_ATTRIBUTE", "last_session_time")
PAGE_SIZE = 100
"""
_EVENTS = """\
def check_request_type(event):
    name = next((one for one in event["headers"] if one.lower() == "hooktype"), None)
    return event["headers"].get(name, "NONSPECIFIC")
"""
_TRACES = """\
from secrets import token_hex


def create_traceparent():
    return f"00-{token_hex(16)}-{token_hex(8)}-01"


def trace_id_of(traceparent):
    return traceparent.split("-")[1]
"""
_LOGGER = """\
import json
from datetime import datetime

from src.constants import BIOT_APP_NAME


def log(*parts):
    time = datetime.now().isoformat() + "Z"
    print(json.dumps({"@timestamp": time, "message": "".join(map(str, parts)), "appName": BIOT_APP_NAME}, indent=4))
"""
_ANSWERS = """\
from src.constants import BIOT_APP_NAME, BIOT_SERVICE_ENVIRONMENT
from src.utils.configure_logger import log
from src.utils.traceparent_utils import trace_id_of


def generic_success_response(traceparent):
    return {"statusCode": 200, "headers": {"traceparent": traceparent}}


def create_error_response(error, traceparent):
    log("failed: ", repr(error))
    body = {"code": "SERVER ERROR", "message": "the plugin failed", "serviceName": BIOT_APP_NAME,
            "traceId": trace_id_of(traceparent), "environment": BIOT_SERVICE_ENVIRONMENT, "details": {}}
    return {"statusCode": 500, "body": body, "headers": {"traceparent": traceparent}}
"""
_AUTHENTICATE = """\
import json
import time

import requests
from jose import jws
from jose.constants import ALGORITHMS

from src.constants import *


def login(traceparent):
    body = {"id": BIOT_SERVICE_USER_ID, "secretKey": BIOT_SERVICE_USER_SECRET_KEY}
    url = BIOT_BASE_URL + "/ums/v2/services/accessToken"
    return requests.post(url, json=body, headers={"traceparent": traceparent}).json()["accessToken"]


def authenticate(token, traceparent):
    url = BIOT_BASE_URL + "/ums/v1/security/public-key"
    body = requests.get(url, headers={"traceparent": traceparent}).json()["publicKey"]
    key = "-----BEGIN PUBLIC KEY-----\\n" + body + "\\n-----END PUBLIC KEY-----"
    claims = json.loads(jws.verify(token, key, ALGORITHMS.RS512))
    if "exp" in claims and int(claims["exp"]) < time.time():
        raise Exception("JWT_ERROR")
    if JWT_PERMISSION is not None and JWT_PERMISSION not in claims["scopes"]:
        raise Exception("JWT_ERROR")
"""
_HTTP = """\
import requests

DEFAULT_HEADERS = {"User-Agent": "PythonPlugin/1.0.0", "Host": "lambda.aws.com", "Accept": "application/json",
                   "Content-Type": "application/json; charset=utf-8"}


def send(method, url, traceparent, token, body):
    headers = {**DEFAULT_HEADERS, "traceparent": traceparent, "Authorization": "Bearer " + token}
    response = requests.request(method=method, url=url, headers=headers, json=body)
    if response.status_code not in range(200, 299):
        raise Exception("CALL_TO_API_FAILED", response.text)
    return {} if response.status_code == 204 else response.json()
"""
_API = """\
import json
from urllib.parse import quote

from src.constants import *
from src.utils.http_utils import send

PATIENTS = "/organization/v1/users/patients"


def search(path, wanted, token, traceparent):
    url = f"{BIOT_BASE_URL}{path}?searchRequest={quote(json.dumps(wanted))}"
    return send("GET", url, traceparent, token, {})["data"]


def all_organizations(token, traceparent):
    return search("/organization/v1/organizations", {"filter": {}, "limit": 100000000}, token, traceparent)


def patients_without_session(organization, since, new, page, token, traceparent):
    of_organization = {"_ownerOrganization.id": {"eq": organization}}
    last = {LAST_SESSION_TIME_ATTRIBUTE: {"to": since}}
    if new:
        last = {LAST_SESSION_TIME_ATTRIBUTE: {"isNull": True}, "_creationTime": {"to": since}}
    wanted = {"filter": {**of_organization, **last}, "limit": PAGE_SIZE, "page": page}
    return search(PATIENTS, wanted, token, traceparent)


def update_patient_by_id(patient, changes, token, traceparent):
    return send("PATCH", f"{BIOT_BASE_URL}{PATIENTS}/{patient}", traceparent, token, changes)


def create_patient_alert(patient, template, token, traceparent):
    return send("POST", f"{BIOT_BASE_URL}{PATIENTS}/{patient}/alerts/{template}", traceparent, token, {})
"""
_UTILITIES = {
    "authenticate": _AUTHENTICATE,
    "biot_api": _API,
    "check_request_type": _EVENTS,
    "configure_logger": _LOGGER,
    "http_utils": _HTTP,
    "responses": _ANSWERS,
    "traceparent_utils": _TRACES,
}
_TRACKER = """\
from src.index import *


def handler(event, lambda_context=None):
    log("event: ", event)
    traceparent = "traceparent-not-set"
    hook = functions_mapper[check_request_type(event)]
    try:
        data, token, traceparent = hook.extract_data_from_event(event)
        if BIOT_SHOULD_VALIDATE_JWT:
            hook.authenticate(token, traceparent)
        return hook.perform(data, hook.login(traceparent), traceparent)
    except Exception as error:
        return hook.create_error_response(error, traceparent)
"""
_TRACKER_EXTRACT = """\
import json

from src.utils.traceparent_utils import create_traceparent


def extract_data_from_event(event):
    body = json.loads(event["body"])
    if body.get("metadata") is None or body.get("data") is None or body.get("jwt") is None:
        raise Exception("NO_DATA")
    return body["data"], body["jwt"], event["headers"].get("traceparent") or create_traceparent()
"""
_TRACKER_PERFORM = """\
from src.constants import *
from src.utils.biot_api import update_patient_by_id
from src.utils.responses import generic_success_response


def perform(data, token, traceparent):
    session = data["entity"]
    if session["_template"]["name"] == ADHERENCE_SESSION_TEMPLATE_NAME and session["_state"] == "DONE":
        changes = {LAST_SESSION_TIME_ATTRIBUTE: session["_endTime"]}
        update_patient_by_id(session["_patient"]["id"], changes, token, traceparent)
    return generic_success_response(traceparent)
"""
_ALERT = """\
from src.index import *


def handler(event, lambda_context=None):
    log("event: ", event)
    traceparent = "traceparent-not-set"
    hook = functions_mapper[check_request_type(event)]
    try:
        data = hook.extract_data_from_event(event)
        if "scheduled" in data and data["scheduled"] is True:
            traceparent = create_traceparent()
            return hook.perform(hook.login(traceparent), traceparent)
    except Exception as error:
        return hook.create_error_response(error, traceparent)
"""
_ALERT_EXTRACT = """\
def extract_data_from_event(event):
    return event["body"]
"""
_ALERT_PERFORM = """\
from datetime import datetime, timedelta

from src.constants import *
from src.utils.biot_api import all_organizations, create_patient_alert, patients_without_session
from src.utils.responses import generic_success_response


def perform(token, traceparent):
    for organization in all_organizations(token, traceparent):
        days, template = (organization.get(f"adherence_{name}") for name in ("time_in_days", "alert_template_name"))
        if days is not None and template is not None:
            since = (datetime.today() - timedelta(days=days)).isoformat("T", "milliseconds") + "Z"
            for new in (False, True):
                alert_patients(organization["_id"], since, new, template, token, traceparent)
    return generic_success_response(traceparent)


def alert_patients(organization, since, new, template, token, traceparent):
    page = 0
    while True:
        patients = patients_without_session(organization, since, new, page, token, traceparent)
        for patient in patients:
            create_patient_alert(patient["_id"], template, token, traceparent)
        if len(patients) != PAGE_SIZE:
            return
        page += 1
"""
_HEADERS = {"content-type": "application/json", "traceparent": f"00-{'1' * 32}-{'2' * 16}-00"}


def last_session_tracker() -> Layout:
    """The first plugin: the end of a session is written to its patient."""
    template = default_template_name("usage-session")
    session = {
        "_id": "00000000-0000-4000-8000-000000000009",
        "_template": {"id": "00000000-0000-4000-8000-000000000008", "name": template},
        "_state": "DONE",
        "_endTime": SESSION_END,
        "_patient": {"id": seed_id("patient", 1)},
    }
    body = {
        "metadata": {"entityTypeName": "usage-session", "actionName": "_update", "status": "SUCCESS"},
        "data": {"entity": session, "additionalData": {}},
        "jwt": "<token>",
    }
    event: dict[str, object] = {"headers": {**_HEADERS, "hooktype": "NOTIFICATION"}, "body": json.dumps(body)}
    tables = (
        f'[plugin.environmentVariables]\nADHERENCE_SESSION_TEMPLATE_NAME = "{template}"\n'
        '[[plugin.subscriptions.notifications]]\nentityTypeName = "usage-session"\nactionName = "_update"\n'
    )
    hook = ("NOTIFICATION", _TRACKER, _TRACKER_EXTRACT, _TRACKER_PERFORM)
    return _layout("last-session-tracker", hook, {"notification": event}, tables)


def adherence_alert() -> Layout:
    """The second plugin: whoever had no session for some days gets an alert, when a scheduled event comes."""
    events: dict[str, object] = {
        "nonspecific": {"headers": _HEADERS, "body": "{}"},
        "scheduled": {"headers": _HEADERS, "body": {"scheduled": True}},
    }
    hook = ("NONSPECIFIC", _ALERT, _ALERT_EXTRACT, _ALERT_PERFORM)
    return _layout("adherence-alert", hook, events, "")


def _layout(name: str, hook: tuple[str, str, str, str], events: Mapping[str, object], tables: str) -> Layout:
    """One of the two plugins in its folder, with one requirements.txt above both."""
    kind, handler, extract, perform = hook
    folder = kind.lower()
    code = {
        "index.py": handler,
        "src/constants.py": _CONSTANTS,
        "src/index.py": (
            f"import src.{folder}.index as {kind}\nfrom src.utils.index import *\nfrom src.constants import *\n\n"
            f"functions_mapper = {{'{kind}': {kind}}}\n"
        ),
        "src/utils/index.py": "".join(f"from src.utils.{one} import *\n" for one in _UTILITIES),
        **{f"src/utils/{one}.py": text for one, text in _UTILITIES.items()},
        f"src/{folder}/extract_data_from_event.py": extract,
        f"src/{folder}/perform.py": perform,
        f"src/{folder}/index.py": (
            f"from src.{folder}.extract_data_from_event import extract_data_from_event\n"
            f"from src.{folder}.perform import perform\n"
            "from src.utils.authenticate import authenticate, login\n"
            "from src.utils.responses import create_error_response\n"
        ),
    }
    plugin = name.replace("-", "_")
    files = {f"{plugin}/{path}": text for path, text in code.items()} | {"requirements.txt": _REQUIREMENTS}
    files |= {f"{plugin}/events/{event}.json": json.dumps(value, indent=2) for event, value in events.items()}
    build = 'root = "."\nrequirements = "../requirements.txt"\n'
    return Layout("python3.13", build, files, frozenset(code), plugin, name=name, tables=tables)
