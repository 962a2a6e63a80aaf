"""Other numbers for people's numbers: the same length, the same country, and one for each.

Under one key the mapping is a permutation (a Feistel network over the digits that are hidden), so no two numbers become
one, and the same number is the same pseudonym wherever it stands.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

SHORTEST: Final = 7
"""Digits of a person's number at least: short codes and names belong to services, and stay."""
LONGEST: Final = 20
_ROUNDS = 10
_REMEMBERED = 65_536


class Pseudonyms:
    """The pseudonyms under one key; without the key there is no way back."""

    def __init__(self, key: bytes) -> None:
        """`key`: at most 64 octets."""
        self._key = key
        self.of = lru_cache(_REMEMBERED)(self._of)

    def _of(self, address: str) -> str:
        """The pseudonym of an address; what is not a person's number is returned as it is."""
        digits = address.removeprefix("+")
        if not is_number(address):
            return address
        kept = len(address) - len(digits) + _country(digits)
        return address[:kept] + self._permute(address[kept:])

    def name(self, text: str) -> str:
        """A pseudonym for the name of an account, of the same length (at most 64 characters)."""
        return blake2b(text.encode(), key=self._key, digest_size=32, person=b"account").hexdigest()[: len(text)]

    def _permute(self, digits: str) -> str:
        half = len(digits) // 2
        left, right = digits[:half], digits[half:]
        for number in range(_ROUNDS):
            left, right = right, self._add(left, right, number)
        return left + right

    def _add(self, left: str, right: str, number: int) -> str:
        text = f"{number}/{len(left)}/{right}"
        digest = blake2b(text.encode(), key=self._key, digest_size=16).digest()
        total = (int(left or "0") + int.from_bytes(digest)) % 10 ** len(left)
        return f"{total:0{len(left)}}" if left else ""


def is_number(address: str) -> bool:
    """Whether an address is a number that a person may have."""
    digits = address.removeprefix("+")
    return SHORTEST <= len(digits) <= LONGEST and digits.isascii() and digits.isdigit()


def _country(digits: str) -> int:
    """How many of the first digits say the country: the international prefix, and a code of one to three digits."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    zeros = 2 if digits.startswith("00") else 0
    for size in (1, 2, 3):
        code = digits[zeros : zeros + size]
        if code.isdigit() and int(code) in COUNTRY_CODE_TO_REGION_CODE:
            return zeros + size
    return zeros
