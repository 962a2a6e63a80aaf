"""What a person sees: the progress of a run on the terminal, and reports as text."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from clikit.terminal import visible
from sender.channels.status import ChannelStatus
from sender.domain.message import State
from sender.domain.report import CampaignReport
from sender.pipeline.importing import ImportResult, Rehearsal
from sender.pipeline.progress import Progress as RunProgress
from sender.pipeline.tally import Meter
from sender.store.maintenance import Info
from sender.store.retention import UNMATCHED_DROPPED

log = logging.getLogger(__name__)

_LINE_EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal to draw on."""


class Display(Protocol):
    """Shows how far things are."""

    def reading(self, rows: int) -> None:
        """So many rows of the recipients file are read."""

    def show(self, progress: RunProgress) -> None:
        """A look at the running campaign."""

    def say(self, text: str) -> None:
        """One line for the person who waits."""

    def close(self) -> None:
        """Nothing more will be shown."""


def open_display(stream: TextIO) -> Display:
    """A progress bar on a terminal, a line now and then elsewhere."""
    return BarDisplay(stream) if stream.isatty() else LineDisplay(stream)


class LineDisplay:
    """One line every few seconds."""

    def __init__(self, stream: TextIO, seconds: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._seconds = seconds
        self._next = seconds() + _LINE_EVERY
        self._reading = Meter()
        self._sending: dict[int, Meter] = {}

    def reading(self, rows: int) -> None:
        """See `Display`."""
        if self._due():
            rate = self._reading.look(self._seconds(), rows)
            self.say(f"reading recipients: {rows:,} rows" + (f", {rate:,.0f}/s" if rate else ""))

    def show(self, progress: RunProgress) -> None:
        """See `Display`."""
        if self._due():
            if progress.held:
                self._sending.pop(progress.campaign_id, None)
                self.say(figures(progress))
                return
            meter = self._sending.setdefault(progress.campaign_id, Meter())
            rate = meter.look(self._seconds(), progress.total - progress.unsent)
            self.say(figures(progress) + pace_text(rate, progress.unsent))

    def say(self, text: str) -> None:
        """See `Display`."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """See `Display`."""

    def _due(self) -> bool:
        now = self._seconds()
        if now < self._next:
            return False
        self._next = now + _LINE_EVERY
        return True


class LogDisplay:
    """For a program that runs for long: what there is to say goes into its log, whatever else does."""

    def __init__(self) -> None:
        log.setLevel(logging.INFO)

    def reading(self, rows: int) -> None:
        """See `Display`."""

    def show(self, progress: RunProgress) -> None:
        """See `Display`."""

    def say(self, text: str) -> None:
        """See `Display`."""
        log.info("%s", text)

    def close(self) -> None:
        """See `Display`."""


class _RateColumn(ProgressColumn):
    """How fast it goes: rows or messages a second."""

    def render(self, task: Task) -> Text:
        """See ProgressColumn."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="cyan")


class BarDisplay:
    """A bar that fills with messages that are done with, and what stands in the way below it."""

    def __init__(self, stream: TextIO) -> None:
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[state]}"),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._progress.add_task("reading", total=None, state="")
        self._campaign: int | None = None
        self._progress.start()

    def reading(self, rows: int) -> None:
        """See `Display`."""
        self._progress.update(self._task, completed=rows, state="rows")

    def show(self, progress: RunProgress) -> None:
        """See `Display`."""
        troubled = "; ".join(trouble(status) for status in progress.channels if status.trouble is not None)
        if progress.campaign_id != self._campaign:  # what was read says nothing about how fast it is sent
            self._campaign = progress.campaign_id
            self._progress.reset(self._task, total=progress.total, completed=progress.total - progress.unsent)
        self._progress.update(
            self._task,
            description=f"campaign {progress.campaign_id}",
            total=progress.total,
            completed=progress.total - progress.unsent,
            state=escape(short_figures(progress)) + (f"\n[red]{escape(troubled)}[/red]" if troubled else ""),
        )

    def say(self, text: str) -> None:
        """See `Display`."""
        self._progress.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """See `Display`."""
        self._progress.stop()


def figures(progress: RunProgress) -> str:
    """One line about a running campaign."""
    sent = progress.total - progress.unsent
    return f"campaign {progress.campaign_id}: {sent:,} of {progress.total:,} sent, {short_figures(progress)}"


def pace_text(rate: float, left: int) -> str:
    """How fast it goes and how long that will take; nothing while that is not known, or nothing is left."""
    if rate <= 0 or not left:
        return ""
    return f", {rate:,.1f}/s, {duration_text(left / rate)} left"


def short_figures(progress: RunProgress) -> str:
    """What became of the messages so far, in a few words."""
    counts = progress.counts
    failed = sum(counts[state] for state in (State.UNDELIVERED, State.EXPIRED, State.REJECTED, State.UNKNOWN))
    words = [progress.held] if progress.held and progress.unsent else []
    words.append(f"{counts[State.DELIVERED]:,} delivered")
    if failed:
        words.append(f"{failed:,} failed")
    if counts[State.IN_DOUBT]:
        words.append(f"{counts[State.IN_DOUBT]:,} in doubt")
    words += [f"{status.account} is down" for status in progress.channels if status.trouble is not None]
    words += [
        f"{status.account} slowed to {status.rate:.0f}/s"
        for status in progress.channels
        if status.slowed and status.rate is not None
    ]
    return ", ".join(words)


