"""Entries of a trace as text: the cells of a listing, and the fields of a PDU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from carrierlab.traces.format import FaultMark, Link, Octets, OperatorState, Remark, SenderState
from carrierlab.traces.reading import Entry
from smppkit.pdus import DataSm, DeliverSm, Pdu, SubmitMulti, SubmitSm
from smppkit.receipts import parse_receipt
from smppkit.segments import UDHI, decode_user_data
from smppkit.status import status_name
from smppkit.stream import BadPdu, BrokenStream
from smppkit.tlvs import MESSAGE_PAYLOAD, TAGS

MAX_TEXT = 160
COLUMNS = ("no.", "time", "link", "", "what", "status", "about")
_STYLES = {"sender": "cyan", "operator": "magenta", "fault": "bold red", "log": "dim", "link": "yellow"}
_SECRET = frozenset({"password"})


def cells(entry: Entry) -> tuple[Text, ...]:
    """Return one row under :data:`COLUMNS`."""
    style = _STYLES.get(entry.command, "") if entry.fate is None else ""
    arrow = {">": "→", "<": "←"}.get(entry.link[-1:], "")
    where = f"{entry.link[:-1]} {entry.operator}" if entry.link else entry.operator
    return (
        Text(str(entry.number), "dim"),
        Text(f"{entry.at:.6f}"),
        Text(where.strip()),
        Text(arrow),
        Text(entry.command, style or "bold"),
        Text(entry.status, "red"),
        Text(visible(said(entry)), style if entry.command in ("fault", "log") else ""),
    )


def plain(entry: Entry) -> str:
    """Return one entry as a line with tabs between the cells."""
    return "\t".join(cell.plain for cell in cells(entry))


def said(entry: Entry) -> str:
    """Return what an entry is about in a line: addresses and text of a PDU, a state, a fault."""
    line, fate = entry.line, entry.fate
    if fate is not None:
        return _pdu(fate) if isinstance(fate, Pdu) else fate.reason
    match line:
        case Link():
            return line.what
        case SenderState():
            part = f" segment {line.part}" if line.part else ""
            named = f" as {line.smsc_id}" if line.smsc_id else ""
            return f"message {line.message}{part} to {line.to}: {line.state.replace('_', ' ')}{named}"
        case OperatorState():
            return f"{line.smsc_id or 'a message'} to {line.to}: {line.state}"
        case FaultMark():
            return f"{line.what}: {line.detail}"
        case Remark():
            return f"{line.level} {line.logger}: {line.text}"
        case _:
            return ""


def _pdu(pdu: Pdu) -> str:
    if isinstance(pdu, SubmitSm | DeliverSm | DataSm):
        receipt = parse_receipt(pdu) if isinstance(pdu, DeliverSm) else None
        route = f"{pdu.source_addr or '–'} → {pdu.destination_addr or '–'}"
        if receipt is not None:
            return f"{route} receipt {receipt.message_id}: {receipt.stat or '?'}"
        return f"{route} {_quoted(text_of(pdu))}"
    if isinstance(pdu, SubmitMulti):
        return f"{pdu.source_addr} → {len(pdu.dest_addresses)} destinations {_quoted(text_of(pdu))}"
    named = [getattr(pdu, name, "") for name in ("system_id", "message_id")]
    told = " ".join(str(name) for name in named if name)
    return f"{told} seq. {pdu.sequence_number}".strip() if told else f"seq. {pdu.sequence_number}"


def text_of(pdu: Pdu) -> str:
    """Return the text that a PDU carries, decoded as its data_coding says, without a user data header."""
    payload = (tlv.value for tlv in pdu.tlvs if tlv.tag == MESSAGE_PAYLOAD.number)
    octets: bytes = getattr(pdu, "short_message", b"") or next(payload, b"")
    header = bool(getattr(pdu, "esm_class", 0) & UDHI)
    return decode_user_data(octets, getattr(pdu, "data_coding", 0), header=header)


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= MAX_TEXT else f'"{text[:MAX_TEXT]}…"'


def fields(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield every field of a PDU with its value as text, secrets masked, and its TLVs."""
    fate = entry.fate
    if isinstance(fate, BadPdu | BrokenStream):
        yield "reason", fate.reason
        yield "status it earns", status_name(fate.status)
        return
    if not isinstance(fate, Pdu):
        return
    yield "command_length", str(len(entry.octets))
    yield "command_id", f"{entry.command} ({fate.command_id:#010x})"
    yield "command_status", status_name(fate.command_status)
    yield "sequence_number", str(fate.sequence_number)
    for name in fate.__struct_fields__:
        if name not in Pdu.__struct_fields__:
            yield name, _value(name, getattr(fate, name))
    for tlv in fate.tlvs:
        tag = TAGS.get(tlv.tag)
        yield f"{tag.name if tag is not None else 'TLV'} ({tlv.tag:#06x})", tlv.value.hex(" ") or "(empty)"
    if text := text_of(fate):
        yield "text", visible(text)


def _value(name: str, value: Any) -> str:
    if name in _SECRET:
        return "***" if value else "(empty)"
    if isinstance(value, bytes):
        return value.hex(" ") or "(empty)"
    return visible(str(value)) if value != "" else "(empty)"


def hex_lines(entry: Entry) -> Iterator[str]:
    """Yield the octets of a PDU, sixteen a line, as hexadecimal and as ASCII."""
    octets = unsecret(entry)
    for start in range(0, len(octets), 16):
        row = octets[start : start + 16]
        shown = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)
        yield f"{start:04x}  {row.hex(' '):<47}  {shown}"


def unsecret(entry: Entry) -> bytes:
    """Return the octets of a PDU with asterisks where a password is."""
    octets = entry.octets
    for name in _SECRET:
        secret = str(getattr(entry.fate, name, "")).encode("latin-1", "replace")
        if secret:
            octets = octets.replace(secret + b"\0", b"*" * len(secret) + b"\0")
    return octets


def visible(text: str) -> str:
    """Escape what a terminal would obey instead of showing it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as it stands in ``--json``: the keys of its line, and of a PDU its fields and octets."""
    shown: dict[str, Any] = {
        "number": entry.number,
        "at": entry.at,
        "kind": entry.command,
        "about": sorted(entry.about),
    }
    if entry.link:
        shown |= {"link": entry.link, "operator": entry.operator}
    if entry.fate is not None:
        return shown | {"status": entry.status, "fields": dict(fields(entry)), "octets": unsecret(entry).hex()}
    line = entry.line
    if isinstance(line, Octets):
        return shown
    rest = {name: getattr(line, name) for name in line.__struct_fields__ if name not in shown}
    return shown | rest
