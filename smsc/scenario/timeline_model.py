"""The entries of a timeline, as a scenario file says them. The names are the keys of the file; times are seconds."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from smsc.faults.base import WireFault
from smsc.faults.registry import ENTRIES, FaultEntry
from smsc.faults.restart import Restart
from smsc.scenario.mobile import MoMessage, UssdSession
from smsc.scenario.timing import After, Occasion, Problems, Timed, timing_problems
from yamlmodel.scalars import Duration, Rate
from yamlmodel.suggest import did_you_mean

Path = tuple[str | int, ...]

if TYPE_CHECKING:
    from smsc.faults.reset import ResetFault as ResetFault
else:
    ResetFault = ENTRIES["reset"]


class Entry(Timed, frozen=True, kw_only=True):
    """What every entry of a timeline has."""

    def problems(self) -> Problems:
        """It begins in one way."""
        yield from timing_problems(self)


class ThrottleFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="throttle", rename={"for_": "for"}):
    """Every account is limited further for a while; more gets ESME_RTHROTTLED."""

    rate: Annotated[Rate, Meta(description="Submits at most, per account", examples=["5/s"])]
    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class OutageFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="outage", rename={"for_": "for"}):
    """Connections are cut and binds refused for a while."""

    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class UssdEntry(Entry, frozen=True, kw_only=True):
    """A subscriber opens a USSD session."""

    ussd: Annotated[UssdSession, Meta(description="What is dialled and answered")]


class AlertEntry(Entry, frozen=True, kw_only=True):
    """A subscriber is available again: alert_notification."""

    alert: Annotated[str, Meta(description="The subscriber's number", min_length=1, max_length=64)]
    account: Annotated[str, Meta(description="Whose ESME is told; all when omitted")] | None = None
    status: Annotated[int, Meta(description="ms_availability_status", ge=0, le=2)] = 0


class MoEntry(Entry, frozen=True, kw_only=True):
    """A subscriber writes."""

    mo: Annotated[MoMessage, Meta(description="The message")]


Fault = ThrottleFault | ResetFault | OutageFault
TimelineEntry = ThrottleFault | OutageFault | FaultEntry | MoEntry | UssdEntry | AlertEntry


def lasts(entry: TimelineEntry) -> bool:
    """Whether an entry goes on until it is ended, and is not over in an instant."""
    if isinstance(entry, ResetFault):
        return not entry.at_once
    return isinstance(entry, ThrottleFault | OutageFault | WireFault | Restart)


def follows(timeline: Sequence[TimelineEntry], index: int) -> int | None:
    """The entry, by its index, that the entry at `index` comes after; None when it waits for none."""
    after = timeline[index].after
    if after is None:
        return None
    if isinstance(after, After):
        return next((at for at, entry in enumerate(timeline) if entry.name == after.entry), None)
    return index - 1 if index else None


def timeline_problems(timeline: Sequence[TimelineEntry], operators: Collection[str]) -> Problems:
    """Entries speak of operators and entries that are there, and every one has a beginning."""
    names = [entry.name for entry in timeline if entry.name is not None]
    for index, entry in enumerate(timeline):
        yield from _name_problems(index, entry, [other.name for other in timeline[:index]])
        yield from _operator_problems(index, entry, operators)
        yield from _after_problems(timeline, index, names)


def _name_problems(index: int, entry: TimelineEntry, before: Sequence[str | None]) -> Iterator[tuple[Path, str]]:
    if entry.name is not None and entry.name in before:
        yield (index, "name"), f'a second entry "{entry.name}"'


def _operator_problems(index: int, entry: TimelineEntry, operators: Collection[str]) -> Iterator[tuple[Path, str]]:
    named: list[tuple[Path, str | None]] = [((index, "operator"), entry.operator)]
    if isinstance(entry.when, Occasion):
        named.append(((index, "when", "operator"), entry.when.operator))
    for path, name in named:
        if name is not None and name not in operators:
            known = ", ".join(operators)
            yield path, f'found "{name}"; expected an operator of this file ({known}){did_you_mean(name, operators)}'


def _after_problems(timeline: Sequence[TimelineEntry], index: int, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    after = timeline[index].after
    if after is None:
        return
    path: Path = (index, "after")
    if isinstance(after, After):
        path = (*path, "start_of" if after.end_of is None else "end_of")
        if after.entry not in names:
            known = f"one of {', '.join(names)}" if names else "an entry with a name, and there is none"
            yield path, f'found "{after.entry}"; expected {known}{did_you_mean(after.entry, names)}'
            return
    elif not index:
        yield path, "the first entry has none before it; expected at, every, when, or after with start_of or end_of"
        return
    other = follows(timeline, index)
    if other is None:
        return
    if _waits_for_itself(timeline, index):
        yield path, "it waits for itself; one of those it comes after needs at, every or when"
    endless = lasts(timeline[other]) and getattr(timeline[other], "for_", None) is None
    if isinstance(after, After) and after.end_of is not None and endless:
        yield path, f'"{after.end_of}" has no end; it needs the key "for"'


def _waits_for_itself(timeline: Sequence[TimelineEntry], index: int) -> bool:
    at: int | None = index
    for _ in timeline:
        at = follows(timeline, at) if at is not None else None
        if at == index:
            return True
    return False
