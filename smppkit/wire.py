"""The octets of one session: what comes is cut into PDUs, what goes is encoded and queued, and a tap sees both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from smppkit.codec import Codec
from smppkit.pdus import Pdu
from smppkit.runs import Run, RunReader, split
from smppkit.session_config import SessionCounters
from smppkit.stream import Fate, StreamDecoder

Tap = Callable[[str, bytes], None]
"""Called with "in" or "out" and the octets of one PDU."""

ManyTap = Callable[[str, int, bytes], None]
"""Called with "in" or "out", how many PDUs there are, and the octets of all of them, one behind the other."""


class Wire:
    """Both directions of one connection, in one version of SMPP."""

    def __init__(
        self, codec: Codec, max_length: int, counters: SessionCounters, tap: Tap | None, many: ManyTap | None = None
    ) -> None:
        self.codec = codec
        self._decoder = StreamDecoder(max_length, codec)
        self._counters = counters
        self._tap = tap
        self._tap_in = None if tap is None else partial(tap, "in")
        self._many = many
        self._readers: Mapping[int, RunReader] | None = None
        self._by_turns = False
        self._out: list[bytes] = []

    def listen_in(self, tap: Tap, many: ManyTap | None = None) -> None:
        """Tell `tap`, and nobody else, of every PDU from the next one on; `many` of those that come or go together."""
        self._tap = tap
        self._tap_in = partial(tap, "in")
        self._many = many

    def speak(self, codec: Codec, max_length: int) -> None:
        """Go on in this version, and with PDUs up to this length; from the next PDU on, both ways."""
        self.codec = self._decoder.codec = codec
        self._decoder.max_length = max_length

    def read_runs(self, readers: Mapping[int, RunReader], *, by_turns: bool = False) -> None:
        """Cut plain PDUs out of what comes in runs from now on, while no tap wants to see each of them by itself.

        While none listens at all, those that come `by_turns` may be given kind by kind.
        """
        self._readers = readers
        self._by_turns = by_turns

    def fates(self, data: bytes, *, runs: bool = True) -> Iterator[Fate | Run]:
        """What has become complete with these octets; without `runs` each PDU by itself."""
        if not runs or self._readers is None or (self._tap_in is not None and self._many is None):
            return self._decoder.fates(data, self._tap_in)
        if self._many is None:
            return self._decoder.fates(data, None, self._readers, by_turns=self._by_turns)
        return self._decoder.fates(data, self._tap_in, self._readers, self._run_in)

    @property
    def unfinished(self) -> bytes | None:
        """What has come of a PDU that is not complete; None when the stream is broken."""
        return self._decoder.unfinished

    def write(self, pdu: Pdu, codec: Codec | None = None) -> None:
        """Encode a PDU, and queue it; EncodeError, and nothing is queued."""
        if codec is None:
            codec = self.codec
        octets = codec.encoders[type(pdu)](pdu)
        if not codec.tlvs:
            self._counters.tlvs_left_out += len(pdu.tlvs)
        self._counters.pdus_out += 1
        self._out.append(octets)
        if self._tap is not None:
            self._tap("out", octets)

    def encoder(self, kind: type[Pdu]) -> Callable[[Any], bytes]:
        """What makes octets for ``write_many`` of PDUs of a kind. What a version leaves out of them is counted."""
        encode = self.codec.encoders[kind]
        if self.codec.tlvs:
            return encode

        def counting(pdu: Pdu) -> bytes:
            octets = encode(pdu)
            self._counters.tlvs_left_out += len(pdu.tlvs)
            return octets

        return counting

    def write_octets(self, octets: bytes) -> None:
        """Queue octets as they are."""
        self._counters.pdus_out += 1
        self._out.append(octets)
        if self._tap is not None:
            self._tap("out", octets)

    def write_many(self, count: int, frames: Sequence[bytes]) -> None:
        """Queue the octets of so many PDUs as they are: one frame for each, or any pieces."""
        self._counters.pdus_out += count
        self._out += frames
        if self._many is not None:
            if count:
                self._many("out", count, frames[0] if len(frames) == 1 else b"".join(frames))
        elif self._tap is not None:
            for octets in frames if len(frames) == count else split(b"".join(frames)):
                self._tap("out", octets)

    def drain(self) -> bytes:
        """Everything queued since the last call."""
        if not self._out:
            return b""
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    def _run_in(self, run: Run) -> None:
        if self._many is not None:
            self._many("in", len(run), run.octets)

    def drop(self) -> None:
        """The connection is gone, and what is queued stays here."""
        self._counters.octets_unsent += sum(map(len, self._out))
        self._out.clear()
