"""Where the fields of a PDU lie, whatever is in them.

Reads the declarations of smppkit.pdus for their order and kinds only: a password that is too long still lies where a
password lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import unpack_from
from typing import Any, NamedTuple

from smppkit.codec import SMPP_34, SMPP_50
from smppkit.compiler import declared
from smppkit.errors import PduError
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.pdus import PDUS, Pdu
from smsc.capture.frames import HEADER_SIZE


class Span(NamedTuple):
    """The octets of one field or TLV: `name` is the field's, or the tag."""

    name: str | int
    start: int
    end: int


class UnreadableError(Exception):
    """The fields of a body do not fit it."""


def read_pdu(octets: bytes) -> Pdu | None:
    """The PDU in a frame, of whichever version it can be; None when it cannot be read."""
    for codec in (SMPP_34, SMPP_50):
        try:
            return codec.decode(octets)
        except PduError:
            continue
    return None


def kind_of(octets: bytes) -> type[Pdu] | None:
    """The declaration of a PDU; None when nobody knows the command."""
    (command_id,) = unpack_from(">I", octets, 4)
    return PDUS.get(command_id)


def spans(octets: bytes, kind: type[Pdu]) -> list[Span]:
    """The fields and TLVs of a frame, in order, without terminators and lengths; UnreadableError."""
    if len(octets) == HEADER_SIZE:
        return []
    found: list[Span] = []
    at = HEADER_SIZE
    try:
        for name, spec in _fields(kind):
            at = _field(name, spec, octets, at, found)
    except IndexError:
        raise UnreadableError(f"{kind.name} ends inside its fields") from None
    found += _tlvs(octets, at)
    return found


_fields = lru_cache(maxsize=None)(declared)


def _field(name: str, spec: Any, octets: bytes, at: int, found: list[Span]) -> int:
    """Add the spans of one field; the place after it. IndexError when it does not fit."""
    if isinstance(spec, CString):
        stop = octets.find(b"\0", at)
        if stop < 0:
            raise IndexError
        found.append(Span(name, at, stop))
        return stop + 1
    if isinstance(spec, Entries):
        return _entries(spec, octets, at, found)
    length = octets[at] if isinstance(spec, ShortMessage) else 0
    sizes: dict[type[Any], int] = {ShortMessage: 1 + length, Status: 4, Unsigned: 1}
    size = sizes.get(type(spec))
    if size is None:
        raise UnreadableError(f"{name} is of a kind that is not known here")
    if at + size > len(octets):
        raise IndexError
    found.append(Span(name, at + isinstance(spec, ShortMessage), at + size))
    return at + size


def _entries(spec: Entries, octets: bytes, at: int, found: list[Span]) -> int:
    count, at = octets[at], at + 1
    for _ in range(count):
        flag: int | None = None
        if None not in spec.kinds:
            flag, at = octets[at], at + 1
        if flag not in spec.kinds:
            raise UnreadableError(f"{flag} is not the flag of an entry")
        for name, inner in _fields(spec.kinds[flag]):
            at = _field(name, inner, octets, at, found)
    return at


def _tlvs(octets: bytes, at: int) -> Iterator[Span]:
    while at < len(octets):
        if at + 4 > len(octets):
            raise UnreadableError("the last octets are not a TLV")
        tag, length = unpack_from(">HH", octets, at)
        if at + 4 + length > len(octets):
            raise UnreadableError("the last TLV is longer than the PDU")
        yield Span(tag, at + 4, at + 4 + length)
        at += 4 + length
