"""TLVs that an operator adds to what it sends, or wants in what it gets, as a scenario file says them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from smppkit.tlvs import Tlv
from smsc.scenario.patterns import TextPattern
from smsc.scenario.scalars import HexOctets, Number, Status
from smsc.scenario.template import Request, RuleTemplate

_TAG = "expected a tag of two octets, 0x0000 to 0xffff"

Problems = Iterable[tuple[tuple[str | int, ...], str]]

MOST_OCTETS: Final = 65_534  # of a text with its NUL


class ExtraTlv(msgspec.Struct, frozen=True):
    """A TLV that is added: its value is a text, a number of `size` octets, octets, or that of the submit."""

    tag: Annotated[Number, Meta(description="Its tag", examples=["0x1400"])]
    text: Annotated[RuleTemplate, Meta(description="A C-string, a template such as {id}")] | None = None
    number: Annotated[Number, Meta(description="A big-endian integer")] | None = None
    size: Annotated[int, Meta(description="Octets of the number", ge=1, le=8)] = 1
    octets: Annotated[HexOctets, Meta(description="The octets themselves")] | None = None
    echo: Annotated[bool, Meta(description="As the submit had it; left out when it had none")] = False

    def problems(self) -> Problems:
        """One value, of a size that fits, under a tag of two octets."""
        if not 0 <= self.tag <= 0xFFFF:
            yield ("tag",), f"found {self.tag}; {_TAG}"
        if self.text is not None and not _is_latin1(self.text):
            yield ("text",), "expected characters of Latin-1; write others as octets"
        given = [name for name in ("text", "number", "octets") if getattr(self, name) is not None]
        given += ["echo"] if self.echo else []
        if len(given) > 1:
            yield (), f"found {' and '.join(given)}; expected one of text, number, octets and echo"
        if self.number is not None and not 0 <= self.number < 1 << 8 * self.size:
            yield ("number",), f"{self.number} does not fit in {self.size} octets; expected a larger size"

    def tlv(self, request: Request) -> Tlv:
        """The TLV of a message."""
        if self.text is not None:
            return Tlv(self.tag, self.text.render(request).encode("latin-1", "replace")[:MOST_OCTETS] + b"\0")
        if self.number is not None:
            return Tlv(self.tag, int(self.number).to_bytes(self.size, "big"))
        return Tlv(self.tag, bytes(self.octets or b""))


def extra_tlvs(extras: Sequence[ExtraTlv], request: Request, submitted: Sequence[Tlv] = ()) -> tuple[Tlv, ...]:
    """The TLVs of a message, in order; `submitted` are those that the ESME sent with it."""
    found: list[Tlv] = []
    for extra in extras:
        if extra.echo:
            found += [tlv for tlv in submitted if tlv.tag == extra.tag]
        else:
            found.append(extra.tlv(request))
    return tuple(found)


def unknown_fields(key: str, extras: Sequence[ExtraTlv], groups: Iterable[str] | None = None) -> Problems:
    """Problems of the templates in added TLVs, which stand under `key`; `groups` are those of the rule around them."""
    for index, extra in enumerate(extras):
        refusal = None if extra.text is None else extra.text.refusal(groups, counts=groups is not None)
        if refusal is not None:
            yield (key, index, "text"), refusal


class TlvMatch(msgspec.Struct, frozen=True):
    """A TLV that is there, with this value when one is said."""

    tag: Annotated[Number, Meta(description="Its tag", examples=["0x1400"])]
    text: Annotated[TextPattern, Meta(description="What it says, without the NUL at the end")] | None = None
    number: Annotated[Number, Meta(description="Its value as a big-endian integer of any size")] | None = None
    octets: Annotated[HexOctets, Meta(description="All of its octets")] | None = None

    def problems(self) -> Problems:
        """One value at most, under a tag of two octets."""
        if not 0 <= self.tag <= 0xFFFF:
            yield ("tag",), f"found {self.tag}; {_TAG}"
        given = [name for name in ("text", "number", "octets") if getattr(self, name) is not None]
        if len(given) > 1:
            yield (), f"found {' and '.join(given)}; expected one of text, number and octets"

    def test(self) -> Callable[[Sequence[Tlv]], bool]:
        """Return a function from the TLVs of a message to whether one of them is it."""
        tag, holds = int(self.tag), _value_test(self)
        return lambda tlvs: any(number == tag and holds(value) for number, value in tlvs)


def _value_test(match: TlvMatch) -> Callable[[bytes], object]:
    if match.text is not None:
        says = match.text.compile()
        return lambda value: says(value.rstrip(b"\0").decode("latin-1"))
    if match.number is not None:
        number = int(match.number)
        return lambda value: bool(value) and int.from_bytes(value, "big") == number
    if match.octets is not None:
        return bytes(match.octets).__eq__
    return lambda _: True


def _is_latin1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)


class RequiredTlv(msgspec.Struct, frozen=True):
    """A TLV that every submit must carry, as the registration numbers of regulated markets."""

    tag: Annotated[Number, Meta(description="Its tag", examples=["0x1400"])]
    length: Annotated[int, Meta(description="Its length in octets; any when omitted", ge=0)] | None = None
    values: Annotated[list[str], Meta(description="Values that are registered; all when omitted")] | None = None
    status: Annotated[Status, Meta(description="What a submit without it gets")] = Status(0x000000C3)
    wrong: Annotated[Status, Meta(description="What one with another length or value gets")] = Status(0x000000C4)

    def problems(self) -> Problems:
        """A tag of two octets, statuses that refuse, and values that fit the length."""
        if not 0 <= self.tag <= 0xFFFF:
            yield ("tag",), f"found {self.tag}; {_TAG}"
        for key in ("status", "wrong"):
            if not getattr(self, key):
                yield (key,), "found ESME_ROK; expected a status that refuses the message"
        for index, value in enumerate(self.values or ()):
            if self.length is not None and len(value) not in (self.length, self.length - 1):
                yield ("values", index), f"found {len(value)} characters; expected {self.length}, its NUL included"

    def judge(self, tlvs: Sequence[Tlv]) -> int:
        """The command_status that a message with these TLVs earns; 0 when it has the one that is asked for."""
        for tag, octets in tlvs:
            if tag == self.tag:
                if self.length is not None and len(octets) != self.length:
                    return self.wrong
                # Texts come with or without the NUL that ends a C-string.
                if self.values is not None and octets.rstrip(b"\0").decode("latin-1") not in self.values:
                    return self.wrong
                return 0
        return self.status
