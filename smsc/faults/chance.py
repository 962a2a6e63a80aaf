"""Chance without a generator: every draw follows from what it is for, never from when it is made."""

from hashlib import blake2b, shake_128
from typing import Final

_FRACTION: Final = 2.0**-52


class Draw:
    """The draws about one thing that passes: slot 0 says whether a fault strikes, the others are the fault's own."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        """`key` names the seed, the fault, the connection and the number of what passes."""
        self._key = key.encode()

    def uniform(self, slot: int = 1) -> float:
        """A number above 0 and below 1."""
        digest = blake2b(self._key, digest_size=8, salt=slot.to_bytes(4, "big")).digest()
        # 52 of 64 bits: with the half added the sum is exact, so the result is never 0 and never 1.
        return ((int.from_bytes(digest) >> 12) + 0.5) * _FRACTION

    def below(self, count: int, slot: int = 1) -> int:
        """A whole number from 0 up to `count` - 1."""
        return int(self.uniform(slot) * count)

    def octets(self, count: int) -> bytes:
        """That many octets."""
        return shake_128(b"octets\0" + self._key).digest(count)
