"""Receipts of many messages at once, where they are of one length: all that is done for each is done by loops in C."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import Final

import msgspec

from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.scenario.dialect import ESCAPE, MOST_SHORT, QUOTED_OCTETS

MOST_ID: Final = 64
ID_TAG: Final = RECEIPTED_MESSAGE_ID.number.to_bytes(2, "big") + b"\0"
OCTET: Final = tuple(bytes((length,)) for length in range(256))
_DELIVER_SM: Final = int(CommandId.DELIVER_SM)
_IN_DEFAULT_ALPHABET: Final = {b"\0"}


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
    def size(self) -> int:
        """Octets of the words, without id and text."""
        return len(self.before) + len(self.between) + len(self.behind)


def press_all(
    forms: Sequence[Form], ids: Sequence[bytes], addressed: Sequence[re.Match[bytes]], ends: Sequence[int]
) -> tuple[list[bytes], list[str]] | None:
    """The receipts of plain submit_sm that came together, and the address that each is for.

    None where they are not of one length, or one of them needs a closer look. `ends` are those of the submits.
    """
    kinds = dict.fromkeys(forms)
    first = forms[0]
    service_types, sources, destinations, codings = zip(*[found.groups() for found in addressed], strict=True)
    octets, most = addressed[0].string, first.quotes
    texts: Sequence[bytes] = [b""] * len(ids)
    if most:
        begins = [found.end() for found in addressed]
        texts = [
            octets[begin : end if end - begin < most else begin + most].translate(QUOTED_OCTETS)
            for begin, end in zip(begins, ends, strict=True)
        ]
        if set(codings) != _IN_DEFAULT_ALPHABET or ESCAPE in b"".join(texts):
            return None
    parts = (service_types, sources, destinations, texts, ids)
    lengths = [set(map(len, part)) for part in parts]
    if any(len(several) > 1 for several in lengths) or len({form.size for form in kinds}) > 1:
        return None
    *_, text, named = (several.pop() for several in lengths)
    size = first.size + text + named
    if size > MOST_SHORT or named > MOST_ID:
        return None
    leads, tails = {}, {}
    for form in kinds:
        leads[form] = form.fixed + OCTET[size] + form.before
        tails[form] = form.behind if form.tlvs is None else form.behind + ID_TAG + OCTET[named + 1]
    pieces: list[Sequence[bytes]] = [
        service_types,
        destinations,
        sources,
        [leads[form] for form in forms],
        ids,
        [form.between for form in forms],
        texts,
        [tails[form] for form in forms],
    ]
    if first.tlvs is not None:
        pieces += [ids, [form.tlvs or b"" for form in forms]]
    length = sum(len(piece[0]) for piece in pieces)
    head = HEADER.pack(HEADER_SIZE + length, _DELIVER_SM, 0, 0)
    return list(map(b"".join, zip(repeat(head), *pieces))), list(map(address, sources))
