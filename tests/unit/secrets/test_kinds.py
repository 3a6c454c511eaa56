"""Every kind of secret is found by its format, reported with its line, and never shown. All values are generated."""

from __future__ import annotations

import base64
import itertools
import json
import random
import string

import pytest

from builder.secrets.secret_files import SECRET_FILE_TYPES
from builder.secrets.secret_formats import SECRET_FORMATS
from builder.secrets.secret_scan import scan

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
URL = ALNUM + "_-"


def drawn(length: int, letters: str = ALNUM) -> str:
    """The same characters on every run, with letters and digits among them."""
    source = random.Random(f"{length} {letters}")  # noqa: S311 - nothing here guards anything
    while True:
        text = "".join(source.choice(letters) for _ in range(length))
        changes = sum(one.isdigit() != two.isdigit() for one, two in itertools.pairwise(text))
        if length < 8 or changes > 2 or letters.isalpha() or letters.isdigit():
            return text


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def pem(label: str, *, newline: str = "\n", headers: str = "") -> str:
    lines = [drawn(64), drawn(64)]
    return newline.join(
        [f"-----BEGIN {label}-----", *([headers, ""] if headers else []), *lines, f"-----END {label}-----"]
    )


def jwt(header: object, payload: object) -> str:
    return f"{encoded(header)}.{encoded(payload)}.{drawn(43, URL)}"


