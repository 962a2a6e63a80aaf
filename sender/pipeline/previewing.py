"""What a text would look like: through every account, before anything is sent. Stores nothing and calls nobody.

`sender preview` and the HTTP API show the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sender.config.operator import AccountConfig
from sender.domain.message import MessageClass
from sender.domain.registered import Registered, first_match
from sender.domain.template import FieldError, Template
from sender.domain.transliteration import Change, changes, plain_punctuation, suggestion
from sender.pipeline.compose import Composer, TextOptions, Wording
from sender.pipeline.press import TlvError
from smppkit.gsm0338 import UnencodableText, try_encode_gsm7
from smppkit.national_tables import Language
from smppkit.segments import Segment, Segmented, SegmentError, decode_user_data, split_header
from smppkit.text import Alphabet
from smppkit.tlvs import MESSAGE_PAYLOAD

_MOST_OFFENDERS = 50


class Offender(msgspec.Struct, frozen=True):
    """A character that keeps a text out of GSM-7; `position` is its first place in the text, from 1."""

    position: int
    character: str
    code_point: str
    name: str
    times: int
    suggestion: str | None
    """What could stand for it; None when nothing is near it."""


class PreviewPart(msgspec.Struct, frozen=True):
    """One segment: what it says, and its octets with header."""

    number: int
    text: str
    octets: int
    used: int
    """Units of the text: septets of GSM-7, UTF-16 code units of UCS-2, octets otherwise."""
    header: str
    """The user data header in hexadecimal; empty when there is none."""


class Saving(msgspec.Struct, frozen=True):
    """What another setting would make of the text."""

    setting: str
    """As it stands in the configuration: ``transliterate: true``."""
    segments: int
    encoding: str
    text: str
    price: str | None


class AccountPreview(msgspec.Struct, frozen=True):
    """A text through one account. With a `problem` it cannot be sent, and there are no parts."""

    account: str
    problem: str | None
    text: str
    """As it goes out: in other letters where the account or the campaign says so."""
    encoding: str
    data_coding: int
    tables: str | None
    """National language tables, in words."""
    segments: int
    units: str
    left: int
    """Units that the last segment still has room for."""
    price: str | None
    """Of all segments; None when the account has no price."""
    tlvs: dict[str, str]
    """What the account adds to every segment: values in hexadecimal by tag."""
    changed: tuple[Change, ...]
    """What differs between the text as written and as it goes out."""
    offenders: tuple[Offender, ...]
    parts: tuple[PreviewPart, ...]
    savings: tuple[Saving, ...]


class Match(msgspec.Struct, frozen=True):
    """The registered template that a text counts as."""

    name: str
    kind: str
    text: str


class Preview(msgspec.Struct, frozen=True):
    """A text, and what it would be through each account."""

    text: str
    characters: int
    accounts: tuple[AccountPreview, ...]
    registered: Match | None = None
    """Where a register was given; None: it counts as advertising."""


class PreviewError(ValueError):
    """The row does not fill in the template; `errors` is everything that is wrong with it."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = tuple(errors)


def preview(
    template: Template,
    sender: str,
    fields: Mapping[str, str],
    operators: Mapping[str, AccountConfig],
    *,
    options: TextOptions | None = None,
    register: Sequence[Registered] | None = None,
) -> Preview:
    """Fill in `template` and show it through each of `operators`; `fields` as `Template.render` takes them.

    PreviewError when the row does not fill in the template.
    """
    errors = template.trial(fields)
    if errors:
        raise PreviewError(errors)
    text = template.render(fields)
    options = options or TextOptions()
    accounts = tuple(_through(name, operator, sender, text, fields, options) for name, operator in operators.items())
    found = first_match(text, register) if register is not None else None
    match = None if found is None else Match(found.name, found.kind.value, found.template.text)
    return Preview(text, len(text), accounts, match)


def _through(
    name: str, operator: AccountConfig, sender: str, text: str, fields: Mapping[str, str], options: TextOptions
) -> AccountPreview:
    wording = Wording.of(operator).with_options(options)
    said = wording.said(text)
    changed = () if said == text else tuple(_differences(text, said))
    try:
        cut, problem = wording.cut(text, reference=1), None
    except (UnencodableText, SegmentError) as error:
        cut, problem = None, str(error)
    tlvs: dict[str, str] = {}
    try:
        composer = Composer(Template(text, (text,)), sender, MessageClass.SERVICE, {name: wording})
        tlvs = {f"0x{tlv.tag:04x}": tlv.value.hex() for tlv in composer.tlvs(fields, name)}
    except TlvError as error:
        problem = problem or str(error)
    if not text:
        problem = problem or "the text is empty"
    parts = () if cut is None else _parts(cut, wording, text)
    count = len(parts)
    return AccountPreview(
        account=name,
        problem=problem,
        text=said,
        encoding="" if cut is None else cut.alphabet.value,
        data_coding=0 if cut is None else wording.data_codings[cut.alphabet],
        tables=str(cut.shifts) if cut is not None and cut.shifts is not None else None,
        segments=count,
        units="" if cut is None else _UNITS[cut.alphabet],
        left=0 if cut is None else _left(cut, parts[-1]),
        price=_price(operator, count),
        tlvs=tlvs,
        changed=changed,
        offenders=tuple(_offenders(said)) if cut is None or cut.alphabet is not Alphabet.GSM7 else (),
        parts=parts,
        savings=tuple(_savings(operator, wording, text, count if problem is None else None)),
    )


