"""Patterns of rules, as a scenario writes them.

Addresses and accounts match a glob over all of it (`77050000*` is a prefix) or a regular expression anywhere in it
(`/^7705[0-4]/`); a leading `+` counts on neither side. Text does the same (`*casino*`, `/casino/i`); its globs ignore
case.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import ClassVar, Literal, Self

_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_WILD = re.compile(r"[*?\[]")


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


class AddressIndex:
    """Whether any of many patterns fits an address: three lookups, however many patterns there are."""

    __slots__ = ("_exact", "_others", "_prefixes", "_suffixes")

    def __init__(self, globs: Iterable[AddressPattern]) -> None:
        globs = tuple(globs)
        self._exact = frozenset(str(glob) for glob in globs if glob.kind == "exact")
        self._prefixes = tuple(glob.fixed for glob in globs if glob.kind == "prefix")
        self._suffixes = tuple(glob.fixed for glob in globs if glob.kind == "suffix")
        self._others = tuple(glob.compile() for glob in globs if glob.kind == "other")

    def fits(self, address: str) -> bool:
        """Whether some pattern fits; the address is without its leading `+`."""
        return (
            address in self._exact
            or address.startswith(self._prefixes)
            or address.endswith(self._suffixes)
            or (bool(self._others) and any(matches(address) for matches in self._others))
        )


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
