"""A PDU taken apart, field by field, with where each stands in its octets: for people who look at the hex beside it.

It reads what there is and judges nothing: of octets that are no PDU at all it still says how far they can be
understood. Every octet belongs to exactly one field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from smppkit.compiler import declared
from smppkit.errors import PduError
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.kinds import UDHI
from smppkit.meanings import meaning_of
from smppkit.national import shifts_of
from smppkit.national_tables import BY_IDENTIFIER
from smppkit.pdus import PDUS
from smppkit.segments import split_header
from smppkit.text import decode_text
from smppkit.tlvs import MESSAGE_PAYLOAD, TAGS_50

HEADER = ("command_length", "command_id", "command_status", "sequence_number")
SECRET = frozenset({"password"})
"""Fields whose content is not shown."""

TextOf = Callable[[bytes, int, bytes], str]
"""User data without its header as text: the octets, the data_coding, and the octets of the header."""


class FieldAt(msgspec.Struct, frozen=True):
    """One field, and the octets `offset` to `offset + length` that hold it.

    `value` is a number, a text, or octets in hexadecimal; `meaning` says it in words, where there is something to say.
    """

    name: str
    offset: int
    length: int
    value: int | str
    meaning: str | None = None


def dissect(octets: bytes, text_of: TextOf | None = None) -> list[FieldAt]:
    """Every field of a PDU, in order. Never raises; secrets are masked, and so they should be in the octets shown."""
    return list(_Dissection(octets, text_of or _text_of).fields())


def masked_octets(octets: bytes, fields: list[FieldAt]) -> bytes:
    """The same octets with asterisks where secrets are (their closing NUL stays)."""
    shown = bytearray(octets)
    for field in fields:
        if field.name in SECRET:
            stop = field.offset + field.length
            length = field.length - (field.length > 0 and octets[stop - 1] == 0)
            shown[field.offset : field.offset + length] = b"*" * length
    return bytes(shown)


def _text_of(octets: bytes, data_coding: int, header: bytes) -> str:
    return decode_text(octets, data_coding, shifts=shifts_of(split_header(header + octets)[0]) if header else None)


class _Dissection:
    def __init__(self, octets: bytes, text_of: TextOf) -> None:
        self._octets = octets
        self._end = len(octets)
        self._at = 0
        self._text_of = text_of
        self._esm_class = 0
        self._data_coding = 0

    def fields(self) -> Iterator[FieldAt]:
        for name in HEADER:
            if self._left() < 4:
                yield from self._rest("the PDU ends inside its header")
                return
            yield self._integer(name, 4, self._length_problem() if name == "command_length" else None)
        kind = PDUS.get(int.from_bytes(self._octets[4:8], "big"))
        if kind is None:
            yield from self._rest("the body of a PDU that nobody knows")
            return
        for name, spec in declared(kind):
            if not self._left():
                return  # a response with an error may have no body; what else is missing, the length tells
            yield from self._field(name, spec)
        while self._left():
            yield from self._tlv()

    # --- fields of the body ---------------------------------------------------------------------

    def _field(self, name: str, spec: Any) -> Iterator[FieldAt]:
        if isinstance(spec, Unsigned):
            field = self._integer(name, 1)
            if name == "esm_class":
                self._esm_class = int(field.value)
            elif name == "data_coding":
                self._data_coding = int(field.value)
            yield field
        elif isinstance(spec, Status):
            if self._left() < 4:
                yield from self._rest(f"the PDU ends inside {name}")
            else:
                yield self._integer(name, 4)
        elif isinstance(spec, CString):
            yield self._string(name, spec)
        elif isinstance(spec, ShortMessage):
            yield from self._short_message(name)
        elif isinstance(spec, Entries):
            yield from self._entries(name, spec)
        else:
            raise NotImplementedError(f"{name} is of a kind that nobody takes apart: {spec!r}")

    def _integer(self, name: str, size: int, meaning: str | None = None) -> FieldAt:
        value = int.from_bytes(self._octets[self._at : self._at + size], "big")
        return self._take(name, size, value, meaning or meaning_of(name.rpartition(".")[2], value))

    def _string(self, name: str, spec: CString) -> FieldAt:
        stop = self._octets.find(b"\0", self._at)
        if stop < 0:
            value = self._octets[self._at :].decode("latin-1")
            return self._take(name, self._left(), _shown(name, value), "the PDU ends before its closing NUL")
        value = self._octets[self._at : stop].decode("latin-1")
        limit = spec.read_limit or spec.limit
        meaning = f"{len(value)} characters; at most {limit - 1} are allowed" if len(value) >= limit else None
        if meaning is None and name in SECRET and value:
            meaning = "not shown"
        return self._take(name, stop + 1 - self._at, _shown(name, value), meaning)

    def _short_message(self, name: str) -> Iterator[FieldAt]:
        length = self._octets[self._at]
        left = self._left() - 1
        yield self._integer("sm_length", 1, None if length <= left else f"but {left} octets are left in the PDU")
        stop = self._at + min(length, left)
        header = 0
        if self._esm_class & UDHI and stop > self._at and self._octets[self._at] < stop - self._at:
            header = 1 + self._octets[self._at]
            yield from self._user_data_header(self._at + header)
        if stop > self._at or length == 0:
            yield self._text(name, stop - self._at, self._octets[self._at - header : self._at])

    def _user_data_header(self, stop: int) -> Iterator[FieldAt]:
        yield self._integer("udh_length", 1)
        while self._at < stop:
            left = stop - self._at
            size = 2 + self._octets[self._at + 1] if left >= 2 else left
            if left < 2 or size > left:
                yield self._take("udh.rest", left, self._hex(left), "no information element")
                return
            identifier, data = self._octets[self._at], self._octets[self._at + 2 : self._at + size]
            name, meaning = _element(identifier, data)
            yield self._take(f"udh.{name}", size, data.hex(), meaning)

    def _text(self, name: str, length: int, header: bytes) -> FieldAt:
        octets = self._octets[self._at : self._at + length]
        return self._take(name, length, octets.hex(), self._text_of(octets, self._data_coding, header))

    def _entries(self, name: str, spec: Entries) -> Iterator[FieldAt]:
        count = self._octets[self._at]
        yield self._integer(f"number_of_{name}", 1)
        for number in range(count):
            if not self._left():
                return
            flag = None
            if None not in spec.kinds:
                flag = self._octets[self._at]
                yield self._integer(f"{name}[{number}].flag", 1)
            kind = spec.kinds.get(flag)
            if kind is None:
                yield from self._rest(f"an entry of {name} with a flag that nobody knows")
                return
            for field, inner in declared(kind):
                if not self._left():
                    return
                yield from self._field(f"{name}[{number}].{field}", inner)

    # --- TLVs -----------------------------------------------------------------------------------

    def _tlv(self) -> Iterator[FieldAt]:
        left = self._left()
        size = 4 + int.from_bytes(self._octets[self._at + 2 : self._at + 4], "big") if left >= 4 else 0
        if left < 4 or size > left:
            yield from self._rest("no TLV: it would end behind the PDU")
            return
        number = int.from_bytes(self._octets[self._at : self._at + 2], "big")
        octets = self._octets[self._at + 4 : self._at + size]
        tag = TAGS_50.get(number)
        if tag is None:
            yield self._take(f"0x{number:04x}", size, octets.hex(), "of a vendor, or reserved")
            return
        value, meaning = octets.hex(), None
        try:
            read = tag.parse(octets)
        except PduError as error:
            meaning = error.reason
        else:
            if not isinstance(read, bytes):
                value = read
                meaning = meaning_of(tag.name, read) if isinstance(read, int) else None
        if number == MESSAGE_PAYLOAD.number:
            meaning = self._payload(octets)
        yield self._take(tag.name, size, value, meaning)

    def _payload(self, octets: bytes) -> str:
        header = 0
        if self._esm_class & UDHI and octets and octets[0] < len(octets):
            header = 1 + octets[0]
        return self._text_of(octets[header:], self._data_coding, octets[:header])

    # --- octets ---------------------------------------------------------------------------------

    def _left(self) -> int:
        return self._end - self._at

    def _hex(self, length: int) -> str:
        return self._octets[self._at : self._at + length].hex()

    def _take(self, name: str, length: int, value: int | str, meaning: str | None = None) -> FieldAt:
        field = FieldAt(name, self._at, length, value, meaning)
        self._at += length
        return field

    def _rest(self, meaning: str) -> Iterator[FieldAt]:
        if self._left():
            yield self._take("rest", self._left(), self._hex(self._left()), meaning)

    def _length_problem(self) -> str | None:
        length = int.from_bytes(self._octets[:4], "big")
        return None if length == self._end else f"but there are {self._end} octets"


def _shown(name: str, value: str) -> str:
    return "***" if name in SECRET and value else value


def _element(identifier: int, data: bytes) -> tuple[str, str | None]:
    """The name of an information element, and what it says (3GPP TS 23.040 §9.2.3.24)."""
    if (identifier, len(data)) in ((0x00, 3), (0x08, 4)):
        *reference, total, number = data
        return "concatenation", f"part {number} of {total}, reference {int.from_bytes(bytes(reference), 'big')}"
    if (identifier, len(data)) == (0x05, 4):
        return "ports", f"to {int.from_bytes(data[:2], 'big')}, from {int.from_bytes(data[2:], 'big')}"
    if (identifier, len(data)) == (0x04, 2):
        return "ports", f"to {data[0]}, from {data[1]}"
    names = {0x01: "special_message", 0x24: "national_single_shift", 0x25: "national_locking_shift"}
    language = BY_IDENTIFIER.get(data[0]) if identifier in (0x24, 0x25) and len(data) == 1 else None
    return names.get(identifier, f"0x{identifier:02x}"), language and language.value
