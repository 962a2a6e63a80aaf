"""Receipts of many messages at once, where they are of one length: all that is done for each is done by loops in C."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from smppkit.alike import Pieces, fill
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


def press_all(kinds: Sequence[K], forms: Mapping[K, Form], ids: Pieces, addressed: Addressed) -> Pieces | None:
    """The receipts of plain submit_sm that came together: of which kind each is, and what form these have.

    None where they are not of one length, or one of them needs a closer look.
    """
    if len({form.lengths for form in forms.values()}) > 1:
        forms = {kind: forms[kind] for kind in set(kinds)}
        if len({form.lengths for form in forms.values()}) > 1:
            return None
    first = forms[kinds[0]]
    texts: Sequence[bytes] = (b"",)
    if most := first.quotes:
        codings = addressed.codings
        texts = [text[:most].translate(QUOTED_OCTETS) for text in addressed.texts]
        if codings.count(b"\0") < len(codings) or any(ESCAPE in text for text in texts):
            return None
    columns = (addressed.service_types, addressed.destinations, addressed.sources, texts)
    if any(len(set(map(len, column))) > 1 for column in columns if len(column) > 1):
        return None
    service, destination, source, text = (column[0] for column in columns)
    named, named_first = ids.size, ids.octets[: ids.size]
    words = first.size + len(text) + named
    if words > MOST_SHORT or named > MOST_ID:
        return None
    # One of each kind, as often as there are of it; and in these what is not the same in all.
    addresses = service + destination + source
    size = HEADER_SIZE + len(addresses) + len(first.fixed) + 1 + words
    if first.tlvs is not None:
        size += len(ID_TAG) + 1 + named + len(first.tlvs)
    begin = HEADER.pack(size, _DELIVER_SM, 0, 0) + addresses
    models: dict[K, bytes] = {}
    for kind, form in forms.items():
        models[kind] = b"".join(
            (begin, form.fixed, OCTET[words], form.before, named_first, form.between, text, form.behind)
        )
        if form.tlvs is not None:
            models[kind] += b"".join((ID_TAG, OCTET[named + 1], named_first, form.tlvs))
    octets = bytearray().join(map(models.__getitem__, kinds))
    to = HEADER_SIZE + len(service)
    said = to + len(destination + source + first.fixed) + 1 + len(first.before)
    places = (HEADER_SIZE, to, to + len(destination), said + named + len(first.between))
    for at, column in zip(places, columns, strict=True):
        if len(column) > 1:
            fill(octets, at, size, b"".join(column), len(column[0]))
    fill(octets, said, size, ids.octets, named)
    if first.tlvs is not None:
        fill(octets, size - len(first.tlvs) - named, size, ids.octets, named)
    return Pieces(octets, size)
