"""A byte stream cut into PDUs by their lengths alone: nothing is judged, nothing is lost.

What cannot be a PDU is given as it came. Joined together, all pieces of a stream are the stream.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from smppkit.commands import RESPONSE_BIT, CommandId

HEADER_SIZE: Final = 16
LONGEST: Final = 128 * 1024
"""Octets of a PDU at most: a message_payload is 64 KiB, and nothing else in a PDU comes near it."""

_HEADER = Struct(">IIII")
_LENGTH = Struct(">I")
_COMMANDS = frozenset(int(command) for command in CommandId)


class Piece(NamedTuple):
    """A part of a stream: one PDU (`framed`), or octets that are none."""

    octets: bytes
    framed: bool


def is_frame(octets: bytes) -> bool:
    """Whether the octets are one PDU by their length."""
    return len(octets) >= HEADER_SIZE and _LENGTH.unpack_from(octets)[0] == len(octets)


def looks_like_pdu(octets: bytes, at: int = 0) -> bool:
    """Whether a plausible header begins there: by its length and command, and no request has a status."""
    if len(octets) - at < HEADER_SIZE:
        return False
    length, command_id, status, _ = _HEADER.unpack_from(octets, at)
    if not HEADER_SIZE <= length <= LONGEST or command_id not in _COMMANDS:
        return False
    return bool(command_id & RESPONSE_BIT) or not status


class Cutter:
    """Cuts one direction of one connection.

    A length that cannot be true ends the framing: what follows is given as it comes. After ``lost`` (a capture may
    have holes) the next plausible header is looked for instead.
    """

    def __init__(self, *, hunting: bool = False) -> None:
        """`hunting`: the stream may begin in the middle of a PDU."""
        self.broken = False
        self._hunting = hunting
        self._rest = bytearray()
        self._wanted = _LENGTH.size

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that have become complete with these octets."""
        if self.broken:
            return [Piece(data, False)] if data else []
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        pieces: list[Piece] = []
        at = self._hunt(data, pieces) if self._hunting else 0
        size = len(data)
        self._wanted = HEADER_SIZE if self._hunting else _LENGTH.size
        while not self._hunting and size - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data, at)
            if not HEADER_SIZE <= length <= LONGEST:
                self.broken = True
                pieces.append(Piece(data[at:], False))
                return pieces
            if size - at < length:
                self._wanted = length
                break
            pieces.append(Piece(data[at : at + length], True))
            at += length
        self._rest += data[at:]
        return pieces

    def lost(self) -> list[Piece]:
        """Octets are missing here: what waits will never be complete."""
        pieces = self.finish()
        self.broken = False
        self._hunting = True
        self._wanted = HEADER_SIZE
        return pieces

    def finish(self) -> list[Piece]:
        """The stream has ended: what is left of it."""
        rest = bytes(self._rest)
        self._rest.clear()
        return [Piece(rest, False)] if rest else []

    def _hunt(self, data: bytes, pieces: list[Piece]) -> int:
        """The place of the next plausible header, or of what may become one; what is before it is no PDU."""
        last = len(data) - HEADER_SIZE
        found = next((at for at in range(last + 1) if looks_like_pdu(data, at)), None)
        self._hunting = found is None
        at = max(0, last + 1) if found is None else found
        if at:
            pieces.append(Piece(data[:at], False))
        return at
