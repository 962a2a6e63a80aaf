"""An example PDU as reports show it: masked, decoded as far as it can be, and in hexadecimal."""

from __future__ import annotations

from collections.abc import Iterable

from smppkit.codec import CODECS
from smppkit.commands import CommandId, command_name
from smppkit.errors import PduError
from smppkit.pdus import DeliverSm, Pdu, SubmitMulti, SubmitSm
from smppkit.segments import UDHI, decode_user_data, split_header
from smppkit.states import Version
from smppkit.status import status_name
from smppkit.tlvs import TAGS, Tlv
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import EXAMPLE_CHARACTERS, EXAMPLE_OCTETS, Example
from smsc.lint.printing import cut, printable
from smsc.lint.redaction import redacted
from smsc.lint.submission import SUBMITS, Submission, read_submission

_SHOWN_TEXT = 200


def example_of(connection: Connection, head: Head) -> Example:
    """The PDU for a report."""
    octets = redacted(head.octets)
    return Example(
        connection=connection.number,
        peer=connection.peer,
        direction=head.direction,
        at=head.at,
        row=head.row,
        command=command_name(head.command_id),
        sequence=head.sequence,
        fields=cut(" ".join(map(printable, _fields(connection.version, head, octets))), EXAMPLE_CHARACTERS),
        octets=octets[:EXAMPLE_OCTETS],
        length=int.from_bytes(octets[:4], "big"),
    )


def _fields(version: Version, head: Head, octets: bytes) -> Iterable[str]:
    """What differs from a PDU of this kind with nothing in it."""
    if head.status:
        yield f"command_status={status_name(head.status)}"
    try:
        pdu = CODECS[version].decode(octets)
    except PduError as error:
        message = read_submission(head.command_id, octets) if head.command_id in SUBMITS else None
        if message is not None:
            yield from _read_anyhow(head.command_id, message)
        yield f"(unreadable: {error.reason})"
        return
    nothing = type(pdu)()
    for name in pdu.__struct_fields__:
        if name not in Pdu.__struct_fields__ and getattr(pdu, name) != getattr(nothing, name):
            yield from _shown(pdu, name)
    yield from map(_tlv, pdu.tlvs)


def _shown(pdu: Pdu, name: str) -> Iterable[str]:
    value = getattr(pdu, name)
    if name == "password":
        yield "password=***"
    elif isinstance(pdu, SubmitSm | DeliverSm | SubmitMulti) and name == "short_message":
        yield from _text(value, pdu.esm_class, pdu.data_coding)
    else:
        yield f"{name}={value.hex() if isinstance(value, bytes) else repr(value)}"


def _read_anyhow(command_id: int, message: Submission) -> Iterable[str]:
    """The fields of what the codec refuses."""
    yield f"source_addr_ton={message.source.ton} source_addr={message.source.value.decode('latin-1')!r}"
    for address in message.destinations[:3]:
        yield f"dest_addr_ton={address.ton} destination_addr={address.value.decode('latin-1')!r}"
    yield f"esm_class={message.esm_class} data_coding={message.data_coding}"
    if command_id != CommandId.DATA_SM:
        yield f"sm_length={message.declared}"
        yield from _text(message.short_message, message.esm_class, message.data_coding)
    yield from map(_tlv, message.tlvs)
    if message.rest:
        yield f"rest={message.rest.hex()}"


def _text(octets: bytes, esm_class: int, data_coding: int) -> Iterable[str]:
    text = octets
    if esm_class & UDHI:
        text = split_header(octets)[1]
        if len(text) < len(octets):
            yield f"udh={octets[: len(octets) - len(text)].hex()}"
    shown = decode_user_data(octets, data_coding, header=bool(esm_class & UDHI))
    yield f"short_message={shown[:_SHOWN_TEXT]!r}" + ("…" if len(shown) > _SHOWN_TEXT else "")


def _tlv(tlv: Tlv) -> str:
    tag = TAGS.get(tlv.tag)
    name = f"0x{tlv.tag:04x}" if tag is None else tag.name
    return f"{name}={tlv.value[:_SHOWN_TEXT].hex()}" + ("…" if len(tlv.value) > _SHOWN_TEXT else "")
