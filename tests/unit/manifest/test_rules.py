"""Every rule of plugin.toml from both sides: what passes, and what is reported with its key."""

from __future__ import annotations

from bisect import bisect
from datetime import date

import pytest

from tests.support.plugins.manifest_texts import HEAD, PLAIN, TODAY, messages_by_key, problems_of

IMAGE = HEAD + 'deploymentPackageType = "IMAGE"\n'
PRE = '[[plugin.subscriptions.interceptions]]\ntype = "PRE_REQUEST"\n'
ADAPT = '[[plugin.subscriptions.interceptions]]\ntype = "ADAPT_ENTITY"\n'
NOTE = "[[plugin.subscriptions.notifications]]\n"
VARIABLES = "[plugin.environmentVariables]\n"
DEV = '[environments.dev]\nbaseUrl = "https://api.dev.example.com"\n'


def named(name: str) -> str:
    return PLAIN.replace("age-calculator", name)


def versioned(version: str) -> str:
    return PLAIN.replace("version = 1", f"version = {version}")


def shown(name: str) -> str:
    return PLAIN.replace("Age Calculator", name)


def runs_on(runtime: str) -> str:
    return f'{HEAD}runtime = "{runtime}"\n'


def api(api_id: str) -> str:
    return f'{PLAIN}{PRE}apiId = "{api_id}"\n'


ACCEPTED = {
    "plain": PLAIN,
    "name of one letter": named("a"),
    "name of 57 characters": named("a" * 57),
    "name with everything": named("A_b-9"),
    "display name of 255 characters": shown("x" * 255),
    "display name in Hebrew": shown("\u05de\u05d7\u05e9\u05d1\u05d5\u05df"),
    "version 32000": versioned("32000"),
    "handler in a folder": PLAIN + 'handler = "src/app.handler"\n',
    "handler with dots": PLAIN + 'handler = "src.app.handler"\n',
    "handler of 128 characters": PLAIN + f'handler = "{"a" * 126}.b"\n',
    "handler with hyphen": PLAIN + 'handler = "my-app.main_2"\n',
    "timeout 1": PLAIN + "timeout = 1\n",
    "timeout 900": PLAIN + "timeout = 900\n",
    "memory 128": PLAIN + "memorySize = 128\n",
    "memory 10240": PLAIN + "memorySize = 10240\n",
    "storage 512": PLAIN + "ephemeralStorage = 512\n",
    "storage 10240": PLAIN + "ephemeralStorage = 10_240\n",
    "schedule": PLAIN + 'cronSchedule = "0 2 * * ? *"\n',
    "schedule and subscriptions": PLAIN + f'cronSchedule = "0 2 * * ? *"\n{ADAPT}entityTypeName = "patient"\n',
    "empty subscriptions": PLAIN + "subscriptions = {}\n",
    "analytics": PLAIN + "analyticsDbAccess = true\n",
    "disabled": PLAIN + 'enabledState = "DISABLED"\n',
    "variable for users": PLAIN + VARIABLES + 'AWS_LAMBDA_EXEC_WRAPPER = "/opt/x"\nTZ = "UTC"\nAB = "1"\n',
    "variable of several lines": PLAIN + VARIABLES + 'CERTIFICATE = """a\nb\n"""\n',
    "variable that only begins alike": PLAIN + VARIABLES + 'BIOTA = "x"\nBIO = "y"\n',
    "api": api("POST/organization/v1/users/patients"),
    "api with parameter": api("PATCH/organization/v1/users/patients/{id}"),
    "api with value": api("POST/organization/v1/users/caregivers/templates/nurse"),
    "same api, other type": api("GET/device/v2/devices")
    + PRE.replace("PRE", "POST")
    + 'apiId = "GET/device/v2/devices"\n',
    "entity": PLAIN + ADAPT + 'entityTypeName = "generic-entity"\norder = 20\n',
    "orders": PLAIN + "subscriptions.interceptionOrder = 2147483647\n",
    "notification": PLAIN + NOTE + 'entityTypeName = "device"\nactionName = "_create"\ntemplateName = "pump"\n',
    "same notification, other template": PLAIN
    + (NOTE + 'entityTypeName = "device"\nactionName = "_create"\n') * 1
    + NOTE
    + 'entityTypeName = "device"\nactionName = "_create"\ntemplateName = "pump"\n',
    "cors": PLAIN
    + '[plugin.cors]\nallowOrigins = ["https://a.example.com", "http://localhost:3000"]\n'
    + 'allowMethods = ["GET", "DELETE"]\nallowHeaders = ["x-my-header"]\nexposeHeaders = ["*"]\n',
    "image with tag": IMAGE + 'imageTag = "1.4.0-rc_1"\n',
    "image with runtime": IMAGE + 'runtime = "nodejs22.x"\n',
    "image with Dockerfile": IMAGE + 'runtime = "python3.13"\n[build.image]\ndockerfile = "deploy/Dockerfile"\n',
    "image with base": IMAGE + 'runtime = "python3.13"\n[build.image]\nbase = "localhost:5000/a/b_c:1.0"\n',
    "base with digest": PLAIN + f'[build.image]\nbase = "my.example/team/base:1@sha256:{"a" * 64}"\n',
    "root .": PLAIN + '[build]\nroot = "."\n',
    "root below": PLAIN + '[build]\nroot = "plugins/one/src"\n',
    "requirements above": PLAIN + '[build]\nrequirements = "../requirements.txt"\n',
    "allow-secrets": PLAIN + '[build.allow-secrets]\n"src/a b.py:github-token" = "a sample"\n',
    "allow-missing": PLAIN
    + '[build.allow-missing]\n"libtbb.so.12" = "falls back"\n"bigint_buffer.node" = "plain JS"\n',
    "allow-missing-imports": PLAIN
    + '[build.allow-missing-imports]\nujson = "falls back"\n"a.b" = "see c"\n"@x/y" = "why"\n',
    "shared": PLAIN + '[build.shared]\n"../common" = "common"\n"lib" = "a/b"\n',
    "prefer": PLAIN + '[build.prefer]\n"backports/__init__.py" = "backports.tarfile"\n"a/b.js" = "@scope/pkg"\n',
    "patterns": PLAIN + '[build]\ninclude = ["data/*.json"]\nexclude = ["**/draft"]\nscripts = ["ruff"]\n',
    "environment": PLAIN + DEV + "memorySize = 512\n",
    "loopback": PLAIN + '[environments.local]\nbaseUrl = "http://127.0.0.1:8080"\n',
    "loopback of IPv6": PLAIN + '[environments.local]\nbaseUrl = "http://[::1]:8080/"\n',
}

