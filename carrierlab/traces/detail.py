"""One entry in full: the PDU field by field beside its octets, and how both sides see its message at that moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from carrierlab.traces.format import OperatorState, SenderState
from carrierlab.traces.reading import Entry
from carrierlab.traces.showing import cells, fields, hex_lines, said, visible

MAX_SHOWN = 3
"""Messages whose states are shown, when an entry is about more."""


class Standing(msgspec.Struct, frozen=True):
    """How both sides see the message to a number."""

    to: str
    sender: tuple[SenderState, ...]
    """The latest of the message and of each of its segments."""
    operator: tuple[OperatorState, ...]
    """The latest of each message id."""


def standing(entries: Sequence[Entry], at: Entry, to: str) -> Standing:
    """Return the states that a number's messages have just after an entry of ``entries`` (all of them, in order)."""
    sender: dict[tuple[int, int], SenderState] = {}
    operator: dict[tuple[str, str | None], OperatorState] = {}
    for entry in entries[: at.number]:
        match entry.line:
            case SenderState() as line if line.to == to:
                sender[line.message, line.part] = line
            case OperatorState() as line if line.to == to:
                operator[line.operator, line.smsc_id] = line
    return Standing(to, tuple(sender[key] for key in sorted(sender)), tuple(operator.values()))


def detail(entries: Sequence[Entry], entry: Entry, total: int | None = None) -> RenderableType:
    """Return everything there is to say of an entry."""
    parts: list[RenderableType] = [Text.assemble(*_title(entry, total or len(entries)))]
    if entry.fate is None:
        parts.append(Text(visible(said(entry))))
    else:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in fields(entry):
            table.add_row(Text(name), Text(value))
        parts += [table, Text(), *(Text(line, "dim", no_wrap=True, overflow="crop") for line in hex_lines(entry))]
    for number in sorted(entry.about)[:MAX_SHOWN]:
        parts += [Text(), *_standing(standing(entries, entry, number))]
    return Group(*parts)


def _title(entry: Entry, total: int) -> Iterator[tuple[str, str]]:
    number, time, where, arrow, what, status, _ = (cell.plain for cell in cells(entry))
    yield f"{number} of {total}  ", "dim"
    yield f"{time} s  ", ""
    yield f"{where} {arrow} ".strip() + "  ", "dim"
    yield what, "bold"
    yield f"  {status}", "red"


def _standing(found: Standing) -> Iterator[RenderableType]:
    yield Text(f"message to {found.to}", "bold")
    for state in found.sender:
        part = f"segment {state.part}" if state.part else "message"
        named = f", {state.smsc_id}" if state.smsc_id else ""
        yield Text(f"  sender    {part}: {state.state.replace('_', ' ')}{named}, since {state.at:.6f} s", "cyan")
    for taken in found.operator:
        yield Text(f"  {taken.operator}  {taken.smsc_id or ''}: {taken.state}, since {taken.at:.6f} s", "magenta")
    if not found.sender and not found.operator:
        yield Text("  neither side knows it at this moment", "dim")
