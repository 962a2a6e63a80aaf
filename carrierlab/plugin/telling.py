"""Messages and what was wrong with them as text for a failing test. Numbers are shown: they are the test's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from carrierlab.api.values import Message, NearMiss, Pdu

MOST_MESSAGES: Final = 20
MOST_PDUS: Final = 40
_WIDEST: Final = 48  # characters of a text in a table


def wanted_words(filters: Mapping[str, Any]) -> str:
    """Filters as a person says them: ``to "7701*", text "code"``."""
    given = [f"{key.rstrip('_')} {_quoted(value)}" for key, value in filters.items() if value is not None]
    return ", ".join(given) if given else "of any kind"


def messages_table(messages: Sequence[Message], most: int = MOST_MESSAGES) -> str:
    """One line for each message; the newest `most` when there are more."""
    shown = messages[-most:]
    rows = [_row(message) for message in shown]
    lines = _table(("id", "from", "to", "text", "parts", "status", "state"), rows)
    left_out = len(messages) - len(shown)
    return f"({left_out} earlier ones are left out)\n{lines}" if left_out else lines


def pdus_table(pdus: Sequence[Pdu], most: int = MOST_PDUS) -> str:
    """One line for each PDU, with the time since the first one shown."""
    shown = pdus[-most:]
    rows = [
        (
            f"{pdu.at - shown[0].at:+.3f} s",
            "" if pdu.connection is None else str(pdu.connection),
            "client →" if pdu.direction == "in" else "← smsc",
            pdu.command,
            pdu.status_name if pdu.command.endswith("_resp") or pdu.command == "generic_nack" else "",
            str(pdu.sequence),
        )
        for pdu in shown
    ]
    return _table(("time", "connection", "", "command", "status", "sequence"), rows)


def near_misses_text(near_misses: Iterable[NearMiss]) -> str:
    """What came closest, and field by field why it is not what was wanted."""
    lines = []
    for near_miss in near_misses:
        message = near_miss.message
        lines.append(f"  {message.id}: {message.from_} → {message.to} {_short(message.text)!r}")
        width = max((len(mismatch.field) for mismatch in near_miss.mismatches), default=0)
        for mismatch in near_miss.mismatches:
            differs = f"wanted {_quoted(mismatch.wanted)}, found {_quoted(mismatch.found)}"
            why = f" ({mismatch.why})" if mismatch.why else ""
            lines.append(f"      {mismatch.field:<{width}}  {differs}{why}")
    return "\n".join(lines)


def not_seen_text(headline: str, near_misses: Sequence[NearMiss], came: Sequence[Message]) -> str:
    """A failure in full: what was wanted, what came closest and why not, and what came at all."""
    parts = [headline]
    if near_misses:
        parts.append(f"What came closest:\n{near_misses_text(near_misses)}")
    if came:
        parts.append(f"All that came ({len(came)}):\n{messages_table(came)}")
    else:
        parts.append("No message came at all.")
    return "\n\n".join(parts)


def difference_text(left: Message, right: Message) -> list[str]:
    """The fields in which two messages differ, one line each."""
    fields = [name for name in Message.__struct_fields__ if getattr(left, name) != getattr(right, name)]
    width = max((len(name.rstrip("_")) for name in fields), default=0)
    return [f"{name.rstrip('_'):<{width}}  {getattr(left, name)!r} != {getattr(right, name)!r}" for name in fields]


def _row(message: Message) -> tuple[str, ...]:
    return (
        str(message.id),
        message.from_,
        message.to,
        _short(message.text),
        str(message.parts) if message.complete else f"{message.parts_received} of {message.parts}",
        message.status_name,
        message.state or "",
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _short(text: str) -> str:
    text = text.replace("\n", "⏎").replace("\r", "")
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
