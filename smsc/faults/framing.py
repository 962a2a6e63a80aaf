"""Where the PDUs of a byte stream begin: followed while nothing is wrong, cut when a fault wants to see them."""

from struct import Struct
from typing import Final, Self

LONGEST: Final = 128 * 1024
"""A longer PDU is no PDU: it would have to be kept until it is whole. Sessions take 70 KiB at most."""
_LENGTH: Final = 4
_length_at: Final = Struct(">I").unpack_from
_SHORTEST: Final = 16


class Framer:
    """One direction of a connection.

    `follow` only keeps count; `cut` keeps what is not whole. They may take turns at any octet: what has begun to pass
    passes. After a command_length that cannot be true there are no PDUs any more, only octets.
    """

    __slots__ = ("_kept", "_missing", "_start", "broken")

    def __init__(self) -> None:
        self.broken = False
        self._missing = 0  # octets still to come of a PDU that has begun to pass
        self._start = b""  # the beginning of a command_length that has passed already
        self._kept = b""

    @classmethod
    def within(cls, unfinished: bytes | None) -> Self:
        """One for a stream of which these octets of a PDU have passed; None: there are no PDUs any more."""
        framer = cls()
        if unfinished is None:
            framer.broken = True
        else:
            framer.follow(unfinished)
        return framer

    def follow(self, data: bytes) -> None:
        """Note octets that pass as they are."""
        if self.broken:
            return
        at = self._pass_on(data)
        size = len(data)
        while size - at >= _LENGTH:
            (length,) = _length_at(data, at)
            if not _SHORTEST <= length <= LONGEST:
                self.broken = True
                return
            at += length
        if at < size:
            self._start = data[at:]
        elif at > size:
            self._missing = at - size

    def cut(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """The octets that belong to what has begun to pass, and the whole PDUs behind them.

        Once the stream is broken, everything is among the former, what was kept too.
        """
        if self.broken:
            return data, []
        at = self._pass_on(data)
        loose = data[:at]
        frames: list[bytes] = []
        data, at = self._kept + data[at:], 0
        if self.broken:
            self._kept = b""
            return loose + data, []
        while len(data) - at >= _LENGTH:
            length = int.from_bytes(data[at : at + _LENGTH])
            if not self._plausible(length):
                # What follows can only pass as it is; it is given as one piece that is no PDU.
                self._kept = b""
                return loose, [*frames, data[at:]]
            if len(data) - at < length:
                break
            frames.append(data[at : at + length])
            at += length
        self._kept = data[at:]
        return loose, frames

    def let_go(self) -> bytes:
        """The octets kept, which from now on count as passed: nobody wants PDUs any more."""
        kept, self._kept = self._kept, b""
        self.follow(kept)
        return kept

    @property
    def kept(self) -> int:
        """Octets kept of a PDU that is not whole."""
        return len(self._kept)

    def _pass_on(self, data: bytes) -> int:
        """How many octets belong to a PDU that has begun to pass."""
        at = 0
        if self._start:
            at = min(_LENGTH - len(self._start), len(data))
            self._start += data[:at]
            if len(self._start) < _LENGTH:
                return at
            length = int.from_bytes(self._start)
            self._start = b""
            if not self._plausible(length):
                return len(data)
            self._missing = length - _LENGTH
        taken = min(self._missing, len(data) - at)
        self._missing -= taken
        return at + taken

    def _plausible(self, length: int) -> bool:
        self.broken = not _SHORTEST <= length <= LONGEST
        return not self.broken
