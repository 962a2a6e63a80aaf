"""From a campaign and a recipient to the submit_sm of every segment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from sender.channels.results import Submit
from sender.config.operator import OperatorConfig
from sender.domain.message import MessageClass
from sender.domain.template import Template
from sender.store.records import Claimed
from smppkit.gsm0338 import UnencodableText, encode_gsm7
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, LongMessage, Segmented, SegmentError, count_segments, segment
from smppkit.text import Alphabet

_INTERNATIONAL = 1  # TON, SMPP 3.4 §5.2.5
_ALPHANUMERIC = 5
_UNKNOWN_PLAN = 0  # NPI, SMPP 3.4 §5.2.6
_ISDN_PLAN = 1
_RECEIPT_ALWAYS = 1  # registered_delivery, SMPP 3.4 §5.2.17

_WITHOUT_TLVS = {LongMessage.SAR: LongMessage.UDH8, LongMessage.PAYLOAD: LongMessage.UDH8}
"""How to cut for an operator that takes no TLVs, where the configuration asks for some."""

_LONGEST_NAME = 11  # 3GPP TS 23.040 §9.1.2.5: ten octets of packed septets
_LONGEST_NUMBER = 15  # ITU-T E.164 §6


class SenderError(ValueError):
    """A source address that no operator could show."""


def check_sender(sender: str) -> str:
    """The source address as it goes on the wire: a name of at most 11 characters, or digits.

    A leading plus of a number is dropped: TON says that already. SenderError explains what is wrong.
    """
    text = sender.strip()
    digits = text.removeprefix("+")
    if not text:
        raise SenderError("the sender is empty")
    if digits.isascii() and digits.isdigit():
        if len(digits) > _LONGEST_NUMBER:
            raise SenderError(f'the sender "{text}" has {len(digits)} digits; a number has at most 15')
        return digits
    try:
        septets = len(encode_gsm7(text))
    except UnencodableText as error:
        odd = " ".join(error.characters)
        raise SenderError(f'the sender "{text}" has characters that a phone cannot show there: {odd}') from None
    if not text.isascii() or not text.isprintable():
        raise SenderError(f'the sender "{text}" must be plain Latin letters, digits, spaces and signs')
    if septets > _LONGEST_NAME:
        raise SenderError(f'the sender "{text}" has {septets} characters; a name has at most 11')
    return text


class Wording(msgspec.Struct, frozen=True):
    """How texts go out through one operator account."""

    alphabets: tuple[Alphabet, ...] = (Alphabet.GSM7, Alphabet.UCS2)
    long_messages: LongMessage = LongMessage.UDH8
    source: tuple[int, int] | None = None
    """TON and NPI of the source address; None = 5/0 for a name, 1/1 for a number."""

    @classmethod
    def of(cls, operator: OperatorConfig) -> Wording:
        """The wording that a configuration describes."""
        source = operator.source
        return cls(
            tuple(operator.alphabets), operator.long_messages, None if source is None else (source.ton, source.npi)
        )


class Composer:
    """Makes the messages of one campaign. `wordings` are by operator account."""

    def __init__(
        self, template: Template, sender: str, message_class: MessageClass, wordings: Mapping[str, Wording]
    ) -> None:
        self._template = template
        self.sender = sender
        self.message_class = message_class
        self._wordings = wordings
        named = not sender.isdigit()
        self._source = (_ALPHANUMERIC, _UNKNOWN_PLAN) if named else (_INTERNATIONAL, _ISDN_PLAN)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the recipients file that the text uses."""
        return self._template.fields

    def text(self, fields: Mapping[str, str]) -> str:
        """The text for one recipient; MissingField when a field is empty and has no fallback."""
        return self._template.render(fields)

    def count(self, text: str, operator: str) -> int:
        """Segments of `text` through `operator`; UnencodableText or SegmentError when it cannot be sent."""
        wording = self._wordings[operator]
        return count_segments(text, method=wording.long_messages, allowed=wording.alphabets)

    def cut(self, text: str, operator: str, reference: int = 0, *, tlvs: bool = True) -> Segmented:
        """The segments of `text` through `operator`; the errors of `count`. Without `tlvs`, headers stand for them."""
        wording = self._wordings[operator]
        if not tlvs and wording.long_messages in _WITHOUT_TLVS:
            instead = _WITHOUT_TLVS[wording.long_messages]
            with suppress(SegmentError):  # more than 255 parts: only message_payload holds such a text
                return segment(text, reference=reference, method=instead, allowed=wording.alphabets)
        return segment(text, reference=reference, method=wording.long_messages, allowed=wording.alphabets)

    def submits(self, claimed: Claimed, operator: str, *, tlvs: bool = True) -> list[Submit]:
        """One submit for every segment that has to be sent (again); `tlvs`: whether the bind takes any.

        The reference comes from the message's number, so that a segment sent again later, by another process even,
        still belongs to the same text on the phone.
        """
        segmented = self.cut(self.text(claimed.fields), operator, reference=claimed.message_id, tlvs=tlvs)
        if claimed.parts_done and len(segmented.segments) != claimed.parts:
            # Begun on a bind that differs from this one in taking TLVs, and to be finished as it was begun.
            segmented = self.cut(self.text(claimed.fields), operator, reference=claimed.message_id, tlvs=not tlvs)
        ton, npi = self._wordings[operator].source or self._source
        parts = len(segmented.segments)
        return [
            Submit(
                message_id=claimed.message_id,
                campaign_id=claimed.campaign_id,
                part=part,
                parts=parts,
                pdu=SubmitSm(
                    source_addr_ton=ton,
                    source_addr_npi=npi,
                    source_addr=self.sender,
                    dest_addr_ton=_INTERNATIONAL,
                    dest_addr_npi=_ISDN_PLAN,
                    destination_addr=claimed.number,
                    esm_class=UDHI if piece.udhi else 0,
                    registered_delivery=_RECEIPT_ALWAYS,
                    data_coding=segmented.data_coding,
                    short_message=piece.short_message,
                    tlvs=piece.tlvs,
                ),
                sequence=0,
                message_class=self.message_class,
                attempts=claimed.attempts,
                resends=claimed.resends,
                tried_since=claimed.tried_since,
                expires=claimed.expires,
            )
            for part, piece in enumerate(segmented.segments, start=1)
            if part not in claimed.parts_done
        ]
