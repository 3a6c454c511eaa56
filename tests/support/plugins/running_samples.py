"""BioT's two seeds rebuilt so that they run: flow, file names and habits of the samples, with code of our own.

Source: plugin-lambda-seed-python-public 1.5.7 and plugin-lambda-seed-public 3.3.3. What they do differently from the
kit's templates stays: the switch between cloud and local on a variable of Lambda, a log-in before every call, the
header ``Host: lambda.aws.com`` in the requests of the Python seed, its answer to PRE_REQUEST as a JSON text, and error
bodies that are objects. In plugin.toml, both subscribe to every hook.
"""

from __future__ import annotations

import json

from tests.support.plugins.sample_layouts import Layout

PYTHON_HOOKS = {
    "notification": (
        "search('/organization/v1/users/patients', {'limit': 5}, traceparent)\n"
        "    return generic_response(traceparent)\n"
    ),
    "interceptor_pre": (
        "request = data['request']\n"
        "    request['body']['_name'] = {'firstName': 'Changed', 'lastName': 'Person'}\n"
        "    keys = ('path', 'queryParameters', 'headers', 'body')\n"
        "    return json.dumps({'request': {key: request[key] for key in keys}})\n"
    ),
    "interceptor_post": "data['response']['body']['_changed'] = True\n    return {'response': data['response']}\n",
    "interceptor_post_entity": (
        "for entity in data['response']['entities']:\n        entity['_changed'] = True\n"
        "    return {'response': {'entities': data['response']['entities']}}\n"
    ),
    "nonspecific": "return generic_response(traceparent)\n",
}
JAVASCRIPT_HOOKS = {
    "notification": (
        "await search('/organization/v1/users/patients', { limit: 5 }, traceparent);"
        " return genericResponse(traceparent);"
    ),
    "interceptorPre": "data.request.body._name = { firstName: 'Changed' }; return data;",
    "interceptorPost": "data.response.body._changed = true; return data;",
    "interceptorPostEntity": "data.response.entities.forEach((entity) => { entity._changed = true; }); return data;",
    "nonspecific": "return genericResponse(traceparent);",
}
HOOK_OF_TYPE = {
    "NOTIFICATION": "notification",
    "INTERCEPTOR_PRE": "interceptor_pre",
    "INTERCEPTOR_POST": "interceptor_post",
    "INTERCEPTOR_POST_ENTITY": "interceptor_post_entity",
    "NONSPECIFIC": "nonspecific",
}
_SUBSCRIPTIONS = """\
[[plugin.subscriptions.interceptions]]
type = "PRE_REQUEST"
apiId = "POST/organization/v1/users/patients"
[[plugin.subscriptions.interceptions]]
type = "POST_REQUEST"
apiId = "POST/organization/v1/users/patients"
[[plugin.subscriptions.interceptions]]
type = "ADAPT_ENTITY"
entityTypeName = "patient"
[[plugin.subscriptions.notifications]]
entityTypeName = "patient"
actionName = "_create"
"""
_SETTINGS = 'cronSchedule = "0 2 * * ? *"\n'


