"""`[build] prebuilt`: a ZIP of another tool, for example of Maven, is checked, described and published as it is."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from builder.cli.app import run
from builder.evidence.checksums import evidence_files
from tests.unit.secrets.test_kinds import TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Buffer

    from tests.functional.release.conftest import PublisherMachine
    from tests.support.sandbox.running_sandbox import Sandbox

LOCAL = ("-e", "local")
MANIFEST = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "{runtime}"
handler = "{handler}"
memorySize = 512

[build]
prebuilt = "target/plugin.zip"
"""
HANDLER = "com.example.Handler::handleRequest"
POM = "#Created by Apache Maven\nartifactId={}\ngroupId={}\nversion={}\n"


class NotSeekable(io.RawIOBase):
    """A pipe: a ZIP that is written to it has its sizes behind each file, as the ones of `jar` have."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        self.written += bytes(data)
        return len(bytes(data))


def zipped(files: Mapping[str, bytes], *, executable: tuple[str, ...] = ()) -> bytes:
    """A ZIP as a Java tool writes it: with folders, with times, and with sizes behind each file."""
    pipe = NotSeekable()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 11, 29, 8, 0, 0))
            kind = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
            info.external_attr = (kind | (0o755 if name in executable or name.endswith("/") else 0o644)) << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return bytes(pipe.written)


GSON = zipped(
    {
        "META-INF/maven/com.google.code.gson/gson/pom.properties": POM.format(
            "gson", "com.google.code.gson", "2.11.0"
        ).encode(),
        "com/google/gson/Gson.class": b"\xca\xfe\xba\xbe gson",
    }
)
JAVA = {
    "META-INF/": b"",
    "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n",
    "com/": b"",
    "com/example/Handler.class": b"\xca\xfe\xba\xbe handler",
    "lib/gson-2.11.0.jar": GSON,
    "lib/unknown.jar": zipped({"a/B.class": b"\xca\xfe\xba\xbe"}),
}


def write(
    machine: PublisherMachine, files: Mapping[str, bytes] | bytes, *, runtime: str = "java21", handler: str = HANDLER
) -> Path:
    (machine.plugin / "plugin.toml").write_text(MANIFEST.format(runtime=runtime, handler=handler), "utf-8")
    file = machine.plugin / "target" / "plugin.zip"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(files if isinstance(files, bytes) else zipped(files, executable=("bootstrap",)))
    return file


def sbom_of(machine: PublisherMachine) -> dict[str, Any]:
    sbom: dict[str, Any] = json.loads(evidence_files(artifact_of(machine))["sbom"].read_bytes())
    return sbom


def artifact_of(machine: PublisherMachine) -> Path:
    return machine.plugin / "dist" / "age-calculator-1.zip"


def test_the_zip_is_copied_as_it_is_and_described(machine: PublisherMachine) -> None:
    source = write(machine, JAVA)
    first = machine("package", "--json")
    again = machine("package", "--json")

    assert (first.code, again.code) == (0, 0), first.err
    assert artifact_of(machine).read_bytes() == source.read_bytes()
    assert machine("verify", str(artifact_of(machine))).code == 0
    assert machine("verify", "--rebuild", str(artifact_of(machine))).code == 0
    report = json.loads((machine.plugin / "dist" / "age-calculator-1.report.json").read_bytes())
    assert report["prebuilt"] == {"file": "target/plugin.zip"}
    assert report["artifact"]["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    rows = {(row["name"], row["version"]): row["paths"] for row in report["packages"]}
    assert rows["com.google.code.gson:gson", "2.11.0"] == ["lib/gson-2.11.0.jar"]
    assert ("", "") in rows


def test_the_sbom_has_what_the_zip_says_and_that_it_may_not_be_all(machine: PublisherMachine) -> None:
    write(machine, JAVA)
    assert machine("package").code == 0
    sbom = sbom_of(machine)
    [gson] = sbom["components"]
    assert gson["purl"] == "pkg:maven/com.google.code.gson/gson@2.11.0"
    assert gson["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(GSON).hexdigest()}]
    assert "another tool built the ZIP" in json.dumps(sbom["metadata"])
    audited = machine("audit", str(artifact_of(machine)), "--database", str(machine.plugin))
    assert audited.code != 0


@pytest.mark.parametrize(
    ("runtime", "handler", "files", "purls"),
    [
        pytest.param(
            "dotnet10",
            "Plugin::Plugin.Function::Handle",
            {
                "Plugin.dll": b"MZ",
                "Newtonsoft.Json.dll": b"MZ",
                "Plugin.deps.json": json.dumps(
                    {
                        "targets": {
                            ".NETCoreApp,Version=v10.0": {
                                "Newtonsoft.Json/13.0.3": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {}}}
                            }
                        },
                        "libraries": {
                            "Plugin/1.0.0": {"type": "project"},
                            "Newtonsoft.Json/13.0.3": {"type": "package"},
                        },
                    }
                ).encode(),
            },
            ["pkg:nuget/Newtonsoft.Json@13.0.3"],
            id="dotnet",
        ),
        pytest.param(
            "ruby3.4",
            "index.Plugin::Handler.process",
            {
                "index.rb": b"module Plugin; end\n",
                "vendor/bundle/ruby/3.4.0/specifications/jwt-3.1.2.gemspec": b"",
                "vendor/bundle/ruby/3.4.0/gems/jwt-3.1.2/lib/jwt.rb": b"",
            },
            ["pkg:gem/jwt@3.1.2"],
            id="ruby",
        ),
        pytest.param("provided.al2023", "bootstrap", {"bootstrap": b"\x7fELF"}, [], id="own runtime"),
        pytest.param(
            "nodejs22.x",
            "index.handler",
            {
                "index.mjs": b"export const handler = async () => ({});\n",
                "node_modules/@a/b/package.json": b'{"name": "@a/b", "version": "1.0.0"}',
                "node_modules/@a/b/index.js": b"",
            },
            ["pkg:npm/%40a/b@1.0.0"],
            id="nodejs",
        ),
        pytest.param(
            "python3.13",
            "index.handler",
            {"index.py": b"", "jwt/__init__.py": b"", "PyJWT-2.10.1.dist-info/METADATA": b""},
            ["pkg:pypi/pyjwt@2.10.1"],
            id="python",
        ),
        pytest.param(
            "java25",
            "com.example.Handler",
            {
                "com/example/Handler.class": b"",
                "META-INF/maven/com.example/plugin/pom.properties": POM.format("plugin", "com.example", "1").encode(),
                "META-INF/maven/org.slf4j/slf4j-api/pom.properties": POM.format(
                    "slf4j-api", "org.slf4j", "2.0.1"
                ).encode(),
            },
            ["pkg:maven/com.example/plugin@1", "pkg:maven/org.slf4j/slf4j-api@2.0.1"],
            id="one JAR of everything",
        ),
    ],
)
def test_every_language_leaves_its_packages_in_the_sbom(
    runtime: str, handler: str, files: Mapping[str, bytes], purls: list[str], machine: PublisherMachine
) -> None:
    write(machine, files, runtime=runtime, handler=handler)
    done = machine("package")
    assert done.code == 0, done.err
    assert [one["purl"] for one in sbom_of(machine)["components"]] == purls
    assert machine("verify", str(artifact_of(machine))).code == 0


@pytest.mark.parametrize(
    ("runtime", "handler", "files", "message"),
    [
        ("java21", HANDLER, {"com/example/Other.class": b""}, "needs com/example/Handler.class"),
        ("java21", HANDLER, {"classes/com/example/Handler.class": b""}, "zip the content of the folder"),
        ("dotnet10", "Plugin::P.F::H", {"Other.dll": b""}, "needs Plugin.dll"),
        ("provided.al2023", "x", {"main": b""}, "must be called bootstrap"),
        ("python3.13", "a.b.handler", {"a.py": b""}, "needs a/b.py or a/b/__init__.py"),
    ],
)
def test_a_missing_handler_stops_the_packaging(
    runtime: str, handler: str, files: Mapping[str, bytes], message: str, machine: PublisherMachine
) -> None:
    write(machine, files, runtime=runtime, handler=handler)
    for command in ("package", "check"):
        done = machine(command)
        assert done.code == 6, done.out
        assert message in done.err
    assert not artifact_of(machine).exists()


def test_the_handler_can_be_in_a_jar_of_lib(machine: PublisherMachine) -> None:
    write(machine, {"lib/plugin.jar": zipped({"com/example/Handler.class": b""})})
    assert machine("package").code == 0


def test_bootstrap_must_be_executable(machine: PublisherMachine) -> None:
    write(machine, zipped({"bootstrap": b"\x7fELF"}), runtime="provided.al2023", handler="bootstrap")
    done = machine("package")
    assert done.code == 6
    assert "bootstrap is not executable" in done.err


def test_secrets_stop_the_packaging(machine: PublisherMachine) -> None:
    _, token = next(iter(TOKENS.values()))
    write(machine, {**JAVA, "application.properties": f"key={token}\n".encode()})
    done = machine("package")
    assert done.code == 4
    assert "application.properties" in done.err
    assert token not in done.out + done.err


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no ZIP", "is not a ZIP"), (zipped(JAVA)[:-30], "is not a ZIP"), (b"", "is not a ZIP")],
    ids=["text", "cut", "empty"],
)
def test_a_broken_zip_is_refused(content: bytes, message: str, machine: PublisherMachine) -> None:
    write(machine, content)
    done = machine("package")
    assert done.code == 6
    assert message in done.err


def test_a_broken_jar_inside_is_a_warning(machine: PublisherMachine) -> None:
    write(machine, {**JAVA, "lib/broken.jar": b"PK\x03\x04 not a jar"})
    done = machine("package")
    assert done.code == 0
    assert "lib/broken.jar" in done.err


def test_lambdas_limit_of_unpacked_files_counts(machine: PublisherMachine) -> None:
    write(machine, {**JAVA, "data.bin": bytes(251 * 1024**2)})
    done = machine("package")
    assert done.code == 6
    assert "unpacked" in done.err


def test_without_the_zip_check_warns_and_package_fails(machine: PublisherMachine) -> None:
    write(machine, JAVA).unlink()
    checked, packaged = machine("check"), machine("package")
    assert checked.code == 0
    assert "target/plugin.zip does not exist yet" in checked.out + checked.err
    assert packaged.code == 6
    assert "the kit does not build it" in packaged.err


def test_there_is_nothing_to_lock(machine: PublisherMachine) -> None:
    write(machine, JAVA)
    done = machine("lock")
    assert done.code == 6
    assert "nothing to build or to lock" in done.err


@pytest.mark.usefixtures("biot")
def test_a_changed_artifact_does_not_match_its_report(machine: PublisherMachine) -> None:
    write(machine, JAVA)
    assert machine("package").code == 0
    artifact_of(machine).write_bytes(zipped({**JAVA, "extra.txt": b"x"}))
    assert machine("verify", str(artifact_of(machine))).code == 7
    assert machine("publish", *LOCAL, "--artifact", str(artifact_of(machine))).code == 7


def test_it_is_published_with_the_same_verdicts(machine: PublisherMachine, biot: Sandbox) -> None:
    source = write(machine, JAVA)
    created = machine("publish", *LOCAL, "--json")
    assert created.code == 0, created.out
    assert created.document["verdict"] == "done"
    stored = biot.call("GET", "/settings/v2/plugins/Plugin-age-calculator", token=biot.token()).body
    assert (stored["runtime"], stored["handler"]) == ("java21", HANDLER)

    assert machine("publish", *LOCAL, "--json").document["verdict"] == "nothing-to-do"
    write(machine, {**JAVA, "com/example/Handler.class": b"\xca\xfe\xba\xbe second"})
    assert machine("plan", *LOCAL).code == 10
    assert machine("publish", *LOCAL, "--json").document["verdict"] == "done"
    again = machine("publish", *LOCAL, "--json", "--artifact", str(artifact_of(machine)))
    assert (again.code, again.document["verdict"]) == (0, "nothing-to-do")
    back = machine("rollback", *LOCAL, "--json", "--to", "1")
    assert (back.code, back.document["verdict"]) == (0, "done"), back.out
    assert source.exists()


def test_all_plugins_of_a_repository_are_packaged_with_it(machine: PublisherMachine) -> None:
    write(machine, JAVA)
    assert run(["package", "--all", str(machine.plugin)]) == 0
    assert artifact_of(machine).is_file()
    assert run(["package", "--all", str(machine.plugin)]) == 0
