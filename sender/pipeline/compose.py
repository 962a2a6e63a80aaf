"""Texts and senders of a campaign, as they go out through each operator account."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from sender.config.operator import AccountConfig
from sender.config.text import TlvConfig
from sender.domain.message import MessageClass
from sender.domain.template import Template
from sender.domain.transliteration import plain_punctuation, transliterate
from sender.pipeline.press import Outgoing, Press
from smppkit.gsm0338 import UnencodableText, encode_gsm7, try_encode_gsm7
from smppkit.national import pairs
from smppkit.national_tables import Language
from smppkit.segments import (
    ALONE,
    LongMessage,
    Segmented,
    SegmentError,
    count_segments,
    segment,
)
from smppkit.states import Version
from smppkit.text import Alphabet, encode_text
from smppkit.tlvs import Tlv

_ONE_OF_GSM7: Final = ALONE[Alphabet.GSM7]
_ONE_OF_UCS2: Final = ALONE[Alphabet.UCS2]

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

    @property
    def cuts_with_tlvs(self) -> bool:
        """Whether it takes TLVs to send a long text as the configuration asks for."""
        return self.long_messages in _WITHOUT_TLVS

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
        if not tlvs and self.cuts_with_tlvs:
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
        self._outgoing = {
            name: Outgoing(wording, sender, message_class, template) for name, wording in self._wordings.items()
        }
        self._presses: dict[tuple[str, Version, bool], Press] = {}
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

    def press(self, operator: str, version: Version, *, tlvs: bool) -> Press:
        """What makes the submits for binds of `operator` that speak `version` and take `tlvs`."""
        press = self._presses.get((operator, version, tlvs))
        if press is None:
            made = Press(self._outgoing[operator], self._template, version, tlvs=tlvs)
            press = self._presses[operator, version, tlvs] = made
        return press