def trouble(status: ChannelStatus) -> str:
    """Why an operator cannot be used now."""
    return f"{status.account}: {status.trouble}"


# --- reports --------------------------------------------------------------------------------------


def import_text(result: ImportResult) -> str:
    """One line about a recipients file that was read."""
    text = f"campaign {result.campaign_id} ({result.described}): "
    text += f"{_many(result.messages, 'message')} in {_many(result.segments, 'segment')}"
    if result.rejected:
        text += f"; {_many(result.rejected, 'row')} left out"
        if result.rejects is not None:
            text += f", see {result.rejects}"
    return text


_STAGES = {"submit": "refused by the operator", "receipt": "receipt", "sender": "never sent", "person": "settled"}


def report_text(report: CampaignReport) -> str:
    """The figures of a campaign, for people."""
    lines = [f"Campaign {report.campaign}: {visible(report.name)}", ""]
    rows: list[tuple[str, int, str]] = []
    left_out = f"{report.rejected_rows:,} of {_many(report.rows, 'row')} left out" if report.rejected_rows else ""
    rows.append(("messages", report.messages, _joined(_many(report.segments, "segment") + " sent", left_out)))
    pace = f"{report.messages_per_second:,.1f} msg/s" if report.messages_per_second else ""
    rows.append(("accepted", report.accepted, pace))
    rows.append(("delivered", report.delivered, _share(report.delivered, report.messages)))
    rows.append(("failed", report.failed, _share(report.failed, report.messages) if report.failed else ""))
    for failure in report.failures:
        where = _STAGES[failure.stage]
        rows.append((f"  {visible(failure.reason)}", failure.messages, where))
    rows.append(("in doubt", report.in_doubt, ", ".join(f"{cause} {n:,}" for cause, n in report.doubts.items())))
    waiting = report.states[State.ACCEPTED.label]
    if waiting:
        rows.append(("no receipt yet", waiting, "accepted by the operator"))
    unsent = report.queued + report.in_flight - waiting
    if unsent:
        rows.append(("not sent yet", unsent, ""))
    for label, number in (("cancelled", report.cancelled), ("blocked", report.blocked)):
        if number:
            rows.append((label, number, ""))
    rows.append(("sent again", report.retries, "after a refusal: no duplicates" if report.retries else ""))
    rows.append(("resent", report.resends, "after a doubt: each may be a duplicate" if report.resends else ""))
    width = max(len(label) for label, _, _ in rows) + 2
    lines += [f"  {label:<{width}}{number:>10,}   {note}".rstrip() for label, number, note in rows]
    if report.started_at is not None:
        lines += ["", f"  took {duration_text(report.duration)}, submitting {duration_text(report.submit_duration)}"]
    return "\n".join(lines) + "\n"


def unmatched_text(info: Info) -> str:
    """A line about receipts that are not entered yet, and one about those that belong to no message of the store."""
    text = ""
    if info.written_down:  # for a moment, or since a sender was killed
        count = _many(info.written_down, "final receipt")
        text += f"\n  {count} of all campaigns written down and not entered yet: these messages count as accepted\n"
    dropped = info.counters.get(UNMATCHED_DROPPED, 0)
    if info.unmatched or dropped:
        text += f"\n  {_many(info.unmatched, 'receipt')} of all campaigns belong to no message that is known"
        text += f"; {dropped:,} more were dropped by age\n" if dropped else "\n"
    return text


def rehearsal_text(rehearsal: Rehearsal) -> str:
    """What a dry run found."""
    lines = ["Dry run: nothing was stored or sent.", f"Read as {rehearsal.described}.", ""]
    for sample in rehearsal.samples:
        size = f"{_many(sample.segments, 'segment')}, {sample.alphabet}"
        lines += [f"  line {sample.row}: +{sample.number} through {sample.operator} ({size})"]
        lines += [f"    {visible(line)}" for line in sample.text.split("\n")]
    messages, segments = sum(rehearsal.messages.values()), sum(rehearsal.segments.values())
    lines += ["", f"  {_many(rehearsal.rows, 'row')}: {_many(messages, 'message')}, {_many(segments, 'segment')}"]
    lines += [
        f"    {operator}: {_many(count, 'message')}, {_many(rehearsal.segments[operator], 'segment')}"
        for operator, count in sorted(rehearsal.messages.items())
    ]
    if rehearsal.rejected:
        lines.append(f"  {_many(rehearsal.rejected, 'row')} would be left out:")
        lines += [f"    line {row.line}: {visible(row.reason)}" for row in rehearsal.bad_rows]
        if rehearsal.rejected > len(rehearsal.bad_rows):
            lines.append("    …")
    return "\n".join(lines) + "\n"


def duration_text(seconds: float) -> str:
    """A time span as people say it: ``1 h 02 min``, ``3 min 20 s``, ``4.2 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
