"""The operator's own connection to the index works: a company's CA, and a proxy."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from builder.dependencies import collect, read_lock, write_lock
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry, PythonIndex

QUIET = SilentProgress()


@pytest.fixture(autouse=True)
def _ignore_machine_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the certificates that this machine is configured to trust."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)


def certificates(folder: Path) -> tuple[Path, Path]:
    """A new authority, and one file with key and certificate that it signed for 127.0.0.1."""
    today = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company Authority")])

    def signed(name: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        usage = x509.SubjectKeyIdentifier.from_public_key(public)
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = builder.add_extension(usage, critical=False).add_extension(known, critical=False)
        return builder.sign(authority_key, hashes.SHA256())

    root = signed(issuer, authority_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "index")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    server = signed(server_name, key.public_key(), names)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority, chain = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(private + server.public_bytes(serialization.Encoding.PEM))
    return authority, chain


@contextmanager
def gate(upstream: str, *, chain: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server before another one: a proxy for plain HTTP, or with a certificate an address of its own."""
    requested_paths: list[str] = []
    opener = build_opener(ProxyHandler({}))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested_paths.append(self.path)
            path = self.path if self.path.startswith("/") else "/" + self.path.split("/", 3)[3]
            with opener.open(upstream + path, timeout=10) as answer:
                data = answer.read().replace(upstream.encode(), address.encode() if chain else upstream.encode())
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            del format, args

    class Server(ThreadingHTTPServer):
        def handle_error(self, *refused: object) -> None:
            del refused  # a client that does not trust the certificate hangs up

    server = Server(("127.0.0.1", 0), Handler)
    address = f"{'https' if chain else 'http'}://127.0.0.1:{server.server_address[1]}"
    if chain is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield address, requested_paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_company_ca_configured_for_pip_is_trusted(
    project: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("base", "1.0")
    (project / "requirements.in").write_text("base\n")
    manifest = plugin(project, requirements="requirements.in")
    authority, chain = certificates(project.parent)
    with gate(index.url, chain=chain) as (address, requested_paths):
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        with pytest.raises(DependencyError, match="does not trust the certificate"):
            write_lock(manifest, store, QUIET)
        monkeypatch.setenv("PIP_CERT", str(authority))
        write_lock(manifest, store, QUIET)
        (pack,) = collect(read_lock(manifest), manifest, store, QUIET)
    assert pack.package.name == "base"
    assert any(path.endswith(".whl") for path in requested_paths)


@pytest.mark.exhaustive
def test_pip_and_uv_use_the_operators_proxy(
    project: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("base", "1.0")
    (project / "requirements.in").write_text("base\n")
    manifest = plugin(project, requirements="requirements.in")
    with gate(index.url) as (address, requested_paths):
        monkeypatch.setenv("PIP_INDEX_URL", "http://index.company.test/simple")
        monkeypatch.setenv("PIP_TRUSTED_HOST", "index.company.test")
        monkeypatch.setenv("PIP_PROXY", address)
        write_lock(manifest, store, QUIET)
    assert "http://index.company.test/simple/base/" in requested_paths
    assert any(path.endswith(".whl") for path in requested_paths)


@pytest.mark.exhaustive
def test_npm_uses_the_operators_proxy_and_ca(
    project: Path, store: Store, registry: NpmRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.package("base", "1.0.0")
    (project / "package.json").write_text('{"dependencies": {"base": "1.0.0"}}')
    manifest = plugin(project, "nodejs22.x")
    with gate(registry.url) as (address, requested_paths):
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://registry.company.test/")
        monkeypatch.setenv("NPM_CONFIG_PROXY", address)
        write_lock(manifest, store, QUIET)
    assert requested_paths[:1] == ["http://registry.company.test/base"]
    monkeypatch.delenv("NPM_CONFIG_PROXY")
    authority, chain = certificates(project.parent)
    with gate(registry.url, chain=chain) as (address, requested_paths):
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{address}/")
        with pytest.raises(DependencyError, match="does not trust the certificate"):
            collect(read_lock(manifest), manifest, store, QUIET)
        monkeypatch.setenv("NPM_CONFIG_CAFILE", str(authority))
        (pack,) = collect(read_lock(manifest), manifest, store, QUIET)
    assert pack.package.name == "base"
    assert any(path.endswith(".tgz") for path in requested_paths)
