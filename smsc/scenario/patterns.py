"""Patterns of rules, as a scenario writes them.

Addresses and accounts match a glob over all of it (`77050000*` is a prefix) or a regular expression anywhere in it
(`/^7705[0-4]/`); a leading `+` counts on neither side. Text does the same (`*casino*`, `/casino/i`); its globs ignore
case.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import ClassVar, Final, Literal, Self

_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_WILD = re.compile(r"[*?\[]")
MOST_UNFIT: Final = 16_384
"""Addresses that no pattern fits, which are remembered."""


@lru_cache(maxsize=1024)
def regex_of(pattern: str) -> re.Pattern[str] | None:
    """The regular expression of a pattern that is written as one, `/…/i`; None for a glob. ValueError, re.error."""
    match = _REGEX.fullmatch(pattern)
    if match is None:
        return None
    flags = 0
    for letter in match[2]:
        if letter not in _FLAGS:
            raise ValueError(f'unknown flag "{letter}" after the regular expression; expected i, m or s')
        flags |= _FLAGS[letter]
    return re.compile(match[1], flags)


def _checked(pattern: str, expected: str) -> None:
    if not pattern:
        raise ValueError(f"expected {expected}")
    try:
        regex_of(pattern)
    except re.error as error:
        raise ValueError(f"the regular expression is wrong: {error}; expected {expected}") from None


class AddressPattern(str):
    """A pattern over an address or a system_id: a glob such as `77050000*`, or a regular expression, `/^7705/`."""

    __slots__ = ()
    expected: ClassVar[str] = "a pattern such as 77050000* or /^7705/"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the pattern; ValueError says what is wrong with a regular expression."""
        pattern = text.removeprefix("+")
        _checked(pattern, cls.expected)
        return cls(pattern)

    @property
    def kind(self) -> Literal["exact", "prefix", "suffix", "other"]:
        """What the pattern asks for, since all but "other" need no regular expression."""
        if self.regex is not None:
            return "other"
        if not _WILD.search(self):
            return "exact"
        if self.endswith("*") and not _WILD.search(self[:-1]):
            return "prefix"
        if self.startswith("*") and not _WILD.search(self[1:]):
            return "suffix"
        return "other"

    @property
    def regex(self) -> re.Pattern[str] | None:
        """The regular expression; None for a glob."""
        return regex_of(self)

    @property
    def fixed(self) -> str:
        """The characters of an exact, prefix or suffix pattern."""
        return str(self).strip("*")

    def compile(self) -> Callable[[str], object]:
        """Return a function from an address to something true when it matches."""
        if self.regex is not None:
            return self.regex.search
        fixed, kind = self.fixed, self.kind
        if kind == "exact":
            return fixed.__eq__
        if kind == "prefix":
            return lambda address: address.startswith(fixed)
        if kind == "suffix":
            return lambda address: address.endswith(fixed)
        return re.compile(fnmatch.translate(self)).match


WHOLE: Final = 2
"""What `telling` says of a whole address."""
_TELLS = {"exact": WHOLE, "prefix": 1, "suffix": 1, "other": 0}


def telling(patterns: Sequence[AddressPattern]) -> int:
    """How much of an address the vaguest of some patterns says; nothing where there are none."""
    return min((_TELLS[pattern.kind] if pattern.fixed else 0 for pattern in patterns), default=0)