def running_python_seed() -> Layout:
    """The Python seed: ``src`` without ``__init__.py``, requests, python-jose."""
    mapper = ", ".join(f"{kind!r}: {hook.upper()}" for kind, hook in HOOK_OF_TYPE.items())
    code = {
        "index.py": (
            "import json\n\nfrom src.index import functions_mapper, check_request_type, get_traceparent, logger\n\n\n"
            "def handler(event, lambda_context=None):\n"
            "    logger.info(f'event received: {sorted(event)}')\n"
            "    hook = functions_mapper[check_request_type(event)]\n"
            "    traceparent = get_traceparent(event)\n"
            "    try:\n"
            "        data, token = hook.extract_data_from_event(event)\n"
            "        hook.authenticate(token)\n"
            "        hook.login(traceparent)\n"
            "        return hook.perform(data, traceparent)\n"
            "    except Exception as error:\n"
            "        logger.exception('failed')\n"
            "        return hook.create_error_response(error, traceparent)\n"
        ),
        "src/constants.py": (
            "import os\n\n"
            "CLOUD = os.getenv('AWS_REGION') is not None\n"
            "BIOT_BASE_URL = os.getenv('BIOT_BASE_URL') if CLOUD else None\n"
            "BIOT_APP_NAME = os.getenv('BIOT_APP_NAME')\n"
            "BIOT_SERVICE_USER_ID = os.getenv('BIOT_SERVICE_USER_ID')\n"
            "BIOT_SERVICE_USER_SECRET_KEY = os.getenv('BIOT_SERVICE_USER_SECRET_KEY')\n"
        ),
        "src/index.py": (
            "from src.utils.index import *\n"
            + "".join(f"import src.{hook}.index as {hook.upper()}\n" for hook in PYTHON_HOOKS)
            + f"functions_mapper = {{{mapper}}}\n"
        ),
        "src/utils/index.py": "from src.utils.event_utils import *\nfrom src.utils.response_utils import *\n",
        "src/utils/event_utils.py": (
            "import json\nimport logging\nimport secrets\n\nlogger = logging.getLogger()\nlogger.setLevel('INFO')\n\n\n"
            "def check_request_type(event):\n"
            "    headers = {name.lower(): value for name, value in event.get('headers', {}).items()}\n"
            "    return headers.get('hooktype', 'NONSPECIFIC')\n\n\n"
            "def get_traceparent(event):\n"
            "    new = f'00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00'\n"
            "    return event.get('headers', {}).get('traceparent') or new\n"
        ),
        "src/utils/response_utils.py": (
            "def generic_response(traceparent):\n"
            "    return {'statusCode': 200, 'headers': {'traceparent': traceparent}}\n"
        ),
        "src/services/auth/login.py": (
            "import time\n\nimport requests\n\nfrom src.constants import *\n\ntoken = {}\n\n\n"
            "def login(traceparent):\n"
            "    if token.get('ends', 0) < time.time():\n"
            "        body = {'id': BIOT_SERVICE_USER_ID, 'secretKey': BIOT_SERVICE_USER_SECRET_KEY}\n"
            "        answer = requests.post(BIOT_BASE_URL + '/ums/v2/services/accessToken', json=body).json()\n"
            "        token.update(value=answer['accessToken'], until=answer['accessTokenExpiration'])\n"
            "        token['ends'] = time.time() + 60\n"
            "    return token['value']\n"
        ),
        "src/utils/http_utils.py": (
            "import json\n\nimport requests\n\n"
            "from src.constants import *\nfrom src.services.auth.login import login\n\n\n"
            "def search(path, wanted, traceparent):\n"
            "    headers = {'Host': 'lambda.aws.com', 'traceparent': traceparent,\n"
            "               'Authorization': 'Bearer ' + login(traceparent)}\n"
            "    query = {'searchRequest': json.dumps(wanted)}\n"
            "    response = requests.get(BIOT_BASE_URL + path, params=query, headers=headers)\n"
            "    if response.status_code not in range(200, 299):\n"
            "        raise Exception('CALL_TO_API_FAILED', response.text)\n"
            "    return response.json()['data']\n"
        ),
        "src/services/auth/authenticate.py": (
            "import requests\nfrom jose import jwt\n\nfrom src.constants import *\n\nkeys = {}\n\n\n"
            "def authenticate(token):\n"
            "    if 'key' not in keys:\n"
            "        body = requests.get(BIOT_BASE_URL + '/ums/v1/security/public-key').json()['publicKey']\n"
            "        keys['key'] = f'-----BEGIN PUBLIC KEY-----\\n{body}\\n-----END PUBLIC KEY-----'\n"
            "    return jwt.decode(token, keys['key'], algorithms=['RS512'])\n"
        ),
    }
    for hook, perform in PYTHON_HOOKS.items():
        code |= _python_hook(hook, perform)
    files = {**code, "requirements.txt": "python-jose==3.5.0\nrequests==2.32.5\n", "README.md": "# Seed\n"}
    build = 'root = "."\nrequirements = "requirements.txt"\n'
    return Layout(
        "python3.13", build, files, frozenset(code), name="python-seed", settings=_SETTINGS, tables=_SUBSCRIPTIONS
    )


