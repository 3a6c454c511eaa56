"""``--store s3://…``: two machines and one bucket that works, is damaged, is read-only, or is broken."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.cli.app import run
from builder.dependencies import Store, collect, open_store, read_lock, write_lock
from builder.dependencies.store import fleet_fetching, shared_store
from builder.errors import DependencyError
from builder.network import s3_bucket
from tests.support.plugins.locked_plugin import WHEELS, LockedPlugin, locked_plugin
from tests.support.plugins.source_packages import make_sdist
from tests.support.plugins.stage_inputs import RecordedProgress, plugin
from tests.support.repetitions import exhaustive_after, exhaustive_except
from tests.support.servers.s3 import (
    ADDRESS,
    BUCKET,
    KEY,
    SECRET,
    TOKEN,
    BrokenS3,
    WorkingS3,
    broken_s3,
    settings,
    working_s3,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers.package_registries import NpmRegistry, PythonIndex

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.fixture(autouse=True)
def _isolated(own_settings: None) -> None:
    """Some tests here start pip or npm."""


@pytest.fixture(scope="module")
def moto() -> Iterator[WorkingS3]:
    with working_s3() as running:
        yield running


@pytest.fixture
def s3(moto: WorkingS3, monkeypatch: pytest.MonkeyPatch) -> WorkingS3:
    for key in moto.every_key():
        moto.client.delete_object(Bucket=BUCKET, Key=key)
    for name, value in settings(moto.url).items():
        monkeypatch.setenv(name, value)
    # A bucket that works may be slow on a busy machine.
    monkeypatch.setattr(shared_store, "TIME_LIMIT_SECONDS", 60)
    for name in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(s3_bucket, name, 60)
    return moto


@pytest.fixture
def locked(index: PythonIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockedPlugin:
    """A locked plugin whose packages an index has, and the folder to run in."""
    made = locked_plugin(tmp_path)
    for (name, version), files in WHEELS.items():
        index.wheel(name, version, files=files)
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    return made


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[BrokenS3], BrokenS3]]:
    """Makes a broken S3 the operator's; silence, and nothing else, is waited for a tenth of the real time."""
    with ExitStack() as running:

        def serve(broken: BrokenS3) -> BrokenS3:
            if broken.behaviour == "hang":
                monkeypatch.setattr(s3_bucket, "READ_SECONDS", s3_bucket.READ_SECONDS / 10)
            for name, value in settings(running.enter_context(broken_s3(broken))).items():
                monkeypatch.setenv(name, value)
            return broken

        yield serve


def packaged(machine: Path, *arguments: str) -> bytes:
    """The artifact that a machine makes, whose own store is as empty as the machine is new."""
    os.environ["BIOT_PLUGIN_STORE"] = str(machine / "store")
    assert run(["package", "--store", ADDRESS, "-o", str(machine / "out"), *arguments]) == 0
    return (machine / "out" / "sample-1.zip").read_bytes()


def alone(locked: LockedPlugin, out: Path) -> bytes:
    """The artifact that the plugin's own store gives, without any index or bucket."""
    os.environ["BIOT_PLUGIN_STORE"] = str(locked.store)
    assert run(["package", "-o", str(out)]) == 0
    return (out / "sample-1.zip").read_bytes()


def objects_of(locked: LockedPlugin) -> dict[str, bytes]:
    """What is shared of the plugin's store: its wheels, and nothing that was made of them."""
    digests = re.findall(r"sha256:([0-9a-f]{64})$", locked.lock.read_text(), re.MULTILINE)
    packs = {digest: locked.store / "packs" / digest[:2] / f"{digest}.zip" for digest in digests}
    return {f"team/kit/sha256/{digest}": file.read_bytes() for digest, file in packs.items() if file.exists()}


def fill(s3: WorkingS3, locked: LockedPlugin) -> dict[str, bytes]:
    """The bucket as a machine leaves it that fetched the plugin's packages."""
    objects = objects_of(locked)
    for key, data in objects.items():
        s3.client.put_object(Bucket=BUCKET, Key=key, Body=data)
    return objects


