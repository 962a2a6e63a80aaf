"""Receipts of many messages at once, where they are of one length: all that is done for each is done by loops in C."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, TypeVar

import msgspec

from smppkit.alike import Pieces, fill, joined, one_of
from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.runs import Addressed
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.scenario.dialect import ESCAPE, MOST_SHORT, QUOTED_OCTETS

K = TypeVar("K", bound=Hashable)

MOST_ID: Final = 64
ID_TAG: Final = RECEIPTED_MESSAGE_ID.number.to_bytes(2, "big") + b"\0"
OCTET: Final = tuple(bytes((length,)) for length in range(256))
_DELIVER_SM: Final = int(CommandId.DELIVER_SM)


@lru_cache(maxsize=1024)
def address(octets: bytes) -> str:
    """Of TON, NPI and a C-string; most messages come from a few."""
    return octets[2:-1].decode("latin-1")


class Form(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
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
        words = len(self.before), len(self.between), len(self.behind)
        return len(self.fixed), *words, -1 if self.tlvs is None else len(self.tlvs)

    @property
    def size(self) -> int:
        """Octets of the words, without id and text."""
        return len(self.before) + len(self.between) + len(self.behind)


class _Models(msgspec.Struct, frozen=True, gc=False):
    """Receipts of several forms and of one size, in which is not said yet whom they are for, nor the id."""

    octets: tuple[bytes, ...]
    size: int
    named: int
    """Where the id begins, in the words."""
    named_again: int
    """The same in receipted_message_id; 0 without TLVs."""
    text: int


def press_all(kinds: Sequence[K], forms: Mapping[K, Form], ids: Sequence[bytes], addressed: Addressed) -> Pieces | None:
    """The receipts of plain submit_sm that came together: of which kind each is, and what form these have.

    None where they are not of one length, or one of them needs a closer look.
    """
    first = forms[kinds[0]]
    texts: Sequence[bytes] = (b"",)
    if most := first.quotes:
        codings = addressed.codings
        texts = [text[:most].translate(QUOTED_OCTETS) for text in addressed.texts]
        if codings.count(b"\0") < len(codings) or any(ESCAPE in text for text in texts):
            return None
    columns = [
        column if len(column) == 1 else one_of(column)
        for column in (addressed.service_types, addressed.kinds, addressed.destinations, addressed.sources, texts)
    ]
    for column in columns if type(ids) is Pieces else (*columns, ids):
        if len(column) > 1 and len(set(map(len, column))) > 1:
            return None
    said = [column[0] if len(column) == 1 else bytes(len(column[0])) for column in columns]
    named = len(ids[0]) if type(ids) is not Pieces else ids.size
    models = _models(tuple(forms.values()), *said, named)
    if models is None:
        forms = {kind: forms[kind] for kind in set(kinds)}  # perhaps there are none of that which does not fit
        models = _models(tuple(forms.values()), *said, named)
        if models is None:
            return None
    # One of its kind for each; and in these what is not the same in all.
    size = models.size
    octets = bytearray().join(map(dict(zip(forms, models.octets, strict=True)).__getitem__, kinds))
    places = (*accumulate(map(len, said[:3]), initial=HEADER_SIZE), models.text)
    for at, column, one in zip(places, columns, said, strict=True):
        if len(column) > 1:
            fill(octets, at, size, b"".join(column), len(one))
    of_all = joined(ids)
    fill(octets, models.named, size, of_all, named)
    if models.named_again:
        fill(octets, models.named_again, size, of_all, named)
    return Pieces(octets, size)


@lru_cache(maxsize=256)
def _models(
    forms: tuple[Form, ...], service: bytes, kind: bytes, to: bytes, source: bytes, text: bytes, named: int
) -> _Models | None:
    """Of receipts that say this, with ids of so many octets; None where they are of several sizes, or too long."""
    first = forms[0]
    words = first.size + named + len(text)
    if any(form.lengths != first.lengths for form in forms) or words > MOST_SHORT or named > MOST_ID:
        return None
    addresses = service + kind + to + source
    size = HEADER_SIZE + len(addresses) + len(first.fixed) + 1 + words
    named_again = 0
    if first.tlvs is not None:
        named_again = size + len(ID_TAG) + 1
        size = named_again + named + len(first.tlvs)
    begin, no_id = HEADER.pack(size, _DELIVER_SM, 0, 0) + addresses, bytes(named)
    octets: list[bytes] = []
    for form in forms:
        pieces = [begin, form.fixed, OCTET[words], form.before, no_id, form.between, text, form.behind]
        if form.tlvs is not None:
            pieces += (ID_TAG, OCTET[named + 1], no_id, form.tlvs)
        octets.append(b"".join(pieces))
    at = HEADER_SIZE + len(addresses) + len(first.fixed) + 1 + len(first.before)
    return _Models(tuple(octets), size, at, named_again, at + named + len(first.between))
