"""Many runs in several processes, each with a world of its own."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.publishing.api.http_transport import HttpTransport
from sandbox.faults import FAULT_KINDS, FaultRule
from tests.proof.habits import adopt
from tests.proof.judging import Case, Claim, claim_of, double_uploads, is_recoverable, wrong_about
from tests.proof.operations import OPERATIONS, prepare
from tests.proof.publishers import Publishers
from tests.proof.races import false_endings, lost_updates, shrunk_versions, unguarded_updates
from tests.proof.virtual_waits import Hurried
from tests.proof.world import World
from tests.support.machine.forked_processes import FORKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from builder.publishing.api.http_response import HttpResponse
    from builder.publishing.api.http_transport import HttpRequest
    from tests.proof.operations import Operation
    from tests.proof.world import BiotState, CommandRun

LATE_SECONDS = 0.03
PROCESSES = 2 * (os.cpu_count() or 1)
"""More than cores: a command and its server wait for each other and for other processes now and then."""
BATCH = 25


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One run that is to be made: an operation, and (request, kind) for each fault."""

    operation: int
    faults: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of one run."""

    attempt: Attempt
    met: tuple[str, ...]
    claim: Claim
    wrong: str
    doubles: int
    leaks: tuple[str, ...]
    visited: int
    output: str
    recoverable: bool
    waited: float


@dataclass(frozen=True, kw_only=True)
class Raced:
    """One interleaving of several publishers, judged.

    Attributes:
        seed: Gives the same interleaving again.
        calm: Whether no request was slow or lost.
        verdicts: How often each ending came.
        lost: Updates that were lost silently.
        unguarded: Settings that another publisher overwrote where BioT has no rule against it.
        false: Endings that are not so, and versions that shrank.
        late: How many requests took effect, and how many were refused, after their clients had given them up.
        trace: A digest of everything that happened.
    """

    seed: int
    calm: bool
    verdicts: Counter[str]
    lost: tuple[str, ...]
    unguarded: tuple[str, ...]
    false: tuple[str, ...]
    late: Counter[str]
    trace: str


@dataclass(kw_only=True)
class Counts:
    """All results together."""

    runs: int = 0
    unmet: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    recoverable: int = 0
    recovered: int = 0
    doubles: int = 0
    visited: int = 0
    longest: float = 0.0
    files: set[str] = field(default_factory=set)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[Result] = field(default_factory=list)
    leaking: list[Result] = field(default_factory=list)
    stuck: list[Result] = field(default_factory=list)

    def add(self, result: Result, least: int) -> None:
        if len(result.met) < least:
            self.unmet += 1
            return
        self.runs += 1
        self.claims[result.claim.value] += 1
        self.doubles += result.doubles
        self.visited += result.visited
        for kind in result.met:
            self.kinds.setdefault(kind, Counter())[result.claim.value] += 1
        if result.claim is Claim.DONE:
            self.longest = max(self.longest, result.waited)
        if result.recoverable:
            self.recoverable += 1
            self.recovered += result.claim is Claim.DONE
            if result.claim is not Claim.DONE:
                self.stuck.append(result)
        if result.wrong:
            self.wrong.append(result)
        if result.leaks:
            self.leaking.append(result)


@dataclass(frozen=True, kw_only=True)
class _Golden:
    """What an operation does when nothing goes wrong."""

    before: BiotState
    after: BiotState
    ran: CommandRun
    requests: int


class Worker:
    """A world with every base, and every operation as it goes undisturbed."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        prepare(self.world)
        self.golden = [self._undisturbed(operation) for operation in OPERATIONS]

    def run(self, attempt: Attempt) -> Result:
        """One operation with its faults, judged."""
        operation, golden = OPERATIONS[attempt.operation], self.golden[attempt.operation]
        self.world.restore(operation.base)
        self.world.play(_rule(request, kind) for request, kind in attempt.faults)
        ran = self.world.call(*operation.arguments)
        self.world.settle()
        met = tuple(met.kind for met in self.world.gate.faulted_requests if met.kind in FAULT_KINDS)
        case = Case(
            operation=operation,
            ran=ran,
            met=self.world.effective(),
            before=golden.before,
            after=self.world.truth(),
            wanted=golden.after,
            undisturbed=golden.ran,
        )
        wrong = wrong_about(case)
        return Result(
            attempt=attempt,
            met=met,
            claim=claim_of(ran),
            wrong=wrong,
            doubles=double_uploads(case),
            leaks=tuple(self.world.leaks(ran)),
            visited=len(self.world.canary.requests),
            recoverable=all(is_recoverable(met) for met in self.world.gate.faulted_requests),
            waited=Hurried.waited,
            output=f"{ran.out[:3000]}{ran.err[:3000]}" if wrong or claim_of(ran) is not Claim.DONE else "",
        )

    def text_leaks(self, attempt: Attempt) -> list[str]:
        """The secrets that the same run shows in its output as text."""
        operation = OPERATIONS[attempt.operation]
        self.world.restore(operation.base)
        self.world.play(_rule(request, kind) for request, kind in attempt.faults)
        ran = self.world.call(*(argument for argument in operation.arguments if argument != "--json"))
        self.world.settle()
        return self.world.leaks(ran)

    def crashed(self, operation: Operation) -> list[str]:
        """The secrets that a traceback shows when the kit itself fails while it has a token."""
        self.world.restore(operation.base)
        self.world.play(())
        with _broken_kit():
            ran = self.world.call(*operation.arguments)
        return self.world.leaks(ran) if "Traceback" in ran.err else ["no traceback"]

    def _undisturbed(self, operation: Operation) -> _Golden:
        self.world.restore(operation.base)
        self.world.play(())
        before = self.world.truth()
        ran = self.world.call(*operation.arguments)
        assert ran.code in {0, 10}, f"{operation.name}: {ran}"
        return _Golden(before=before, after=self.world.truth(), ran=ran, requests=self.world.gate.requests)


