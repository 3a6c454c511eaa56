"""BioT's alerts sample rebuilt so that it runs: measurements of a patient raise, change and clear an alert.

Source: plugin-alerts-lambda-sample, commit 61917f8. Its habits stay: variables that must exist are checked outside of
the ``try``, the check of the token is not awaited, and a log-in in every call. The code and the texts are our own.

The sample is older than two rules of BioT: variables of a plugin must not begin with ``BIOT_``, and the public key is
not a variable any more. So ``start.js`` is added, which is not part of the sample: it gives the unchanged sample the
variables that it asks for.
"""

from __future__ import annotations

import json

from sandbox.entities.seed_data import seed_id
from sandbox.entities.templates.seed_templates import default_template_id
from tests.support.plugins.sample_layouts import Layout

_OWN_SETTINGS = {
    "BIOMARKER_ATTRIBUTE_JSON_NAME": "hr",
    "SEVERITY_CRITICAL_THRESHOLD": "160",
    "CLEAR_THRESHOLD": "100",
    "ALERT_TEMPLATE_ID": default_template_id("patient-alert"),
}
_START = """\
const url = `${process.env.BIOT_BASE_URL}/ums/v1/security/public-key`;
process.env.BIOT_PUBLIC_KEY ??= (await (await fetch(url)).json()).publicKey;
process.env.BIOT_JWT_PERMISSION_NOTIFICATION ??= "ACTION_NOTIFICATION";
for (const name of OWN) process.env[`BIOT_${name}`] ??= process.env[name];
const sample = await import("./index.js");
export const handler = async (event) => sample.handler(event);
""".replace("OWN", json.dumps(list(_OWN_SETTINGS)))
_HANDLER = """\
import { BIOT_SHOULD_VALIDATE_JWT } from "./src/constants.js";
import { createTraceparent, validateEnvironmentVariables } from "./src/utils/index.js";
import { authenticate, createErrorResponse, extractDataFromEvent, login, perform } from "./src/notification/index.js";

export const handler = async (event) => {
  console.info("event:", Object.keys(event), JSON.parse(event.body).metadata);
  let traceparent = "traceparent-not-set";
  validateEnvironmentVariables();
  try {
    const { data, token, eventTraceparent } = extractDataFromEvent(event);
    traceparent = eventTraceparent ?? createTraceparent();
    if (BIOT_SHOULD_VALIDATE_JWT) await authenticate(token);
    return await perform(data, await login(traceparent), traceparent);
  } catch (error) {
    return createErrorResponse(error, traceparent);
  }
};
"""
_CONSTANTS = """\
const cloud = process.env.AWS_EXECUTION_ENV !== undefined;
const setting = (name, otherwise = null) => (cloud ? process.env[name] : otherwise);
const key = setting("BIOT_PUBLIC_KEY", "");
export const BIOT_PUBLIC_KEY = ["-----BEGIN PUBLIC KEY-----", key, "-----END PUBLIC KEY-----"].join("\\n");
export const BIOT_BASE_URL = setting("BIOT_BASE_URL");
export const BIOT_SERVICE_USER_ID = setting("BIOT_SERVICE_USER_ID");
export const BIOT_SERVICE_USER_SECRET_KEY = setting("BIOT_SERVICE_USER_SECRET_KEY");
export const BIOT_SHOULD_VALIDATE_JWT = setting("BIOT_SHOULD_VALIDATE_JWT") !== "false";
export const PERMISSION = setting("BIOT_JWT_PERMISSION_NOTIFICATION", "ACTION_NOTIFICATION");
export const BIOMARKER = setting("BIOT_BIOMARKER_ATTRIBUTE_JSON_NAME", "hr");
export const CRITICAL = setting("BIOT_SEVERITY_CRITICAL_THRESHOLD", 160);
export const CLEAR = setting("BIOT_CLEAR_THRESHOLD", 100);
export const ALERT_TEMPLATE_ID = setting("BIOT_ALERT_TEMPLATE_ID", "template");
"""
_API_CALLS = """\
import axios from "axios";
import { BIOT_BASE_URL } from "../constants.js";

const send = async (method, path, token, traceparent, more) => {
  const url = `${BIOT_BASE_URL}/organization/v1/users/patients${path}`;
  const headers = { authorization: `Bearer ${token}`, traceparent };
  try {
    return (await axios.request({ method, url, headers, ...more })).data;
  } catch (error) {
    throw new Error(JSON.stringify(error?.response?.data) ?? error.message);
  }
};

export const searchAlerts = (token, traceparent, wanted) =>
  send("get", "/alerts", token, traceparent, { params: { searchRequest: JSON.stringify(wanted) } });
export const createAlert = (token, traceparent, patient, alert) =>
  send("post", `/${patient}/alerts`, token, traceparent, { data: alert });
export const updateAlert = (token, traceparent, patient, id, alert) =>
  send("patch", `/${patient}/alerts/${id}`, token, traceparent, { data: alert });
"""
_SERVICE = """\
import { ALERT_TEMPLATE_ID, BIOMARKER, CLEAR, CRITICAL } from "../constants.js";
import { createAlert, searchAlerts, updateAlert } from "../BEService/apiCalls.js";

export const generateDesiredAlert = (measurements) => {
  const value = measurements[BIOMARKER];
  if (value < CLEAR) return { _state: "CLEARED" };
  return value > CRITICAL ? { _severity: "CRITICAL", _state: "ACTIVE" } : undefined;
};

export const saveAlert = async (wanted, patient, token, traceparent) => {
  const filter = {
    "_patient.id": { in: [patient] },
    _templateId: { in: [ALERT_TEMPLATE_ID] },
    _state: { not: "CLEARED" },
  };
  const [existing] = (await searchAlerts(token, traceparent, { filter }))?.data ?? [];
  if (existing) {
    if (wanted._state !== existing._state || wanted._severity !== existing._severity) {
      await updateAlert(token, traceparent, patient, existing._id, wanted);
    }
  } else if (wanted._state !== "CLEARED") {
    await createAlert(token, traceparent, patient, { ...wanted, _templateId: ALERT_TEMPLATE_ID });
  }
};
"""
_PERFORM = """\
import { generateDesiredAlert, saveAlert } from "../alertsService/alertsService.js";
import { genericSuccessResponse } from "../utils/index.js";

export const perform = async (data, token, traceparent) => {
  const wanted = generateDesiredAlert(data.entity.data);
  if (wanted) await saveAlert(wanted, data.entity.metadata.patientId, token, traceparent);
  return genericSuccessResponse(traceparent);
};
"""
_EXTRACT = """\
export const extractDataFromEvent = (event) => {
  if (!event?.body) throw new Error("No event received");
  const { metadata, data, jwt } = JSON.parse(event.body);
  if (!metadata) throw new Error("No metadata");
  if (!data || !jwt) throw new Error("No data");
  return { data, token: jwt, eventTraceparent: event.headers.traceparent };
};
"""
_ERRORS = """\
import { parseTraceparentString } from "../utils/index.js";

const STATUSES = { "jwt error": 400, "No event received": 400, "No metadata": 400, "No data": 400 };

export const createErrorResponse = (error, traceparent) => {
  console.error(error);
  const code = STATUSES[error.message] ? error.message : "INTERNAL_SERVER_ERROR";
  const body = JSON.stringify({ code, message: code, traceId: parseTraceparentString(traceparent), details: {} });
  return { statusCode: STATUSES[error.message] ?? 500, headers: { traceparent }, body };
};
"""
_AUTHENTICATE = """\
import axios from "axios";
import JWT from "jsonwebtoken";
import { BIOT_BASE_URL, BIOT_PUBLIC_KEY, BIOT_SERVICE_USER_ID, BIOT_SERVICE_USER_SECRET_KEY } from "../constants.js";

export const login = async (traceparent) => {
  const body = { id: BIOT_SERVICE_USER_ID, secretKey: BIOT_SERVICE_USER_SECRET_KEY };
  const url = `${BIOT_BASE_URL}/ums/v2/services/accessToken`;
  return (await axios.post(url, body, { headers: { traceparent } })).data.accessToken;
};

export const checkJWT = async (token, permission) => {
  const claims = JWT.verify(token, BIOT_PUBLIC_KEY, { algorithms: ["RS512"] });
  if (permission && !claims.scopes?.includes(permission)) throw new Error(`the token has no ${permission}`);
};
"""
_UTILITIES = {
    "authenticate": _AUTHENTICATE,
    "genericSuccessResponse": (
        "export const genericSuccessResponse = (traceparent) => ({ statusCode: 200, headers: { traceparent } });\n"
    ),
    "traceparentUtils": (
        'import crypto from "crypto";\nimport TraceParent from "traceparent";\n\n'
        'const hex = (bytes) => crypto.randomBytes(bytes).toString("hex");\n'
        "export const createTraceparent = () => `00-${hex(16)}-${hex(8)}-01`;\n"
        "export const parseTraceparentString = (traceparent) => TraceParent.fromString(traceparent).traceId;\n"
    ),
    "validateEnvironmentVariables": (
        'const NAMES = ["PUBLIC_KEY", "JWT_PERMISSION_NOTIFICATION", "APP_NAME", "BASE_URL", "SERVICE_USER_ID",\n'
        f'  "SERVICE_USER_SECRET_KEY", ...{json.dumps(list(_OWN_SETTINGS))}];\n\n'
        "export const validateEnvironmentVariables = () => {\n"
        "  const missing = NAMES.filter((name) => process.env[`BIOT_${name}`] === undefined);\n"
        "  if (missing.length) throw new Error(`variables are missing: ${missing}`);\n"
        "};\n"
    ),
}
_HOOK_INDEX = """\
export { createErrorResponse } from "./createErrorResponse.js";
export { extractDataFromEvent } from "./extractDataFromEvent.js";
export { authenticate } from "./authenticate.js";
export { perform } from "../perform/index.js";
export { login } from "../utils/index.js";
"""
_HOOK_AUTHENTICATE = """\
import { PERMISSION } from "../constants.js";
import { checkJWT } from "../utils/index.js";

export const authenticate = async (token) => { checkJWT(token, PERMISSION); };
"""


