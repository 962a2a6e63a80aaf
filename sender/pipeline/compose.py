"""From a campaign and a recipient to the submit_sm of every segment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from sender.channels.results import Submit
from sender.config.operator import AccountConfig
from sender.config.text import TlvConfig
from sender.domain.message import MessageClass
from sender.domain.template import FieldError, Template
from sender.domain.transliteration import plain_punctuation, transliterate
from sender.store.records import Claimed
from smppkit.gsm0338 import UnencodableText, encode_gsm7, try_encode_gsm7
from smppkit.national import pairs
from smppkit.national_tables import Language
from smppkit.pdus import SubmitSm
from smppkit.segments import (
    ALONE,
    UDHI,
    LongMessage,
    Segment,
    Segmented,
    SegmentError,
    count_segments,
    cut_encoded,
    segment,
)
from smppkit.text import Alphabet, encode_first, encode_text
from smppkit.tlvs import USER_MESSAGE_REFERENCE, Tlv

_ONE_OF_GSM7: Final = ALONE[Alphabet.GSM7]
_ONE_OF_UCS2: Final = ALONE[Alphabet.UCS2]

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


class TextOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a campaign says about its texts; None leaves it to the account."""

    transliterate: bool | None = None
    plain_punctuation: bool | None = None

    @classmethod
    def of(cls, options: str) -> TextOptions:
        """Those among the options that a campaign was stored with, as JSON."""
        return msgspec.json.decode(options, type=_Stored).text if options else cls()


class _Stored(msgspec.Struct, frozen=True):
    text: TextOptions = TextOptions()


class Wording(msgspec.Struct, frozen=True):
    """How texts go out through one operator account."""

    alphabets: tuple[Alphabet, ...] = (Alphabet.GSM7, Alphabet.UCS2)
    long_messages: LongMessage = LongMessage.UDH8
    source: tuple[int, int] | None = None
    """TON and NPI of the source address; None = 5/0 for a name, 1/1 for a number."""
    languages: tuple[Language, ...] = ()
    """National tables that may be used."""
    packed: bool = False
    data_codings: dict[Alphabet, int] = {}
    """Where they are not the usual ones."""
    transliterate: bool = False
    plain_punctuation: bool = False
    tlvs: tuple[TlvConfig, ...] = ()
    message_reference: bool = False

    @classmethod
    def of(cls, account: AccountConfig) -> Wording:
        """The wording that a configuration describes."""
        source = account.source
        return cls(
            alphabets=tuple(account.alphabets),
            long_messages=account.long_messages,
            source=None if source is None else (source.ton, source.npi),
            languages=tuple(account.languages),
            packed=account.packed,
            data_codings={alphabet: account.data_coding_of(alphabet) for alphabet in account.alphabets},
            transliterate=account.transliterate,
            plain_punctuation=account.plain_punctuation,
            tlvs=tuple(account.tlvs),
            message_reference=account.message_reference,
        )

    def with_options(self, options: TextOptions) -> Wording:
        """The same for a campaign that has its own mind about texts."""
        changed = {key: value for key in options.__struct_fields__ if (value := getattr(options, key)) is not None}
        return msgspec.structs.replace(self, **changed) if changed else self

    def said(self, text: str) -> str:
        """The text as it goes out: in other letters where that is wanted and lets GSM-7 or a national table hold it."""
        if not (self.transliterate or self.plain_punctuation) or try_encode_gsm7(text) is not None:
            return text
        plain = plain_punctuation(text)
        if try_encode_gsm7(plain) is not None:
            return plain
        if self.transliterate:
            latin = transliterate(text)
            if try_encode_gsm7(latin) is not None:
                return latin
        if plain != text and self._in_tables(plain) and not self._in_tables(text):
            return plain
        return text

    def _in_tables(self, text: str) -> bool:
        """Whether some pair of national tables holds a text."""
        return any(shifts.try_encode(text) is not None for shifts in pairs(self.languages))

    def cut(self, text: str, reference: int = 0, *, tlvs: bool = True) -> Segmented:
        """The segments of `text` as it goes out; UnencodableText or SegmentError when it cannot be sent.

        Without `tlvs`, headers stand for them.
        """
        text = self.said(text)
        if not tlvs and self.long_messages in _WITHOUT_TLVS:
            with suppress(SegmentError):  # more than 255 parts: only message_payload holds such a text
                return self._segment(text, reference, _WITHOUT_TLVS[self.long_messages])
        return self._segment(text, reference, self.long_messages)

    def _segment(self, text: str, reference: int, method: LongMessage) -> Segmented:
        return segment(
            text,
            reference=reference,
            method=method,
            allowed=self.alphabets,
            languages=self.languages,
            packed=self.packed,
        )

    def count(self, text: str) -> int:
        """How many segments `cut` makes; the same errors."""
        return count_segments(
            self.said(text), method=self.long_messages, allowed=self.alphabets, languages=self.languages
        )


