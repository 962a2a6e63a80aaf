"""How ids are written, from those that were: base, width, case, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from smppkit.message_ids import IdBase
from smsc.learn.fit import Ids

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX: Final = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_BASES: Final = {IdBase.DECIMAL: 10, IdBase.HEX: 16}
_ABOVE_64_BITS: Final = 1 << 64


def style_of(ids: Sequence[str], base: IdBase | None = None) -> Ids | None:
    """The style of some ids, of a base if that is known from elsewhere; None when they have none in common."""
    if not ids:
        return None
    if all(_UUID.fullmatch(written) for written in ids):
        return Ids(IdBase.UUID, case="upper" if _case(ids) == "upper" else "")
    around = _around(ids)
    before, _, behind = around.partition("{}")
    cores = [written[len(before) : len(written) - len(behind)] for written in ids]
    if not all(_HEX.fullmatch(core) for core in cores):
        return None
    if base is None:
        base = IdBase.DECIMAL if all(core.isdecimal() for core in cores) else IdBase.HEX
    case = _case(cores) if base is IdBase.HEX else ""
    numbers = [int(core, _BASES[base]) for core in cores if core.isdecimal() or base is IdBase.HEX]
    return Ids(base, _width(cores), "lower" if case == "lower" else "", min(numbers) >= _ABOVE_64_BITS, around)


def styles_of(pairs: Sequence[tuple[str, str]]) -> tuple[Ids | None, Ids | None]:
    """The styles in responses and in receipts, from the ids of both; the second is None where they are the same."""
    responses, receipts = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if all(one == other for one, other in pairs):
        return style_of(responses), None
    one, other = style_of(responses), style_of(receipts)
    if one is None or other is None or IdBase.UUID in (one.base, other.base):
        return one, other
    for base in (IdBase.DECIMAL, IdBase.HEX):
        for base_there in (IdBase.DECIMAL, IdBase.HEX):
            if all(_number(a, base, one) == _number(b, base_there, other) is not None for a, b in pairs):
                return style_of(responses, base), style_of(receipts, base_there)
    return one, other


def _number(written: str, base: IdBase, style: Ids) -> int | None:
    before, _, behind = style.around.partition("{}")
    core = written[len(before) : len(written) - len(behind)]
    try:
        return int(core, _BASES[base])
    except ValueError:
        return None


def _around(ids: Sequence[str]) -> str:
    """What all ids have around a number: up to the last character of their common beginning that no number has."""
    first = _common(list(ids))
    before = re.match(r".*[^0-9A-Fa-f]", first)
    last = _common([written[::-1] for written in ids])[::-1]
    behind = re.search(r"[^0-9A-Fa-f].*", last)
    if len(set(ids)) == 1:
        return "{}"
    return (before[0] if before else "") + "{}" + (behind[0] if behind else "")


def _common(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    shortest, longest = min(texts), max(texts)  # all others lie between these two
    same = next((at for at, character in enumerate(shortest) if longest[at] != character), len(shortest))
    return shortest[:same]


def _width(cores: Sequence[str]) -> int:
    """The width that zeros fill up to; 0 when there are none before a number."""
    lengths = {len(core) for core in cores}
    padded = [core for core in cores if core.startswith("0") and len(core) > 1]
    return lengths.pop() if padded and len(lengths) == 1 else (min(lengths) if padded else 0)


def _case(ids: Sequence[str]) -> str:
    letters = "".join(character for written in ids for character in written if character.isalpha())
    return "" if not letters else "lower" if letters.islower() else "upper" if letters.isupper() else ""