def measurement(patient: str, heart_rate: int) -> dict[str, object]:
    """What is different in the entity of a notification about a measurement."""
    return {"data": {_OWN_SETTINGS["BIOMARKER_ATTRIBUTE_JSON_NAME"]: heart_rate}, "metadata": {"patientId": patient}}


def running_alerts(runtime: str) -> Layout:
    """The sample with ``start.js`` as its handler, and an event of a measurement that raises an alert."""
    dependencies = {"axios": "0.27.2", "jsonwebtoken": "8.5.1", "traceparent": "1.0.0"}
    code = {
        "start.js": _START,
        "index.js": _HANDLER,
        "package.json": json.dumps(
            {"name": "alerts", "type": "module", "version": "1.0.0", "dependencies": dependencies}, indent=2
        ),
        "src/constants.js": _CONSTANTS,
        "src/index.js": 'export * from "./utils/index.js";\nexport * from "./constants.js";\n',
        "src/BEService/apiCalls.js": _API_CALLS,
        "src/alertsService/alertsService.js": _SERVICE,
        "src/perform/index.js": 'export * from "./perform.js";\n',
        "src/perform/perform.js": _PERFORM,
        "src/notification/index.js": _HOOK_INDEX,
        "src/notification/authenticate.js": _HOOK_AUTHENTICATE,
        "src/notification/createErrorResponse.js": _ERRORS,
        "src/notification/extractDataFromEvent.js": _EXTRACT,
        "src/utils/index.js": "".join(f'export * from "./{name}.js";\n' for name in _UTILITIES),
        **{f"src/utils/{name}.js": text for name, text in _UTILITIES.items()},
    }
    body = {
        "metadata": {"entityTypeName": "patient", "actionName": "_saveMeasurement", "status": "SUCCESS"},
        "data": {"entity": measurement(seed_id("patient", 1), 170), "additionalData": {}},
        "jwt": "<token>",
    }
    headers = {"hooktype": "NOTIFICATION", "traceparent": f"00-{'1' * 32}-{'2' * 16}-00"}
    event = {"headers": headers, "body": json.dumps(body)}
    variables = "".join(f'{name} = "{value}"\n' for name, value in _OWN_SETTINGS.items())
    tables = (
        f"[plugin.environmentVariables]\n{variables}"
        '[[plugin.subscriptions.notifications]]\nentityTypeName = "patient"\nactionName = "_saveMeasurement"\n'
    )
    return Layout(
        runtime,
        'root = "."\n',
        {**code, "events/notification.json": json.dumps(event, indent=2)},
        frozenset(code),
        name="alerts",
        settings='handler = "start.handler"\n',
        tables=tables,
    )
