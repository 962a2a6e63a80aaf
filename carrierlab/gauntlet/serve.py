"""The gauntlet for a client of somebody else's: the operators listen, the client comes, and is scored from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import yaml
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime

from carrierlab.gauntlet.claims import Claims
from carrierlab.gauntlet.judge import allowed
from carrierlab.gauntlet.plan import Course, document
from carrierlab.gauntlet.score import Miss, VariantScore
from carrierlab.gauntlet.seen import Seen, miss, read_seen, words
from smppkit.transport import Network
from smsc.app import Emulator
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from smsc.scenario.scalars import Listen
from smsc.stats import OperatorStats
from yamlmodel.loader import loads

_LOOK = 0.5  # seconds
_QUIET = 2.0  # seconds without anything new before a client that has everything is believed to be done

OnReady = Callable[[Sequence[int]], None]
"""Is told the port of each variant, in order."""


class Stay(msgspec.Struct, frozen=True):
    """How long the operators wait for a client."""

    wait: float
    """Seconds without a word from the client."""
    results: Path | None = None
    """A file that the client writes when it is done."""


async def serve(
    courses: Sequence[Course],
    stay: Stay,
    *,
    host: str,
    port: int,
    clock: IReactorTime,
    network: Network,
    epoch: float,
    journal: Journal,
    on_ready: OnReady,
) -> dict[str, int]:
    """Serve the variants on consecutive ports (0: any) until the client has had everything, or the wait is over.

    Returns how many receipts are still owed, by variant. CannotListenError. Cancelling ends the wait, not the rest.
    """
    scenario = _scenario(courses, host, port, stay.wait / 2)
    emulator = Emulator(scenario, clock=clock, network=network, journal=journal, epoch=epoch)
    addresses = await emulator.start()
    before = _written(stay.results)
    try:
        on_ready([addresses[course.name][1] for course in courses])
        await _until_done(courses, stay, before, clock, emulator.stats.operators)
    except CancelledError:
        pass  # what the client has done so far is scored
    finally:
        owed = {name: stats.receipts.waiting for name, stats in emulator.stats.operators.items()}
        await emulator.stop()
    return owed


def _scenario(courses: Sequence[Course], host: str, port: int, longest: float) -> Scenario:
    plain = document(courses, recipients="", longest=longest)
    text = yaml.safe_dump({"operators": plain["operators"]}, sort_keys=False)
    scenario = loads(text, Scenario, "gauntlet")
    operators = {
        name: msgspec.structs.replace(operator, listen=Listen(host, port + index if port else 0))
        for index, (name, operator) in enumerate(scenario.operators.items())
    }
    return msgspec.structs.replace(scenario, operators=operators)


async def _until_done(
    courses: Sequence[Course],
    stay: Stay,
    before: int | None,
    clock: IReactorTime,
    stats: dict[str, OperatorStats],
) -> None:
    heard, since = _heard(stats.values()), clock.seconds()
    while True:
        now = clock.seconds()
        latest = _heard(stats.values())
        if latest != heard:
            heard, since = latest, now
        if now - since >= stay.wait:
            return
        complete = all(stats[course.name].accepted >= len(course.messages) for course in courses)
        served = complete and not any(each.receipts.waiting for each in stats.values())
        told = stay.results is None or _written(stay.results) not in (None, before)
        if served and told and now - since >= _QUIET:
            return
        looked: Deferred[None] = Deferred()
        call = clock.callLater(_LOOK, looked.callback, None)
        try:
            await looked
        finally:
            if call.active():
                call.cancel()


def _heard(stats: Iterable[OperatorStats]) -> tuple[int, ...]:
    """What grows when something happens."""
    return tuple(
        it.binds + it.connections + it.submitted + it.receipts.sent + it.receipts.acknowledged + it.receipts.waiting
        for it in stats
    )


def _written(file: Path | None) -> int | None:
    """When a file was written, in whatever unit; None when there is none."""
    return file.stat().st_mtime_ns if file is not None and file.exists() else None


# --- the score --------------------------------------------------------------------------------------


def score(
    courses: Iterable[Course], inbox: Inbox, owed: dict[str, int], claims: Claims | None
) -> Iterator[VariantScore]:
    """Score what a client has done; without its own claims, by what it did with the receipts."""
    for course in courses:
        seen = read_seen(inbox, course.name)
        misses = tuple(_misses(seen, claims))
        yield VariantScore(course, len(seen.messages), misses, tuple(_trouble(course, seen, owed.get(course.name, 0))))


def _misses(seen: Seen, claims: Claims | None) -> Iterator[Miss]:
    for number, parts in seen.messages.items():
        complaint, right = seen.complaint(number), allowed(parts)
        if complaint:
            yield miss(seen, number, "every receipt acknowledged", complaint)
        elif claims is not None:
            claim = claims.of(number, parts)
            if claim.stray or claim.state not in right:
                yield miss(seen, number, words(right), claim.words)


def _trouble(course: Course, seen: Seen, owed: int) -> Iterator[str]:
    if owed:
        yield f"{owed} receipts could not be delivered: nobody was bound to receive, or the time was over"
    elif seen.messages and course.variant.heard and not seen.deliveries:
        yield "no receipt was due: ask for them (registered_delivery 1)"
