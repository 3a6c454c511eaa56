"""The judges of interleavings see lost updates and false endings, and blame nobody for what did not happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proof.races import (
    MAY_STILL_ARRIVE,
    Applied,
    Ending,
    Race,
    false_endings,
    lost_updates,
    shrunk_versions,
    unguarded_updates,
)

OLD, FIRST, SECOND = ({"displayName": name, "version": number} for number, name in enumerate(("", "Of 0", "Of 1"), 1))
DONE, CONFLICT, UNKNOWN = ("done", "conflict", "unknown")


def applied(who: int, at: float, *versions: dict[str, object], read: int, abandoned: bool = False) -> Applied:
    before, after = versions
    return Applied(who=who, at=at, abandoned=abandoned, read=read, before=before, after=after)


def race(*changes: Applied, endings: tuple[str, str], details: tuple[str, str] = ("", "")) -> Race:
    """Two publishers, each of whom has read its own release before the end, at 10 s."""
    answers = dict(enumerate(zip(endings, details, strict=True)))
    return Race(
        wanted={0: ("displayName", "Of 0"), 1: ("displayName", "Of 1")},
        calm=False,
        applied=list(changes),
        endings={who: Ending(verdict=verdict, detail=detail, at=10.0) for who, (verdict, detail) in answers.items()},
        known={0: FIRST, 1: SECOND},
    )


OF_0 = applied(0, 1.0, OLD, FIRST, read=0)


def test_an_update_that_was_overwritten_unread_is_lost_unless_somebody_was_told() -> None:
    blind = applied(1, 2.0, FIRST, SECOND, read=0)

    assert lost_updates(race(OF_0, blind, endings=(DONE, DONE)))
    assert lost_updates(race(OF_0, blind, endings=(CONFLICT, DONE))) == []
    assert lost_updates(race(OF_0, replace(blind, read=1), endings=(DONE, DONE))) == []


def test_a_request_that_its_client_gave_up_counts_from_what_was_read_when_it_was_sent() -> None:
    """The first report of a lost update: the server was slow, and the request took effect in a later turn."""
    late = applied(1, 2.0, FIRST, SECOND, read=1, abandoned=True)

    assert lost_updates(race(OF_0, late, endings=(DONE, DONE))) == []
    assert lost_updates(race(OF_0, replace(late, read=0), endings=(DONE, DONE)))
    assert lost_updates(race(OF_0, replace(late, read=0), endings=(DONE, UNKNOWN))) == []


def test_reading_again_after_the_plan_was_made_does_not_count_as_having_read() -> None:
    """A client that reads, is refused, reads again and sends once more: its user has never seen what it overwrites."""
    own = applied(1, 0.5, OLD, {**OLD, "timeout": 9}, read=0)
    theirs = applied(0, 1.0, {**OLD, "timeout": 9}, {**OLD, "timeout": 9, **FIRST}, read=1)
    first = {**OLD, "timeout": 9, **FIRST}
    again = applied(1, 2.0, first, {**first, **SECOND}, read=0)

    assert lost_updates(race(own, theirs, again, endings=(DONE, DONE)))


def test_settings_within_one_version_are_counted_apart() -> None:
    first, second = ({**OLD, "timeout": number} for number in (90, 120))
    blind = race(applied(0, 1.0, OLD, first, read=0), applied(1, 2.0, first, second, read=0), endings=(DONE, DONE))

    assert lost_updates(blind) == []
    assert len(unguarded_updates(blind)) == 1


@pytest.mark.parametrize(
    ("endings", "why"),
    [
        (("nonsense", DONE), "0 says nonsense, and that is no ending"),
        ((UNKNOWN, DONE), "0 says unknown, and every request got an answer"),
        (("unreachable", DONE), "0 says unreachable, and a request of it took effect"),
        ((CONFLICT, DONE), ""),
        ((DONE, DONE), ""),
    ],
)
def test_endings_are_compared_with_what_took_effect(endings: tuple[str, str], why: str) -> None:
    both = race(OF_0, applied(1, 2.0, FIRST, SECOND, read=1), endings=endings)

    assert false_endings(both) == ([why] if why else [])


def test_a_request_that_takes_effect_after_the_end_has_to_be_announced() -> None:
    late = applied(1, 20.0, FIRST, {**FIRST, "displayName": "Of 1"}, read=1, abandoned=True)
    announced = ("", f"A copy {MAY_STILL_ARRIVE}.")

    assert false_endings(race(OF_0, late, endings=(DONE, DONE)))
    assert false_endings(race(OF_0, late, endings=(DONE, DONE), details=announced)) == []
    assert false_endings(race(OF_0, late, endings=(DONE, CONFLICT), details=announced))


def test_who_says_done_has_read_what_was_wanted() -> None:
    early = race(OF_0, applied(1, 2.0, FIRST, SECOND, read=1), endings=(DONE, DONE))
    early.known[1] = FIRST

    assert false_endings(early) == ["1 says done, and read displayName = Of 0"]


def test_nobody_s_conflict_double_uploads_and_shrinking_versions_are_seen() -> None:
    third = {**SECOND, "version": 4}
    alone = race(OF_0, applied(0, 2.0, FIRST, third, read=1), endings=(CONFLICT, DONE))
    back = race(applied(0, 2.0, SECOND, FIRST, read=0), endings=(DONE, DONE))

    assert false_endings(alone) == [
        "0 says conflict, and its code took effect twice",
        "0 says conflict, and nobody else was there",
    ]
    assert shrunk_versions(back) == ["the version went from 3 to 2"]
