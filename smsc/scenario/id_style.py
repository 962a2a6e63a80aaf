"""How an operator writes the ids of its messages: base, width, case, size, and what stands around them."""

import re
from collections.abc import Callable
from typing import ClassVar, Final, Literal, Self, TypeAlias

import msgspec

from smppkit.message_ids import IdBase, render
from smsc.scenario.template import FIELDS, Template
from yamlmodel.suggest import did_you_mean

LONGEST: Final = 64
"""Characters of a message_id (SMPP 3.4 §5.2.23)."""
LONGEST_V33: Final = 8
"""The same in SMPP 3.3, of which only hexadecimal digits are expected (SMPP 3.4 §3.4)."""

_ABOVE_64_BITS: Final = 1 << 64
_HEX_OF_V33: Final = 0xFFFFFFFF
_PLACE = re.compile(r"\{([^{}]*)\}")
_PLACES: Final = ("", *(field for field in FIELDS if field != "id"))

Writer: TypeAlias = Callable[[int], str]


class IdStyle(msgspec.Struct, frozen=True):
    """How message ids are written.

    `decimal`, `hex` (upper case), `hex lower`, `uuid` (lower case) or `uuid upper`; a width pads with zeros (`hex 8`);
    `large` counts from above 64 bits; a word with `{}` in it stands around the id, and is a template whose `{part}` and
    `{parts}`, say, are which part of how many a message is (`decimal SAR-{}-{parts}-{part}`).
    """

    base: IdBase = IdBase.DECIMAL
    width: int = 0
    case: Literal["", "lower", "upper"] = ""
    large: bool = False
    around: str = "{}"

    expected: ClassVar[str] = (
        'ids such as decimal, "decimal 10", hex, "hex lower 8", "decimal large", uuid or "hex SAR-{}"'
    )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the forms there are."""
        words = text.split()
        bases = {base.value: base for base in IdBase}
        if not words or words[0] not in bases:
            raise ValueError(f"expected {cls.expected}{did_you_mean(words[0] if words else '', bases)}")
        width, case, large, around = 0, "", False, "{}"
        for word in words[1:]:
            if word in ("lower", "upper"):
                case = word
            elif word == "large":
                large = True
            elif "{}" in word:
                around = word
            elif word.isascii() and word.isdigit() and 0 < int(word) <= LONGEST:
                width = int(word)
            else:
                hint = did_you_mean(word, ("lower", "upper", "large"))
                raise ValueError(f'"{word}" is not understood; expected {cls.expected}{hint}')
        style = cls(bases[words[0]], width, case, large, around)  # type: ignore[arg-type]
        style.check()
        return style

    def check(self) -> None:
        """ValueError for what no message_id can be."""
        for place in _PLACE.findall(self.around):
            name = place.partition(":")[0]
            if name not in (*_PLACES, "tlv"):
                known = ", ".join(f"{{{name}}}" for name in _PLACES)
                raise ValueError(
                    f"found {{{place}}} around the id; expected one of {known}{did_you_mean(name, _PLACES)}"
                )
        Template.parse(self.template)
        if self.base is IdBase.UUID and (self.width or self.large):
            raise ValueError('a uuid has its own length; expected uuid or "uuid upper"')
        if self.base is IdBase.DECIMAL and self.case:
            raise ValueError(f'decimal has no case; expected "hex {self.case}" or decimal alone')
        if not self.around.isascii() or self.longest() > LONGEST:
            raise ValueError(f"found an id of {self.longest()} characters; expected {LONGEST} at most, of ASCII")

    def longest(self) -> int:
        """The most characters that ids of a long run have."""
        return len(self.writer(255, 255)(10**10))

    @property
    def names_message(self) -> bool:
        """Whether the id says something of its message besides the number."""
        return bool(_PLACE.sub("", self.around) != self.around.replace("{}", ""))

    @property
    def template(self) -> Template:
        """What stands around the id, with a field for it."""
        return Template(self.around.replace("{}", "{id}"))

    def writer(self, part: int = 1, parts: int = 1) -> Writer:
        """A function from a message's number to its id; `part` and `parts` are of a long message."""
        base, width, large = self.base, self.width, self.large
        if base is IdBase.DECIMAL and not (width or large) and self.around == "{}":
            return str  # by far the commonest, and called for every message

        if base is IdBase.UUID:
            digits: Writer = _upper_uuid if self.case == "upper" else _uuid
        else:
            letter = "d" if base is IdBase.DECIMAL else "x" if self.case == "lower" else "X"
            form = f"0{width}{letter}" if width else letter
            start = _ABOVE_64_BITS if large else 0

            def digits(number: int) -> str:
                return format(number + start, form)

        if self.around == "{}":
            return digits
        values = {"part": str(part), "parts": str(parts)}
        around = [
            piece if at % 2 == 0 else values.get(piece, "" if piece else None)
            for at, piece in enumerate(_PLACE.split(self.around))
        ]

        def surrounded(number: int) -> str:
            written = digits(number)
            return "".join([written if piece is None else piece for piece in around])

        return surrounded


def v33_writer(write: Writer) -> Writer:
    """The ids as SMPP 3.3 can carry them: as they are where they are short enough, else hexadecimal."""

    def written(number: int) -> str:
        message_id = write(number)
        return message_id if len(message_id) <= LONGEST_V33 else format(number & _HEX_OF_V33, "X")

    return written


def _uuid(number: int) -> str:
    return render(number, IdBase.UUID)


def _upper_uuid(number: int) -> str:
    return render(number, IdBase.UUID).upper()
