"""The messages of a load: when each is due, where it goes, what it says. Pure: all of it follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from carrierlab.load.arrivals import due_times
from carrierlab.load.model import Kind, Load, NumberPattern, Said, TextTemplate
from sender.pipeline.compose import check_sender
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, segment
from smppkit.text import Alphabet

_INTERNATIONAL, _ALPHANUMERIC = 1, 5  # TON, SMPP 3.4 §5.2.5
_UNKNOWN_PLAN, _ISDN_PLAN = 0, 1  # NPI, SMPP 3.4 §5.2.6
_USUAL = (Alphabet.GSM7, Alphabet.UCS2)
_DEFAULT_TEXT = TextTemplate("Your code is {digits:6}")
# Letters that a text of a given length is made of: some of each alphabet that the others do not have.
_LETTERS = {
    Alphabet.GSM7: "abcdefghij KLMNOP 0123456789 ñøåäö",
    Alphabet.LATIN1: "abcdefghij KLMNOP 0123456789 çîõÿ",
    Alphabet.UCS2: "абвгдежзик ЛМНОПР 0123456789 ңғүұқ",
    Alphabet.ASCII: "abcdefghij KLMNOP 0123456789",
    Alphabet.OCTETS: "abcdefghij KLMNOP 0123456789",
}


class Due(msgspec.Struct, frozen=True, gc=False):
    """One message. `due` is seconds from the beginning; `parts` are its PDUs, their sequence numbers not set."""

    number: int
    """From 1."""
    due: float
    operator: str
    sender: str
    to: str
    text: str
    parts: tuple[SubmitSm, ...]
    registered: bool


def messages(load: Load, seed: int, senders: Mapping[str, str], operator: str) -> Iterator[Due]:
    """The messages of a load in the order they are due.

    `senders` is the source address by operator where a kind says none, `operator` where they go when it says none.
    UnencodableText, SegmentError when a text cannot be sent.
    """
    arriving = random.Random(f"{seed}/load/arrival")  # noqa: S311 - a simulation, to be repeated exactly
    writing = random.Random(f"{seed}/load/messages")  # noqa: S311
    shares = load.shares()
    for number, due in enumerate(due_times(load, arriving), 1):
        (kind,) = writing.choices(load.mix, shares)
        where = kind.operator or load.operator or operator
        yield _message(number, due, kind, where, kind.from_ or senders[where], writing)


class Composed(NamedTuple):
    """A message as it goes on the wire; `parts` have no sequence numbers yet."""

    sender: str
    text: str
    parts: tuple[SubmitSm, ...]


def compose(kind: Said, number: int, to: str, sender: str, draw: random.Random) -> Composed:
    """Message `number` of its kind, to a number. UnencodableText, SegmentError when its text cannot be sent."""
    text = _text(kind, number, to, draw)
    allowed = _USUAL if kind.alphabet is None else (kind.alphabet,)
    cut = segment(text, reference=number, method=kind.long_message, allowed=allowed)
    source = check_sender(sender)
    ton, npi = (_INTERNATIONAL, _ISDN_PLAN) if source.isdigit() else (_ALPHANUMERIC, _UNKNOWN_PLAN)
    parts = tuple(
        SubmitSm(
            source_addr_ton=ton,
            source_addr_npi=npi,
            source_addr=source,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN_PLAN,
            destination_addr=to,
            esm_class=UDHI if piece.udhi else 0,
            registered_delivery=int(kind.registered),
            data_coding=cut.data_coding,
            short_message=piece.short_message,
            tlvs=piece.tlvs,
        )
        for piece in cut.segments
    )
    return Composed(source, text, parts)


def number_of(pattern: NumberPattern, draw: random.Random) -> str:
    """A number of a pattern: each `#` a random digit."""
    return "".join(draw.choice("0123456789") if letter == "#" else letter for letter in pattern)


def _message(number: int, due: float, kind: Kind, operator: str, sender: str, draw: random.Random) -> Due:
    to = number_of(kind.to, draw)
    source, text, parts = compose(kind, number, to, sender, draw)
    return Due(number, due, operator, source, to, text, parts, kind.registered)


def _text(kind: Said, number: int, to: str, draw: random.Random) -> str:
    if kind.length is not None:
        return "".join(draw.choices(_LETTERS[kind.alphabet or Alphabet.GSM7], k=kind.length))
    said = []
    for piece in (kind.text or _DEFAULT_TEXT).pieces():
        if isinstance(piece, int):
            said.append("".join(draw.choices("0123456789", k=piece)))
        else:
            said.append({"{n}": str(number), "{to}": to}.get(piece, piece))
    return "".join(said)
