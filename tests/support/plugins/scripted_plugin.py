"""A plugin that does in each call what a script says, so that many tests share its process.

A script is a text such as ``a.PRE_REQUEST=rename, b.ADAPT_ENTITY=refuse``: the plugin, the hook, and what it does. It
is the ``_description`` of the entity that a call is about, or the header ``x-script`` of the API call; a plugin that is
not named changes nothing.
"""

from __future__ import annotations

PYTHON = """
import json, os, urllib.error, urllib.request

NAME = os.environ["NAME"]
HOOKS = {"INTERCEPTOR_PRE": "PRE_REQUEST", "INTERCEPTOR_POST": "POST_REQUEST",
         "INTERCEPTOR_POST_ENTITY": "ADAPT_ENTITY", "NOTIFICATION": "NOTIFICATION"}
PATIENTS = "/organization/v1/users/patients"

def call(method, path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    url, sent = os.environ["BIOT_BASE_URL"] + path, {"content-type": "application/json", **headers}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data, sent, method=method)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)

def own(headers):
    user = {"id": os.environ["BIOT_SERVICE_USER_ID"], "secretKey": os.environ["BIOT_SERVICE_USER_SECRET_KEY"]}
    token = call("POST", "/ums/v2/services/accessToken", {}, user)[1]["accessToken"]
    return {"authorization": "Bearer " + token, "traceparent": headers["traceparent"]}

def entities_of(hook, body):
    if hook == "NOTIFICATION":
        return [body["data"]["entity"]]
    if hook == "ADAPT_ENTITY":
        return body["response"]["entities"]
    found = body["request" if hook == "PRE_REQUEST" else "response"].get("body")
    return [found] if isinstance(found, dict) else []

def action_of(hook, body):
    texts = [str(one.get("_description", "")) for one in entities_of(hook, body)[:1]]
    texts += [body.get("request", {}).get("headers", {}).get("x-script", "")]
    for entry in ",".join(texts).split(","):
        place, _, action = entry.strip().partition("=")
        if place == f"{NAME}.{hook}":
            return action
    return "nothing"

def handler(event, context):
    if event.get("source") == "aws.events":
        print("schedule", event["time"])
        return {"statusCode": 200}
    headers, body = event["headers"], json.loads(event["body"])
    hook = HOOKS[headers["hooktype"]]
    action, _, value = action_of(hook, body).partition(":")
    print(hook, action)
    if action == "fail":
        raise ValueError("as the script says")
    if action == "refuse":
        return {"statusCode": 403, "body": json.dumps({"code": "REFUSED", "message": "refused by " + NAME})}
    if action == "error":
        return {"statusCode": 500, "body": "{}"}
    if action == "empty":
        return {"statusCode": 200}
    if action == "other":
        return {"other": 1}
    if action == "rename":
        for entity in entities_of(hook, body):
            entity["_name"]["firstName"] += " " + NAME
    if action == "note":
        for entity in entities_of(hook, body):
            entity["noted"] = NAME
    if action == "path":
        body["request"]["path"] = value
    if action == "status":
        body["response"]["statusCode"] = int(value)
    if action in ("search", "intercepted-search"):
        asked = {"allow-interception": "true"} if action == "intercepted-search" else {}
        print("search", call("GET", PATIENTS, {**own(headers), **asked})[0])
    if action == "update":
        entity = body["data"]["entity"]
        change = {"_description": entity["_description"]}
        print("update", call("PATCH", PATIENTS + "/" + entity["_id"], own(headers), change)[0])
    return {"statusCode": 200} if hook == "NOTIFICATION" else body
"""
NODE = """
const NAME = process.env.NAME;

exports.handler = async (event) => {
  const body = JSON.parse(event.body);
  const person = body.request.body;
  const action = new RegExp(`${NAME}\\\\.PRE_REQUEST=(\\\\w+)`).exec(person._description)?.[1];
  console.log("PRE_REQUEST", action);
  if (action === "fail") throw new Error("as the script says");
  if (action === "refuse") return { statusCode: 403, body: JSON.stringify({ code: "REFUSED" }) };
  if (action === "rename") person._name.firstName += ` ${NAME}`;
  return body;
};
"""
