"""Texts of others on a terminal: what subscribers write, what operators answer, how campaigns and files are called."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """The text without control characters, which a terminal would obey: each is shown as its picture."""
    if text.isprintable():
        return text
    return "".join(
        chr(0x2400 + ord(char)) if char < " " else "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") else char
        for char in text
    )