_UNITS = {
    Alphabet.GSM7: "septets",
    Alphabet.UCS2: "code units",
    Alphabet.LATIN1: "octets",
    Alphabet.ASCII: "octets",
    Alphabet.OCTETS: "octets",
}


def _price(operator: AccountConfig, segments: int) -> str | None:
    return None if operator.price is None else str(operator.price.times(segments))


def _differences(text: str, said: str) -> list[Change]:
    letters = said != plain_punctuation(text)
    return changes(text, letters=letters)


def _parts(cut: Segmented, wording: Wording, text: str) -> tuple[PreviewPart, ...]:
    # What is packed on the wire is read unpacked: the same text in the same segments.
    shown = msgspec.structs.replace(wording, packed=False).cut(text, reference=1) if wording.packed else cut
    pairs = zip(cut.segments, shown.segments, strict=True)
    return tuple(_part(number, piece, plain, cut) for number, (piece, plain) in enumerate(pairs, start=1))


def _part(number: int, piece: Segment, plain: Segment, cut: Segmented) -> PreviewPart:
    octets = _octets(plain)
    body = split_header(octets)[1] if plain.udhi else octets
    text = decode_user_data(octets, cut.alphabet.data_coding, header=plain.udhi)
    used = len(body) // 2 if cut.alphabet is Alphabet.UCS2 else len(body)
    return PreviewPart(number, text, len(_octets(piece)), used, octets[: len(octets) - len(body)].hex())


def _octets(piece: Segment) -> bytes:
    payload = (tlv.value for tlv in piece.tlvs if tlv.tag == MESSAGE_PAYLOAD.number)
    return piece.short_message or next(payload, b"")


def _left(cut: Segmented, last: PreviewPart) -> int:
    """Units that the last segment has room for; 0 for a payload, which the operator cuts."""
    piece = cut.segments[-1]
    header = len(last.header) // 2
    if not piece.short_message and piece.tlvs:
        return 0
    if piece.tlvs:  # sar_*: the operator makes a header of it
        header = 6
    octets = 140 - header
    room = {Alphabet.GSM7: octets * 8 // 7, Alphabet.UCS2: octets // 2}.get(cut.alphabet, octets)
    return room - last.used


def _offenders(text: str) -> list[Offender]:
    """The characters that GSM-7 lacks, in the order in which they appear; the first fifty of them."""
    found: dict[str, int] = {}
    for at, character in enumerate(text, start=1):
        if try_encode_gsm7(character) is None:
            found.setdefault(character, at)
    return [
        Offender(
            position=at,
            character=character,
            code_point=f"U+{ord(character):04X}",
            name=unicodedata.name(character, "no name"),
            times=text.count(character),
            suggestion=suggestion(character),
        )
        for character, at in list(found.items())[:_MOST_OFFENDERS]
    ]


def _savings(operator: AccountConfig, wording: Wording, text: str, segments: int | None) -> list[Saving]:
    """Settings under which the text takes fewer segments, or can be sent at all; the best first."""
    found: list[Saving] = []
    best_language: Saving | None = None
    for setting, changed in _alternatives(wording):
        try:
            cut = changed.cut(text)
        except (UnencodableText, SegmentError):
            continue
        count = len(cut.segments)
        if segments is not None and count >= segments:
            continue
        saving = Saving(setting, count, cut.alphabet.value, changed.said(text), _price(operator, count))
        if not setting.startswith("languages"):
            found.append(saving)
        elif best_language is None or count < best_language.segments:
            best_language = saving
    if best_language is not None:
        found.append(best_language)
    return sorted(found, key=lambda saving: saving.segments)


def _alternatives(wording: Wording) -> Iterator[tuple[str, Wording]]:
    replace = msgspec.structs.replace
    if not wording.plain_punctuation:
        yield "plain_punctuation: true", replace(wording, plain_punctuation=True)
    if not wording.transliterate:
        yield "transliterate: true", replace(wording, transliterate=True)
    if Alphabet.UCS2 not in wording.alphabets:
        written = ", ".join(alphabet.value for alphabet in (*wording.alphabets, Alphabet.UCS2))
        yield f"alphabets: [{written}]", replace(wording, alphabets=(*wording.alphabets, Alphabet.UCS2))
    if Alphabet.GSM7 not in wording.alphabets:
        return
    for language in Language:
        if language not in wording.languages:
            languages = (*wording.languages, language)
            written = f"languages: [{', '.join(it.value for it in languages)}]"
            changed = replace(wording, languages=languages)
            yield written, changed
            if not wording.plain_punctuation:
                yield f"{written} and plain_punctuation: true", replace(changed, plain_punctuation=True)
