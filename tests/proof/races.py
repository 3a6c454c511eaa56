"""What happened when several publishers worked on one plugin, and whether what each of them says of it is so. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from builder.network.verdict import Verdict
from tests.proof.judging import NOTHING_CHANGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAY_STILL_ARRIVE: Final = "may still be applied"
"""Part of the sentence by which a publisher says that a request without an answer may take effect later."""
_GOOD: Final = frozenset({Verdict.DONE.value, Verdict.NOTHING_TO_DO.value})


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One request that changed the plugin.

    Attributes:
        who: Its publisher.
        at: When, in seconds of the race.
        abandoned: Whether its publisher had given it up by then.
        read: How many changes of the race its publisher had read when it sent its first change: those are the ones
            that its plan, which people see, is about.
        before: The plugin just before.
        after: The plugin just after.
    """

    who: int
    at: float
    abandoned: bool
    read: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def has_code(self) -> bool:
        """Whether it brought code, which BioT takes only with a larger version."""
        return bool(self.before.get("version") != self.after.get("version"))


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a publisher says in the end, and when."""

    verdict: str
    detail: str
    at: float


@dataclass(kw_only=True)
class Race:
    """One interleaving.

    Attributes:
        wanted: For each publisher the field by which its release is known, and its value.
        calm: Whether no request was slow or lost.
        applied: Every request that changed the plugin, in the order in which they took effect.
        endings: How each publisher says that it ended.
        known: The plugin as each publisher knew it last.
        read: How many changes of the race each publisher had read by then.
        lost: How many changing requests of each publisher got no answer.
        refused_late: How many requests the server refused after their publisher had given them up.
        trace: Everything that happened, one line each.
    """

    wanted: dict[int, tuple[str, object]]
    calm: bool
    applied: list[Applied] = field(default_factory=list)
    endings: dict[int, Ending] = field(default_factory=dict)
    known: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    read: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    refused_late: int = 0
    trace: list[str] = field(default_factory=list)

    @property
    def verdicts(self) -> Counter[str]:
        """How often each ending came."""
        return Counter(ending.verdict for ending in self.endings.values())


@dataclass(frozen=True, kw_only=True)
class Overwritten:
    """A value of one publisher that another replaced without having read it."""

    key: str
    author: Applied
    change: Applied
    guarded: bool


def lost_updates(race: Race) -> list[str]:
    """Values that were overwritten unread although BioT's version rule can prevent it, and without a report."""
    return [_told(one) for one in _silent(race) if one.guarded]


def unguarded_updates(race: Race) -> list[str]:
    """The same where no version lies between: BioT has no rule against that, a client can only read just before."""
    return [_told(one) for one in _silent(race) if not one.guarded]


def shrunk_versions(race: Race) -> list[str]:
    """Changes that made the version smaller."""
    versions = [(one.before.get("version", 0), one.after.get("version", 0)) for one in race.applied]
    return [f"the version went from {before} to {after}" for before, after in versions if after < before]


def false_endings(race: Race) -> list[str]:
    """What publishers say that is not so."""
    return [f"{who} says {race.endings[who].verdict}, and {why}" for who in race.wanted for why in _false(race, who)]


def _silent(race: Race) -> Iterator[Overwritten]:
    authors: dict[str, int] = {}
    for at, one in enumerate(race.applied):
        unread = [other for other in race.applied[one.read : at] if other.who != one.who]
        guarded = any(other.has_code for other in unread)
        for key in {**one.before, **one.after}:
            if one.before.get(key) == one.after.get(key):
                continue
            author = race.applied[authors[key]] if key in authors else None
            if author is not None and author in unread and not _was_told(race, one, author):
                yield Overwritten(key=key, author=author, change=one, guarded=guarded)
            authors[key] = at


def _was_told(race: Race, change: Applied, author: Applied) -> bool:
    """Whether one of the two knows that they met, or the later one that its request was not settled."""
    mine, theirs = race.endings[change.who], race.endings[author.who]
    unsettled = change.abandoned and (mine.verdict == Verdict.UNKNOWN.value or _announced(mine))
    return unsettled or Verdict.CONFLICT.value in {mine.verdict, theirs.verdict}


def _told(one: Overwritten) -> str:
    old, new = one.change.before.get(one.key), one.change.after.get(one.key)
    return f"at {one.change.at:.3f} {one.change.who} overwrote {one.key} of {one.author.who}: {old} -> {new}"


def _false(race: Race, who: int) -> Iterator[str]:
    ending = race.endings[who]
    own = [one for one in race.applied if one.who == who]
    if sum(one.has_code for one in own) > 1:
        yield "its code took effect twice"
    if ending.verdict in _GOOD:
        sign, value = race.wanted[who]
        if race.known.get(who, {}).get(sign) != value:
            yield f"read {sign} = {race.known.get(who, {}).get(sign)}"
    late = any(one.at > ending.at for one in own)
    if late and ending.verdict != Verdict.UNKNOWN.value and not _announced(ending):
        yield "a request of it took effect afterwards"
    if ending.verdict == Verdict.CONFLICT.value and all(one.who == who for one in race.applied):
        yield "nobody else was there"
    if ending.verdict not in {*_GOOD, Verdict.CONFLICT.value}:
        yield from _false_failure(race, who, own)


def _false_failure(race: Race, who: int, own: list[Applied]) -> Iterator[str]:
    verdict = race.endings[who].verdict
    if race.calm:
        yield "every request was answered at once"
    if verdict in NOTHING_CHANGED and own:
        yield "a request of it took effect"
    elif verdict == Verdict.UNKNOWN.value and not race.lost[who]:
        yield "every request got an answer"
    elif verdict not in {*NOTHING_CHANGED, Verdict.UNKNOWN.value}:
        yield "that is no ending"


def _announced(ending: Ending) -> bool:
    return ending.verdict in _GOOD and MAY_STILL_ARRIVE in ending.detail