@contextmanager
def _broken_kit() -> Iterator[None]:
    """Every request that carries a token fails by a bug, whose text is as careless as it can be."""
    whole = HttpTransport.exchange

    def exchange(transport: HttpTransport, request: HttpRequest, **rest: Any) -> HttpResponse:  # noqa: ANN401 - passed on as they come
        if rest.get("bearer"):
            message = f"a bug at {transport} {vars(transport)}, {request}, {rest}"
            raise RuntimeError(message)
        return whole(transport, request, **rest)

    HttpTransport.exchange = exchange  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        HttpTransport.exchange = whole  # type: ignore[method-assign]


def _rule(request: int, kind: str) -> FaultRule:
    seconds = LATE_SECONDS if kind == "gateway-timeout-late" else None
    return FaultRule(kind=FAULT_KINDS[kind], request=request, seconds=seconds)


_workers: list[Worker] = []
_publishers: list[Publishers] = []
_resources = ExitStack()


def _begin(habit: str) -> None:
    memory = Path("/dev/shm")  # noqa: S108 - a disk in memory, where the system has one: every run syncs several files
    parent = memory if memory.is_dir() else None
    folder = Path(_resources.enter_context(tempfile.TemporaryDirectory(prefix="biot-proof-", dir=parent)))
    _workers.append(Worker(folder))
    if habit:
        adopt(habit)


def _text_leaks(attempt: Attempt) -> list[str]:
    return _workers[0].text_leaks(attempt)


def _crashed(operation: int) -> list[str]:
    return _workers[0].crashed(OPERATIONS[operation])


def _race(seed: int, base: str) -> Raced:
    if not _publishers:
        _publishers.append(Publishers(_workers[0].world))
    race = _publishers[0].race(seed, base)
    return Raced(
        seed=seed,
        calm=race.calm,
        verdicts=race.verdicts,
        lost=tuple(lost_updates(race)),
        unguarded=tuple(unguarded_updates(race)),
        false=tuple(false_endings(race) + shrunk_versions(race)),
        late=Counter(applied=sum(one.abandoned for one in race.applied), refused=race.refused_late),
        trace=sha256("\n".join(race.trace).encode()).hexdigest(),
    )


def _requests(_: int) -> tuple[int, ...]:
    return tuple(golden.requests for golden in _workers[0].golden)


def _batch(attempts: Sequence[Attempt]) -> tuple[list[Result], list[str]]:
    return [_workers[0].run(attempt) for attempt in attempts], _workers[0].world.leaks_elsewhere()


class Runs:
    """A pool of worlds.

    Args:
        processes: How many.
        habit: Of another client, from ``HABITS``; empty for the kit's own.
    """

    def __init__(self, processes: int = PROCESSES, *, habit: str = "") -> None:
        self._pool = ProcessPoolExecutor(processes, mp_context=FORKED, initializer=_begin, initargs=(habit,))
        self.requests = self._pool.submit(_requests, 0).result()

    def count(self, attempts: Iterable[Attempt], *, least: int = 1) -> Counts:
        """Make all runs; those that met fewer faults than ``least`` do not count."""
        every = list(attempts)
        counts = Counts()
        for results, files in self._pool.map(_batch, (every[at : at + BATCH] for at in range(0, len(every), BATCH))):
            counts.files.update(files)
            for result in results:
                counts.add(result, least)
        return counts

    def text_leaks(self, attempts: Sequence[Attempt]) -> list[list[str]]:
        """The secrets that each of these runs shows as text."""
        return list(self._pool.map(_text_leaks, attempts, chunksize=BATCH))

    def crashed(self) -> list[list[str]]:
        """The secrets that the traceback of each operation shows."""
        return list(self._pool.map(_crashed, range(len(OPERATIONS))))

    def race(self, seeds: Sequence[int]) -> list[Raced]:
        """One interleaving of publishers for each seed; every fifth creates the plugin."""
        bases = ["empty" if seed % 5 == 0 else "first" for seed in seeds]
        return list(self._pool.map(_race, seeds, bases, chunksize=5))

    def close(self) -> None:
        self._pool.shutdown()
