"""Receipts of many messages at once, where they are of one length: all that is done for each is done by loops in C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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


def addresses(addressed: Iterable[re.Match[bytes]]) -> list[str]:
    """Where messages came from, which is whom their receipts are for."""
    return [address(found[2]) for found in addressed]


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


def press_all(
    forms: Sequence[Form], ids: Sequence[bytes], addressed: Sequence[re.Match[bytes]], ends: Sequence[int]
) -> list[bytes] | None:
    """The receipts of plain submit_sm that came together.

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
    if any(len(several) > 1 for several in lengths) or len({form.lengths for form in kinds}) > 1:
        return None
    *_, text, named = (several.pop() for several in lengths)
    size = first.size + text + named
    if size > MOST_SHORT or named > MOST_ID:
        return None
    leads, tails = {}, {}
    for form in kinds:
        leads[form] = form.fixed + OCTET[size] + form.before
        tails[form] = form.behind if form.tlvs is None else form.behind + ID_TAG + OCTET[named + 1]
    said: list[Iterable[bytes]]
    if len(kinds) == 1:
        said = [repeat(leads[first]), ids, repeat(first.between), texts, repeat(tails[first])]
    else:
        said = [
            [leads[form] for form in forms],
            ids,
            [form.between for form in forms],
            texts,
            [tails[form] for form in forms],
        ]
    length = sum(len(part[0]) for part in parts) + len(leads[first]) + len(first.between) + len(tails[first])
    if first.tlvs is not None:
        said += [ids, [form.tlvs or b"" for form in forms]]
        length += named + len(first.tlvs)
    head = HEADER.pack(HEADER_SIZE + length, _DELIVER_SM, 0, 0)
    return list(map(b"".join, zip(repeat(head), service_types, destinations, sources, *said)))
