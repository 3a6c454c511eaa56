"""npm version ranges (``^1.2.3``, ``>=1 <2 || 3.x``), read as npm reads them: by node-semver in loose mode.

No maintained Python library follows node-semver, so its rules are here; a test compares them with the node-semver
inside npm. Source: node-semver 7, "Ranges" and "Prerelease Tags" in its README.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Self

from msgspec import Struct
from msgspec.structs import replace

_LONGEST: Final = 256
_LARGEST_NUMBER: Final = 2**53 - 1
_IDENTIFIER = r"(?:[0-9]*[a-zA-Z-][a-zA-Z0-9-]*|[0-9]+)"
_BUILD = r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)"
_PRERELEASE = rf"(?:-?(?P<pre>{_IDENTIFIER}(?:\.{_IDENTIFIER})*))"
_PART = r"[0-9]+|x|X|\*"
_PARTIAL = (
    rf"[v=\s]*(?P<major>{_PART})(?:\.(?P<minor>{_PART})(?:\.(?P<patch>{_PART}){_PRERELEASE}?{_BUILD}?)?)?"
)  # fmt: skip
_VERSION = re.compile(rf"[v=\s]*(?P<major>[0-9]+)\.(?P<minor>[0-9]+)\.(?P<patch>[0-9]+){_PRERELEASE}?{_BUILD}?")
_STRIP_BUILD = re.compile(_BUILD)
_PARTIAL_ALONE = re.compile(_PARTIAL)
_HYPHEN = re.compile(r"(?P<low>\S+)\s+-\s+(?P<high>\S+)")
_OPERATOR_SPACES = re.compile(r"((?:<|>)=?|=)\s+(?=[v=\s]*[0-9xX*])")
_SIGN_SPACES = re.compile(r"(~>?|\^)\s+")
_CONDITION = re.compile(rf"(?P<sign>~>?|\^|(?:<|>)?=?)\s*{_PARTIAL}")


class NpmVersion(Struct, frozen=True, order=True):
    """One version; a pre-release comes before its release.

    Attributes:
        numbers: Major, minor and patch.
        released: False for a pre-release.
        pre: Its identifiers as npm orders them: numbers by value, before words.
    """

    numbers: tuple[int, int, int]
    released: bool = True
    pre: tuple[tuple[int, int, str], ...] = ()

    @classmethod
    def make(cls, major: int, minor: int, patch: int, pre: str = "") -> Self:
        """A version from its parts; ``pre`` as in the text.

        Raises:
            ValueError: A number is larger than npm allows.
        """
        if max(major, minor, patch) > _LARGEST_NUMBER:
            message = "larger than npm allows"
            raise ValueError(message)
        identifiers = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split(".") if one)
        return cls((major, minor, patch), released=not pre, pre=identifiers)


class VersionCondition(Struct, frozen=True):
    """``operator`` is ``<``, ``<=``, ``>``, ``>=`` or ``==``; an empty operator allows every version."""

    operator: str
    version: NpmVersion

    def allows(self, version: NpmVersion) -> bool:
        """Whether a version meets this condition alone."""
        match self.operator:
            case "<":
                return version < self.version
            case "<=":
                return version <= self.version
            case ">":
                return version > self.version
            case ">=":
                return version >= self.version
            case "==":
                return version == self.version
            case _:
                return True


Conditions = tuple[VersionCondition, ...]
Range = tuple[Conditions, ...]
"""Alternatives; every condition of one alternative must hold."""

_ANY: Final = VersionCondition("", NpmVersion((0, 0, 0)))
_NOTHING: Final = VersionCondition("<", NpmVersion.make(0, 0, 0, "0"))
_EVERYTHING: Final = VersionCondition(">=", NpmVersion((0, 0, 0)))


class _Partial(Struct, frozen=True):
    """A version with open parts (``1``, ``1.x``, ``*``), which are None."""

    major: int | None
    minor: int | None
    patch: int | None
    pre: str
    ordered: bool
    """False for ``1.x.3``: a number behind an open part."""

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        texts = (match["major"], match["minor"], match["patch"])
        major, minor, patch = (int(one) if one and one.isdigit() else None for one in texts)
        ordered = not (major is None and minor is not None) and not (minor is None and patch is not None)
        return cls(major, minor if major is not None else None, patch, match["pre"] or "", ordered)

    @property
    def is_complete(self) -> bool:
        return None not in {self.major, self.minor, self.patch}

    @property
    def lowest(self) -> NpmVersion:
        patch = self.patch if self.minor is not None else 0
        return NpmVersion.make(self.major or 0, self.minor or 0, patch or 0, self.pre if self.is_complete else "")

    def below_next(self, part: int) -> NpmVersion:
        """The first version after all that share the numbers up to ``part`` (0 is the major number)."""
        numbers = (self.major or 0, self.minor or 0, self.patch or 0)
        raised = [*numbers[:part], numbers[part] + 1, 0, 0][:3]
        return NpmVersion.make(raised[0], raised[1], raised[2], "0")


@lru_cache(maxsize=4096)
def parse_version(text: str) -> NpmVersion | None:
    """A version; None when npm would not accept the text as one."""
    match = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    try:
        return NpmVersion.make(int(match["major"]), int(match["minor"]), int(match["patch"]), match["pre"] or "")
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def parse_range(text: str) -> Range | None:
    """A range; None when the text is not one, such as the tag ``latest`` or an address."""
    try:
        parsed = [_alternative(part.strip()) for part in re.sub(r"\s+", " ", text.strip()).split("||")]
    except ValueError:
        return None
    alternatives = [conditions for conditions in parsed if conditions]
    if not alternatives:
        return None
    possible = [conditions for conditions in alternatives if conditions[0] != _NOTHING] or alternatives[:1]
    return ((_ANY,),) if (_ANY,) in possible else tuple(possible)


@lru_cache(maxsize=8192)
def satisfies(version: str, spec: str) -> bool:
    """Whether a version is in a range; a pre-release only where the range names one of the same three numbers."""
    alternatives, parsed = parse_range(spec), parse_version(version)
    return (
        alternatives is not None
        and parsed is not None
        and any(_allow(conditions, parsed) for conditions in alternatives)
    )


def intersects(first: str, second: str) -> bool:
    """Whether two ranges have a version in common, which is how npm decides whether a rule of ``overrides`` applies."""
    one, other = parse_range(first) or (), parse_range(second) or ()
    return any(
        _possible(left) and _possible(right) and all(_overlap(a, b) for a in left for b in right)
        for left in one
        for right in other
    )


def _allow(conditions: Conditions, version: NpmVersion) -> bool:
    if not all(one.allows(version) for one in conditions):
        return False
    return version.released or any(
        one.operator and not one.version.released and one.version.numbers == version.numbers for one in conditions
    )


def _possible(conditions: Conditions) -> bool:
    return all(_overlap(a, b) for at, a in enumerate(conditions) for b in conditions[at + 1 :])


def _overlap(one: VersionCondition, other: VersionCondition) -> bool:
    if not one.operator:
        return True
    if one.operator == "==":
        return _allow((other,), one.version)
    if not other.operator:
        return True
    if other.operator == "==":
        return _allow((one,), other.version)
    return _regions_overlap(one, other)


def _regions_overlap(one: VersionCondition, other: VersionCondition) -> bool:
    if any(each.operator == "<" and each.version.numbers == (0, 0, 0) for each in (one, other)):
        return False
    if one.operator[0] == other.operator[0]:
        return True
    low, high = (one, other) if one.operator[0] == ">" else (other, one)
    touching = low.operator == ">=" and high.operator == "<="
    return low.version < high.version or (touching and low.version == high.version)


def _alternative(text: str) -> Conditions:
    """The conditions of one side of ``||``; empty when no part of it is a range."""
    plain = _STRIP_BUILD.sub("", text)
    conditions = _hyphen(plain)
    if conditions is None:
        plain = _SIGN_SPACES.sub(r"\1", _OPERATOR_SPACES.sub(r"\1", plain))
        conditions = tuple(one for word in plain.split(" ") for one in _conditions(word))
    conditions = tuple(_ANY if one == _EVERYTHING else one for one in conditions)
    if _NOTHING in conditions:
        return (_NOTHING,)
    return tuple(dict.fromkeys(one for one in conditions if one != _ANY)) or conditions[:1]


def _hyphen(text: str) -> Conditions | None:
    """``1.2 - 3.4`` as two conditions; None when the text does not have this form."""
    ends = _HYPHEN.fullmatch(text)
    low, high = (_PARTIAL_ALONE.fullmatch(ends[name]) for name in ("low", "high")) if ends else (None, None)
    if low is None or high is None:
        return None
    first, last = _Partial.from_match(low), _Partial.from_match(high)
    from_first = _ANY if first.major is None else VersionCondition(">=", first.lowest)
    if last.major is None:
        return (from_first, _ANY)
    if last.is_complete:
        return (from_first, VersionCondition("<=", last.lowest))
    return (from_first, VersionCondition("<", last.below_next(0 if last.minor is None else 1)))


def _conditions(word: str) -> Conditions:
    """What one word of a range means; empty when it is not a condition, which npm's loose mode ignores."""
    match = _CONDITION.fullmatch(word)
    if match is None:
        return () if word else (_ANY,)
    partial, sign = _Partial.from_match(match), match["sign"]
    if sign in {"~", "~>", "^"}:
        return _sign(partial, caret=sign == "^")
    if partial.is_complete:
        return (VersionCondition(sign if sign not in {"", "="} else "==", partial.lowest),)
    return _open(partial, sign) if partial.ordered else ()


def _sign(partial: _Partial, *, caret: bool) -> Conditions:
    if partial.major is None:
        return (_ANY,)
    if partial.minor is None:
        part = 0
    elif not caret or (partial.major == 0 and partial.patch is None):
        part = 1
    elif partial.major:
        part = 0
    else:
        part = 1 if partial.minor else 2
    return (VersionCondition(">=", partial.lowest), VersionCondition("<", partial.below_next(part)))


def _open(partial: _Partial, sign: str) -> Conditions:
    """``1.x``, ``>1`` and similar: conditions on a version with open parts."""
    if partial.major is None:
        return (_NOTHING if sign in {"<", ">"} else _ANY,)
    part = 0 if partial.minor is None else 1
    after = partial.below_next(part)
    match sign:
        case ">":
            return (VersionCondition(">=", replace(after, released=True, pre=())),)
        case ">=":
            return (VersionCondition(">=", partial.lowest),)
        case "<":
            return (VersionCondition("<", NpmVersion.make(*partial.lowest.numbers, "0")),)
        case "<=":
            return (VersionCondition("<", after),)
        case _:
            return (VersionCondition(">=", partial.lowest), VersionCondition("<", after))
