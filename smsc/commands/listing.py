"""Messages and PDUs of a journal as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from smppkit.codec import decode
from smppkit.commands import command_name
from smppkit.errors import PduError
from smppkit.pdus import DeliverSm, Pdu, SubmitSm
from smppkit.segments import UDHI, decode_user_data, split_header
from smppkit.status import status_name
from smppkit.tlvs import TAGS, Tlv
from smsc.journal.inbox import PduRow
from smsc.journal.whole import WholeMessage

MESSAGE_COLUMNS = ("time", "operator", "account", "from", "to", "state", "id", "text")
PDU_COLUMNS = ("time", "no.", "way", "pdu", "seq.", "fields")


def message_brief(message: WholeMessage) -> tuple[str, ...]:
    """One message under MESSAGE_COLUMNS: what fits a terminal. A refused one has its status for a state."""
    return (
        _local(message.at)[5:19],
        message.operator,
        message.system_id,
        message.from_,
        message.to,
        message.state or message.status_name,
        message.message_id or "",
        message.text if message.complete else f"({_parts(message)}) {message.text}",
    )


def message_cells(message: WholeMessage) -> tuple[str, ...]:
    """All of one message: time, operator, account, from, to, status, state, id, parts (come/all), text."""
    return (
        _local(message.at),
        message.operator,
        message.system_id,
        message.from_,
        message.to,
        message.status_name,
        message.state or "",
        message.message_id or "",
        _parts(message) if message.parts > 1 else "",
        message.text,
    )


def _parts(message: WholeMessage) -> str:
    return f"{message.parts_received}/{message.parts}"


def pdu_brief(row: PduRow, *, as_hex: bool) -> tuple[str, ...]:
    """One PDU under PDU_COLUMNS: what fits a terminal. `no.` is that of the connection."""
    fields = _content(row, as_hex)
    return (
        _local(row.at)[11:],
        str(row.connection),
        row.direction,
        command_name(row.command_id),
        str(row.sequence),
        f"{status_name(row.status)} {fields}" if row.status else fields,
    )


def pdu_cells(row: PduRow, *, as_hex: bool) -> tuple[str, ...]:
    """All of one PDU: time, operator, connection, account, way, name, status, sequence number, fields."""
    return (
        _local(row.at),
        row.operator,
        str(row.connection),
        row.system_id or "",
        row.direction,
        command_name(row.command_id),
        status_name(row.status),
        str(row.sequence),
        _content(row, as_hex),
    )


def message_json(message: WholeMessage) -> str:
    """One message as a line of JSON, as the control API has it."""
    return msgspec.json.encode(message).decode()


def pdu_json(row: PduRow, *, as_hex: bool = False) -> str:
    """One PDU as a line of JSON, as the control API has it; `as_hex` shows all octets, passwords too."""
    from smsc.control.pdus import view_of

    view = view_of(row, {})
    return msgspec.json.encode(msgspec.structs.replace(view, hex=row.octets.hex()) if as_hex else view).decode()


def plain(rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """One row a line, cells between tabs; control characters are escaped, so a line stays a line."""
    for row in rows:
        yield "\t".join(_printable(cell) for cell in row)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for a terminal; the last column takes what is left and wraps."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*(Text(_printable(cell)) for cell in row))
    Console(highlight=False).print(table)


def _content(row: PduRow, as_hex: bool) -> str:
    """The fields that are not at their default, or all octets in hexadecimal."""
    if as_hex:
        return row.octets.hex()
    try:
        pdu = decode(row.octets)
    except PduError as error:
        return f"unreadable: {error.reason}: {row.octets.hex()}"
    nothing = type(pdu)()
    shown = [
        text
        for name in pdu.__struct_fields__
        if name not in Pdu.__struct_fields__ and getattr(pdu, name) != getattr(nothing, name)
        for text in _shown(pdu, name)
    ]
    shown += [f"{_tag_name(tlv)}={tlv.value.hex()}" for tlv in pdu.tlvs]
    return " ".join(shown)


def _shown(pdu: Pdu, name: str) -> Iterable[str]:
    value = getattr(pdu, name)
    if name == "password":
        yield "password=***"
    elif isinstance(pdu, SubmitSm | DeliverSm) and name == "short_message":
        header, text = b"", value
        if pdu.esm_class & UDHI:
            text = split_header(value)[1]
            header = value[: len(value) - len(text)]
        if header:
            yield f"udh={header.hex()}"
        yield f"short_message={decode_user_data(value, pdu.data_coding, header=bool(header))!r}"
    else:
        yield f"{name}={value.hex() if isinstance(value, bytes) else repr(value)}"


def _tag_name(tlv: Tlv) -> str:
    tag = TAGS.get(tlv.tag)
    return f"0x{tlv.tag:04x}" if tag is None else tag.name


def _printable(cell: str) -> str:
    if cell.isprintable():
        return cell
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cell)


def _local(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(" ", "milliseconds")[:23]
