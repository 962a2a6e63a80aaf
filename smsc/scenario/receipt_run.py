"""Receipts of many messages at once, where they are of one length: all that is done for each is done by loops in C."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Final, TypeAlias

import msgspec

from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.runs import Addressed
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.scenario.dialect import ESCAPE, MOST_SHORT, QUOTED_OCTETS

MOST_ID: Final = 64
ID_TAG: Final = RECEIPTED_MESSAGE_ID.number.to_bytes(2, "big") + b"\0"
OCTET: Final = tuple(bytes((length,)) for length in range(256))
_DELIVER_SM: Final = int(CommandId.DELIVER_SM)


@lru_cache(maxsize=1024)
def address(octets: bytes) -> str:
    """Of TON, NPI and a C-string; most messages come from a few."""
    return octets[2:-1].decode("latin-1")


class Form(msgspec.Struct, frozen=True, eq=False, gc=False):
    """The receipt of one fate and one second that says the id and then the text, each once."""

    fixed: bytes  # behind the addresses, up to sm_length
    before: bytes  # the id, in the words
    between: bytes
    behind: bytes  # the text
    tlvs: bytes | None  # behind receipted_message_id; None for no TLVs
    quotes: int
    """Octets of the text, at most."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """What has to be the same of all."""
        return len(self.fixed), self.size, len(self.between), -1 if self.tlvs is None else len(self.tlvs)

    @property
    def size(self) -> int:
        """Octets of the words, without id and text."""
        return len(self.before) + len(self.between) + len(self.behind)


Piece: TypeAlias = bytes | dict[Form, bytes] | Sequence[bytes]
"""What stands at one place of many receipts: the same in all, the same in all of a form, or another in each."""


def press_all(
    forms: Sequence[Form], ids: Sequence[bytes], octets: bytes, addressed: Addressed, ends: Sequence[int]
) -> list[bytes] | None:
    """The receipts of plain submit_sm that came together, in these octets, which begin as `addressed` says.

    None where they are not of one length, or one of them needs a closer look. `ends` are those of the submits.
    """
    kinds = tuple(dict.fromkeys(forms))
    first = forms[0]
    most = first.quotes
    texts: Sequence[bytes] = (b"",)
    if most:
        texts = [
            octets[begin : end if end - begin < most else begin + most]
            for begin, end in zip(addressed.begins, ends, strict=True)
        ]
        quoted = {text: text.translate(QUOTED_OCTETS) for text in set(texts)}
        if addressed.codings.count(b"\0") < len(addressed.codings) or ESCAPE in b"".join(quoted.values()):
            return None
        texts = list(map(quoted.__getitem__, texts)) if len(quoted) > 1 else tuple(quoted.values())
    service_types, sources = one_of(addressed.service_types), one_of(addressed.sources)
    parts = (service_types, sources, addressed.destinations, texts, ids)
    lengths = [set(map(len, part)) for part in parts]
    if any(len(several) > 1 for several in lengths) or len({form.lengths for form in kinds}) > 1:
        return None
    *_, text, named = (several.pop() for several in lengths)
    size = first.size + text + named
    if size > MOST_SHORT or named > MOST_ID:
        return None
    pieces: list[Piece] = [
        _same(service_types),
        addressed.destinations,
        _same(sources),
        _of(kinds, [form.fixed + OCTET[size] + form.before for form in kinds]),
        ids,
        _of(kinds, [form.between for form in kinds]),
        _same(texts),
        _of(kinds, [form.behind if form.tlvs is None else form.behind + ID_TAG + OCTET[named + 1] for form in kinds]),
    ]
    if first.tlvs is not None:
        pieces += [ids, _of(kinds, [form.tlvs or b"" for form in kinds])]
    length = sum(len(_any(piece)) for piece in pieces)
    joined: list[Piece] = [HEADER.pack(HEADER_SIZE + length, _DELIVER_SM, 0, 0)]
    for piece in pieces:
        together = _together(joined[-1], piece)
        if together is None:
            joined.append(piece)
        else:
            joined[-1] = together
    return list(map(b"".join, zip(*[_each(piece, forms) for piece in joined], strict=False)))


def one_of(values: Sequence[bytes]) -> Sequence[bytes]:
    """The first, where all are the same; else all of them."""
    return values[:1] if values.count(values[0]) == len(values) else values


def _same(values: Sequence[bytes]) -> Piece:
    return values[0] if len(values) == 1 else values


def _of(kinds: Sequence[Form], said: Sequence[bytes]) -> Piece:
    return said[0] if len(set(said)) == 1 else dict(zip(kinds, said, strict=True))


def _any(piece: Piece) -> bytes:
    """One of those that are of one length."""
    if isinstance(piece, bytes):
        return piece
    return next(iter(piece.values())) if isinstance(piece, dict) else piece[0]


def _together(first: Piece, second: Piece) -> Piece | None:
    """Two that stand side by side as one; None where they are different in each receipt."""
    if isinstance(first, bytes) and isinstance(second, bytes):
        return first + second
    if isinstance(first, bytes) and isinstance(second, dict):
        return {form: first + said for form, said in second.items()}
    if isinstance(first, dict) and isinstance(second, bytes):
        return {form: said + second for form, said in first.items()}
    if isinstance(first, dict) and isinstance(second, dict):
        return {form: said + second[form] for form, said in first.items()}
    return None


def _each(piece: Piece, forms: Sequence[Form]) -> Iterable[bytes]:
    if isinstance(piece, bytes):
        return repeat(piece)
    return map(piece.__getitem__, forms) if isinstance(piece, dict) else piece
