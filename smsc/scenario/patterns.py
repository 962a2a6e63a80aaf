"""Patterns of rules, as a scenario writes them.

Addresses and accounts match a glob (`77050000*`); a leading `+` counts on neither side. Text matches a glob over all
of it or a regular expression anywhere in it (`/casino/i`); globs on text ignore case.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable
from typing import ClassVar, Literal, Self

_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_WILD = re.compile(r"[*?\[]")


class AddressGlob(str):
    """A glob over an address or a system_id, such as `77050000*`."""

    __slots__ = ()
    expected: ClassVar[str] = "a pattern such as 77050000*"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take any text but an empty one."""
        glob = text.removeprefix("+")
        if not glob:
            raise ValueError(f"expected {cls.expected}")
        return cls(glob)

    @property
    def kind(self) -> Literal["exact", "prefix", "suffix", "other"]:
        """What the pattern asks for, since all but "other" need no regular expression."""
        if not _WILD.search(self):
            return "exact"
        if self.endswith("*") and not _WILD.search(self[:-1]):
            return "prefix"
        if self.startswith("*") and not _WILD.search(self[1:]):
            return "suffix"
        return "other"

    @property
    def fixed(self) -> str:
        """The characters of an exact, prefix or suffix pattern."""
        return str(self).strip("*")

    def compile(self) -> Callable[[str], object]:
        """Return a function from an address to something true when it matches."""
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

    def __init__(self, globs: Iterable[AddressGlob]) -> None:
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
        if not text:
            raise ValueError(f"expected {cls.expected}")
        pattern = cls(text)
        try:
            pattern.compile()
        except re.error as error:
            raise ValueError(f"the regular expression is wrong: {error}; expected {cls.expected}") from None
        return pattern

    def compile(self) -> Callable[[str], object]:
        """Return a function from a text to something true when it matches."""
        match = _REGEX.fullmatch(self)
        if match is None:
            glob = re.compile(fnmatch.translate(self.casefold()))
            return lambda text: glob.match(text.casefold())
        flags = 0
        for letter in match[2]:
            if letter not in _FLAGS:
                raise ValueError(f'unknown flag "{letter}" after the regular expression; expected i, m or s')
            flags |= _FLAGS[letter]
        return re.compile(match[1], flags).search
