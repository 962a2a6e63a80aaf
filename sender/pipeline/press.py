"""From a claimed message to the octets of its segments: what is the same for many is made ready once.

The messages of a campaign that leave by binds that are alike differ in number and text. The rest of a submit_sm is
encoded once, around them, by the codec of the version that these binds speak; a message that has more of its own (TLVs)
is encoded by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING, Final

from sender.channels.results import Submit
from sender.config.text import TlvConfig
from sender.domain.message import MessageClass
from sender.domain.template import FieldError, Template
from sender.store.records import Claimed
from smppkit.codec import CODECS, HEADER_SIZE
from smppkit.errors import EncodeError
from smppkit.gsm0338 import UnencodableText, try_encode_all, try_encode_gsm7
from smppkit.pdus import SubmitSm
from smppkit.segments import ALONE, UDHI, Segment, SegmentError, cut_encoded
from smppkit.states import Version
from smppkit.text import Alphabet, encode_first
from smppkit.tlvs import USER_MESSAGE_REFERENCE, Tlv

if TYPE_CHECKING:
    from sender.pipeline.compose import Wording

_INTERNATIONAL = 1  # TON, SMPP 3.4 §5.2.5
_ALPHANUMERIC = 5
_UNKNOWN_PLAN = 0  # NPI, SMPP 3.4 §5.2.6
_ISDN_PLAN = 1
_RECEIPT_ALWAYS = 1  # registered_delivery, SMPP 3.4 §5.2.17

_ONE_OF_GSM7: Final = ALONE[Alphabet.GSM7]
_LONGEST: Final = max(ALONE.values())
_SIZES: Final = tuple(bytes((size,)) for size in range(_LONGEST + 1))
_LONGEST_NUMBER: Final = 15  # ITU-T E.164 §6
_PLACE: Final = "0" * _LONGEST_NUMBER
"""Stands for the number where the octets around it are made."""


def _fit(numbers: Sequence[str]) -> bool:
    """Whether numbers are as long as numbers are."""
    return all(numbers) and max(map(len, numbers)) <= _LONGEST_NUMBER


class TlvError(ValueError):
    """A TLV that the account wants cannot be made of a recipient's row."""


UNCOMPOSABLE: Final = (FieldError, TlvError, UnencodableText, SegmentError, EncodeError)
"""Everything that keeps a recipient's row from being a message."""


class Outgoing:
    """What is the same for all messages of a campaign through one account, made ready once."""

    __slots__ = (
        "_fixed",
        "_made",
        "adds",
        "data_codings",
        "gsm7",
        "gsm7_first",
        "message_class",
        "npi",
        "plain",
        "reference",
        "sender",
        "single",
        "then_ucs2",
        "ton",
        "wording",
    )

    def __init__(self, wording: Wording, sender: str, message_class: MessageClass, template: Template) -> None:
        self.wording = wording
        self.sender = sender
        self.message_class = message_class
        named = not sender.isdigit()
        source = (_ALPHANUMERIC, _UNKNOWN_PLAN) if named else (_INTERNATIONAL, _ISDN_PLAN)
        self.ton, self.npi = wording.source or source
        self.data_codings = {
            alphabet: wording.data_codings.get(alphabet, alphabet.data_coding) for alphabet in Alphabet
        }
        self.gsm7 = self.data_codings[Alphabet.GSM7]
        """Its data_coding."""
        self.reference = wording.message_reference
        self._fixed: tuple[Tlv, ...] = ()
        made: list[tuple[TlvConfig, Template]] = []
        for config in wording.tlvs:
            words = config.template()
            if words.fields:
                made.append((config, words))
            else:
                self._fixed += (config.tlv(words.render({})),)
        self._made = tuple(made)
        self.adds = bool(self._fixed or made or self.reference)
        """Whether the account adds TLVs."""
        self.gsm7_first = wording.alphabets[:1] == (Alphabet.GSM7,)
        self.plain = not (wording.languages or wording.packed or wording.transliterate or wording.plain_punctuation)
        """Whether a text goes out as the template gives it, in the first alphabet that holds it."""
        self.then_ucs2 = self.plain and wording.alphabets[1:2] == (Alphabet.UCS2,)
        self.single: tuple[int, Segment] | None = None
        """A text without fields that fits one segment: its data_coding, and it, encoded once for all."""
        if not template.fields:
            with suppress(UnencodableText, SegmentError):
                cut = wording.cut(template.render({}))
                if len(cut.segments) == 1 and not cut.segments[0].tlvs:
                    self.single = self.data_codings[cut.alphabet], cut.segments[0]

    @property
    def asks_rows(self) -> bool:
        """Whether a TLV is made of what a row has, and may fail."""
        return bool(self._made)

    def tlvs(self, fields: Mapping[str, str], message_id: int) -> tuple[Tlv, ...]:
        """What every segment of a message carries beside its text; FieldError or TlvError."""
        tlvs = self._fixed
        for config, template in self._made:
            try:
                tlvs += (config.tlv(template.render(fields)),)
            except FieldError as error:
                raise TlvError(f"TLV 0x{config.tag:04x}: {error}") from None
            except ValueError as error:
                raise TlvError(str(error)) from None
        if self.reference:
            tlvs += (USER_MESSAGE_REFERENCE.of(message_id & 0xFFFF),)
        return tlvs


