"""npm packages with a binary for each platform."""

from __future__ import annotations

from builder.natives.native_scan import ScannedPack, identify_native
from builder.natives.prebuilt import drop_foreign_prebuilds
from tests.support.archives.elf_files import MACH_O, PE, elf
from tests.support.plugins.small_bundles import pack_of

GLIBC, MUSL = elf(), elf(needed=("libc.musl-x86_64.so.1",))
CODE = {"package.json": b"{}", "index.js": b""}


def scanned(name: str, files: dict[str, bytes], *, places: int = 1) -> ScannedPack:
    pack = pack_of(name, files, places=tuple(f"node_modules/{number}/{name}" for number in range(places)))
    found = {path: native for path, content in files.items() if (native := identify_native(content)) is not None}
    return ScannedPack(pack=pack, natives=found)


def kept(*packages: ScannedPack) -> list[str]:
    return [
        f"{one.pack.package.name}/{member.path}"
        for one in drop_foreign_prebuilds(packages).packs
        for member in one.pack.members
        if member.path not in CODE
    ]


def test_binaries_of_other_platforms_are_left_out_whatever_their_names() -> None:
    argon = scanned(
        "argon2",
        CODE
        | {
            "prebuilds/linux-x64/argon2.glibc.node": GLIBC,
            "prebuilds/linux-x64/argon2.musl.node": MUSL,
            "prebuilds/linux-arm64/argon2.armv8.glibc.node": elf(machine=183),
            "prebuilds/freebsd-x64/argon2.glibc.node": elf(system=9),
            "prebuilds/darwin-x64+arm64/argon2.node": MACH_O,
            "prebuilds/win32-x64/argon2.glibc.node": PE,
        },
        places=2,
    )

    assert kept(argon) == ["argon2/prebuilds/linux-x64/argon2.glibc.node"]
    files, size = drop_foreign_prebuilds([argon]).left_out["argon2 1.0"]
    assert (files, size) == (10, 2 * sum(member.size for member in argon.pack.members[3:]))


def test_a_musl_package_is_left_out_if_its_glibc_counterpart_exists() -> None:
    gnu = scanned("@napi-rs/snappy-linux-x64-gnu", {"package.json": b"{}", "snappy.linux-x64-gnu.node": GLIBC})
    musl = scanned("@napi-rs/snappy-linux-x64-musl", {"package.json": b"{}", "snappy.linux-x64-musl.node": MUSL})

    assert [one.pack.package.name for one in drop_foreign_prebuilds([gnu, musl]).packs] == [
        "@napi-rs/snappy-linux-x64-gnu"
    ]
    assert drop_foreign_prebuilds([musl]).packs == (musl,)


def test_other_programs_stay() -> None:
    notifier = scanned("notifier", CODE | {"vendor/toast.exe": PE, "vendor/terminal-notifier": MACH_O})

    assert drop_foreign_prebuilds([notifier]).packs == (notifier,)


def test_a_package_without_native_files_is_unchanged() -> None:
    plain = scanned("plain", CODE)

    assert drop_foreign_prebuilds([plain]).packs == (plain,)
    assert drop_foreign_prebuilds([plain]).left_out == {}
