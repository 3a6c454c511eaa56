"""BioT's four public samples rebuilt: their file names and imports, with content of our own.

Each function describes one repository. Tokens are made when the test runs and have expired, as in the samples.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOOKS = ("interceptor_post", "interceptor_post_entity", "interceptor_pre", "nonspecific", "notification")
STEPS = ("create_error_response", "extract_data_from_event", "perform")
SERVICES = "src/services/auth/"
ADHERENCE_UTILITIES = ("authenticate", "biot_api", "check_request_type", "configure_logger", "date_utils", "http_utils")


@dataclass(frozen=True)
class Layout:
    """The files and settings of one sample.

    Attributes:
        runtime: The runtime that plugin.toml names.
        build: The lines below ``[build]`` in plugin.toml.
        files: Path -> text of every file.
        plugin: The folder of plugin.toml, relative to the repository.
        code: The files of the sample that are in the artifact, relative to its root.
        name: The plugin's name.
        settings: More lines below ``[plugin]``.
        tables: More tables of plugin.toml.
    """

    runtime: str
    build: str
    files: Mapping[str, str]
    code: frozenset[str]
    plugin: str = "."
    name: str = "sample"
    settings: str = ""
    tables: str = ""

    def write(self, repository: Path) -> Path:
        """Write the files and plugin.toml, and return the plugin's folder."""
        folder = repository / self.plugin
        manifest = f'[plugin]\nname = "{self.name}"\ndisplayName = "Sample"\nversion = 1\nruntime = "{self.runtime}"\n'
        for path, text in self.files.items():
            file = repository / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        (folder / "plugin.toml").write_text(f"{manifest}{self.settings}\n[build]\n{self.build}\n{self.tables}", "utf-8")
        return folder