def running_javascript_seed(runtime: str) -> Layout:
    """The JavaScript seed: ES modules, axios, jose."""
    names = dict(
        zip(
            HOOK_OF_TYPE,
            ("notification", "interceptorPre", "interceptorPost", "interceptorPostEntity", "nonspecific"),
            strict=True,
        )
    )
    package = {
        "name": "seed",
        "type": "module",
        "version": "1.0.0",
        "dependencies": {"axios": "1.15.1", "jose": "6.1.0"},
    }
    code = {
        "index.js": (
            'import functionsMapper, { checkRequestType, getTraceparent } from "./src/index.js";\n\n'
            "export const handler = async (event) => {\n"
            "  console.info('event received', Object.keys(event));\n"
            "  const hook = functionsMapper[checkRequestType(event)];\n"
            "  const traceparent = getTraceparent(event);\n"
            "  try {\n"
            "    const { data, token } = hook.extractDataFromEvent(event);\n"
            "    await hook.authenticate(token);\n"
            "    await hook.login(traceparent);\n"
            "    return await hook.perform(data, traceparent);\n"
            "  } catch (error) {\n"
            "    console.error(error);\n"
            "    return hook.createErrorResponse(error, traceparent);\n"
            "  }\n};\n"
        ),
        "package.json": json.dumps(package, indent=2),
        "src/constants.js": (
            "const cloud = { BIOT_BASE_URL: process.env.BIOT_BASE_URL, BIOT_SHOULD_VALIDATE_JWT: true };\n"
            "const local = { BIOT_BASE_URL: null, BIOT_SHOULD_VALIDATE_JWT: false };\n"
            "const constants = process.env.AWS_EXECUTION_ENV ? cloud : local;\n"
            "export const { BIOT_BASE_URL, BIOT_SHOULD_VALIDATE_JWT } = constants;\n"
        ),
        "src/index.js": (
            "".join(f'import {name} from "./{name}/index.js";\n' for name in names.values())
            + 'export * from "./utils/index.js";\n'
            + f"export default {{ {', '.join(f'{kind}: {name}' for kind, name in names.items())} }};\n"
        ),
        "src/utils/index.js": (
            'import crypto from "crypto";\n'
            "export const checkRequestType = (event) =>\n"
            "  Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === 'hooktype')?.[1]\n"
            "  ?? 'NONSPECIFIC';\n"
            "export const getTraceparent = (event) => event.headers?.traceparent ??\n"
            "  `00-${crypto.randomBytes(16).toString('hex')}-${crypto.randomBytes(8).toString('hex')}-00`;\n"
            "export const genericResponse = (traceparent) => ({ statusCode: 200, headers: { traceparent } });\n"
        ),
        "src/services/auth/login.js": (
            'import axios from "axios";\nimport { BIOT_BASE_URL } from "../../constants.js";\nlet token;\n'
            "export const login = async () => {\n"
            "  const { BIOT_SERVICE_USER_ID: id, BIOT_SERVICE_USER_SECRET_KEY: secretKey } = process.env;\n"
            "  const body = { id, secretKey };\n"
            "  token ??= (await axios.post(`${BIOT_BASE_URL}/ums/v2/services/accessToken`, body)).data.accessToken;\n"
            "  return token;\n};\n"
        ),
        "src/services/biot/base.js": (
            'import axios from "axios";\nimport { BIOT_BASE_URL } from "../../constants.js";\n'
            'import { login } from "../auth/login.js";\n'
            "export const search = async (path, wanted, traceparent) => {\n"
            "  const headers = { authorization: `Bearer ${await login(traceparent)}`, traceparent };\n"
            "  const params = { searchRequest: JSON.stringify(wanted) };\n"
            "  return (await axios.get(BIOT_BASE_URL + path, { headers, params })).data.data;\n};\n"
        ),
        "src/services/auth/authenticate.js": (
            'import axios from "axios";\nimport { importSPKI, jwtVerify } from "jose";\n'
            'import { BIOT_BASE_URL, BIOT_SHOULD_VALIDATE_JWT } from "../../constants.js";\nlet key;\n'
            "export const authenticate = async (token) => {\n"
            "  if (!BIOT_SHOULD_VALIDATE_JWT) return;\n"
            "  if (!key) {\n"
            "    const { publicKey } = (await axios.get(`${BIOT_BASE_URL}/ums/v1/security/public-key`)).data;\n"
            "    const pem = `-----BEGIN PUBLIC KEY-----\\n${publicKey}\\n-----END PUBLIC KEY-----`;\n"
            "    key = await importSPKI(pem, 'RS512');\n"
            "  }\n  await jwtVerify(token, key, { algorithms: ['RS512'] });\n};\n"
        ),
    }
    for name, perform in JAVASCRIPT_HOOKS.items():
        code |= _javascript_hook(name, perform)
    return Layout(
        runtime,
        'root = "."\n',
        {**code, "README.md": "# Seed\n"},
        frozenset(code),
        name="javascript-seed",
        settings=_SETTINGS,
        tables=_SUBSCRIPTIONS,
    )


