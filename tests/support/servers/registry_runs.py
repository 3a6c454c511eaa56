"""Pushes that meet one fault, judged by what the registry has afterwards."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from builder.network.retries import RetryPolicy
from builder.network.secret_text import SecretText
from builder.network.server_connection import ConnectionTimeouts
from builder.network.verdict import Verdict
from builder.progress import SilentProgress
from builder.registry import ImageReference, RegistryCredentials, RegistryOptions, image_tag, push_image
from builder.registry.registry_failures import RegistryError
from tests.support.servers.image_registry import PASSWORD, USER, ImageRegistry
from tests.support.servers.pushed_images import small_image
from tests.support.servers.registry_faults import redirecting_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.image_registry import Fault, Seen

Mode = Literal["basic, base in another registry", "tokens, base in the same registry"]
MODES: tuple[Mode, ...] = ("basic, base in another registry", "tokens, base in the same registry")
Which = Literal["target", "source"]
Truth = Literal["nothing", "our image", "half of our image", "another image"]
TARGET, SOURCE = "plugins/acme", "lambda/python"
CHUNK = 64 * 1024
OWN, BASE = (150_000, 4000, 600), (140_000, 3000)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One request of a push: of which registry, what it is for, and the how manieth of its kind."""

    registry: Which
    kind: str
    number: int
    size: int


@dataclass(frozen=True, kw_only=True)
class FaultRun:
    """One push with one fault, and how it ended; ``wrong`` says what is not so, and is empty otherwise."""

    mode: Mode
    place: Place
    fault: str
    recoverable: bool
    met: bool
    verdict: str
    wrong: str
    sent_again: tuple[str, ...]
    visits: tuple[str, ...]
    message: str


