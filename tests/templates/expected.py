"""The files of a generated plugin, written out, so that a review shows each new or missing file."""

from __future__ import annotations

HOOKS = ("notification", "interceptor_pre", "interceptor_post", "interceptor_post_entity", "nonspecific")

CI_FILES = {
    "github": {".github/workflows/ci.yml", ".github/dependabot.yml"},
    "gitlab": {".gitlab-ci.yml"},
    "bitbucket": {"bitbucket-pipelines.yml"},
    "jenkins": {"Jenkinsfile"},
    "none": set(),
}

ACTIONS = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "actions/setup-node": "820762786026740c76f36085b0efc47a31fe5020 # v7.0.0",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact": "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
}
"""GitHub's actions: the commits that these tags name in the actions' own repositories, read on 2026-11-20."""

_BOTH = """
    .copier-answers.yml .editorconfig .env.example .gitattributes .gitignore CHANGELOG.md README.md plugin.toml tox.ini
    tests_kit/README.md tests_kit/cases.json tools/install_kit.py
"""

_PYTHON = """
    pyproject.toml requirements.lock requirements-dev.lock
    src/index.py
    src/plugin/__init__.py src/plugin/perform/__init__.py
    src/plugin/authenticate.py src/plugin/biot.py src/plugin/check_request_type.py src/plugin/configure_logger.py
    src/plugin/context.py src/plugin/create_error_response.py src/plugin/errors.py
    src/plugin/extract_data_from_event.py src/plugin/flow.py src/plugin/get_trace_id.py src/plugin/headers.py
    src/plugin/entities.py src/plugin/hook.py src/plugin/hook_data.py src/plugin/hooks.py src/plugin/login.py
    src/plugin/public_keys.py
    src/plugin/response.py src/plugin/send_request.py src/plugin/settings.py src/plugin/verify_token.py
    tests/__init__.py tests/answers.py tests/conftest.py
    tests/support/__init__.py tests/support/events.py tests/support/fake_biot.py tests/support/tokens.py
    tests_kit/__init__.py tests_kit/cases.py tests_kit/conftest.py tests_kit/expect.py tests_kit/performs.py
    tests_kit/test_biot.py tests_kit/test_cases.py tests_kit/test_events.py tests_kit/test_flow.py
    tests_kit/test_public_keys.py
"""

_JAVASCRIPT = """
    package.json package-lock.json .node-version biome.json tsconfig.json tools/npm_ci.py
    src/index.js src/package.json
    src/plugin/authenticate.js src/plugin/biot.js src/plugin/checkRequestType.js src/plugin/configureLogger.js
    src/plugin/context.js src/plugin/createErrorResponse.js src/plugin/errors.js src/plugin/extractDataFromEvent.js
    src/plugin/flow.js src/plugin/getTraceId.js src/plugin/headers.js src/plugin/hook.js src/plugin/hooks.js
    src/plugin/entities.d.ts src/plugin/hookData.d.ts
    src/plugin/isObject.js src/plugin/json.js src/plugin/login.js src/plugin/publicKeys.js src/plugin/response.js
    src/plugin/sendRequest.js src/plugin/settings.js src/plugin/verifyToken.js
    tests/answers.js
    tests/support/events.js tests/support/fakeBiot.js tests/support/plugin.js tests/support/tokens.js
    tests_kit/cases.js tests_kit/expect.js tests_kit/performs.js
    tests_kit/biot.test.js tests_kit/cases.test.js tests_kit/events.test.js tests_kit/flow.test.js
    tests_kit/json.test.js tests_kit/publicKeys.test.js
"""


_IMAGE = "scripts/login.sh scripts/login.bat scripts/BuildAndPush.sh scripts/BuildAndPush.bat"


_OWN = """
    deploy/env.example deploy/.gitignore deploy/Caddyfile deploy/Dockerfile deploy/Dockerfile.dockerignore
    deploy/compose.yaml deploy/terraform/main.tf deploy/terraform/outputs.tf deploy/terraform/variables.tf
    deploy/terraform/versions.tf tests_kit/requests.json
"""

_OWN_SERVER = {
    "python": """
        server/__init__.py server/__main__.py server/app.py server/call_log.py server/event.py server/requirements.lock
        server/settings.py tests_kit/test_server.py
    """,
    "javascript": "server/app.js server/event.js server/main.js server/settings.js tests_kit/server.test.js",
}


_MANY = """
    .copier-answers.yml .editorconfig .gitattributes .gitignore README.md plugins/README.md requirements-tox.lock
    tox.ini tools/changed_plugins.py tools/install_kit.py tools/test_plugins.py
"""


def many_plugins_files(ci: str) -> set[str]:
    """The exact set of files of a repository for many plugins, before it has one."""
    files = {*_MANY.split(), *CI_FILES[ci]}
    files |= {"tools/github_matrix.py"} if ci == "github" else set()
    return files | ({"tools/since.sh"} if ci != "none" else set())


def own_account_files(language: str) -> set[str]:
    """The files that a plugin on one's own account has in addition."""
    return {*_OWN.split(), *_OWN_SERVER[language].split()}


def expected_files(language: str, hooks: tuple[str, ...], ci: str, package_type: str = "zip") -> set[str]:
    """The exact set of files for these answers."""
    suffix = "py" if language == "python" else "js"
    files = {*_BOTH.split(), *(_PYTHON if language == "python" else _JAVASCRIPT).split(), *CI_FILES[ci]}
    files |= set() if package_type == "zip" else set(_IMAGE.split())
    files |= {"Dockerfile", ".dockerignore"} if package_type == "dockerfile" else set()
    for hook in hooks:
        files.add(f"src/plugin/perform/{hook}.{suffix}")
        files.add(f"tests/test_{hook}.py" if language == "python" else f"tests/{hook}.test.js")
        files |= {"events/cron.json", "events/http.json"} if hook == "nonspecific" else {f"events/{hook}.json"}
    return files