REFUSED = {
    "name missing": (PLAIN.replace('name = "age-calculator"\n', ""), "plugin.name", "name is missing."),
    "name empty": (named(""), "plugin.name", "name must not be empty."),
    "name of 58": (named("a" * 58), "plugin.name", "name must have at most 57 characters; it has 58."),
    "name with space": (
        named("a b"),
        "plugin.name",
        "The name must have only the letters a-z and A-Z, digits, hyphens and underscores.",
    ),
    "name with line end": (
        named("a\\n"),
        "plugin.name",
        "The name must have only the letters a-z and A-Z, digits, hyphens and underscores.",
    ),
    "name in other letters": (
        named("\u00e4ge"),
        "plugin.name",
        "The name must have only the letters a-z and A-Z, digits, hyphens and underscores.",
    ),
    "name with prefix": (
        named("Plugin-age"),
        "plugin.name",
        "The name must not start with Plugin-: BioT adds this prefix itself.",
    ),
    "display name blank": (shown("  "), "plugin.displayName", "The display name must not be blank."),
    "display name of two lines": (shown("a\\nb"), "plugin.displayName", "The display name must be a single line."),
    "display name of 256": (
        shown("x" * 256),
        "plugin.displayName",
        "displayName must have at most 255 characters; it has 256.",
    ),
    "version 0": (versioned("0"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version 32768": (versioned("32768"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version true": (versioned("true"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version text": (versioned('"2"'), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version 1.0": (versioned("1.0"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version nan": (versioned("nan"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version huge": (versioned("9" * 400), "plugin.version", "version must be a whole number from 1 to 32767."),
    "version a date": (versioned("2026-01-01"), "plugin.version", "version must be a whole number from 1 to 32767."),
    "runtime missing": (HEAD, "plugin.runtime", "runtime is missing: a ZIP plugin needs it."),
    "runtime unquoted": (HEAD + "runtime = 3.13\n", "plugin.runtime", "runtime must be text in quotes."),
    "runtime unknown": (
        runs_on("python3.15"),
        "plugin.runtime",
        "python3.15 is not a supported runtime. AWS supports (as of 2026-11-20)",
    ),
    "runtime of Java": (
        runs_on("java21"),
        "plugin.runtime",
        "The kit builds Python and Node.js plugins. For java21, another tool must build the ZIP.",
    ),
    "runtime of Go": (
        runs_on("go1.x"),
        "plugin.runtime",
        "go1.x is not supported: the kit builds Python and Node.js plugins.",
    ),
    "handler of Java": (
        runs_on("java21") + 'handler = "index/handler"\n[build]\nprebuilt = "a.zip"\n',
        "plugin.handler",
        "The handler for java21 must be PACKAGE.CLASS or PACKAGE.CLASS::METHOD.",
    ),
    "handler of .NET": (
        runs_on("dotnet10") + 'handler = "A::B"\n[build]\nprebuilt = "a.zip"\n',
        "plugin.handler",
        "The handler for dotnet10 must be ASSEMBLY or ASSEMBLY::NAMESPACE.CLASS::METHOD.",
    ),
    "handler of Ruby": (
        runs_on("ruby3.4") + 'handler = "index"\n[build]\nprebuilt = "a.zip"\n',
        "plugin.handler",
        "The handler for ruby3.4 must be FILE.METHOD or FILE.CLASS.METHOD.",
    ),
    "prebuilt absolute": (
        runs_on("java21") + 'handler = "a.B"\n[build]\nprebuilt = "/a.zip"\n',
        "build.prebuilt",
        "The path must be relative to the folder of plugin.toml.",
    ),
    "prebuilt and root": (
        runs_on("java21") + 'handler = "a.B"\n[build]\nprebuilt = "a.zip"\nroot = "src"\n',
        "build.root",
        "With prebuilt, root has no effect: the kit builds nothing.",
    ),
    "prebuilt image": (
        PLAIN + 'deploymentPackageType = "IMAGE"\n[build]\nprebuilt = "a.zip"\n',
        "plugin.deploymentPackageType",
        "A prebuilt artifact can only be a ZIP; other tools push a finished image.",
    ),
    "handler without dot": (
        PLAIN + 'handler = "handler"\n',
        "plugin.handler",
        "The handler must be FILE.FUNCTION; the dot is missing.",
    ),
    "handler with ending": (
        PLAIN + 'handler = "index.py"\n',
        "plugin.handler",
        "The handler must be FILE.FUNCTION, with the file's name without its ending.",
    ),
    "handler with space": (
        PLAIN + 'handler = "index. handler"\n',
        "plugin.handler",
        "The handler must be FILE.FUNCTION, without spaces or line breaks.",
    ),
    "handler line end": (
        PLAIN + 'handler = "index.handler\\n"\n',
        "plugin.handler",
        "The handler must be FILE.FUNCTION, without spaces or line breaks.",
    ),
    "handler upward": (
        PLAIN + 'handler = "../index.handler"\n',
        "plugin.handler",
        "The handler must be relative to the build root",
    ),
    "handler absolute": (
        PLAIN + 'handler = "/index.handler"\n',
        "plugin.handler",
        "The handler must be relative to the build root",
    ),
    "handler of 129": (
        PLAIN + f'handler = "{"a" * 127}.b"\n',
        "plugin.handler",
        "handler must have at most 128 characters; it has 129.",
    ),
    "timeout 0": (PLAIN + "timeout = 0\n", "plugin.timeout", "timeout must be a whole number from 1 to 900."),
    "timeout 901": (PLAIN + "timeout = 901\n", "plugin.timeout", "timeout must be a whole number from 1 to 900."),
    "memory 127": (
        PLAIN + "memorySize = 127\n",
        "plugin.memorySize",
        "memorySize must be a whole number from 128 to 10240.",
    ),
    "memory 10241": (
        PLAIN + "memorySize = 10241\n",
        "plugin.memorySize",
        "memorySize must be a whole number from 128 to 10240.",
    ),
    "storage 511": (
        PLAIN + "ephemeralStorage = 511\n",
        "plugin.ephemeralStorage",
        "ephemeralStorage must be a whole number from 512 to 10240.",
    ),
    "storage 10241": (
        PLAIN + "ephemeralStorage = 10241\n",
        "plugin.ephemeralStorage",
        "ephemeralStorage must be a whole number from 512 to 10240.",
    ),
    "schedule": (
        PLAIN + 'cronSchedule = "0 29 * * ? *"\n',
        "plugin.cronSchedule",
        "29 is not valid for hours: use 0 to 23.",
    ),
    "schedule of 251": (
        PLAIN + f'cronSchedule = "{"0" * 251}"\n',
        "plugin.cronSchedule",
        "cronSchedule must have at most 250 characters; it has 251.",
    ),
    "state": (
        PLAIN + 'enabledState = "enabled"\n',
        "plugin.enabledState",
        'enabledState must be "ENABLED" or "DISABLED".',
    ),
    "analytics 1": (
        PLAIN + "analyticsDbAccess = 1\n",
        "plugin.analyticsDbAccess",
        "analyticsDbAccess must be true or false.",
    ),
    "variable of BioT": (
        PLAIN + VARIABLES + 'BIOT_X = "1"\n',
        "plugin.environmentVariables.BIOT_X",
        "Names that start with BIOT_ are reserved for BioT.",
    ),
    "variable of Lambda": (
        PLAIN + VARIABLES + 'AWS_REGION = "x"\n',
        "plugin.environmentVariables.AWS_REGION",
        "AWS_REGION is reserved for Lambda.",
    ),
    "variable of the kit": (
        PLAIN + VARIABLES + 'PLUGIN_TREE_DIGEST = "x"\n',
        "plugin.environmentVariables.PLUGIN_TREE_DIGEST",
        "The kit sets this variable itself: it says which artifact is published.",
    ),
    "variable of one letter": (
        PLAIN + VARIABLES + 'A = "x"\n',
        "plugin.environmentVariables.A",
        "A is not a valid variable name",
    ),
    "variable with hyphen": (
        PLAIN + VARIABLES + '"A-B" = "x"\n',
        "plugin.environmentVariables.A-B",
        "A-B is not a valid variable name",
    ),
    "variable without name": (
        PLAIN + VARIABLES + '"" = "x"\n',
        'plugin.environmentVariables.""',
        "An empty name is not a valid variable name",
    ),
    "variable empty": (
        PLAIN + VARIABLES + 'AB = ""\n',
        "plugin.environmentVariables.AB",
        "The value must not be empty: BioT rejects it when the plugin is updated.",
    ),
    "variable of a number": (
        PLAIN + VARIABLES + "AB = 1\n",
        "plugin.environmentVariables.AB",
        "AB must be text in quotes.",
    ),
    "variables of 4 KB": (
        PLAIN + VARIABLES + f'AB = "{"x" * 3900}"\n',
        "plugin.environmentVariables",
        "The environment variables are too large",
    ),
    "api missing": (
        PLAIN + PRE,
        "plugin.subscriptions.interceptions[0].apiId",
        "apiId is missing: PRE_REQUEST needs it.",
    ),
    "api with space": (
        api("POST /a"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The apiId must not have spaces: write the path directly after the method.",
    ),
    "api without method": (
        api("/a/b"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The apiId must start with a method in capital letters (GET, POST, PUT, PATCH",
    ),
    "api in small letters": (
        api("post/a"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The apiId must start with a method in capital letters (GET, POST, PUT, PATCH",
    ),
    "api with query": (
        api("GET/a?b=1"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The apiId must end with the path: no query and no fragment.",
    ),
    "api with slash": (
        api("GET/a/"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The path of the apiId must not have empty parts or a slash at the end",
    ),
    "api with half a parameter": (
        api("GET/a/{b"),
        "plugin.subscriptions.interceptions[0].apiId",
        "The path of the apiId must not have empty parts or a slash at the end",
    ),
    "api and entity": (
        api("GET/a") + 'entityTypeName = "patient"\n',
        "plugin.subscriptions.interceptions[0].entityTypeName",
        "PRE_REQUEST needs apiId, not entityTypeName.",
    ),
    "entity and api": (
        PLAIN + ADAPT + 'entityTypeName = "patient"\napiId = "GET/a"\n',
        "plugin.subscriptions.interceptions[0].apiId",
        "ADAPT_ENTITY needs entityTypeName, not apiId.",
    ),
    "entity missing": (
        PLAIN + ADAPT,
        "plugin.subscriptions.interceptions[0].entityTypeName",
        "entityTypeName is missing: ADAPT_ENTITY needs it.",
    ),
    "interception twice": (
        api("GET/a") + PRE + 'apiId = "GET/a"\norder = 7\n',
        "plugin.subscriptions.interceptions[1]",
        "Duplicate interception: it is the same as interceptions[0].",
    ),
    "third row": (
        api("GET/a") + PRE + 'apiId = "GET/b"\n' + PRE + 'apiId = "GET b"\n',
        "plugin.subscriptions.interceptions[2].apiId",
        "The apiId must not have spaces: write the path directly after the method.",
    ),
    "order 0": (
        api("GET/a") + "order = 0\n",
        "plugin.subscriptions.interceptions[0].order",
        "order must be a whole number from 1 to 2147483647.",
    ),
    "notification twice": (
        PLAIN + (NOTE + 'entityTypeName = "device"\nactionName = "_create"\n') * 2,
        "plugin.subscriptions.notifications[1]",
        "Duplicate notification: it is the same as notifications[0].",
    ),
    "notification without action": (
        PLAIN + NOTE + 'entityTypeName = "device"\n',
        "plugin.subscriptions.notifications[0].actionName",
        "actionName is missing.",
    ),
    "origin with path": (
        PLAIN + '[plugin.cors]\nallowOrigins = ["https://a.example.com/"]\n',
        "plugin.cors.allowOrigins[0]",
        "An origin must be * or scheme, host and port, without a path or a slash at the end.",
    ),
    "method": (
        PLAIN + '[plugin.cors]\nallowMethods = ["OPTIONS"]\n',
        "plugin.cors.allowMethods[0]",
        'allowMethods[0] must be "GET", "PUT", "POST", "DELETE", "HEAD" or "PATCH".',
    ),
    "method twice": (
        PLAIN + '[plugin.cors]\nallowMethods = ["GET", "GET"]\n',
        "plugin.cors.allowMethods",
        "Duplicate entry in allowMethods: GET.",
    ),
    "header": (
        PLAIN + '[plugin.cors]\nexposeHeaders = ["a: b"]\n',
        "plugin.cors.exposeHeaders[0]",
        "This is not a valid header name",
    ),
    "101 headers": (
        PLAIN + f"[plugin.cors]\nallowHeaders = {[f'x-{n}' for n in range(101)]}\n",
        "plugin.cors.allowHeaders",
        "allowHeaders must have at most 100 entries; it has 101.",
    ),
    "tag for ZIP": (PLAIN + 'imageTag = "1"\n', "plugin.imageTag", "A ZIP plugin must not have an imageTag."),
    "image of nothing": (IMAGE, "plugin.imageTag", "An IMAGE plugin needs an imageTag"),
    "tag with colon": (
        IMAGE + 'imageTag = "repo:1"\n',
        "plugin.imageTag",
        "The tag must start with a letter, digit or underscore; dots and hyphens may follow.",
    ),
    "tag of 129": (
        IMAGE + f'imageTag = "{"a" * 129}"\n',
        "plugin.imageTag",
        "imageTag must have at most 128 characters; it has 129.",
    ),
    "Dockerfile outside": (
        PLAIN + '[build.image]\ndockerfile = "../Dockerfile"\n',
        "build.image.dockerfile",
        "The Dockerfile must be in the folder of plugin.toml.",
    ),
    "Dockerfile with an absolute path": (
        PLAIN + '[build.image]\ndockerfile = "/Dockerfile"\n',
        "build.image.dockerfile",
        "The path must be relative to the folder of plugin.toml.",
    ),
    "Dockerfile and base": (
        PLAIN + '[build.image]\ndockerfile = "Dockerfile"\nbase = "public.ecr.aws/lambda/python:3.13"\n',
        "build.image.base",
        "With a Dockerfile, base has no effect: the Dockerfile's FROM names the base image.",
    ),
    "base without registry": (
        PLAIN + '[build.image]\nbase = "python:3.13"\n',
        "build.image.base",
        "The base image must begin with its registry, such as public.ecr.aws/; `docker.io/` is not assumed.",
    ),
    "base without tag": (
        PLAIN + '[build.image]\nbase = "public.ecr.aws/lambda/python"\n',
        "build.image.base",
        "The base image must have a tag: without one, registries give whatever is the latest.",
    ),
    "base with scheme": (
        PLAIN + '[build.image]\nbase = "https://public.ecr.aws/lambda/python:3.13"\n',
        "build.image.base",
        "The base image must be REGISTRY/REPOSITORY:TAG, without https://.",
    ),
    "base with capitals": (
        PLAIN + '[build.image]\nbase = "public.ecr.aws/Lambda/python:3.13"\n',
        "build.image.base",
        "The base image must be REGISTRY/REPOSITORY:TAG; the repository has only lower-case letters and digits.",
    ),
    "base unknown key": (
        PLAIN + '[build.image]\nbse = "a"\n',
        "build.image.bse",
        "Unknown key bse.",
    ),
    "root above": (
        PLAIN + '[build]\nroot = "../src"\n',
        "build.root",
        "The build root must be inside the folder of plugin.toml.",
    ),
    "root absolute": (
        PLAIN + '[build]\nroot = "/src"\n',
        "build.root",
        "The path must be relative to the folder of plugin.toml.",
    ),
    "root of Windows": (
        PLAIN + "[build]\nroot = 'a\\b'\n",
        "build.root",
        "The path must use / between folders and have no drive letter, also on Windows.",
    ),
    "blank pattern": (
        PLAIN + '[build]\ninclude = [" "]\n',
        "build.include[0]",
        "The pattern must not be blank, and must use / between folders, also on Windows.",
    ),
    "script with folder": (
        PLAIN + '[build]\nscripts = ["bin/ruff"]\n',
        "build.scripts[0]",
        "The script must be a name without folders.",
    ),
    "allow-secrets without a kind": (
        PLAIN + '[build.allow-secrets]\n"src/a.py" = "why"\n',
        'build.allow-secrets."src/a.py"',
        "The key must be FILE:KIND as `biot-plugin check` prints it, such as src/index.py:jwt.",
    ),
    "allow-secrets without a reason": (
        PLAIN + '[build.allow-secrets]\n"src/a.py:jwt" = " "\n',
        'build.allow-secrets."src/a.py:jwt"',
        "The value must say why this is not a secret.",
    ),
    "allow-sdist with a version": (
        PLAIN + '[build]\nallow-sdist = ["docopt", "six==1.0"]\n',
        "build.allow-sdist[1]",
        "The entry must be only the name of a Python package: its version is in the lock.",
    ),
    "allow-missing with a folder": (
        PLAIN + '[build.allow-missing]\n"lib/libtbb.so.12" = "why"\n',
        'build.allow-missing."lib/libtbb.so.12"',
        "The key must be the name of a library or Node binary, without folders",
    ),
    "allow-missing without a reason": (
        PLAIN + '[build.allow-missing]\n"libtbb.so.12" = " "\n',
        'build.allow-missing."libtbb.so.12"',
        "The value must say why the function works without it.",
    ),
    "allow-missing-imports without a reason": (
        PLAIN + '[build.allow-missing-imports]\n"a.b" = " "\n',
        'build.allow-missing-imports."a.b"',
        "The value must say why the function works without the module.",
    ),
    "shared at the root": (
        PLAIN + '[build.shared]\n"../a" = "."\n',
        'build.shared."../a"',
        "The value must be a folder in the artifact: relative, with / between folders.",
    ),
    "shared upward": (
        PLAIN + '[build.shared]\n"../a" = "../b"\n',
        'build.shared."../a"',
        "The value must be a folder in the artifact: relative, with / between folders.",
    ),
    "shared from anywhere": (
        PLAIN + '[build.shared]\n"/a" = "b"\n',
        'build.shared."/a"',
        "The path must be relative to the folder of plugin.toml.",
    ),
    "prefer upward": (
        PLAIN + '[build.prefer]\n"../a" = "b"\n',
        'build.prefer."../a"',
        "The key must be the path of a file in the artifact: relative, with / between folders.",
    ),
    "prefer no package": (
        PLAIN + '[build.prefer]\n"a.py" = "b c"\n',
        'build.prefer."a.py"',
        "The value must be the name of a package as in the lock.",
    ),
    "environment without address": (PLAIN + "[environments.dev]\n", "environments.dev.baseUrl", "baseUrl is missing."),
    "address of http": (
        PLAIN + '[environments.dev]\nbaseUrl = "http://api.example.com"\n',
        "environments.dev.baseUrl",
        "The address must start with https://",
    ),
    "address of nothing": (
        PLAIN + '[environments.dev]\nbaseUrl = "api.example.com"\n',
        "environments.dev.baseUrl",
        "The address must start with https:// and a host name.",
    ),
    "address with path": (
        PLAIN + '[environments.dev]\nbaseUrl = "https://a.example.com/settings"\n',
        "environments.dev.baseUrl",
        "The address must be only scheme, host and port: no user, path or query.",
    ),
    "address with user": (
        PLAIN + '[environments.dev]\nbaseUrl = "https://a:b@example.com"\n',
        "environments.dev.baseUrl",
        "The address must be only scheme, host and port: no user, path or query.",
    ),
    "address that looks local": (
        PLAIN + '[environments.dev]\nbaseUrl = "http://localhost@example.com"\n',
        "environments.dev.baseUrl",
        "The address must start with https://",
    ),
    "address with port": (
        PLAIN + '[environments.dev]\nbaseUrl = "https://a.example.com:port"\n',
        "environments.dev.baseUrl",
        "This is not a valid address.",
    ),
    "name per environment": (PLAIN + DEV + 'name = "x"\n', "environments.dev.name", "Unknown key name."),
    "type per environment": (
        PLAIN + DEV + 'deploymentPackageType = "ZIP"\n',
        "environments.dev.deploymentPackageType",
        "Unknown key deploymentPackageType.",
    ),
    "rule per environment": (
        PLAIN + DEV + 'handler = "x"\n',
        "environments.dev.handler",
        "The handler must be FILE.FUNCTION; the dot is missing.",
    ),
    "unknown key": (PLAIN + "memory_size = 128\n", "plugin.memory_size", "Unknown key memory_size."),
    "unknown table": (PLAIN + "[plugins]\n", "plugins", "Unknown key plugins."),
    "no plugin": ("[build]\n", "plugin", "plugin is missing."),
    "list for a table": (PLAIN + "[[plugin.cors]]\n", "plugin.cors", "cors must be a table."),
    "hidden in an escape": (
        shown("a\\u202eb"),
        "plugin.displayName",
        "The text contains the invisible character U+202E.",
    ),
}

WARNED = {
    "version nearly used up": (
        versioned("32001"),
        "plugin.version",
        "Releases left: 766. The last possible version is 32767.",
    ),
    "runtime deprecated": (
        runs_on("python3.10"),
        "plugin.runtime",
        "AWS ended support for python3.10 on 2026-10-31",
    ),
    "handler of an image": (
        IMAGE + 'imageTag = "1"\nhandler = "a.b"\n',
        "plugin.handler",
        "The handler has no effect with an imageTag: the CMD of the pushed image says what Lambda calls.",
    ),
    "reserved order": (
        api("GET/a") + "order = 1\n",
        "plugin.subscriptions.interceptions[0].order",
        "Order 1 is probably reserved: BioT's guide asks for more than 1.",
    ),
    "unknown api": (
        api("POST/organization/v1/users/patient"),
        "plugin.subscriptions.interceptions[0].apiId",
        "POST/organization/v1/users/patient is not in the list of APIs that can be interc",
    ),
    "unknown entity": (
        PLAIN + ADAPT + 'entityTypeName = "pateint"\n',
        "plugin.subscriptions.interceptions[0].entityTypeName",
        "pateint is not in the list of entity types that can be adapted (BioT 2.4.2",
    ),
    "unknown entity type": (
        PLAIN + NOTE + 'entityTypeName = "divice"\nactionName = "_create"\n',
        "plugin.subscriptions.notifications[0].entityTypeName",
        "divice is not in the list of entity types (BioT 2.4.2, seen on 2026-11-20).",
    ),
    "unknown action": (
        PLAIN + NOTE + 'entityTypeName = "device"\nactionName = "create"\n',
        "plugin.subscriptions.notifications[0].actionName",
        "create is not in the list of actions of device (BioT 2.4.2, seen on 2026-11-20).",
    ),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_platform_accepts_has_no_problems(text: str) -> None:
    assert messages_by_key(text) == {}


@pytest.mark.parametrize(("text", "key", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_platform_rejects_is_reported_with_its_key(text: str, key: str, message: str) -> None:
    found = messages_by_key(text)
    assert message in found[key]
    assert not found[key].startswith("?")


@pytest.mark.parametrize(("text", "key", "message"), WARNED.values(), ids=WARNED)
def test_what_may_fail_later_is_a_warning(text: str, key: str, message: str) -> None:
    assert messages_by_key(text)[key].startswith(f"? {message}")


@pytest.mark.parametrize(("written", "meant"), [("python3.90", ""), ("python39", ""), ("python313", "python3.13")])
def test_a_retired_runtime_is_never_suggested(written: str, meant: str) -> None:
    [problem] = [one for one in problems_of(runs_on(written)) if one.key == "plugin.runtime"]

    assert "python3.9" not in problem.hint + problem.message.removeprefix(written)
    assert meant in problem.hint


@pytest.mark.parametrize(
    ("runtime", "today", "start"),
    [
        ("nodejs22.x", date(2027, 1, 29), ""),
        ("nodejs22.x", date(2027, 1, 30), "? "),
        ("nodejs22.x", date(2027, 5, 31), "? "),
        ("nodejs22.x", date(2027, 6, 1), "AWS ended support for nodejs22.x"),
        ("python3.13", TODAY, ""),
        ("nodejs16.x", TODAY, "? "),
        ("nodejs16.x", date(2027, 2, 1), "AWS ended support for nodejs16.x"),
    ],
)
def test_a_runtime_is_accepted_then_warned_about_then_rejected(runtime: str, today: date, start: str) -> None:
    message = messages_by_key(runs_on(runtime), today=today).get("plugin.runtime", "")
    assert message.startswith(start)
    assert bool(message) == bool(start)


def test_variables_may_use_every_byte_that_the_platform_leaves() -> None:
    def text(size: int) -> str:
        return PLAIN + VARIABLES + f'AB = "{"x" * size}"\n'

    sizes = range(3000, 4096)
    largest = sizes[bisect(sizes, x=False, key=lambda size: bool(messages_by_key(text(size)))) - 1]
    # 4096 less the kit's digest and the margin for BioT's own variables.
    assert 3200 < largest < 3600
    assert messages_by_key(text(largest + 1))


def test_variables_are_measured_in_bytes_of_json() -> None:
    narrow, wide = (f'{PLAIN}{VARIABLES}AB = "{letter * 1750}"\n' for letter in ("x", "\u00fc"))
    assert messages_by_key(narrow) == {}
    assert "plugin.environmentVariables" in messages_by_key(wide)
