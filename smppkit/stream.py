"""Bytes of a connection to PDUs, with three fates: a PDU, a bad PDU (answer it and go on), a broken stream (close)."""

import struct
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from smppkit.codec import HEADER_SIZE, SMPP_34, Codec, read_header, unknown_command
from smppkit.errors import PduError
from smppkit.pdus import Pdu
from smppkit.status import CommandStatus

DEFAULT_MAX_LENGTH = 70 * 1024
"""A message_payload of 64 KiB fits, with all that may stand beside it."""

_LENGTH = struct.Struct(">I")
_SHOWN = 64


class BadPdu(msgspec.Struct, frozen=True):
    """A whole PDU that cannot be read: the stream is sound, and a response with `status` is due."""

    command_id: int
    command_status: int
    sequence_number: int
    status: int
    reason: str
    octets: bytes


class BrokenStream(msgspec.Struct, frozen=True):
    """A command_length that cannot be true: nothing after it can be found. `octets` are the first 64 at most."""

    status: int
    reason: str
    octets: bytes


Fate: TypeAlias = Pdu | BadPdu | BrokenStream


class StreamDecoder:
    """Cuts a byte stream into PDUs.

    `max_length` may be set at any time: small before a bind, larger after it. A longer PDU breaks the stream as soon as
    its length is read, so what waits in the buffer is never more than one PDU of that size.
    """

    def __init__(self, max_length: int = DEFAULT_MAX_LENGTH, codec: Codec = SMPP_34) -> None:
        self.max_length = max_length
        self._decoders = codec.decoders
        self._rest = bytearray()
        self._wanted = _LENGTH.size
        self._broken = False

    @property
    def buffered(self) -> int:
        """Octets kept of a PDU that is not complete."""
        return len(self._rest)

    def feed(self, data: bytes, tap: Callable[[bytes], None] | None = None) -> list[Fate]:
        """What has become complete with these octets, in order; `tap` is given the octets of each frame first.

        A BrokenStream is the last fate: whatever is fed after it is ignored.
        """
        if self._broken:
            return []
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        fates: list[Fate] = []
        decoders = self._decoders
        at, size = 0, len(data)
        while size - at >= HEADER_SIZE:
            length, command_id, command_status, sequence_number = read_header(data, at)
            end = at + length
            if end > size or length < HEADER_SIZE or length > self.max_length:
                break
            if tap is not None:
                tap(data[at:end])
            decoder = decoders.get(command_id)
            try:
                if decoder is None:
                    raise unknown_command(command_id)
                fates.append(decoder(data, at, end, command_status, sequence_number))
            except PduError as error:
                fates.append(
                    BadPdu(command_id, command_status, sequence_number, error.status, error.reason, data[at:end])
                )
            at = end
        if at < size:
            self._keep(data[at:], fates)
        return fates

    def _keep(self, rest: bytes, fates: list[Fate]) -> None:
        """Keep the beginning of a PDU, unless the length it gives cannot be true."""
        self._wanted = _LENGTH.size
        if len(rest) >= _LENGTH.size:
            (self._wanted,) = _LENGTH.unpack_from(rest)
            if not HEADER_SIZE <= self._wanted <= self.max_length:
                self._broken = True
                reason = f"command_length is {self._wanted}, not {HEADER_SIZE} to {self.max_length}"
                fates.append(BrokenStream(CommandStatus.ESME_RINVCMDLEN, reason, rest[:_SHOWN]))
                return
        self._rest += rest
