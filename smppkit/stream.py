"""Bytes of a connection to PDUs, with three fates: a PDU, a bad PDU (answer it and go on), a broken stream (close)."""

import struct
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import msgspec

from smppkit.by_kind import by_kind
from smppkit.codec import HEADER_SIZE, SMPP_34, Codec, read_header
from smppkit.errors import PduError
from smppkit.pdus import Pdu
from smppkit.runs import Run, RunReader
from smppkit.status import CommandStatus

DEFAULT_MAX_LENGTH = 70 * 1024
"""A message_payload of 64 KiB fits, with all that may stand beside it."""

_LENGTH = struct.Struct(">I")
_SHOWN = 64
_SHORT: Final = 8
"""A run of fewer PDUs that ends where one of another kind begins is a sign that kinds come by turns."""
_NO_RUNS: Final[Mapping[int, RunReader]] = MappingProxyType({})


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

    `max_length` and `codec` may be set at any time, also between two PDUs of one segment: small before a bind, larger
    after it. A longer PDU breaks the stream as soon as its length is read, so what waits in the buffer is never more
    than one PDU of that size.
    """

    def __init__(self, max_length: int = DEFAULT_MAX_LENGTH, codec: Codec = SMPP_34) -> None:
        self.max_length = max_length
        self.codec = codec
        self._rest = bytearray()
        self._wanted = _LENGTH.size
        self._broken = False

    @property
    def buffered(self) -> int:
        """Octets kept of a PDU that is not complete."""
        return len(self._rest)

    @property
    def unfinished(self) -> bytes | None:
        """These octets; None when nothing can be found in the stream any more."""
        return None if self._broken else bytes(self._rest)

    def feed(self, data: bytes, tap: Callable[[bytes], None] | None = None) -> list[Fate]:
        """What has become complete with these octets, in order; `tap` is given the octets of each frame first.

        A BrokenStream is the last fate: whatever is fed after it is ignored.
        """
        return cast("list[Fate]", list(self.fates(data, tap)))

    def fates(
        self,
        data: bytes,
        tap: Callable[[bytes], None] | None = None,
        readers: Mapping[int, RunReader] = _NO_RUNS,
        many: Callable[[Run], None] | None = None,
        *,
        by_turns: bool = False,
    ) -> Iterator[Fate | Run]:
        """As `feed`, one by one, with what `readers` cut out as one, by command_id, in the place of its PDUs.

        To be gone through to its end before the next octets are fed. `many` is given each run first, as `tap` each
        frame of what is not in one. Where those that have readers come `by_turns`, they may be given kind by kind.
        """
        if self._broken:
            return
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at, size = 0, len(data)
        sorted_to = 0 if by_turns else size
        while size - at >= HEADER_SIZE:
            length, command_id, command_status, sequence_number = read_header(data, at)
            start, end = at, at + length
            if end > size or length < HEADER_SIZE or length > self.max_length:
                break
            if readers and command_id in readers:
                found = readers[command_id](data, at)
                if found is not None:
                    run, at = found
                    if many is not None:
                        many(run)
                    yield run
                    if at >= sorted_to and len(run) < _SHORT and size - at >= HEADER_SIZE:
                        data, sorted_to = by_kind(data, at, readers, self.max_length)
                    continue
            if tap is not None:
                tap(data[start:end])
            fate: Fate
            try:
                fate = self.codec.decoders[command_id](data, start, end, command_status, sequence_number)
            except PduError as error:
                reason, octets = error.reason, data[start:end]
                fate = BadPdu(command_id, command_status, sequence_number, error.status, reason, octets)
            at = end
            yield fate
        if at < size:
            broken = self._keep(data[at:])
            if broken is not None:
                yield broken

    def _keep(self, rest: bytes) -> BrokenStream | None:
        """Keep the beginning of a PDU, unless the length it gives cannot be true."""
        self._wanted = _LENGTH.size
        if len(rest) >= _LENGTH.size:
            (self._wanted,) = _LENGTH.unpack_from(rest)
            if not HEADER_SIZE <= self._wanted <= self.max_length:
                self._broken = True
                reason = f"command_length is {self._wanted}, not {HEADER_SIZE} to {self.max_length}"
                return BrokenStream(CommandStatus.ESME_RINVCMDLEN, reason, rest[:_SHOWN])
        self._rest += rest
        return None
