"""Which TLVs are whose: those of the specifications, the vendors', and the numbers that nobody may use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smppkit.tlvs import TAGS, Tlv

VENDORS = range(0x1400, 0x4000)
"""Left to agreements between operators and clients (SMPP 3.4 §5.3.1)."""
NEW_IN_50 = frozenset({0x0428, *range(0x0600, 0x0614)})
"""TLVs of SMPP 5.0 §4.8.1 that 3.4 does not have."""


def is_reserved(tag: int) -> bool:
    """Whether no version of SMPP gives the number a meaning, nor leaves it to vendors."""
    return tag not in TAGS and tag not in VENDORS and tag not in NEW_IN_50


def names(tlvs: Iterable[Tlv]) -> str:
    """TLVs by their names, or numbers; the first few."""
    shown = list(dict.fromkeys(TAGS[tlv.tag].name if tlv.tag in TAGS else f"0x{tlv.tag:04x}" for tlv in tlvs))
    return ", ".join(shown[:4]) + (" and others" if len(shown) > 4 else "")


_FITS = {number: re.compile(tag.form.pattern(), re.DOTALL).fullmatch for number, tag in TAGS.items()}


def well_formed(tlvs: Iterable[Tlv]) -> bool:
    """Whether all that are known have a length and a value that the specification allows: a quick look."""
    for tag, value in tlvs:
        fits = _FITS.get(tag)
        if fits is not None and fits(value) is None:
            return False
    return True
