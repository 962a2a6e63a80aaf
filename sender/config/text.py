"""How texts go out through an operator account: alphabets, tables, splitting, what is added to every message."""

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, ClassVar, Final, Self

import msgspec
from msgspec import Meta

from sender.domain.prices import Price
from sender.domain.template import Field, Template, TemplateError
from smppkit.national_tables import Language
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from smppkit.tlvs import Tlv

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_OWN_TAGS: Final = {0x0204, 0x020C, 0x020E, 0x020F, 0x0424}
"""Tags that the sender itself puts there: user_message_reference, sar_*, message_payload."""


class Tag(int):
    """The tag of a TLV, written `0x1400`."""

    expected: ClassVar[str] = "a tag of two octets such as 0x1400"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            tag = int(text, 0)
        except ValueError:
            tag = -1
        if not 0 < tag <= 0xFFFF:
            raise ValueError(f"expected {cls.expected}")
        return cls(tag)


class TlvType(Enum):
    """How the value of a TLV becomes octets."""

    TEXT = "text"
    """Its characters in Latin-1."""
    C_STRING = "c-string"
    """The same with a NUL behind."""
    INTEGER = "integer"
    """Big-endian, of `size` octets."""
    OCTETS = "octets"
    """Hexadecimal digits."""


class TlvConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A TLV that every message of the account carries, such as the registration numbers of regulated markets."""

    tag: Annotated[Tag, Meta(description="Its tag", examples=["0x1400"])]
    type: Annotated[TlvType, Meta(description="How the value becomes octets")] = TlvType.TEXT
    value: Annotated[str, Meta(description="A template of the recipient's fields, or a fixed text")]
    size: Annotated[int, Meta(description="Octets of an integer", ge=1, le=8)] = 1

    def problems(self) -> Problems:
        """A template that compiles, a fixed value that fits, and no tag that the sender uses itself."""
        if self.tag in _OWN_TAGS:
            yield ("tag",), f"found 0x{self.tag:04x}, which the sender sets itself"
        try:
            template = Template.compile(self.value)
        except TemplateError as error:
            yield ("value",), str(error)
            return
        if not template.fields:
            try:
                self.tlv(template.render({}))
            except ValueError as error:
                yield ("value",), str(error)

    def template(self) -> Template:
        """Its value, compiled."""
        return Template.compile(self.value)

    def tlv(self, value: str) -> Tlv:
        """The TLV with this value; ValueError says why it cannot be."""
        octets = self._octets(value)
        if len(octets) > 0xFFFF:
            raise ValueError(f"the value of TLV 0x{self.tag:04x} has {len(octets)} octets; at most 65535 fit")
        return Tlv(self.tag, octets)

    def _octets(self, value: str) -> bytes:
        name = f"the value of TLV 0x{self.tag:04x}"
        if self.type is TlvType.INTEGER:
            if not (value.isascii() and value.isdigit()) or len(value) > 20 or int(value) >= 1 << 8 * self.size:
                raise ValueError(f'{name} is "{value[:30]}"; expected an integer of {self.size} octets')
            return int(value).to_bytes(self.size, "big")
        if self.type is TlvType.OCTETS:
            try:
                return bytes.fromhex(value)
            except ValueError:
                raise ValueError(f'{name} is "{value[:30]}"; expected hexadecimal digits') from None
        try:
            octets = value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(f'{name} is "{value[:30]}"; expected characters of Latin-1') from None
        return octets + b"\0" if self.type is TlvType.C_STRING else octets


class TextConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an operator account that are about texts."""

    alphabets: Annotated[list[Alphabet], Meta(description="The first that holds the text", min_length=1)] = (
        msgspec.field(default_factory=lambda: [Alphabet.GSM7, Alphabet.UCS2])
    )
    default_alphabet: Annotated[Alphabet, Meta(description="What the operator means by data_coding 0")] = Alphabet.GSM7
    data_coding: Annotated[dict[Alphabet, int], Meta(description="Values for alphabets, where not the usual ones")] = (
        msgspec.field(default_factory=dict)
    )
    packed: Annotated[bool, Meta(description="GSM-7 as eight septets in seven octets")] = False
    languages: Annotated[list[Language], Meta(description="National tables that may be used")] = msgspec.field(
        default_factory=list
    )
    transliterate: Annotated[bool, Meta(description="Latin letters, where all the text then fits gsm7")] = False
    plain_punctuation: Annotated[bool, Meta(description="The same with quotes, dashes and spaces only")] = False
    long_messages: Annotated[LongMessage, Meta(description="How long texts are split")] = LongMessage.UDH8
    message_reference: Annotated[bool, Meta(description="Send user_message_reference, for receipts that echo it")] = (
        False
    )
    tlvs: Annotated[list[TlvConfig], Meta(description="TLVs that every message carries")] = msgspec.field(
        default_factory=list
    )
    price: Annotated[Price, Meta(description="Of a segment", examples=["2.8 RUB"])] | None = None

    def text_problems(self) -> Problems:
        """What no single key shows."""
        if len(set(self.alphabets)) < len(self.alphabets):
            yield ("alphabets",), "the same alphabet twice"
        if Alphabet.OCTETS in self.alphabets:
            yield ("alphabets", self.alphabets.index(Alphabet.OCTETS)), '"octets" holds no text; expected gsm7 or ucs2'
        if self.default_alphabet is Alphabet.OCTETS:
            yield ("default_alphabet",), '"octets" holds no text; expected gsm7, latin1 or ascii'
        gsm7 = Alphabet.GSM7 in self.alphabets
        if gsm7 and self.default_alphabet is not Alphabet.GSM7 and Alphabet.GSM7 not in self.data_coding:
            default = self.default_alphabet.value
            remedy = f"expected `alphabets: [{default}, ucs2]`, or the value of gsm7 in data_coding"
            problem = f"gsm7 is among the alphabets, and data_coding 0 would name {default}; {remedy}"
            yield ("default_alphabet",), problem
        for alphabet, value in self.data_coding.items():
            if not 0 <= value <= 0xFF:
                yield ("data_coding", alphabet.value), f"found {value}; expected 0 to 255"
        values = [self.data_coding_of(alphabet) for alphabet in self.alphabets]
        if len(set(values)) < len(values) and len(set(self.alphabets)) == len(self.alphabets):
            yield ("data_coding",), "two alphabets have the same data_coding"
        if self.packed and not gsm7:
            yield ("packed",), "only gsm7 is packed, and it is not among the alphabets"
        if self.languages and not gsm7:
            yield ("languages",), "national tables belong to gsm7, which is not among the alphabets"
        if len(set(self.languages)) < len(self.languages):
            yield ("languages",), "the same language twice"
        tags = [tlv.tag for tlv in self.tlvs]
        for index, tag in enumerate(tags):
            if tag in tags[:index]:
                yield ("tlvs", index, "tag"), f"0x{tag:04x} twice"

    def data_coding_of(self, alphabet: Alphabet) -> int:
        """The data_coding that names an alphabet at this operator."""
        if alphabet in self.data_coding:
            return self.data_coding[alphabet]
        return 0 if alphabet is self.default_alphabet else alphabet.data_coding

    @property
    def tlv_fields(self) -> frozenset[str]:
        """The recipient's fields that TLVs are made of, as `field_key` writes them."""
        parts = [part for tlv in self.tlvs for part in tlv.template().parts]
        return frozenset(part.key for part in parts if isinstance(part, Field))