def test_packages_fetched_by_one_machine_come_from_the_bucket_on_the_next(
    s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = packaged(tmp_path / "first")
    index.requests.clear()

    assert packaged(tmp_path / "second") == first == alone(locked, tmp_path / "alone")
    assert index.requests == []
    assert "note:" not in capsys.readouterr().err
    objects = s3.objects()
    assert len(objects) == len(WHEELS)
    for key, data in objects.items():
        assert key == f"team/kit/sha256/{hashlib.sha256(data).hexdigest()}"


def test_npm_tarballs_are_shared_but_not_the_packs_made_of_them(
    s3: WorkingS3, registry: NpmRegistry, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "@scope/two"):
        registry.package(name, "1.0.0")
    wanted = {"name": "sample", "version": "1.0.0", "dependencies": {"one": "1.0.0", "@scope/two": "1.0.0"}}
    (project / "package.json").write_text(json.dumps(wanted))
    manifest = plugin(project, "nodejs22.x")
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "first"))
    write_lock(manifest, open_store(), RecordedProgress())
    lock = read_lock(manifest)
    packs = [collect(lock, manifest, open_store(ADDRESS), RecordedProgress())]
    registry.requests.clear()
    monkeypatch.setenv("BIOT_PLUGIN_STORE", ADDRESS)
    packs.append(collect(lock, manifest, open_store(str(tmp_path / "second")), RecordedProgress()))

    assert registry.requests == []
    assert [pack.file.read_bytes() for pack in packs[0]] == [pack.file.read_bytes() for pack in packs[1]]
    assert {pack.file.is_relative_to(tmp_path / "second") for pack in packs[1]} == {True}
    tarballs = {data for path, (_, data) in registry.pages.items() if path.endswith(".tgz")}
    assert set(s3.objects().values()) == tarballs
    assert all(re.fullmatch(r"team/kit/sha512/[0-9a-f]{128}", key) for key in s3.objects())