@dataclass(kw_only=True)
class FaultCounts:
    """All runs together."""

    runs: list[FaultRun] = field(default_factory=list)

    @property
    def wrong(self) -> list[FaultRun]:
        return [run for run in self.runs if run.wrong]

    @property
    def sent_again(self) -> list[FaultRun]:
        return [run for run in self.runs if run.sent_again]

    @property
    def visits(self) -> list[FaultRun]:
        return [run for run in self.runs if run.visits]

    @property
    def recoverable(self) -> list[FaultRun]:
        return [run for run in self.runs if run.recoverable]

    @property
    def stuck(self) -> list[FaultRun]:
        return [run for run in self.recoverable if run.verdict != Verdict.DONE.value]

    @property
    def verdicts(self) -> Counter[str]:
        return Counter(run.verdict for run in self.runs)

    @property
    def kinds(self) -> set[str]:
        return {run.fault for run in self.runs}


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The registries of one push: its target, that of the base, and a server that nobody may send anything to."""

    target: ImageRegistry
    source: ImageRegistry
    elsewhere: ImageRegistry


class PushWorld:
    """Pushes of one image, each to a registry of its own that already has one of its blobs.

    Args:
        folder: For the files of the image.
    """

    def __init__(self, folder: Path) -> None:
        self._image = small_image(folder, own=OWN, base=BASE)
        self._options = RegistryOptions(
            environ={"HOME": str(folder)},
            retries=RetryPolicy(attempts=5, first_wait=0.002, longest_backoff=0.004, longest_wait=5.0),
            timeouts=ConnectionTimeouts(connect=2.0, read=0.3, write=2.0),
            exchange_seconds=0.5,
            slowest_rate=1024**3,
            chunk_bytes=CHUNK,
        )

    def places(self, mode: Mode) -> list[Place]:
        """Every request of a push without a fault."""
        with self._servers(mode) as servers:
            assert self._push(servers)[0] == Verdict.DONE.value
            places = []
            for which, registry in registries(servers):
                counts: Counter[str] = Counter()
                for seen in registry.seen:
                    counts[seen.kind] += 1
                    places.append(Place(registry=which, kind=seen.kind, number=counts[seen.kind], size=seen.size))
        return places

    def play(self, mode: Mode, place: Place, name: str, *, lasting: bool = False) -> FaultRun:
        """One push that meets a fault once, or from one request on."""
        count = 0

        def interfere(seen: Seen) -> Fault | None:
            nonlocal count
            count += seen.kind == place.kind
            due = count == place.number or (lasting and count > place.number)
            return fault if due and seen.kind == place.kind else None

        with self._servers(mode) as servers:
            fault = next(one for one in redirecting_to(f"http://{servers.elsewhere.host}") if one.name == name)
            dict(registries(servers))[place.registry].interfere = interfere
            verdict, message = self._push(servers)
            truth = self._truth(servers.target)
            return FaultRun(
                mode=mode,
                place=place,
                fault=name,
                recoverable=fault.recovers and not lasting and not (place.kind == "GET token" and "40" in name),
                met=count >= place.number,
                verdict=verdict,
                wrong=wrong_about(verdict, truth),
                sent_again=tuple(servers.target.sent_again()),
                visits=tuple(visits(servers.elsewhere)),
                message=message,
            )

    def _push(self, servers: Servers) -> tuple[str, str]:
        """The verdict of a push, and what it said."""
        target = ImageReference(registry=servers.target.host, repository=TARGET)
        image = structs.replace(self._image.image, base=f"{servers.source.host}/{SOURCE}")
        credentials = RegistryCredentials(username=USER, password=SecretText(PASSWORD))
        try:
            pushed = push_image(
                image, target, credentials=lambda: credentials, progress=SilentProgress(), options=self._options
            )
        except RegistryError as error:
            kind = error.kind if error.kind in {"conflict", "unknown"} else Verdict.NOT_APPLIED.value
            return kind, error.message
        except Exception as error:  # noqa: BLE001 - every other end is a wrong one
            return "crashed", repr(error)
        return pushed.verdict.value, ""

    def _truth(self, target: ImageRegistry) -> Truth:
        """What the tag points to."""
        stored = target.repository(TARGET)
        digest = stored.tags.get(image_tag(self._image.digest))
        if digest is None:
            return "nothing"
        if digest != self._image.digest:
            return "another image"
        whole = all(stored.blobs.get(name) == content for name, content in self._image.blobs.items())
        return "our image" if whole else "half of our image"

    @contextmanager
    def _servers(self, mode: Mode) -> Iterator[Servers]:
        with ExitStack() as stack:
            same = mode == MODES[1]
            target = stack.enter_context(ImageRegistry(log_in="bearer" if same else "basic", drops_stale_uploads=same))
            source = target if same else stack.enter_context(ImageRegistry(log_in="anonymous"))
            elsewhere = stack.enter_context(ImageRegistry())
            present = self._image.own[1]
            target.repository(TARGET).blobs[present] = self._image.blobs[present]
            for digest in self._image.base:
                source.repository(SOURCE).blobs[digest] = self._image.blobs[digest]
            yield Servers(target=target, source=source, elsewhere=elsewhere)


def registries(servers: Servers) -> list[tuple[Which, ImageRegistry]]:
    """Each registry once, with its name."""
    if servers.source is servers.target:
        return [("target", servers.target)]
    return [("target", servers.target), ("source", servers.source)]


def single_faults(world: PushWorld, mode: Mode) -> Iterator[tuple[Place, str]]:
    """Every request of a push with every fault that can happen to it."""
    for place in world.places(mode):
        for fault in redirecting_to("http://127.0.0.1:1"):
            if fault.fits(place.kind, place.size):
                yield place, fault.name


def lasting_faults(world: PushWorld, mode: Mode) -> Iterator[tuple[Place, str]]:
    """The first request of each kind with every fault that can happen to it and to all of its kind that follow."""
    yield from ((place, name) for place, name in single_faults(world, mode) if place.number == 1)


def wrong_about(verdict: str, truth: Truth) -> str:
    """What a verdict says that is not so; empty when it is right. ``unknown`` never is wrong."""
    allowed: dict[str, set[Truth]] = {
        "done": {"our image"},
        "nothing-to-do": {"our image"},
        "not-applied": {"nothing", "another image"},
        "conflict": {"another image"},
        "unknown": {"nothing", "another image", "our image"},
    }
    return "" if truth in allowed.get(verdict, set()) else f"{verdict}, and the tag points to {truth}"


def visits(elsewhere: ImageRegistry) -> Iterator[str]:
    """Requests that sent something to another server, or credentials."""
    for seen in elsewhere.seen:
        if seen.method != "GET" or "authorization" in seen.headers:
            yield f"{seen.method} {seen.path}"