TOKENS = {
    "AWS, long-lived": ("aws-access-key", "AKIA" + drawn(16, BASE32)),
    "AWS, session": ("aws-access-key", "ASIA" + drawn(16, BASE32)),
    "PKCS#8": ("private-key", pem("PRIVATE KEY")),
    "PKCS#8, encrypted": ("private-key", pem("ENCRYPTED PRIVATE KEY")),
    "RSA": ("private-key", pem("RSA PRIVATE KEY")),
    "RSA with headers": (
        "private-key",
        pem("RSA PRIVATE KEY", headers=f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{drawn(32, HEX)}"),
    ),
    "EC": ("private-key", pem("EC PRIVATE KEY")),
    "DSA with CRLF": ("private-key", pem("DSA PRIVATE KEY", newline="\r\n")),
    "OpenSSH": ("private-key", pem("OPENSSH PRIVATE KEY")),
    "a key inside JSON": ("private-key", pem("PRIVATE KEY", newline="\\n")),
    "a key in joined texts": ("private-key", pem("PRIVATE KEY", newline="\\n' +\n    '")),
    "PGP": ("pgp-private-key", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{drawn(64)}\n"),
    "SSH2": ("ssh2-private-key", f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x\n{drawn(64)}\n"),
    "PuTTY": ("putty-private-key", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"),
    "PEM in base64": ("encoded-private-key", base64.b64encode(pem("EC PRIVATE KEY").encode()).decode()),
    "JWK": ("jwk-private-key", f'{{"kty": "EC", "x": "x", "d": "{drawn(43, URL)}"}}'),
    "age": ("age-secret-key", "AGE-SECRET-KEY-1" + drawn(58, string.ascii_uppercase + string.digits)),
    "JWT, RS512": ("jwt", jwt({"alg": "RS512"}, {"sub": "a device", "exp": 1})),
    "GitHub": ("github-token", "ghp_" + drawn(36)),
    "GitHub, OAuth": ("github-token", "gho_" + drawn(36)),
    "GitHub, server": ("github-token", "ghs_" + drawn(36)),
    "GitHub, fine-grained": ("github-token", f"github_pat_{drawn(22)}_{drawn(59)}"),
    "GitLab": ("gitlab-token", "glpat-" + drawn(20, URL)),
    "GitLab, deploy": ("gitlab-token", "gldt-" + drawn(20, URL)),
    "GitLab, runner": ("gitlab-token", "glrt-" + drawn(20, URL)),
    "Atlassian": ("atlassian-token", "ATATT3" + drawn(180, URL)),
    "Bitbucket": ("bitbucket-app-password", "ATBB" + drawn(32)),
    "Slack, bot": ("slack-token", f"xoxb-{drawn(12, string.digits)}-{drawn(12, string.digits)}-{drawn(24)}"),
    "Slack, app": ("slack-token", f"xapp-1-A{drawn(10, BASE32)}-{drawn(12, string.digits)}-{drawn(64, HEX)}"),
    "Slack, webhook": (
        "slack-webhook",
        f"https://hooks.slack.com/services/T{drawn(8, BASE32)}/B{drawn(8, BASE32)}/{drawn(24)}",
    ),
    "Discord": ("discord-webhook", f"https://discord.com/api/webhooks/{drawn(18, string.digits)}/{drawn(68, URL)}"),
    "Teams": (
        "teams-webhook",
        f"https://a.webhook.office.com/webhookb2/{drawn(36, HEX)}@{drawn(36, HEX)}/IncomingWebhook/{drawn(32, HEX)}/1",
    ),
    "Stripe, live": ("stripe-key", "sk_live_" + drawn(24)),
    "Stripe, restricted": ("stripe-key", "rk_live_" + drawn(24)),
    "Stripe, webhook": ("stripe-key", "whsec_" + drawn(32)),
    "Google, API": ("google-api-key", "AIza" + drawn(35, URL)),
    "Google, client": ("google-client-secret", "GOCSPX-" + drawn(28, URL)),
    "Google, access": ("google-token", "ya29." + drawn(60, URL)),
    "Google, refresh": ("google-token", "1//0" + drawn(60, URL)),
    "Azure, storage": ("azure-storage-key", f"AccountName=a;AccountKey={drawn(86)}==;EndpointSuffix=core.windows.net"),
    "Azure, Service Bus": ("azure-shared-access-key", f"SharedAccessKeyName=Root;SharedAccessKey={drawn(43)}="),
    "Azure, client": ("azure-client-secret", f"{drawn(3)}8Q~{drawn(34)}"),
    "Azure, signature": ("azure-signature", f"https://a.blob.core.windows.net/c?sv=2024&sig={drawn(43)}%3D"),
    "npm": ("npm-token", "npm_" + drawn(36)),
    "npmrc": ("npmrc-auth", f"//registry.company.net/:_authToken={drawn(36, HEX)}"),
    "npmrc, basic": ("npmrc-auth", f"registry=https://r.company.net\n_auth = {drawn(32)}"),
    "PyPI": ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + drawn(100, URL)),
    "TestPyPI": ("pypi-token", "pypi-AgENdGVzdC5weXBpLm9yZw" + drawn(100, URL)),
    "RubyGems": ("rubygems-key", "rubygems_" + drawn(48, HEX)),
    "NuGet": ("nuget-key", "oy2" + drawn(43, string.ascii_lowercase + string.digits)),
    "crates.io": ("crates-token", "cio" + drawn(32)),
    "Twilio": ("twilio-key", "SK" + drawn(32, HEX)),
    "SendGrid": ("sendgrid-key", f"SG.{drawn(22, URL)}.{drawn(43, URL)}"),
    "Mailgun": ("mailgun-key", "key-" + drawn(32, HEX)),
    "Mailchimp": ("mailchimp-key", drawn(32, HEX) + "-us12"),
    "Docker Hub": ("docker-token", "dckr_pat_" + drawn(27, URL)),
    "Docker, config": (
        "docker-auth",
        f'{{"auths": {{"r": {{"auth": "{base64.b64encode(b"me:pw-7Hq2").decode()}"}}}}}}',
    ),
    "Kubernetes": ("docker-auth", f".dockerconfigjson: {drawn(80)}"),
    "Vault": ("vault-token", "hvs." + drawn(90, URL)),
    "Terraform": ("terraform-token", f"{drawn(14)}.atlasv1.{drawn(67, URL)}"),
    "Artifactory": ("artifactory-key", "AKCp" + drawn(69)),
    "Pulumi": ("pulumi-token", "pul-" + drawn(40, HEX)),
    "Doppler": ("doppler-token", "dp.pt." + drawn(43)),
    "DigitalOcean": ("digitalocean-token", "dop_v1_" + drawn(64, HEX)),
    "Databricks": ("databricks-token", "dapi" + drawn(32, HEX)),
    "Shopify": ("shopify-token", "shpat_" + drawn(32, HEX)),
    "Square": ("square-token", "sq0atp-" + drawn(22, URL)),
    "New Relic": ("newrelic-key", "NRAK-" + drawn(27, BASE32)),
    "Grafana": ("grafana-token", f"glsa_{drawn(32)}_{drawn(8, HEX)}"),
    "Sentry": ("sentry-token", "sntryu_" + drawn(64, HEX)),
    "Postman": ("postman-key", f"PMAK-{drawn(24, HEX)}-{drawn(34, HEX)}"),
    "Linear": ("linear-key", "lin_api_" + drawn(40)),
    "Heroku": ("heroku-key", "HRKU-" + drawn(60, URL)),
    "OpenAI, project": ("openai-key", "sk-proj-" + drawn(120, URL)),
    "OpenAI, old": ("openai-key", f"sk-{drawn(20)}T3BlbkFJ{drawn(20)}"),
    "Anthropic": ("anthropic-key", "sk-ant-api03-" + drawn(95, URL)),
    "Hugging Face": ("huggingface-token", "hf_" + drawn(34, string.ascii_letters)),
    "database": ("password-in-address", f"postgres://app:{drawn(14)}@db.company.net:5432/app"),
    "index": ("password-in-address", f"--index-url https://ci:{drawn(14)}@pypi.company.net/simple"),
    "netrc": ("netrc", f"machine api.company.net login ci password {drawn(14)}"),
}

ASSIGNMENTS = {
    "Python": ("secret-value", 'client_secret = "{drawn}"'),
    "annotated": ("secret-value", 'API_TOKEN: Final[str] = "{drawn}"'),
    "JavaScript": ("secret-value", "const apiKey = '{drawn}';"),
    "property": ("secret-value", "  accessToken: `{drawn}`,"),
    "JSON": ("secret-value", '{{"secretAccessKey": "{drawn}"}}'),
    "dictionary": ("secret-value", 'headers["X-Api-Key"] = "{drawn}"'),
    "call": ("secret-value", 'environ.setdefault("SIGNING_KEY", "{drawn}")'),
    "header": ("secret-value", '"Authorization": "Bearer {drawn}"'),
    "AWS secret": ("secret-value", 'aws_secret_access_key="{drawn}"'),
    "Twilio": ("secret-value", 'TWILIO_AUTH_TOKEN = "{hex}"'),
    "UUID": ("secret-value", 'secretKey: "3f2c9a1e-7b64-4d0f-9c58-e1a7b6d2f493"'),
    "password": ("password", 'password = "{typed}"'),
    "passwd": ("password", "db_passwd: '{typed}'"),
    "BioT": ("biot-service-secret", 'BIOT_SERVICE_USER_SECRET_KEY = "{drawn}"'),
    "BioT, a UUID": ("biot-service-secret", 'BIOT_SERVICE_USER_SECRET_KEY="3f2c9a1e-7b64-4d0f-9c58-e1a7b6d2f493"'),
}
FILLED = {"drawn": drawn(32), "hex": drawn(32, HEX), "typed": "Kl4tsch!mohn"}


@pytest.mark.parametrize("label", TOKENS)
@pytest.mark.parametrize("line", ["x = '{}'\n", "{}\n", '"{}",\n'], ids=["quoted", "bare", "listed"])
def test_a_secret_of_every_known_form_is_found_and_not_shown(label: str, line: str) -> None:
    kind, secret = TOKENS[label]
    if label == "npmrc, basic" and line != "{}\n":
        return  # in a file of npm's only
    found = scan("src/config.py", b"first = 1\n\n" + line.format(secret).encode())
    assert kind in [one.kind for one in found]
    (one, *_) = [one for one in found if one.kind == kind]
    assert one.line in {3, 4}
    assert one.preview.partition("…")[0].encode() in {
        b"",
        *(anchor for form in SECRET_FORMATS for anchor in form.anchors),
    }


def test_every_kind_has_a_test_case() -> None:
    preview = {kind for kind, _ in (*TOKENS.values(), *ASSIGNMENTS.values())}
    assert {kind.name for kind in SECRET_FORMATS} <= preview
    assert len({*preview, *(kind.name for kind in SECRET_FILE_TYPES)}) > 60


@pytest.mark.parametrize("label", ASSIGNMENTS)
def test_a_value_is_found_by_the_name_of_its_variable(label: str) -> None:
    kind, line = ASSIGNMENTS[label]
    text = line.format(**FILLED)
    (found,) = scan("src/config.py", f"\n{text}\n".encode())
    assert (found.kind, found.line) == (kind, 2)
    assert found.preview.endswith(" characters)")
    assert not any(value in found.preview for value in FILLED.values())


@pytest.mark.parametrize(
    "path", ["settings.yaml", "deploy/app.properties", "run.sh", "config.ini", "src/.npmrc", "config.toml"]
)
def test_values_without_quotes_count_in_configuration_files(path: str) -> None:
    (found,) = scan(path, f"level: info\napi_key={drawn(32)}\n".encode())
    assert (found.kind, found.line) == ("secret-value", 2)
    assert scan("src/code.py", f"api_key={drawn(32)}\n".encode()) == ()


FILES = {
    ".env": b"A=1\n",
    "src/.env.production": b"# comment\nexport KEY='x'\n",
    "prod.env": b"A=1\n",
    "keys/id_ed25519": b"",
    "src/client.P12": b"\0\1",
    "a/signing.jks": b"\0\1",
    "vault.kdbx": b"\0",
    ".pypirc": b"[pypi]\npassword = x\n",
    ".netrc": b"machine a\nlogin b\npassword c\n",
    ".git-credentials": b"https://a:b@c\n",
    ".dockercfg": b'{"r": {"auth": "x"}}',
    ".pgpass": b"*:*:*:*:x\n",
    ".htpasswd": b"a:$apr1$x\n",
    "infra/terraform.tfstate": b"{}",
    "site.ovpn": b"<key>\n",
}


@pytest.mark.parametrize("path", FILES)
def test_files_whose_name_means_secrets_are_found(path: str) -> None:
    (found,) = scan(path, FILES[path])
    assert found.line == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".env.example", b"KEY=value\n"),
        ("src/.env", b"# nothing yet\nKEY=\n"),
        (".npmrc", b"registry=https://registry.company.net/\n//registry.company.net/:_authToken=${NPM_TOKEN}\n"),
        (".pypirc", b"[distutils]\nindex-servers = pypi\n"),
        ("id_rsa.pub", b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ\n"),
        ("environment.py", b"import os\n"),
    ],
)
def test_files_that_only_look_like_secrets_are_not_found(path: str, content: bytes) -> None:
    assert scan(path, content) == ()


def test_utf_16_and_binary_files_are_read_too() -> None:
    token = "ghp_" + drawn(36)
    assert [one.line for one in scan("run.ps1", f"# x\n$t = '{token}'\n".encode("utf-16"))] == [2]
    assert [one.kind for one in scan("module.so", b"\0\1\2" + token.encode() + b"\0")] == ["github-token"]
    assert scan("module.so", b"\0" + f'api_key = "{drawn(32)}"'.encode()) == ()