def expired_token() -> str:
    """A token of a user that expired a minute ago."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    claims = {"sub": "somebody", "tokenType": "USER", "exp": int(time.time()) - 60}
    header = {"alg": "RS512", "typ": "JWT"}
    return ".".join([part(json.dumps(header).encode()), part(json.dumps(claims).encode()), part(bytes(range(64)))])


def python_seed() -> Layout:
    """plugin-lambda-seed-python-public: the handler at the top, ``src`` as a package without ``__init__.py``."""
    code = {
        "index.py": _python_handler(),
        "__version__.py": '__version__ = "1.0.0"\n',
        "src/index.py": "from src.utils.index import *\n"
        + "".join(f"import src.{hook}.index as {hook.upper()}\n" for hook in HOOKS)
        + f"functions_mapper = {{{', '.join(f'{hook!r}: {hook.upper()}' for hook in HOOKS)}}}\n",
        **_python_utilities(),
        f"{SERVICES}login.py": "import requests\n\ndef login(traceparent):\n    return requests.post(traceparent)\n",
        f"{SERVICES}authenticate.py": (
            "from jose import jws\nfrom jose.constants import ALGORITHMS\nfrom jose.exceptions import JWSError\n\n"
            "def authenticate(token):\n    return jws.verify(token, JWSError, ALGORITHMS)\n"
        ),
        f"{SERVICES}index.py": "from src.services.auth.login import login\n",
    }
    for hook in HOOKS:
        code |= _python_hook(f"src/{hook}", hook)
    scripts = ("build", "buildAndPush", "destroy", "login", "push", "run")
    others = {
        "README.md": "# Seed\n",
        "CHANGELOG.md": "# 1.0.0\n",
        "Dockerfile": "FROM public.ecr.aws/lambda/python:3.12\nCOPY index.py ${LAMBDA_TASK_ROOT}\n",
        "Jenkinsfile": "pipeline {}\n",
        ".gitignore": "packed/\nseedEnv/\n",
        "requirements.txt": "python-jose==3.3.0\nrequests==2.31.0\nurllib3==2.0.5\n",
        "local_runner.py": "from index import handler\nfrom mock_event import event\n\nhandler(event)\n",
        "mock_event.py": f"event = {{'headers': {{'authorization': 'Bearer {expired_token()}'}}}}\n",
        "scripts/pack.py": "import subprocess\nimport Naked.toolshed.shell\n",
        **{f"scripts/docker/linux/{name}.sh": "#!/bin/bash\ndocker ps\n" for name in scripts},
        **{f"scripts/docker/windows/{name}.bat": "docker ps\r\n" for name in scripts},
    }
    build = 'root = "."\nrequirements = "requirements.txt"\n'
    return Layout("python3.12", build, {**code, **others}, frozenset(code))


def adherence() -> Layout:
    """gen2_adherence_plugin: two plugins in folders, with one requirements.txt and the deploy scripts above them."""
    code = {
        "index.py": _python_handler(),
        "src/constants.py": "import os\n\nBIOT_BASE_URL = os.getenv('BIOT_BASE_URL')\n",
        "src/index.py": "from src.utils.index import *\nimport src.nonspecific.index as NONSPECIFIC\n\n"
        "functions_mapper = {'nonspecific': NONSPECIFIC}\n",
        "src/utils/index.py": "".join(f"from src.utils.{name} import *\n" for name in ADHERENCE_UTILITIES),
        **{f"src/utils/{name}.py": "from src.constants import BIOT_BASE_URL\n" for name in ADHERENCE_UTILITIES},
        "src/utils/authenticate.py": "import requests\nfrom jose import jws\nfrom jose.constants import ALGORITHMS\n",
        **_python_hook("src/nonspecific", "nonspecific"),
    }
    others = {
        "README.md": "# Adherence\n",
        ".gitignore": "dist/\n",
        # as in the sample, the last line is a comment without a line feed
        "requirements.txt": "requests\npython-jose[pycryptodome]\n# You can add more dependencies here.",
        "scripts/deploy.py": "from distutils import dir_util\nfrom deploy_config import deploy_vars\n",
        "scripts/deploy_config.py": 'deploy_vars = {"login_username": "<username>", "login_password": "<password>"}\n',
        "last_session_tracker/index.py": "def handler(event, context=None):\n    return None\n",
    }
    files = {**{f"adherence_alert/{path}": text for path, text in code.items()}, **others}
    build = 'root = "."\nrequirements = "../requirements.txt"\n'
    return Layout("python3.12", build, files, frozenset(code), "adherence_alert")


def javascript_seed() -> Layout:
    """plugin-lambda-seed-public: ES modules, a mock event and a local runner beside the handler."""
    hooks = ("interceptorPost", "interceptorPostEntity", "interceptorPre", "nonspecific", "notification")
    code = {
        "index.js": _javascript_handler(),
        "LICENSE": "Apache-2.0\n",
        "package.json": _package_json({"axios": "1.15.1", "jose": "6.1.0", "traceparent": "1.0.0"}),
        "src/index.js": "".join(f'import {hook} from "./{hook}/index.js";\n' for hook in hooks)
        + 'export * from "./utils/index.js";\n'
        + f"export default {{ {', '.join(hooks)} }};\n",
        "src/services/auth/login.js": 'import axios from "axios";\nexport const login = () => axios.post("/");\n',
        "src/services/auth/authenticate.js": 'import { jwtVerify } from "jose";\nexport const verify = jwtVerify;\n',
        # left over in the sample: no module imports it, and its package is not among the dependencies
        "src/utils/authenticate.js": 'import JWT from "jsonwebtoken";\nexport const checkJWT = JWT.verify;\n',
        **_javascript_utilities(),
    }
    for hook in hooks:
        code |= _javascript_hook(f"src/{hook}")
    others = {
        **_javascript_repository(),
        ".npmrc": "registry=https://registry.example.com/",
        "Jenkinsfile": "pipeline {}\n",
        "localRunner.js": 'import { handler } from "./index.js";\nimport event from "./mockEvent.js";\n'
        "await handler(event);\n",
        "mockEvent.js": f'export default {{ headers: {{ authorization: "Bearer {expired_token()}" }} }};\n',
    }
    return Layout("nodejs22.x", 'root = "."\n', {**code, **others}, frozenset(code))


def alerts() -> Layout:
    """plugin-alerts-lambda-sample: as the JavaScript seed, with a lock of npm 7 that a test weakens."""
    code = {
        "index.js": _javascript_handler(),
        "LICENSE": "Apache-2.0\n",
        "package.json": _package_json({"axios": "0.27.2", "jsonwebtoken": "8.5.1", "traceparent": "1.0.0"}),
        "src/index.js": 'import notification from "./notification/index.js";\nexport * from "./utils/index.js";\n'
        "export default { notification };\n",
        "src/BEService/apiCalls.js": 'import axios from "axios";\nexport const call = () => axios.get("/");\n',
        "src/alertsService/alertsService.js": 'import { call } from "../BEService/apiCalls.js";\n'
        "export const saveAlert = call;\n",
        "src/utils/authenticate.js": 'import JWT from "jsonwebtoken";\nexport const checkJWT = JWT.verify;\n',
        **_javascript_utilities(),
        **_javascript_hook("src/notification"),
    }
    return Layout("nodejs22.x", 'root = "."\n', {**code, **_javascript_repository()}, frozenset(code))


def _python_handler() -> str:
    return (
        "import json\n\nfrom src.index import logger, functions_mapper\n\n\n"
        "def handler(event, lambda_context=None):\n"
        "    logger.info(json.dumps(event))\n    return functions_mapper['nonspecific'].perform(event)\n"
    )


def _python_utilities() -> dict[str, str]:
    return {
        "src/constants.py": "import os\n\nBIOT_BASE_URL = os.getenv('BIOT_BASE_URL')\n",
        "src/utils/index.py": "from src.utils.configure_logger import *\nfrom src.utils.http_utils import *\n",
        "src/utils/configure_logger.py": "import logging\n\nlogger = logging.getLogger()\n",
        "src/utils/http_utils.py": "import requests\nfrom src.constants import BIOT_BASE_URL\n",
    }


def _python_hook(folder: str, hook: str) -> dict[str, str]:
    package = folder.replace("/", ".")
    return {
        **{f"{folder}/{step}.py": f"def {step}(event):\n    return {hook!r}\n" for step in STEPS},
        f"{folder}/index.py": "".join(f"from {package}.{step} import {step}\n" for step in STEPS),
    }


def _javascript_handler() -> str:
    return (
        'import functionsMapper, { configureLogger } from "./src/index.js";\n\n'
        "export const handler = async (event) => {\n"
        '  configureLogger("x");\n  return functionsMapper.notification.perform(event);\n};\n'
    )


def _javascript_utilities() -> dict[str, str]:
    return {
        "src/constants.js": "export const BIOT_BASE_URL = process.env.BIOT_BASE_URL;\n",
        "src/utils/index.js": 'export * from "./configureLogger.js";\nexport * from "./traceparentUtils.js";\n',
        "src/utils/configureLogger.js": "export const configureLogger = (traceId) => console.info(traceId);\n",
        "src/utils/traceparentUtils.js": 'import TraceParent from "traceparent";\nimport crypto from "crypto";\n'
        "export const createTraceparent = () => TraceParent.startOrResume(crypto);\n",
    }


def _javascript_hook(folder: str) -> dict[str, str]:
    steps = ("createErrorResponse", "extractDataFromEvent", "perform")
    return {
        **{f"{folder}/{step}.js": f"export const {step} = (event) => event;\n" for step in steps},
        f"{folder}/index.js": "".join(f'import {{ {step} }} from "./{step}.js";\n' for step in steps)
        + f"export default {{ {', '.join(steps)} }};\n",
    }


def _javascript_repository() -> dict[str, str]:
    return {
        ".gitignore": "node_modules/\ndist/\npacked/\n",
        ".vscode/settings.json": "{}\n",
        "README.md": "# Sample\n",
        "CHANGELOG.md": "# 1.0.0\n",
        "scripts/pack.js": 'import zip from "bestzip";\nawait zip({ source: ["index.js"] });\n',
    }


def _package_json(dependencies: Mapping[str, str]) -> str:
    scripts = {"local": "", "test": "", "build": "", "clean": "", "zip": "node ./scripts/pack"}
    return json.dumps(
        {
            "name": "plugin-lambda-seed-public",
            "type": "module",
            "version": "1.2.0",
            "main": "index.js",
            "scripts": scripts,
            "dependencies": dependencies,
            "devDependencies": {"bestzip": "2.2.1"},
        },
        indent=2,
    )
