"""Functions written from the PDU declarations and compiled when they are needed, as attrs and dataclasses do.

What is compiled is text of this package only, put together from declared names and numbers, never from input. It is
registered with linecache, so that tracebacks and debuggers show the lines.
"""

import functools
import linecache
import re
import typing
from collections.abc import Callable, Collection
from typing import Any


class Source:
    """The body of one function as it grows, and the objects that its text refers to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.scope: dict[str, object] = {}

    def line(self, text: str) -> None:
        """Add a line; deeper indentation is the caller's, four spaces a level."""
        self.lines.append(text)

    def bind(self, name: str, value: object) -> str:
        """Make an object known to the text under this name."""
        self.scope[name] = value
        return name

    def function(
        self,
        name: str,
        arguments: str,
        refused: tuple[type[Exception], ...] = (),
        otherwise: str = "",
        variant: str = "",
    ) -> Callable[..., Any]:
        """Compile the lines as the body of a function, which returns `otherwise` instead of raising `refused`.

        `variant` tells functions of the same name apart in tracebacks.
        """
        body = self.lines
        if refused:
            self.bind("refused", refused)
            body = ["try:", *(f"    {line}" for line in body), "except refused:", f"    return {otherwise}"]
        text = "\n    ".join([f"def {name}({arguments}):", *body]) + "\n"
        file = f"<smppkit {name}{variant}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        scope = dict(self.scope)
        exec(compile(text, file, "exec"), scope)  # noqa: S102 - our own text, see the module's docstring
        function: Callable[..., Any] = scope[name]  # type: ignore[assignment]
        return function


class Reader(Source):
    """Reads fields from `octets` beginning at `at`, never beyond `end`.

    Fields of fixed kinds are a regular language, so any run of them is one pattern: a single match checks every limit
    and every value, and cuts the fields out. A field whose length is said by another ends the run (`match`).
    """

    def __init__(self) -> None:
        super().__init__()
        self._pattern = b""
        self._groups: list[str] = []
        self._octets: list[str] = []
        self._conversions: list[str] = []
        self._matches = 0

    def octet(self, name: str, allowed: Collection[int]) -> None:
        """One octet of the allowed values, as an int; a run of them is one group."""
        if not self._octets:
            self._pattern += b"("
        values = b"".join(b"\\x%02x" % value for value in sorted(allowed))
        self._pattern += b"." if len(allowed) == 256 else b"[" + values + b"]"
        self._octets.append(name)

    def group(self, name: str, pattern: bytes, conversion: str = "") -> None:
        """Octets that match the pattern; `conversion` is an expression of the name."""
        self._close_octets()
        self._pattern += pattern
        self._groups.append(name)
        if conversion:
            self._conversions.append(f"{name} = {conversion}")

    def match(self) -> None:
        """Write the match of the run that ends here."""
        self._close_octets()
        if not self._groups:
            return
        pattern = re.compile(self._pattern, re.DOTALL)
        self.line(f"found = {self.bind(f'match_{self._matches}', pattern.match)}(octets, at, end)")
        self.line("if found is None:")
        self.line("    raise ValueError")
        self.line(f"{', '.join(self._groups)}, = found.groups()")
        self.line("at = found.end()")
        self.lines += self._conversions
        self._pattern, self._groups, self._conversions = b"", [], []
        self._matches += 1

    def _close_octets(self) -> None:
        if self._octets:
            self._pattern += b")"
            self._groups.append(f"({', '.join(self._octets)},)")
            self._octets = []


class Writer(Source):
    """Joins the pieces of a body into one Latin-1 string; `tail` is an expression of octets that follow it."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tail = ""
        self._refusals: list[str] = []

    def refuse_if(self, condition: str) -> None:
        """Refuse to write when this expression holds; all such are tested together."""
        self._refusals.append(condition)

    def joined(self) -> str:
        """Write the test of the refusals; the expression of the whole string."""
        if self._refusals:
            self.line(f"if {' or '.join(self._refusals)}:")
            self.line("    raise ValueError")
        return f"''.join([{', '.join(self.pieces)}])"


@functools.cache
def declared(kind: type) -> tuple[tuple[str, Any], ...]:
    """The wire fields of a class in their order: each one's name, and what it is annotated with."""
    return tuple(
        (name, spec)
        for name, hint in typing.get_type_hints(kind, include_extras=True).items()
        for spec in getattr(hint, "__metadata__", ())
        if hasattr(spec, "emit_read")
    )