class _Outgoing:
    """What is the same for all messages of a campaign through one account, made ready once."""

    __slots__ = (
        "_fixed",
        "_made",
        "adds",
        "data_codings",
        "gsm7_first",
        "npi",
        "plain",
        "reference",
        "single",
        "then_ucs2",
        "ton",
        "wording",
    )

    def __init__(self, wording: Wording, source: tuple[int, int], fixed: str | None) -> None:
        self.wording = wording
        self.ton, self.npi = wording.source or source
        self.data_codings = {
            alphabet: wording.data_codings.get(alphabet, alphabet.data_coding) for alphabet in Alphabet
        }
        self.reference = wording.message_reference
        self._fixed: tuple[Tlv, ...] = ()
        made: list[tuple[TlvConfig, Template]] = []
        for config in wording.tlvs:
            template = config.template()
            if template.fields:
                made.append((config, template))
            else:
                self._fixed += (config.tlv(template.render({})),)
        self._made = tuple(made)
        self.adds = bool(self._fixed or made or self.reference)
        """Whether the account adds TLVs."""
        self.gsm7_first = wording.alphabets[:1] == (Alphabet.GSM7,)
        self.plain = not (wording.languages or wording.packed or wording.transliterate or wording.plain_punctuation)
        """Whether a text goes out as the template gives it, in the first alphabet that holds it."""
        self.then_ucs2 = self.plain and wording.alphabets[1:2] == (Alphabet.UCS2,)
        self.single: tuple[int, Segment] | None = None
        """A text without fields that fits one segment: its data_coding, and it, encoded once for all."""
        if fixed is not None:
            with suppress(UnencodableText, SegmentError):
                cut = wording.cut(fixed)
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


class TlvError(ValueError):
    """A TLV that the account wants cannot be made of a recipient's row."""


UNCOMPOSABLE: Final = (FieldError, TlvError, UnencodableText, SegmentError)
"""Everything that keeps a recipient's row from being a message: what `Composer` raises."""


