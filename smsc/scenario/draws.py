"""Chance without a generator: every uniform draw follows from what is decided, not from when.

A digest of (seed, operator, system_id, message, occurrence) gives all draws of one decision, so a decision replays
alone and neither concurrency nor the order of other messages changes it. The same message sent again is another
occurrence and gets other draws.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from hashlib import blake2b
from math import ceil
from struct import Struct, unpack
from typing import Final, cast

import msgspec

from smppkit.codec import HEADER_SIZE
from smppkit.pdus import SubmitSm
from smppkit.runs import Addressed, Frames
from smppkit.segments import part_of

REMEMBERED: Final = 65_536
MOST_KNOWN: Final = 16_384
_UDHI: Final = 0x40
_BLOCK: Final = 8  # draws per digest: 64 octets, eight each
_UNPACK: Final = Struct(">8Q").unpack
_FIRST: Final = "3Q40x"


class Chance:
    """The chances of one operator in one scenario; remembers how often the latest messages came.

    Beyond `remembered` distinct messages the oldest is forgotten, and counts from 0 when it comes again.
    """

    def __init__(self, seed: int, operator: str, remembered: int = REMEMBERED) -> None:
        self._salt = blake2b(f"{seed}\0{operator}".encode(), digest_size=32).digest()
        self._remembered = remembered
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        # Digests of first occurrences by account and body: most loads have the same messages again.
        self._known: dict[str, dict[bytes, bytes]] = {}
        self._known_count = 0

    def digest(self, system_id: str, pdu: SubmitSm) -> bytes:
        """Return the 64 octets of this occurrence of a message, and count it."""
        data = pdu.short_message
        part = ""
        if pdu.tlvs or pdu.esm_class & _UDHI:
            info, data = part_of(pdu)
            # Clients number long messages as they come: the reference says when, the part's number says what.
            part = f"{info.number}/{info.total}" if info is not None else ""
        # A C-string holds no NUL, so the parts cannot run into each other.
        words = f"{system_id}\0{pdu.source_addr}\0{pdu.destination_addr}\0{part}\0"
        digest = blake2b(self._salt + words.encode() + data).digest()
        occurrence = self._occurrence(digest)
        return blake2b(digest + occurrence.to_bytes(8, "big")).digest() if occurrence else digest

    def first(self, system_id: str, frames: Frames, addressed: Addressed) -> Sequence[tuple[int, ...]]:
        """What `uniforms` makes the draws 0, 1 and 2 of: of each plain submit_sm, which are counted as they came.

        `addressed` is what ``frames.addressed`` says.
        """
        octets = frames.octets
        known = self._known.setdefault(system_id, {})
        bodies = [octets[start + HEADER_SIZE : end] for start, end in frames.spans()]
        firsts = list(map(known.get, bodies))
        if None in firsts:
            head = self._salt + system_id.encode() + b"\0"
            said = zip(addressed.sources, addressed.destinations, addressed.begins, frames.spans(), strict=True)
            for place, (source, destination, begin, (_, end)) in enumerate(said):
                if firsts[place] is None:
                    digest = self._first_time(head, source[2:], destination[2:], octets[begin:end])
                    firsts[place] = known[bodies[place]] = digest
                    self._remember()
        counts, remembered = self._counts, self._remembered
        digests: list[bytes] = []
        last, written = 0, b""
        for digest in cast("list[bytes]", firsts):
            before = counts.get(digest, 0)
            counts[digest] = before + 1
            if before:
                counts.move_to_end(digest)
                if before != last:  # mostly all of a run come for the same time
                    last, written = before, before.to_bytes(8, "big")
                digests.append(blake2b(digest + written).digest())
                continue
            if len(counts) > remembered:
                counts.popitem(last=False)
            digests.append(digest)
        values = unpack(">" + _FIRST * len(digests), b"".join(digests))
        return values[::3], values[1::3], values[2::3]

    def _remember(self) -> None:
        """Let go of digests where there are too many."""
        self._known_count += 1
        if self._known_count > MOST_KNOWN:
            self._known.clear()
            self._known_count = 0

    @staticmethod
    def _first_time(head: bytes, source: bytes, destination: bytes, data: bytes) -> bytes:
        if not (source.isascii() and destination.isascii()):
            source, destination = (address.decode("latin-1").encode() for address in (source, destination))
        return blake2b(b"%b%b%b\0%b" % (head, source, destination, data)).digest()

    def _occurrence(self, key: bytes) -> int:
        counts = self._counts
        before = counts.get(key, 0)
        counts[key] = before + 1
        if before:
            counts.move_to_end(key)
        elif len(counts) > self._remembered:
            counts.popitem(last=False)
        return before

    def __len__(self) -> int:
        return len(self._counts)


class Draws(msgspec.Struct, gc=False):
    """The draws of one decision; the digest is computed at the first one, since many decisions need none."""

    chance: Chance
    system_id: str
    pdu: SubmitSm
    _digest: bytes = b""
    _first: tuple[int, ...] = ()

    def uniform(self, slot: int) -> float:
        """Return the draw number `slot` of this decision: 0 < u < 1, independent of the other slots."""
        if not self._digest:
            self._digest = self.chance.digest(self.system_id, self.pdu)
            self._first = _UNPACK(self._digest)
        values = self._first
        if slot >= _BLOCK:
            block, slot = divmod(slot, _BLOCK)
            values = _UNPACK(blake2b(self._digest + block.to_bytes(4, "big")).digest())
        # 52 of 64 bits: with the half added the sum is exact, so the result is never 0 and never 1.
        return ((values[slot] >> 12) + 0.5) * 2.0**-52


def least(u: float) -> int:
    """The least value of which `uniforms` makes no less than `u` (0 < u < 1)."""
    return ceil(Fraction(u) * 2**52 - Fraction(1, 2)) << 12


def uniforms(values: Iterable[int]) -> list[float]:
    """The same of many."""
    return [((value >> 12) + 0.5) * 2.0**-52 for value in values]