def _python_hook(hook: str, perform: str) -> dict[str, str]:
    package = f"src.{hook}"
    token = "event['headers']['authorization'].split()[1]"
    body = "json.loads(event.get('body') or '{}')"
    extract = {
        "notification": f"    data = {body}\n    return data, data['jwt']\n",
        "nonspecific": f"    return {body}, None\n",
    }.get(hook, f"    return {body}, {token}\n")
    authenticate = "from src.services.auth.authenticate import authenticate\n"
    if hook == "nonspecific":  # the sample checks a missing token here, so that every direct call fails
        authenticate = "def authenticate(token):\n    return None\n"
    return {
        f"src/{hook}/extract_data_from_event.py": f"import json\n\n\ndef extract_data_from_event(event):\n{extract}",
        f"src/{hook}/perform.py": (
            "import json\n\nfrom src.utils.http_utils import search\n"
            "from src.utils.response_utils import generic_response\n\n\n"
            f"def perform(data, traceparent):\n    {perform}"
        ),
        f"src/{hook}/create_error_response.py": (
            "def create_error_response(error, traceparent):\n"
            "    return {'statusCode': 500, 'body': {'code': 'SERVER ERROR', 'message': str(error)}}\n"
        ),
        f"src/{hook}/authenticate.py": authenticate,
        f"src/{hook}/index.py": (
            f"from {package}.authenticate import authenticate\n"
            "from src.services.auth.login import login\n"
            f"from {package}.extract_data_from_event import extract_data_from_event\n"
            f"from {package}.perform import perform\n"
            f"from {package}.create_error_response import create_error_response\n"
        ),
    }


def _javascript_hook(name: str, perform: str) -> dict[str, str]:
    extract = {
        "notification": "const data = JSON.parse(event.body); return { data, token: data.jwt };",
        "nonspecific": "return { data: event.body ? JSON.parse(event.body) : {} };",
    }.get(name, "return { data: JSON.parse(event.body), token: event.headers.authorization.split(' ')[1] };")
    authenticate = "export const authenticate = async () => {};\n"
    if name != "nonspecific":
        authenticate = 'export { authenticate } from "../services/auth/authenticate.js";\n'
    steps = ("authenticate", "createErrorResponse", "extractDataFromEvent", "perform")
    return {
        f"src/{name}/extractDataFromEvent.js": f"export const extractDataFromEvent = (event) => {{ {extract} }};\n",
        f"src/{name}/perform.js": (
            'import { genericResponse } from "../utils/index.js";\n'
            'import { search } from "../services/biot/base.js";\n'
            f"export const perform = async (data, traceparent) => {{ {perform} }};\n"
        ),
        f"src/{name}/createErrorResponse.js": (
            "export const createErrorResponse = (error) =>\n"
            "  ({ statusCode: 500, body: { code: 'INTERNAL_SERVER_ERROR', message: error.message } });\n"
        ),
        f"src/{name}/authenticate.js": authenticate,
        f"src/{name}/index.js": (
            "".join(f'import {{ {step} }} from "./{step}.js";\n' for step in steps)
            + 'import { login } from "../services/auth/login.js";\n'
            + f"export default {{ {', '.join((*steps, 'login'))} }};\n"
        ),
    }
