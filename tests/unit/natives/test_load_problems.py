"""Problems of native code on a runtime, with severity, package and fix."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from builder.errors import Problem, Severity
from builder.natives.loader_view import PlacedFile
from builder.natives.native_check import native_problems
from builder.natives.native_scan import identify_native
from builder.platform.libraries import libraries, symbol_versions
from builder.platform.runtimes import RUNTIMES
from tests.support.archives.elf_files import MACH_O, PE, elf

ERROR, WARNING = Severity.ERROR, Severity.WARNING
SO = "pkg/_x.cpython-312-x86_64-linux-gnu.so"
MUSL_SO = "pkg/_x.cpython-312-x86_64-linux-musl.so"


@dataclass(frozen=True)
class Case:
    files: dict[str, bytes]
    expected: tuple[tuple[Severity, str], ...] = ()
    runtime: str = "python3.12"
    allowed: dict[str, str] = field(default_factory=dict)


def judged(case: Case, *, owner: str = "pkg 1.0") -> tuple[Problem, ...]:
    owners = {path: "other 2.0" if path.startswith("other/") else owner for path in case.files}
    placed = tuple(
        PlacedFile(path=path, owner=owners[path], native=native)
        for path, content in case.files.items()
        if (native := identify_native(content)) is not None
    )
    return native_problems(RUNTIMES[case.runtime], owners, placed, case.allowed)


def glibc(version: str) -> bytes:
    return elf(versions={"libc.so.6": [f"GLIBC_{version}", "GLIBC_PRIVATE"]})


CASES = {
    "fits": Case({SO: glibc("2.34")}),
    "stable ABI fits": Case({"pkg/_x.abi3.so": glibc("2.17")}),
    "glibc too new": Case({SO: glibc("2.35")}, ((ERROR, "needs GLIBC_2.35; python3.12 has 2.34"),)),
    "glibc too new for Amazon Linux 2": Case(
        {"pkg/_x.abi3.so": glibc("2.28")}, ((ERROR, "needs GLIBC_2.28; python3.11 has 2.26"),), "python3.11"
    ),
    "2.9 is older than 2.26": Case({"pkg/_x.abi3.so": glibc("2.9")}, runtime="python3.11"),
    "version without a number": Case(
        {SO: elf(versions={"libc.so.6": ["GLIBC_ABI_DT_RELR"]})}, ((ERROR, "needs GLIBC_2.36"),)
    ),
    "libstdc++ too new": Case(
        {SO: elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.30", "CXXABI_1.3.13", "CXXABI_TM_1"]})},
        ((ERROR, "needs GLIBCXX_3.4.30; python3.12 has 3.4.29"),),
    ),
    "own libstdc++": Case(
        {
            SO: elf(
                needed=("libstdc++.so.6",), rpath="$ORIGIN/libs", versions={"libstdc++.so.6": ["GLIBCXX_3.4.33"]}
            ),
            "pkg/libs/libstdc++.so.6": glibc("2.17"),
        }
    ),
    "program too new": Case(
        {"pkg/tool": elf(kind=2, interpreter="/lib64/ld-linux-x86-64.so.2", versions={"libc.so.6": ["GLIBC_2.38"]})},
        ((WARNING, "needs GLIBC_2.38"),),
    ),
    "library nowhere": Case({SO: elf(needed=("libyaml-0.so.2",))}, ((ERROR, "needs libyaml-0.so.2, which is"),)),
    "library by runpath": Case(
        {SO: elf(needed=("libyaml-0.so.2",), runpath="$ORIGIN/../pkg.libs"), "pkg.libs/libyaml-0.so.2": elf()}
    ),
    "library of the same package": Case({SO: elf(needed=("libb.so",)), "pkg/deep/libb.so": elf()}),
    "library by its soname": Case({SO: elf(needed=("libb.so.1",)), "pkg/deep/libb.so": elf(soname="libb.so.1")}),
    "library under lib/": Case({SO: elf(needed=("libb.so.1",)), "lib/libb.so.1": elf()}),
    "library of another package": Case(
        {SO: elf(needed=("libb.so.1",)), "other/x/libb.so.1": elf()}, ((WARNING, "libb.so.1 (other/x/libb.so.1) of"),)
    ),
    "library of a library": Case(
        {SO: elf(needed=("libb.so",), rpath="$ORIGIN"), "pkg/libb.so": elf(needed=("libgone.so.3",))},
        ((ERROR, "needs libgone.so.3, which is neither in the artifact nor on python3.12 (pkg/libb.so)."),),
    ),
    "only library of the package": Case({"pkg/libb.so": elf(needed=("libgomp.so.1",))}, ((ERROR, "libgomp.so.1"),)),
    "one library of several": Case(
        {"pkg/libb.so": elf(needed=("libcuda.so.1",)), "pkg/libc.so": elf()},
        ((WARNING, "other libraries of the package load"),),
    ),
    "not on Lambda though manylinux has it": Case({SO: elf(needed=("libGL.so.1",))}, ((ERROR, "libGL.so.1"),)),
    "libpython of the runtime": Case({SO: elf(needed=("libpython3.12.so.1.0",))}),
    "libcrypt of Amazon Linux 2": Case({"pkg/_x.abi3.so": elf(needed=("libcrypt.so.1",))}, runtime="python3.11"),
    "libcrypt that Amazon Linux 2023 dropped": Case({SO: elf(needed=("libcrypt.so.1",))}, ((ERROR, "libcrypt.so.1"),)),
    "allowed to be missing": Case({SO: elf(needed=("libGL.so.1",))}, allowed={"libGL.so.1": "never drawn"}),
    "allowed for nothing": Case(
        {SO: elf()}, ((WARNING, "libGL.so.1 is allowed to be missing, but nothing"),), allowed={"libGL.so.1": "x"}
    ),
    "other Python": Case(
        {SO: elf()}, ((ERROR, "for python3.12, which python3.13 cannot import"),), runtime="python3.13"
    ),
    "other Python beside the right one": Case(
        {SO: elf(), SO.replace("312", "313"): elf()}, runtime="python3.13"
    ),
    "Python without the GIL": Case(
        {SO.replace("312", "312t"): elf()}, ((ERROR, "for python3.12 without the GIL"),)
    ),
    "ARM module": Case({SO: elf(machine=183)}, ((ERROR, "built for ARM (64-bit)"),)),
    "ARM program": Case({"pkg/helper": elf(machine=183, kind=2)}, ((WARNING, "built for ARM (64-bit)"),)),
    "only library is for ARM": Case({"pkg/libb.so": elf(machine=183)}, ((ERROR, "built for ARM (64-bit)"),)),
    "ARM library beside one that loads": Case(
        {"pkg/libb.so": elf(), "pkg/arm/libb.so": elf(machine=183)}, ((WARNING, "built for ARM (64-bit)"),)
    ),
    "musl module": Case({MUSL_SO: elf(needed=("libc.musl-x86_64.so.1",))}, ((ERROR, "built for musl"),)),
    "musl module of Rust": Case({"pkg/a.node": elf(needed=("libc.so",))}, ((ERROR, "built for musl"),), "nodejs22.x"),
    "musl beside glibc": Case({MUSL_SO: elf(needed=("libc.musl-x86_64.so.1",)), SO: elf()}),
    "musl program": Case({"pkg/tool": elf(kind=2, interpreter="/lib/ld-musl-x86_64.so.1")}, ((WARNING, "musl"),)),
    "macOS module": Case({"pkg/_x.cpython-312-darwin.so": MACH_O}, ((ERROR, "built for macOS"),)),
    "macOS module beside the right one": Case({"pkg/_x.cpython-312-darwin.so": MACH_O, SO: elf()}),
    "only library is for macOS": Case({"pkg/libb.dylib": MACH_O}, ((ERROR, "built for macOS"),)),
    "macOS library beside one that loads": Case({"pkg/libb.so": elf(), "pkg/libb.dylib": MACH_O}),
    "macOS data": Case({"pkg/data/sample": MACH_O}),
    "Windows launchers": Case({"setuptools/cli.exe": PE, "setuptools/gui-arm64.exe": PE}),
    "damaged module": Case({SO: elf()[:100]}, ((ERROR, "a damaged extension module"),)),
    "damaged data": Case({"pkg/tests/broken.elf": elf()[:100]}),
    "object file": Case({"pkg/a.o": elf(kind=1)}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_case_has_exactly_its_problems(case: Case) -> None:
    problems = judged(case)

    assert [problem.severity for problem in problems] == [severity for severity, _ in case.expected]
    for problem, (_, part) in zip(problems, case.expected, strict=True):
        assert part in problem.message


@pytest.mark.parametrize(("back_end", "library"), [("tbbpool", "libtbb.so.12"), ("omppool", "libgomp.so.1")])
def test_an_optional_back_end_is_a_warning(back_end: str, library: str) -> None:
    path = f"numba/np/ufunc/{back_end}.cpython-312-x86_64-linux-gnu.so"
    (problem,) = judged(Case({path: elf(needed=(library,))}), owner="numba 0.61.0")

    assert problem.severity is WARNING
    assert "threading layer does not load" in problem.message


def test_one_message_per_package_has_the_highest_required_version_and_a_fix() -> None:
    files = {"a/_a.abi3.so": glibc("2.27"), "a/_b.abi3.so": glibc("2.28"), "a/_c.abi3.so": glibc("2.28")}
    (problem,) = judged(Case(files, runtime="python3.11"), owner="numpy 2.3.5")

    assert problem.message == "numpy 2.3.5 needs GLIBC_2.28; python3.11 has 2.26 (a/_a.abi3.so and 2 more files)."
    assert problem.hint == "Use python3.12 or later, or require numpy<2.3.5 and run `biot-plugin lock`."


def test_the_plugins_own_code_is_checked_too() -> None:
    (problem,) = judged(Case({"native.so": glibc("2.36")}), owner="")

    assert problem.message.startswith("The plugin's own code needs GLIBC_2.36")
    assert problem.hint == "Build it on Amazon Linux 2023."


def test_missing_display_libraries_suggest_the_headless_package() -> None:
    (problem,) = judged(Case({SO: elf(needed=("libGL.so.1", "libxcb.so.1"))}), owner="opencv-python 4.12.0")

    assert "needs libGL.so.1, libxcb.so.1, which are neither" in problem.message
    assert problem.hint.startswith("Use opencv-python-headless instead")


def test_the_dated_tables_agree_with_the_runtimes() -> None:
    for runtime in RUNTIMES.values():
        assert symbol_versions(runtime)["GLIBC"] == runtime.glibc
        assert {"libc.so.6", "libstdc++.so.6", "libz.so.1"} <= libraries(runtime)
