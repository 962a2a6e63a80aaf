"""Chance without a generator: every uniform draw follows from what is decided, not from when.

A digest of (seed, operator, system_id, message) gives all draws of one decision, so a decision replays alone and
neither concurrency nor the order of other messages changes it. The same message sent again is another occurrence and
gets other draws: each word of the digest times an odd number, which is drawn for how many times the message came before
(multiply-shift hashing: Dietzfelbinger et al., A reliable randomized algorithm for the closest-pair problem, 1997).
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat
from math import ceil
from struct import Struct
from typing import Final, cast

import msgspec

from smppkit.alike import Pieces
from smppkit.codec import HEADER_SIZE
from smppkit.pdus import SubmitSm
from smppkit.runs import Addressed, Frames
from smppkit.segments import part_of

REMEMBERED: Final = 65_536
MOST_KNOWN: Final = 16_384
_UDHI: Final = 0x40
_BLOCK: Final = 8  # draws per digest: 64 octets, eight each
_WORDS: Final = Struct(">8Q")
_UNPACK: Final = _WORDS.unpack
_WORD: Final = (1 << 64) - 1
_WORD_SIZE: Final = 8
_DRAWN: Final = 3  # words of a digest that ``first`` is about
_FACTOR: Final = 4  # octets of what the words of a message that came before are multiplied by
_SEVERAL: Final = 8  # messages, from which on it is sooner done to draw for them at once
_ROOM: Final = bytes(_FACTOR)  # before each word, for what it grows by


class Chance:
    """The chances of one operator in one scenario; remembers how often the latest messages came.

    Of `remembered` distinct messages the latest half is never forgotten; one that is counts from 0 when it comes again.
    """

    def __init__(self, seed: int, operator: str, remembered: int = REMEMBERED) -> None:
        self._salt = blake2b(f"{seed}\0{operator}".encode(), digest_size=32).digest()
        self._half = remembered // 2
        # Those that came since the others were as many as half of what is remembered; and these others.
        self._counts: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}
        self._factor = lru_cache(maxsize=64)(self._factor_of)
        # Digests by account and what messages have in common, and by what they have not: most messages come again.
        self._known: dict[tuple[str, bytes, bytes], dict[bytes, bytes]] = {}
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
        factor = self._factor(self._occurrence(_laid_out(digest)))
        return digest if factor == 1 else _WORDS.pack(*[word * factor & _WORD for word in _UNPACK(digest)])

    def first(self, system_id: str, frames: Frames, addressed: Addressed) -> Sequence[tuple[int, ...]]:
        """What `uniforms` makes the draws 0, 1 and 2 of: of each plain submit_sm, which are counted as they came.

        `addressed` is what ``frames.addressed`` says.
        """
        laid_out, count = self._laid_out(system_id, frames, addressed), len(frames)
        if count < _SEVERAL:
            return list(zip(*[_words(laid, self._factor(self._occurrence(laid))) for laid in laid_out], strict=True))
        before = self._counts.get(laid_out[0], 0)
        once_more = dict.fromkeys(laid_out, before + 1)
        # Mostly all of a run came as often before, or never, and none of them comes twice in it.
        if len(once_more) == count and self._alike(laid_out, once_more, before):
            self._counts.update(once_more)
            return _words_of_all(laid_out, self._factor(before))
        occurrences = list(map(self._occurrence, laid_out))
        if occurrences.count(occurrences[0]) == count:
            return _words_of_all(laid_out, self._factor(occurrences[0]))
        factors = map(self._factor, occurrences)
        return list(zip(*map(_words, laid_out, factors), strict=True))

    def _laid_out(self, system_id: str, frames: Frames, addressed: Addressed) -> list[bytes]:
        """The digest of each, of when it came first, as ``_words_of_all`` takes it."""
        octets, destinations, count = frames.octets, addressed.destinations, len(frames)
        names: Sequence[bytes]
        if count >= _SEVERAL and isinstance(frames.starts, range) and len(addressed.texts) == 1:
            # They differ in their destinations alone.
            first = (addressed.service_types[0], addressed.sources[0], addressed.kinds[0])
            start = HEADER_SIZE + sum(map(len, first))
            group = octets[HEADER_SIZE:start], octets[start + len(destinations[0]) : frames.starts.step]
            names = destinations
        else:
            group = b"", b""
            names = [octets[start + HEADER_SIZE : end] for start, end in frames.spans()]
        known = self._known.setdefault((system_id, *group), {})
        found = list(map(known.get, names))
        if None in found:
            new = [place for place, laid in enumerate(found) if laid is None]
            made = _laid_out_all(self._first_time(system_id, addressed if len(new) == count else addressed.of(new)))
            for place, laid in zip(new, made, strict=True):
                found[place] = laid
            self._remember(known, [names[place] for place in new], made)
        return cast("list[bytes]", found)

    def _alike(self, keys: Sequence[bytes], distinct: dict[bytes, int], before: int) -> bool:
        """Whether each came so many times before, and there is room to count it."""
        if before:
            return list(map(self._counts.get, keys)).count(before) == len(keys)
        room = len(self._counts) + len(keys) <= self._half
        return room and all(counts.keys().isdisjoint(distinct.keys()) for counts in (self._counts, self._older))

    def _remember(self, known: dict[bytes, bytes], names: Sequence[bytes], laid_out: Sequence[bytes]) -> None:
        """Keep these digests, and let go of all where there are too many."""
        known.update(zip(names, laid_out, strict=True))
        self._known_count += len(names)
        if self._known_count > MOST_KNOWN:
            self._known.clear()
            self._known_count = 0

    def _first_time(self, system_id: str, said: Addressed) -> list[bytes]:
        """The digests of plain submit_sm that say this, when they come for the first time."""
        head = self._salt + system_id.encode() + b"\0"
        count = len(said.destinations)
        sources, texts = (
            column * count if len(column) == 1 else column
            for column in ([source[2:] for source in said.sources], list(said.texts))
        )
        destinations = list(said.destinations)
        if not (b"".join(sources).isascii() and b"".join(destinations).isascii()):
            sources, destinations = (
                [address.decode("latin-1").encode() for address in column] for column in (sources, destinations)
            )
        each = zip(repeat(head), sources, destinations, repeat(b"\0"), texts)
        return [blake2b(octets).digest() for octets in map(b"".join, each)]

    def _factor_of(self, before: int) -> int:
        """What the words of messages are multiplied by that came so many times before."""
        if not before:
            return 1
        digest = blake2b(self._salt + before.to_bytes(8, "big"), digest_size=_FACTOR).digest()
        return int.from_bytes(digest, "big") | 1

    def _occurrence(self, key: bytes) -> int:
        """How often it came before; and count it."""
        before = self._counts.get(key)
        if before is None:
            before = self._older.pop(key, 0)
            if len(self._counts) >= self._half:
                self._older, self._counts = self._counts, {}
        self._counts[key] = before + 1
        return before

    def __len__(self) -> int:
        return len(self._counts) + len(self._older)


def _laid_out(digest: bytes) -> bytes:
    """The first three words of a digest, as ``_words_of_all`` takes them."""
    return _ROOM + digest[:8] + _ROOM + digest[8:16] + _ROOM + digest[16:24]


def _laid_out_all(digests: Sequence[bytes]) -> list[bytes]:
    """The same of several."""
    if len(digests) < _SEVERAL:
        return [_laid_out(digest) for digest in digests]
    octets, laid_out = b"".join(digests), bytearray(len(digests) * _LAID.size)
    for place in range(_DRAWN * _WORD_SIZE):
        at = _FACTOR * (place // _WORD_SIZE + 1) + place
        laid_out[at :: _LAID.size] = octets[place :: _WORDS.size]
    return Pieces(laid_out, _LAID.size).each()


def _words(laid: bytes, factor: int) -> tuple[int, ...]:
    """The first three words of a digest that is laid out, each times the factor."""
    first, second, third = _LAID.unpack(laid)
    return first * factor & _WORD, second * factor & _WORD, third * factor & _WORD


def _words_of_all(laid_out: Sequence[bytes], factor: int) -> Sequence[tuple[int, ...]]:
    """The first words of several, the second and the third: all in one multiplication."""
    octets = b"".join(laid_out)
    if factor > 1:
        octets = (int.from_bytes(octets, "big") * factor).to_bytes(len(octets), "big")
    values = _reading(len(laid_out)).unpack(octets)
    return values[::3], values[1::3], values[2::3]


@lru_cache(maxsize=256)
def _reading(count: int) -> Struct:
    """What reads so many digests that are laid out."""
    return Struct(">" + f"{_FACTOR}xQ" * (3 * count))


_LAID: Final = _reading(1)


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