class Press:
    """Makes the submits of one campaign for binds of one account that are alike.

    `tlvs`: whether a long text may be sent by means of TLVs. Those that the account adds are left out where `version`
    has none.
    """

    __slots__ = (
        "_adds",
        "_alone",
        "_as_configured",
        "_encode",
        "_frames",
        "_literals",
        "_outgoing",
        "_render",
        "_tlvs",
        "_values",
    )

    def __init__(self, outgoing: Outgoing, template: Template, version: Version, *, tlvs: bool) -> None:
        self._outgoing = outgoing
        self._render = template.render
        self._values = template.values
        self._literals = try_encode_all(template.literals)
        self._tlvs = tlvs
        self._encode = CODECS[version].encode
        self._adds = outgoing.adds and CODECS[version].tlvs
        self._as_configured = outgoing.plain and (tlvs or not outgoing.wording.cuts_with_tlvs)
        self._alone = outgoing.plain and outgoing.gsm7_first
        self._frames: dict[tuple[int, bool], tuple[bytes, bytes]] = {}

    def submits(self, claimed: Claimed) -> list[Submit]:
        """One submit for every segment that has to be sent (again); what is raised is one of UNCOMPOSABLE.

        The reference comes from the message's number, so that a segment sent again later, by another process even,
        still belongs to the same text on the phone.
        """
        outgoing = self._outgoing
        added = outgoing.tlvs(claimed.fields, claimed.message_id) if self._adds else ()
        done = claimed.parts_done
        single = outgoing.single
        if single is not None:
            data_coding, piece = single
            body = self._body(claimed.number, data_coding, piece.short_message, added, udhi=piece.udhi)
            return [] if done else [self._submit(claimed, 1, 1, body)]
        text = self._render(claimed.fields)
        if self._alone and not done:  # what nearly every text is: one segment, to which nothing is done
            octets = try_encode_gsm7(text)
            if octets is not None and len(octets) <= _ONE_OF_GSM7:
                return [self._submit(claimed, 1, 1, self._body(claimed.number, outgoing.gsm7, octets, added))]
        data_coding, pieces = self._cut(claimed, text)
        parts = len(pieces)
        return [
            self._submit(
                claimed,
                part,
                parts,
                self._body(claimed.number, data_coding, piece.short_message, piece.tlvs + added, udhi=piece.udhi),
            )
            for part, piece in enumerate(pieces, start=1)
            if part not in done
        ]

    def together(self, claimed: Sequence[Claimed]) -> list[Submit] | None:
        """The submits of messages of which nothing is special, as `submits` makes them one by one; else None.

        That is: new ones, to plain numbers, with texts of one segment of the default alphabet, and no TLVs.
        """
        if self._adds or not self._alone or any(it.parts_done for it in claimed):
            return None
        texts = self._texts([it.fields for it in claimed])
        numbers = [it.number for it in claimed]
        digits = "".join(numbers)
        if texts is None or not (digits.isascii() and digits.isdigit()) or not _fit(numbers):
            return None
        before, behind = self._frame(self._outgoing.gsm7, udhi=False)
        sizes = map(_SIZES.__getitem__, map(len, texts))
        addressed = "\0".join(numbers).encode().split(b"\0")
        bodies = map(b"".join, zip(repeat(before), addressed, repeat(behind), sizes, texts))
        return [self._submit(it, 1, 1, body) for it, body in zip(claimed, bodies, strict=True)]

    def _texts(self, rows: Sequence[Mapping[str, str]]) -> list[bytes] | None:
        """The texts for these rows in GSM-7, each of one segment; None when one of them is not so."""
        if self._literals is None:
            return None
        with suppress(FieldError):
            pieces: list[Iterable[bytes]] = [repeat(self._literals[0], len(rows))]
            for column, literal in zip(self._values(rows), self._literals[1:], strict=True):
                octets = try_encode_all(column)
                if octets is None:
                    return None
                pieces += (octets, repeat(literal, len(rows)))
            texts = list(map(b"".join, zip(*pieces, strict=True)))
            return texts if max(map(len, texts)) <= _ONE_OF_GSM7 else None
        return None

    def _cut(self, claimed: Claimed, text: str) -> tuple[int, tuple[Segment, ...]]:
        """The data_coding of a text, and its segments."""
        outgoing = self._outgoing
        wording = outgoing.wording
        if self._as_configured:
            alphabet, octets = encode_first(text, wording.alphabets)
            if len(octets) <= ALONE[alphabet] and not claimed.parts_done:
                return outgoing.data_codings[alphabet], (Segment(octets),)
            method = wording.long_messages
            pieces = cut_encoded(text, alphabet, octets, reference=claimed.message_id, method=method)
        else:
            segmented = wording.cut(text, claimed.message_id, tlvs=self._tlvs)
            alphabet, pieces = segmented.alphabet, segmented.segments
        if claimed.parts_done and len(pieces) != claimed.parts:
            # Begun on a bind that differs from this one in taking TLVs, and to be finished as it was begun.
            segmented = wording.cut(text, claimed.message_id, tlvs=not self._tlvs)
            alphabet, pieces = segmented.alphabet, segmented.segments
        return outgoing.data_codings[alphabet], pieces

    def _submit(self, claimed: Claimed, part: int, parts: int, body: bytes) -> Submit:
        outgoing = self._outgoing
        return Submit(
            claimed.message_id,
            claimed.campaign_id,
            part,
            parts,
            outgoing.sender,
            claimed.number,
            body,
            0,
            outgoing.message_class,
            claimed.attempts,
            claimed.resends,
            claimed.tried_since,
            claimed.expires,
        )

    def _body(
        self, number: str, data_coding: int, octets: bytes, tlvs: tuple[Tlv, ...], *, udhi: bool = False
    ) -> bytes:
        """The body of a submit_sm; EncodeError."""
        plain = len(number) <= _LONGEST_NUMBER and number.isascii() and number.isdigit()
        if tlvs or not plain or len(octets) > _LONGEST:
            return self._encoded(number, data_coding, octets, tlvs, udhi=udhi)
        before, behind = self._frame(data_coding, udhi=udhi)
        return b"".join((before, number.encode(), behind, _SIZES[len(octets)], octets))

    def _frame(self, data_coding: int, *, udhi: bool) -> tuple[bytes, bytes]:
        """What is before the number, and between it and sm_length."""
        frame = self._frames.get((data_coding, udhi))
        if frame is None:
            # Behind the number there are fields of one octet each, and empty ones.
            made = self._encoded(_PLACE, data_coding, b"", (), udhi=udhi)
            before, _, behind = made.rpartition(_PLACE.encode())
            frame = self._frames[data_coding, udhi] = before, behind[:-1]  # the last is sm_length
        return frame

    def _encoded(self, number: str, data_coding: int, octets: bytes, tlvs: tuple[Tlv, ...], *, udhi: bool) -> bytes:
        outgoing = self._outgoing
        pdu = SubmitSm(
            source_addr_ton=outgoing.ton,
            source_addr_npi=outgoing.npi,
            source_addr=outgoing.sender,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN_PLAN,
            destination_addr=number,
            esm_class=UDHI if udhi else 0,
            registered_delivery=_RECEIPT_ALWAYS,
            data_coding=data_coding,
            short_message=octets,
            tlvs=tlvs,
        )
        return self._encode(pdu)[HEADER_SIZE:]
