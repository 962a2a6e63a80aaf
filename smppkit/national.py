"""National language tables at work: which pair a segment names, its octets, and the text behind them.

A user data header names a single shift table (element 0x24), a locking shift table (0x25), or one of each, for the
segment it begins (3GPP TS 23.040 §9.2.3.24.15–16). The text stays GSM-7, with another meaning of the codes.
"""

import codecs
from collections.abc import Iterable
from functools import cache, cached_property

import msgspec

from smppkit.gsm0338 import UnencodableText
from smppkit.national_tables import BY_IDENTIFIER, DEFAULT_LOCKING, DEFAULT_SINGLE, ESC, LOCKING, SINGLE, Language

SINGLE_SHIFT, LOCKING_SHIFT = 0x24, 0x25


class Shifts(msgspec.Struct, frozen=True, dict=True):
    """A pair of tables; None stands for the default one."""

    locking: Language | None = None
    single: Language | None = None

    @cached_property
    def elements(self) -> bytes:
        """The elements of the user data header that name the tables: three octets for each."""
        octets = b""
        if self.single is not None:
            octets += bytes((SINGLE_SHIFT, 1, self.single.identifier))
        if self.locking is not None:
            octets += bytes((LOCKING_SHIFT, 1, self.locking.identifier))
        return octets

    @cached_property
    def _encoding(self) -> dict[int, bytes]:
        locking, single = _tables(self)
        # The lowest code of a character that has two; one septet rather than two.
        return {
            **{ord(char): bytes((ESC, code)) for code, char in sorted(single.items(), reverse=True)},
            **{ord(char): bytes((code,)) for code, char in sorted(locking.items(), reverse=True)},
        }

    @property
    def characters(self) -> Iterable[str]:
        """Every character that the pair can write."""
        return map(chr, self._encoding)

    def try_encode(self, text: str) -> bytes | None:
        """One septet per octet, two for a character of the single shift table; None when it cannot be."""
        try:
            return codecs.charmap_encode(text, "strict", self._encoding)[0]
        except UnicodeEncodeError:
            return None

    def encode(self, text: str) -> bytes:
        """Encode as `try_encode` does; UnencodableText when a character has no place."""
        octets = self.try_encode(text)
        if octets is None:
            missing = dict.fromkeys(char for char in text if ord(char) not in self._encoding)
            raise UnencodableText(str(self), tuple(missing))
        return octets

    def decode(self, octets: bytes) -> str:
        """The text; an octet without a character becomes U+FFFD.

        An escape pair that the single shift table lacks shows the character of the locking one (TS 23.038 §6.2.1.2.2),
        two escapes and an escape at the end a space, as with the default tables.
        """
        locking, single = _tables(self)
        shown = []
        escaped = False
        for octet in octets:
            if octet == ESC:
                if escaped:
                    shown.append(" ")
                escaped = not escaped
            elif escaped:
                shown.append(single.get(octet) or locking.get(octet, "\ufffd"))
                escaped = False
            else:
                shown.append(locking.get(octet, "\ufffd"))
        if escaped:
            shown.append(" ")
        return "".join(shown)

    def __str__(self) -> str:
        named = [("locking", self.locking), ("single", self.single)]
        return " + ".join(f"{language.value} {kind} shift" for kind, language in named if language is not None)


def _tables(shifts: Shifts) -> tuple[dict[int, str], dict[int, str]]:
    return (
        DEFAULT_LOCKING if shifts.locking is None else LOCKING[shifts.locking],
        DEFAULT_SINGLE if shifts.single is None else SINGLE[shifts.single],
    )


@cache
def pairs(languages: tuple[Language, ...]) -> tuple[Shifts, ...]:
    """Every pair of tables of these languages but that of the two default ones; those that cost less header first."""
    lockings = [None, *(language for language in languages if language in LOCKING)]
    found = [Shifts(locking, single) for locking in lockings for single in (None, *languages)]
    return tuple(sorted(found[1:], key=lambda shifts: len(shifts.elements)))


@cache
def _named(locking: int, single: int) -> Shifts | None:
    shifts = Shifts(BY_IDENTIFIER.get(locking), BY_IDENTIFIER.get(single))
    if shifts.locking not in LOCKING:  # Spanish has a single shift table only
        shifts = Shifts(None, shifts.single)
    return shifts if shifts.elements else None


def shifts_of(elements: Iterable[tuple[int, bytes]]) -> Shifts | None:
    """Which tables a header's elements (identifier, data) name; None for the default ones.

    A language that is not known means the default table (TS 23.038 §6.2.1.2.4), of several elements the last counts.
    """
    locking = single = 0
    for identifier, data in elements:
        if identifier == SINGLE_SHIFT and len(data) == 1:
            single = data[0]
        elif identifier == LOCKING_SHIFT and len(data) == 1:
            locking = data[0]
    return _named(locking, single) if locking or single else None
