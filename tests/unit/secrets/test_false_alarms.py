"""What ordinary code holds and no secret is, and how long looking for secrets takes, whatever a file holds."""

from __future__ import annotations

import base64
import json
import time

import pytest

from builder.secrets.secret_scan import scan

HARMLESS = """\
AWS = "AKIAIOSFODNN7EXAMPLE"  # of AWS's documents
secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
password = os.environ["DB_PASSWORD"]
password = getpass.getpass("Password: ")
api_key = "your-api-key-goes-here-1a2b3c4d5e6f"
API_KEY = "${API_KEY}"
secret_name = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-a1B2c3"
token_url = "https://login.company.net/oauth2/v2.0/token?x=1a2b3c4d5e6f7a8b"
tokenEndpoint: "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
token_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SECRET_HEADER = "x-biot-service-user-secret-v2"
password = "password"
password_field = "Kl4tsch!mohn"
passwordPattern = "^(?=.*[A-Z])(?=.*[0-9]).{8,}$"
public_api_key = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
if token == "3f2c9a1e7b644d0f9c58e1a7b6d2f493": pass
"token": "sha256:9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a3928",
credentials = "service-user-credentials-2024-v2"
SECRET_KEY = "xxxxxxxxxxxxxxxxxxxxxxxx0000"
url = "https://user:password@example.com/"
url = "postgres://postgres:postgres@localhost:5432/app"
url = f"https://{user}:{password}@{host}/"
url = "https://${USER}:${PASS}@host.company.net/"
url = "http://[::1]:8080/a@b.c"
PEM = "-----BEGIN PRIVATE KEY-----"
if text.startswith("-----BEGIN RSA PRIVATE KEY-----\\n"): parse("-----END RSA PRIVATE KEY-----")
key = "-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\\n"
commit = "ghp_short"
skip = "SKIP_ALL_CHECKS_ON_DEPLOYMENT_FLAG"
integrity = "sha512-9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0=="
path = {"d": "M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2z"}
max_tokens = 4096
authorization = "Bearer " + token
const auth = { "auth": "basic" }
_auth = _password = None
url = "mysql://scott:tiger@192.168.0.134/test?charset=utf8"
"ChangeToken": "3f2c9a1e-7b64-4d0f-9c58-e1a7b6d2f493",
MLKEM768X25519PrivateKey = "MLKEM768X25519PrivateKey"
"""


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_ordinary_code_has_no_findings(line: str) -> None:
    assert scan("src/code.py", f"{line}\n".encode()) == ()


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        ({"alg": "none"}, {"sub": "a"}),
        ({"typ": "JWT"}, {"sub": "a"}),
        ({"alg": "HS256"}, {"sub": "1234567890"}),
        ({"alg": "HS256"}, {"some": "payload"}),
    ],
    ids=["unsigned", "no algorithm", "the sample of jwt.io", "no claim"],
)
def test_tokens_without_access_are_not_secrets(header: object, payload: object) -> None:
    assert scan("a.py", f'x = "{part(header)}.{part(payload)}.{"aB3" * 15}"'.encode()) == ()


HOSTILE = {
    "words": b"secret " * 50_000,
    "assignments": b'secret="' * 40_000,
    "half assignments": b"token: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p " * 9_000,
    "jwt": b"eyJ" * 100_000,
    "jwt parts": b"eyJaaaaaaaaaaa." * 25_000,
    "addresses": b"://" * 100_000,
    "addresses without a host": b"://a:bbbb" * 40_000,
    "keys": b"-----BEGIN PRIVATE KEY-----" * 13_000,
    "keys and blanks": (b"-----BEGIN PRIVATE KEY-----" + b" " * 40) * 5_000,
    "one letter": b"A" * 400_000,
    "anchors": b"AKIA ghp_ SK sk_live_ AIza Q~ " * 11_000,
    "private members": b'"d":"' * 60_000,
    "netrc": b"machine a login b " * 18_000,
    "lines": b"\n" * 400_000,
    "names": b"a" * 40 + b"password" * 40_000,
    "many": b'token = "8f3kP0s9Lq2Zx7Vb5Nw1"\n' * 12_000,
}


@pytest.mark.parametrize("label", HOSTILE)
def test_time_grows_with_the_size_of_the_file_whatever_it_contains(label: str) -> None:
    started = time.process_time()
    scan("src/hostile.yaml", HOSTILE[label])
    assert time.process_time() - started < 30  # about 0.3 s; work that grows with the square takes minutes