class Composer:
    """Makes the messages of one campaign. `wordings` are by operator account."""

    def __init__(
        self,
        template: Template,
        sender: str,
        message_class: MessageClass,
        wordings: Mapping[str, Wording],
        options: TextOptions | None = None,
    ) -> None:
        self._template = template
        self.sender = sender
        self.message_class = message_class
        self._wordings = (
            wordings if options is None else {name: it.with_options(options) for name, it in wordings.items()}
        )
        named = not sender.isdigit()
        source = (_ALPHANUMERIC, _UNKNOWN_PLAN) if named else (_INTERNATIONAL, _ISDN_PLAN)
        fixed = None if template.fields else template.render({})
        self._outgoing = {name: _Outgoing(wording, source, fixed) for name, wording in self._wordings.items()}
        in_tlvs = (config.template().fields for wording in wordings.values() for config in wording.tlvs)
        self._columns = template.fields.union(*in_tlvs)
        self.text = template.render
        """The text for one recipient's fields; FieldError when a field cannot be filled in."""
        self.tlvs_of_rows = frozenset(name for name, it in self._outgoing.items() if it.asks_rows)
        """Accounts whose TLVs are made of what a row has: `tlvs` may fail for them."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the recipients file that the text, or a TLV of any account, uses."""
        return self._columns

    def said(self, text: str, operator: str) -> str:
        """`text` as it goes out through `operator`."""
        return self._wordings[operator].said(text)

    def count(self, text: str, operator: str) -> int:
        """Segments of `text` through `operator`; UnencodableText or SegmentError when it cannot be sent."""
        outgoing = self._outgoing[operator]
        if outgoing.gsm7_first:  # what nearly every text is: one segment, to which nothing is done
            octets = try_encode_gsm7(text)
            if octets is None:
                if outgoing.then_ucs2 and len(encode_text(text, Alphabet.UCS2)) <= _ONE_OF_UCS2:
                    return 1
            elif len(octets) <= _ONE_OF_GSM7:
                return 1
        return outgoing.wording.count(text)

    def cut(self, text: str, operator: str, reference: int = 0, *, tlvs: bool = True) -> Segmented:
        """The segments of `text` through `operator`; the errors of `count`. Without `tlvs`, headers stand for them."""
        return self._wordings[operator].cut(text, reference, tlvs=tlvs)

    def tlvs(self, fields: Mapping[str, str], operator: str, message_id: int = 0) -> tuple[Tlv, ...]:
        """What the account adds to every segment of a message; TlvError when this row cannot give it."""
        return self._outgoing[operator].tlvs(fields, message_id)

    def submits(self, claimed: Claimed, operator: str, *, tlvs: bool = True, extras: bool = True) -> list[Submit]:
        """One submit for every segment that has to be sent (again).

        `tlvs`: whether a long text may be sent by means of TLVs; `extras`: whether the bind can carry those that the
        account adds.

        The reference comes from the message's number, so that a segment sent again later, by another process even,
        still belongs to the same text on the phone. UNCOMPOSABLE.
        """
        outgoing = self._outgoing[operator]
        added = outgoing.tlvs(claimed.fields, claimed.message_id) if extras and outgoing.adds else ()
        single = outgoing.single
        if single is not None:
            data_coding, piece = single
            return [] if claimed.parts_done else [self._submit(claimed, outgoing, 1, 1, data_coding, piece, added)]
        text = self._template.render(claimed.fields)
        wording = outgoing.wording
        if outgoing.plain and tlvs:
            alphabet, octets = encode_first(text, wording.alphabets)
            if len(octets) <= ALONE[alphabet] and not claimed.parts_done:
                data_coding = outgoing.data_codings[alphabet]
                return [self._submit(claimed, outgoing, 1, 1, data_coding, Segment(octets), added)]
            method = wording.long_messages
            pieces = cut_encoded(text, alphabet, octets, reference=claimed.message_id, method=method)
        else:
            segmented = wording.cut(text, claimed.message_id, tlvs=tlvs)
            alphabet, pieces = segmented.alphabet, segmented.segments
        if claimed.parts_done and len(pieces) != claimed.parts:
            # Begun on a bind that differs from this one in taking TLVs, and to be finished as it was begun.
            segmented = wording.cut(text, claimed.message_id, tlvs=not tlvs)
            alphabet, pieces = segmented.alphabet, segmented.segments
        data_coding = outgoing.data_codings[alphabet]
        parts = len(pieces)
        return [
            self._submit(claimed, outgoing, part, parts, data_coding, piece, added)
            for part, piece in enumerate(pieces, start=1)
            if part not in claimed.parts_done
        ]

    def _submit(
        self,
        claimed: Claimed,
        outgoing: _Outgoing,
        part: int,
        parts: int,
        data_coding: int,
        piece: Segment,
        added: tuple[Tlv, ...],
    ) -> Submit:
        pdu = SubmitSm(
            source_addr_ton=outgoing.ton,
            source_addr_npi=outgoing.npi,
            source_addr=self.sender,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN_PLAN,
            destination_addr=claimed.number,
            esm_class=UDHI if piece.udhi else 0,
            registered_delivery=_RECEIPT_ALWAYS,
            data_coding=data_coding,
            short_message=piece.short_message,
            tlvs=piece.tlvs + added,
        )
        return Submit(
            claimed.message_id,
            claimed.campaign_id,
            part,
            parts,
            pdu,
            0,
            self.message_class,
            claimed.attempts,
            claimed.resends,
            claimed.tried_since,
            claimed.expires,
        )
