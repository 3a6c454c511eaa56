"""npm's ranges: a table of common ones, and thousands compared with the node-semver inside npm."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from builder.dependencies.npm.npm_ranges import intersects, parse_range, satisfies

JUDGE = """
const semver = require(process.argv[1]);
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const judge = ([version, range, other]) => [
    semver.satisfies(version, range, true),
    semver.validRange(range, true) !== null,
    semver.validRange(range) && semver.validRange(other) ? semver.intersects(range, other) : null,
  ];
  console.log(JSON.stringify(JSON.parse(text).map(judge)));
});
"""


@pytest.mark.parametrize(
    ("version", "spec", "expected"),
    [
        ("1.2.3", "^1.2.0", True),
        ("2.0.0", "^1.2.0", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("0.0.4", "^0.0.3", False),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.9.0", "1.x", True),
        ("3.4.9", "1.2 - 3.4", True),
        ("3.5.0", "1.2 - 3.4", False),
        ("2.0.0", ">=1.2.3 <2 || 3", False),
        ("3.1.0", ">=1.2.3 <2 || 3", True),
        ("2.0.0-rc.1", "^1.0.0", False),
        ("2.0.0-rc.2", "^2.0.0-rc.1", True),
        ("2.1.0-rc.2", "^2.0.0-rc.1", False),
        ("1.0.0", "", True),
        ("1.0.0", "latest", False),
        ("1.0.0", "user/repository", False),
        ("1.0.0+build", "1.0.0", True),
    ],
)
def test_versions_and_ranges(version: str, spec: str, expected: bool) -> None:
    assert satisfies(version, spec) is expected


def test_a_tag_or_an_address_is_not_a_range() -> None:
    assert parse_range("latest") is None
    assert parse_range("file:../a") is None
    assert parse_range("99999999999999999999.0.0") is None


class Writer:
    """Writes versions and ranges as people do, and as nobody would."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def version(self) -> str:
        numbers = ".".join(self._random.choice("00112390") for _ in range(3))
        pre = self._random.choice(["", "", "", "-0", "-alpha", "-alpha.1", "-beta.2", "-1", "-rc.10", "alpha1"])
        return numbers + pre + self._random.choice(["", "", "", "", "+b1"])

    def partial(self) -> str:
        parts = [self._random.choice("01239"), self._random.choice("0129xX*"), self._random.choice("0129xX*")]
        if parts[1] in "xX*":
            parts[2] = "x"
        shortened = ".".join(parts[: self._random.randint(1, 3)])
        return self._random.choice([self.version(), f"v{self.version()}", shortened, "*", "x", shortened])

    def comparator(self) -> str:
        sign = self._random.choice(["", "", "^", "^", "~", "~", ">", "<", ">=", "<=", "=", "~>", "^ ", ">= ", "< "])
        return sign + self.partial()

    def range(self) -> str:
        return self._random.choice([" || ", "||"]).join(self._side() for _ in range(self._random.choice([1, 1, 1, 2])))

    def _side(self) -> str:
        if self._random.random() < 0.1:
            return f"{self.partial()} - {self.partial()}"
        if self._random.random() < 0.05:
            return self._random.choice(["", "*", "latest", "x", "user/repo", "1.2.3.4", "1.2.3 word", ">=0.0.0"])
        return " ".join(self.comparator() for _ in range(self._random.choice([1, 1, 1, 2, 3])))


def test_thousands_of_ranges_match_the_same_versions_as_in_npm() -> None:
    npm = shutil.which("npm")
    assert npm is not None
    library = Path(npm).resolve().parents[1] / "node_modules" / "semver"
    write = Writer(20261128)
    cases = [(write.version(), write.range(), write.range()) for _ in range(6000)]
    done = subprocess.run(
        ["node", "-e", JUDGE, str(library)], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    judged = json.loads(done.stdout)
    assert sum(meets for meets, _, _ in judged) > 500
    for (version, spec, other), (meets, valid, common) in zip(cases, judged, strict=True):
        assert (satisfies(version, spec), parse_range(spec) is not None) == (meets, valid), (version, spec)
        if common is not None:
            assert intersects(spec, other) is common, (spec, other)
