"""Captured frames out of a file: classic pcap (both byte orders, micro- and nanoseconds) and pcapng.

Source of both formats: the Internet drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, unpack_from
from typing import BinaryIO, Final, NamedTuple

PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
# The first four octets: byte order, and units of the fraction of a second.
_CLASSIC: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
}
MAGICS: Final = frozenset({PCAPNG, *_CLASSIC})

_BYTE_ORDER: Final = 0x1A2B3C4D
_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
_MOST_OCTETS: Final = 1 << 26  # a frame or block that says to be longer is a broken file


class Frame(NamedTuple):
    """One captured frame; `at` in unix seconds."""

    at: float
    linktype: int
    octets: bytes


class CaptureError(Exception):
    """The file is not a capture, or is broken; the text says where."""


def read_frames(file: BinaryIO) -> Iterator[Frame]:
    """The frames of a capture, in order. CaptureError; the frames before a broken one have been given then."""
    magic = file.read(4)
    if magic == PCAPNG:
        yield from _Pcapng(file).frames()
    elif magic in _CLASSIC:
        yield from _classic(file, *_CLASSIC[magic])
    else:
        raise CaptureError("found no capture; expected pcap or pcapng")


def _classic(file: BinaryIO, order: str, units: int) -> Iterator[Frame]:
    rest = _exactly(file, 20, "its header")
    (linktype,) = unpack_from(order + "I", rest, 16)
    header = Struct(order + "IIII")
    number = 0
    while octets := file.read(header.size):
        number += 1
        if len(octets) < header.size:
            raise CaptureError(f"it ends inside the header of frame {number}")
        seconds, fraction, captured, _ = header.unpack(octets)
        if captured > _MOST_OCTETS:
            raise CaptureError(f"frame {number} says to have {captured} octets")
        frame = _exactly(file, captured, f"frame {number}")
        yield Frame(seconds + fraction / units, linktype & 0xFFFF, frame)


class _Interface(NamedTuple):
    linktype: int
    units: int
    offset: int


class _Pcapng:
    """The blocks of a pcapng file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._order = "<"
        self._interfaces: list[_Interface] = []
        self._last = 0.0

    def frames(self) -> Iterator[Frame]:
        kind = _SECTION
        while True:
            body = self._section() if kind == _SECTION else self._block()
            frame = self._read(kind, body)
            if frame is not None:
                yield frame
            head = self._file.read(4)
            if not head:
                return
            if len(head) < 4:
                raise CaptureError("it ends inside a block")
            kind = _SECTION if head == PCAPNG else unpack_from(self._order + "I", head)[0]

    def _section(self) -> bytes:
        """A section begins: its byte order stands behind its length."""
        head = _exactly(self._file, 8, "a section")
        self._order = next((order for order in "<>" if unpack_from(order + "I", head, 4)[0] == _BYTE_ORDER), "")
        if not self._order:
            raise CaptureError("a section has no byte order")
        self._interfaces = []
        (length,) = unpack_from(self._order + "I", head)
        _exactly(self._file, self._checked(length) - 12, "a section")
        return b""

    def _block(self) -> bytes:
        (length,) = unpack_from(self._order + "I", _exactly(self._file, 4, "a block"))
        return _exactly(self._file, self._checked(length) - 8, "a block")[:-4]

    def _checked(self, length: int) -> int:
        if not 12 <= length <= _MOST_OCTETS or length % 4:
            raise CaptureError(f"a block says to have {length} octets")
        return length

    def _read(self, kind: int, body: bytes) -> Frame | None:
        order = self._order
        least = {_INTERFACE: 8, _ENHANCED: 20, _OBSOLETE: 20, _SIMPLE: 4}.get(kind)
        if least is None:
            return None
        if len(body) < least:
            raise CaptureError("a block is shorter than its kind")
        if kind == _INTERFACE:
            self._interfaces.append(self._interface(body))
            return None
        if kind == _SIMPLE:
            interface, start, captured = 0, 4, len(body) - 4
            captured = min(captured, unpack_from(order + "I", body)[0])
        else:
            interface = unpack_from(order + ("I" if kind == _ENHANCED else "H"), body)[0]
            high, low, captured, _ = unpack_from(order + "IIII", body, 4)
            start = 20
        if interface >= len(self._interfaces) or start + captured > len(body):
            raise CaptureError("a frame is of an interface or a length that cannot be")
        described = self._interfaces[interface]
        if kind != _SIMPLE:  # those have no time of their own
            self._last = (high << 32 | low) / described.units + described.offset
        return Frame(self._last, described.linktype, body[start : start + captured])

    def _interface(self, body: bytes) -> _Interface:
        order = self._order
        (linktype,) = unpack_from(order + "H", body)
        units, offset, at = 1_000_000, 0, 8
        while at + 4 <= len(body):
            code, length = unpack_from(order + "HH", body, at)
            value = body[at + 4 : at + 4 + length]
            if code == _TIME_RESOLUTION and len(value) == 1:
                units = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
            elif code == _TIME_OFFSET and len(value) == 8:
                (offset,) = unpack_from(order + "q", value)
            at += 4 + length + -length % 4
        return _Interface(linktype, units, offset)


def _exactly(file: BinaryIO, size: int, what: str) -> bytes:
    octets = file.read(size)
    if len(octets) < size:
        raise CaptureError(f"it ends inside {what}")
    return octets
