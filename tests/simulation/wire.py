"""PDUs read from octets, without the library under test: as much of SMPP as the ledgers need (SMPP 3.4 §3.2, §4)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

SUBMIT_SM = 0x00000004
SUBMIT_SM_RESP = 0x80000004
DELIVER_SM = 0x00000005
DELIVER_SM_RESP = 0x80000005
ENQUIRE_LINK = 0x00000015
UNBIND = 0x00000006
GENERIC_NACK = 0x80000000
BINDS = frozenset({0x00000001, 0x00000002, 0x00000009})

_HEADER = struct.Struct(">IIII")
_TAG = struct.Struct(">HH")
_TOKEN = re.compile(rb"#([0-9]{4})#")
_RECEIPT_ID = re.compile(rb"id:(\S+)")
_RECEIPT_STAT = re.compile(rb"stat:([A-Z]+)")

_STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}


class Raw(NamedTuple):
    """A PDU: its header, and its body as octets."""

    command: int
    status: int
    sequence: int
    body: bytes


class Submitted(NamedTuple):
    """What a submit_sm says. `token` is what the text carries to tell it from all others, in every part."""

    source: str
    destination: str
    token: str
    part: int
    parts: int


class Delivered(NamedTuple):
    """What a deliver_sm says, if it is a receipt."""

    message_id: str
    stat: str
    number: str


class Reader:
    """Cuts a stream of octets into PDUs."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def read(self, octets: bytes) -> Iterator[Raw]:
        data = self._rest + octets if self._rest else octets
        at, end = 0, len(data)
        while end - at >= 16:
            length, command, status, sequence = _HEADER.unpack_from(data, at)
            if end - at < length:
                break
            yield Raw(command, status, sequence, data[at + 16 : at + length])
            at += length
        self._rest = data[at:]


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(0, at)
    return body[at:end].decode("latin-1"), end + 1


class _Message(NamedTuple):
    source: str
    destination: str
    esm_class: int
    content: bytes
    tlvs: dict[int, bytes]


def _message(body: bytes) -> _Message:
    _, at = _text(body, 0)
    source, at = _text(body, at + 2)
    destination, at = _text(body, at + 2)
    esm_class = body[at]
    _, at = _text(body, at + 3)
    _, at = _text(body, at)
    length = body[at + 4]
    at += 5
    content = body[at : at + length]
    at += length
    tlvs: dict[int, bytes] = {}
    while at + 4 <= len(body):
        tag, size = _TAG.unpack_from(body, at)
        tlvs[tag] = body[at + 4 : at + 4 + size]
        at += 4 + size
    return _Message(source, destination, esm_class, content, tlvs)


def submitted(body: bytes) -> Submitted:
    """Read the body of a submit_sm."""
    it = _message(body)
    part, parts, content = 1, 1, it.content
    if it.esm_class & 0x40:
        header = content[: content[0] + 1]
        content = content[len(header) :]
        part, parts = header[-1], header[-2]  # whatever the length of the reference: total and number come last
    elif 0x020F in it.tlvs:
        part, parts = it.tlvs[0x020F][-1], it.tlvs[0x020E][-1]
    content = it.tlvs.get(0x0424, content)
    found = _TOKEN.search(content) or _TOKEN.search(content.replace(b"\0", b""))
    return Submitted(it.source, it.destination, found[1].decode() if found else "", part, parts)


def delivered(body: bytes) -> Delivered:
    """Read the body of a deliver_sm; what is no receipt has neither id nor state."""
    it = _message(body)
    content = it.tlvs.get(0x0424, it.content)
    by_text, stat = _RECEIPT_ID.search(content), _RECEIPT_STAT.search(content)
    message_id = by_text[1].decode("latin-1") if by_text else it.tlvs.get(30, b"").rstrip(b"\x00").decode("latin-1")
    state = it.tlvs.get(0x0427)
    name = stat[1].decode() if stat else _STATES.get(state[0], "") if state else ""
    return Delivered(message_id, name, it.source)


def message_id(body: bytes) -> str:
    """The message_id of a submit_sm_resp."""
    return body[: body.index(0)].decode("latin-1") if 0 in body else ""