class AddressIndex:
    """Which of many entries fit an address, each by one of its patterns; an entry without patterns fits them all.

    Entries are known by their position; one that is None fits nothing. Numbers, prefixes and endings are looked up, one
    lookup for each length there is, however many entries there are; all other patterns are tried on every address.
    """

    __slots__ = ("_everywhere", "_exact", "_octets", "_others", "_prefixes", "_suffixes", "_unfit")

    def __init__(self, entries: Iterable[Iterable[AddressPattern] | None]) -> None:
        self._everywhere: list[int] = []
        self._exact: dict[str, list[int]] = {}
        self._prefixes: dict[int, dict[str, list[int]]] = {}
        self._suffixes: dict[int, dict[str, list[int]]] = {}
        self._others: list[tuple[int, Callable[[str], object]]] = []
        self._octets: list[tuple[slice, frozenset[bytes]]] | None = None
        self._unfit: set[bytes] = set()  # addresses that no entry fits: most loads come back to the same ones
        for position, entry in enumerate(entries):
            if entry is None:
                continue
            patterns = dict.fromkeys(entry)
            if not patterns:
                self._everywhere.append(position)
            for pattern in patterns:
                self._add(position, pattern)

    def _add(self, position: int, pattern: AddressPattern) -> None:
        kind, fixed = pattern.kind, pattern.fixed
        if kind == "other":
            self._others.append((position, pattern.compile()))
            return
        if kind == "exact":
            found = self._exact
        else:
            found = (self._prefixes if kind == "prefix" else self._suffixes).setdefault(len(fixed), {})
        found.setdefault(fixed, []).append(position)

    def fits(self, address: str) -> bool:
        """Whether any entry fits; the address is without its leading `+`."""
        if self._everywhere or address in self._exact:
            return True
        # Loops: this is asked about every message, and a generator costs more than what it goes through.
        for length, prefixes in self._prefixes.items():
            if address[:length] in prefixes:
                return True
        for length, suffixes in self._suffixes.items():
            if address[-length:] in suffixes:
                return True
        for _, matches in self._others:  # noqa: SIM110
            if matches(address):
                return True
        return False

    def may_fit_any(self, addresses: Sequence[bytes]) -> bool:
        """Whether some entry may fit some of these; False for most, and known at once.

        The addresses are as on the wire: each with its closing NUL, and some perhaps with a leading `+`.
        """
        if self._everywhere or self._others:
            return True
        if self._octets is None:
            self._octets = self._in_octets()
        if self._unfit.issuperset(addresses):
            return False
        for part, known in self._octets:
            if not known.isdisjoint([address[part] for address in addresses]):
                return True
        if len(self._unfit) > MOST_UNFIT:
            self._unfit.clear()
        self._unfit.update(addresses)
        return False

    def first(self, addresses: Sequence[bytes]) -> int | None:
        """Which is the first of these that some entry fits; they are as in `may_fit_any`."""
        if self.may_fit_any(addresses):
            for place, address in enumerate(addresses):
                if self.fits(address[:-1].decode("latin-1").removeprefix("+")):
                    return place
        return None

    def _in_octets(self) -> list[tuple[slice, frozenset[bytes]]]:
        """Parts of addresses as on the wire, and the values of each at which a closer look is to be taken."""
        found: list[tuple[slice, frozenset[bytes]]] = []
        if exact := _octets(self._exact):
            found.append((slice(None), frozenset(plus + one + b"\0" for one in exact for plus in (b"", b"+"))))
        for length, prefixes in self._prefixes.items():
            known = _octets(prefixes)
            found.append((slice(length), frozenset([*known, *((b"+" + one)[:length] for one in known)])))
        for length, suffixes in self._suffixes.items():
            found.append((slice(-length - 1, None), frozenset(one + b"\0" for one in _octets(suffixes))))
        return found

    def find(self, address: str) -> Sequence[int]:
        """Return the positions of the entries that fit, lowest first; the address is without its leading `+`."""
        found = [self._everywhere] if self._everywhere else []
        if (positions := self._exact.get(address)) is not None:
            found.append(positions)
        for length, prefixes in self._prefixes.items():
            if (positions := prefixes.get(address[:length])) is not None:
                found.append(positions)
        for length, suffixes in self._suffixes.items():
            if (positions := suffixes.get(address[-length:])) is not None:
                found.append(positions)
        if self._others and (positions := [position for position, matches in self._others if matches(address)]):
            found.append(positions)
        if not found:
            return ()
        # One list of lookups is in order, with each position once; several patterns of an entry may fit in others.
        return found[0] if len(found) == 1 and not self._others else tuple(dict.fromkeys(sorted(chain(*found))))


class TextPattern(str):
    """A glob over the whole text (`*casino*`, case ignored) or a regular expression in it (`/casino/i`)."""

    __slots__ = ()
    expected: ClassVar[str] = "a pattern such as *casino* or /casino/i"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the pattern; ValueError says what is wrong with a regular expression."""
        _checked(text, cls.expected)
        return cls(text)

    @property
    def regex(self) -> re.Pattern[str] | None:
        """The regular expression; None for a glob."""
        return regex_of(self)

    def compile(self) -> Callable[[str], object]:
        """Return a function from a text to something true when it matches."""
        if self.regex is not None:
            return self.regex.search
        fixed = self.strip("*").casefold()
        if self[0] == self[-1] == "*" and not _WILD.search(fixed):
            return lambda text: fixed in text.casefold()
        glob = re.compile(fnmatch.translate(self.casefold()))
        return lambda text: glob.match(text.casefold())


def groups_of(*patterns: AddressPattern | TextPattern | None) -> tuple[str, ...]:
    """The groups of regular expressions, by number and name."""
    found: dict[str, None] = {}
    for pattern in patterns:
        regex = None if pattern is None else pattern.regex
        if regex is not None:
            found |= dict.fromkeys(str(number) for number in range(1, regex.groups + 1))
            found |= dict.fromkeys(regex.groupindex)
    return tuple(found)


def groups_in(patterns: Iterable[AddressPattern | TextPattern], text: str) -> dict[str, str]:
    """What the groups of the first regular expression that fits hold; empty where none does."""
    for pattern in patterns:
        match = None if pattern.regex is None else pattern.regex.search(text)
        if match is not None:
            found = {str(number): group or "" for number, group in enumerate(match.groups(), 1)}
            return found | {name: group or "" for name, group in match.groupdict().items()}
    return {}


def _octets(texts: Iterable[str]) -> list[bytes]:
    """Those that an address can be, as on the wire."""
    return [text.encode("latin-1") for text in texts if ord(max(text, default="\0")) < 256]
