"""HTML and SVG as values: what is text stays text, because only :func:`element` makes markup."""

from __future__ import annotations

import html
import re

VOID = frozenset({"br", "meta"})
"""Elements of HTML that have no content and no end tag."""

_UNPRINTABLE = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def printable(text: str) -> str:
    """Replace what neither XML 1.0 nor HTML can hold (message texts may hold anything)."""
    return _UNPRINTABLE.sub("\ufffd", text)


class Markup(str):
    """Text that is markup already. Made of constants of ours and by :func:`element` only."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Return ``text`` as it can stand in an element or an attribute; markup is taken as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text), quote=True))


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element; children that are not :class:`Markup` are escaped, attributes that are None are left out.

    ``class_`` is written ``class``, and ``aria_label`` is written ``aria-label``.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*parts: str) -> Markup:
    """Return the parts one after the other, escaped unless they are markup."""
    return Markup("".join(escaped(part) for part in parts))


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escaped(str(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")