@pytest.mark.exhaustive
@pytest.mark.usefixtures("s3")
def test_a_wheel_that_was_built_from_source_is_built_on_one_machine_only(
    project: Path, index: PythonIndex, tmp_path: Path
) -> None:
    """Each build of this one gives other bytes, so that a second one could not pass."""
    index.add(*make_sdist("thing", content="return repr(os.urandom(8))"))
    (project / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["thing"]\n')
    manifest = plugin(project)
    manifest = replace(manifest, build=replace(manifest.build, allow_sdist=("thing",)))
    write_lock(manifest, Store(tmp_path / "first", open_store(ADDRESS).shared), RecordedProgress())
    second = Store(tmp_path / "second", open_store(ADDRESS).shared)

    assert [pack.package.name for pack in collect(read_lock(manifest), manifest, second, RecordedProgress())] == [
        "thing"
    ]


@pytest.mark.parametrize("harm", exhaustive_after(1, ["another package", "cut"]))
def test_a_damaged_object_is_ignored_noted_and_replaced(
    harm: str, s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    machines = locked.folder.parent
    first = alone(locked, machines / "alone")
    sound = fill(s3, locked)
    key, other = sorted(sound)
    harmed = {"cut": sound[key][:-1], "another package": sound[other]}[harm]
    s3.client.put_object(Bucket=BUCKET, Key=key, Body=harmed)
    index.requests.clear()

    assert packaged(machines / "second") == first
    assert len([path for path in index.requests if path.startswith("/files/")]) == 1
    stderr = capsys.readouterr().err
    assert "does not have the digest in its name" in stderr
    assert key[:20] in stderr
    assert s3.objects() == sound


@pytest.mark.exhaustive
def test_lock_fetches_wheels_of_the_old_lock_from_the_bucket(
    s3: WorkingS3, locked: LockedPlugin, tmp_path: Path
) -> None:
    fill(s3, locked)
    before = locked.lock.read_text()
    second, third = RecordedProgress(), RecordedProgress()
    write_lock(plugin(locked.folder), Store(tmp_path / "second", open_store(ADDRESS).shared), second)

    assert ("Fetching wheels", len(WHEELS)) not in second.tasks
    assert locked.lock.read_text() == before
    for key in s3.objects():
        s3.client.delete_object(Bucket=BUCKET, Key=key)
    write_lock(plugin(locked.folder), Store(tmp_path / "third", open_store(ADDRESS).shared), third)
    assert ("Fetching wheels", len(WHEELS)) in third.tasks
    assert len(s3.objects()) == len(WHEELS)


def test_without_write_permission_the_bucket_is_read_only_and_noted_once(
    served: Callable[[BrokenS3], BrokenS3],
    locked: LockedPlugin,
    index: PythonIndex,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = alone(locked, tmp_path / "alone")
    broken = served(BrokenS3("read only", objects=dict([*objects_of(locked).items()][:1])))

    assert packaged(tmp_path / "second") == first
    assert len([path for path in index.requests if path.startswith("/files/")]) == 1
    puts = [
        path.removeprefix(f"/{BUCKET}/team/kit/").partition("/")[0]
        for method, path in broken.requests
        if method == "PUT"
    ]
    assert puts == ["fetching", "sha256"]  # some policies permit only one of them
    assert capsys.readouterr().err.count("is read-only") == 1


TROUBLE = {
    "hang": "it does not respond in time",
    "drip": "it is too slow",
    "cut": "the connection broke",
    "wrong": "does not have the digest in its name",
    "endless": "more bytes than any package has",
    "500": "it responds with 500",
    "503": "it responds with 503",
    "429": "it responds with 429",
    "403": "AccessDenied",
    "301": "is no longer used",
    "400 ExpiredToken": "it responds with 400 ExpiredToken",
    "403 InvalidAccessKeyId": "it responds with 403 InvalidAccessKeyId",
    "403 SignatureDoesNotMatch": "it responds with 403 SignatureDoesNotMatch",
    "404 NotOfS3": "it responds with 404",
    "404 NoSuchBucket": "the bucket does not exist",
}


DIGESTS = tuple(f"sha256:{hashlib.sha256(bytes([number])).hexdigest()}" for number in range(20))


@pytest.fixture(scope="module")
def changing() -> Iterator[tuple[BrokenS3, s3_bucket.Bucket, s3_bucket.Bucket]]:
    """A broken S3 whose behaviour tests choose, and two clients of it: making one takes a quarter of a second.

    The second waits for silence a tenth of the real time. The others do not, for a busy machine answers late.
    """
    keys = [f"team/kit/{shared_store.object_name(digest)}" for digest in DIGESTS]
    broken = BrokenS3("500", objects=dict.fromkeys(keys, b"half of this"))
    with broken_s3(broken) as url, pytest.MonkeyPatch.context() as patched:
        for name, value in settings(url).items():
            patched.setenv(name, value)
        clients = []
        for seconds in (s3_bucket.READ_SECONDS, s3_bucket.READ_SECONDS / 10):
            patched.setattr(s3_bucket, "READ_SECONDS", seconds)
            clients.append(s3_bucket.Bucket(s3_bucket.BucketAddress.parse(ADDRESS)))
            with pytest.raises(s3_bucket.BucketError):
                clients[-1].has("anything")
        yield broken, clients[0], clients[1]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_broken_bucket_provides_nothing_and_is_noted(
    trouble: str,
    changing: tuple[BrokenS3, s3_bucket.Bucket, s3_bucket.Bucket],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, client, hasty = changing
    client = hasty if trouble == "hang" else client
    broken.behaviour, _, code = trouble.partition(" ")
    broken.code = code or "AccessDenied"
    broken.requests.clear()
    monkeypatch.setattr(shared_store, "MAX_SIZE", 8 << 20)
    if broken.behaviour in {"drip", "301"}:  # only the time limit ends these
        monkeypatch.setattr(shared_store, "TIME_LIMIT_SECONDS", shared_store.TIME_LIMIT_SECONDS / 5)
    progress, start, shared = RecordedProgress(), time.monotonic(), shared_store.SharedStore(client)

    assert shared.fetch(DIGESTS, tmp_path, progress) == {}
    shared.upload({DIGESTS[0]: Path(__file__)}, progress)
    assert time.monotonic() - start < shared_store.TIME_LIMIT_SECONDS + 20, "it did not wait for the server"
    assert TROUBLE[trouble] in " ".join(progress.notes)
    assert len(progress.notes) <= (len(DIGESTS) if trouble == "wrong" else 2)
    assert not [secret for secret in (KEY, SECRET, TOKEN) if secret in " ".join(progress.notes)]
    if trouble in {"hang", "500"}:
        assert len(broken.requests) < len(DIGESTS)  # after the first failures it sends no more requests


@pytest.mark.parametrize("trouble", exhaustive_after(1, ["wrong", "hang"]))
def test_a_broken_bucket_never_fails_the_build(
    trouble: str,
    served: Callable[[BrokenS3], BrokenS3],
    locked: LockedPlugin,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = alone(locked, tmp_path / "good")
    served(BrokenS3(trouble))

    assert packaged(tmp_path / "new") == good
    stderr = capsys.readouterr().err
    assert TROUBLE[trouble] in stderr
    assert not [secret for secret in (KEY, SECRET, TOKEN) if secret in stderr]


@pytest.mark.parametrize(
    ("variables", "reason"),
    exhaustive_except(
        [
            ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, "it is unreachable"),
            ({"AWS_ENDPOINT_URL_S3": "http://user:SecretSecretSecretSecret@127.0.0.1:9"}, "it is unreachable"),
            ({"AWS_ENDPOINT_URL_S3": "SecretSecretSecretSecret"}, "is not a URL"),
            ({"AWS_PROFILE": "SecretSecretSecretSecret"}, "your AWS configuration has no profile"),
            ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials were found"),
            ({"AWS_SECRET_ACCESS_KEY": ""}, "the AWS credentials are incomplete"),
        ],
        lambda row: "SecretSecret" in str(row),
    ),
)
def test_wrong_operator_settings_are_noted_without_their_values(
    variables: dict[str, str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**settings("http://127.0.0.1:9"), **variables}.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    progress = RecordedProgress()

    assert shared_store.open_shared_store(ADDRESS).fetch(DIGESTS, tmp_path, progress) == {}
    assert len(progress.notes) == 1
    assert reason in progress.notes[0]
    assert not [secret for secret in (KEY, SECRET, TOKEN) if secret in progress.notes[0]]


def taken_by_another(s3: WorkingS3, locked: LockedPlugin) -> None:
    """Another machine has claimed every package, and has not fetched any yet."""
    for key in objects_of(locked):
        s3.client.put_object(Bucket=BUCKET, Key=key.replace("team/kit/", "team/kit/fetching/"), Body=b"")


def test_a_package_that_another_machine_fetches_is_not_fetched_again(
    s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, tmp_path: Path
) -> None:
    made = alone(locked, tmp_path / "alone")
    taken_by_another(s3, locked)
    index.requests.clear()
    timer = threading.Timer(1.0, fill, (s3, locked))
    timer.start()

    assert packaged(tmp_path / "second") == made
    timer.join()
    assert index.requests == []


@pytest.mark.exhaustive
def test_a_machine_that_was_killed_while_it_fetched_delays_the_others_and_no_more(
    s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = alone(locked, tmp_path / "alone")
    taken_by_another(s3, locked)
    index.requests.clear()
    monkeypatch.setattr(fleet_fetching, "PATIENCE_SECONDS", 0.6)

    assert packaged(tmp_path / "second") == made
    assert len([path for path in index.requests if path.startswith("/files/")]) == len(WHEELS)
    assert s3.objects() == objects_of(locked)  # it has added them
    index.requests.clear()
    assert packaged(tmp_path / "third") == made
    assert index.requests == []


@pytest.mark.exhaustive
def test_an_old_claim_does_not_delay_anybody(
    s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packages of an earlier fleet were deleted from the bucket, and its claims were not."""
    made = alone(locked, tmp_path / "alone")
    taken_by_another(s3, locked)
    index.requests.clear()
    monkeypatch.setattr(shared_store, "CLAIM_SECONDS", -1)
    monkeypatch.setattr(fleet_fetching, "PATIENCE_SECONDS", 600)

    assert packaged(tmp_path / "second") == made
    assert len([path for path in index.requests if path.startswith("/files/")]) == len(WHEELS)


def test_many_plugins_share_the_bucket(
    s3: WorkingS3, locked: LockedPlugin, index: PythonIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = alone(locked, tmp_path / "alone")
    fill(s3, locked)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "second"))
    assert run(["package", "--all", "--store", ADDRESS, "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "sample-1.zip").read_bytes() == made
    assert run(["verify", "--rebuild", "--store", ADDRESS, str(tmp_path / "out" / "sample-1.zip")]) == 0
    assert index.requests == []


@pytest.mark.parametrize(
    "address", ["s3://", "s3://UPPER/x", "s3://packs/a b", "s3://packs/../x", "s3://packs/ä", "gs://packs/x"]
)
@pytest.mark.usefixtures("locked")
def test_an_invalid_address_is_an_error(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["package", "--store", address]) == DependencyError.exit_code
    progress = capsys.readouterr().err
    assert "is not s3://BUCKET/PREFIX" in progress
    assert "Fix --store or BIOT_PLUGIN_STORE" in progress


@pytest.mark.usefixtures("locked")
def test_without_boto3_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert run(["package", "--store", ADDRESS]) == DependencyError.exit_code
    assert "pip install 'biot-plugin-kit[s3]'" in capsys.readouterr().err


def test_boto3_is_imported_only_to_use_the_bucket(locked: LockedPlugin) -> None:
    script = "import sys; from builder.cli.app import run; print(run(sys.argv[1:]), 'boto3' in sys.modules)"
    variables = {**os.environ, "BIOT_PLUGIN_STORE": str(locked.store)}
    argv = [sys.executable, "-c", script, "package", "--store", ADDRESS]
    done = subprocess.run(argv, env=variables, cwd=locked.folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
