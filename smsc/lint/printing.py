"""Text that comes from a peer, fit for a terminal and for XML."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with what is not printable escaped; one line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def cut(text: str, most: int) -> str:
    """The text, of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
