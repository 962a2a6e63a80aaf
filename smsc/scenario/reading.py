"""What a submitted message says: its text, and which part of a long message it is. Read once, and only when asked."""

import msgspec

from smppkit.gsm0338 import unpack_septets
from smppkit.pdus import SubmitSm
from smppkit.segments import PartInfo, part_of
from smppkit.text import Alphabet, alphabet_of, decode_text

ALPHABETS = {
    "gsm7": Alphabet.GSM7,
    "gsm7-packed": Alphabet.GSM7,
    "latin1": Alphabet.LATIN1,
    "ascii": Alphabet.ASCII,
}
"""What `submit.alphabet` means by data_coding 0."""


def text_of(octets: bytes, data_coding: int, alphabet: str) -> str:
    """User data without header as text; `alphabet` is what the operator means by data_coding 0. Never raises."""
    if data_coding == 0 and alphabet == "gsm7-packed":
        octets = unpack_septets(octets)
    return decode_text(octets, data_coding, ALPHABETS[alphabet])


class Reading(msgspec.Struct, gc=False):
    """A message and, once somebody asked, what it says.

    `default` is what the operator means by data_coding 0; `says` stands for the text that was submitted.
    """

    pdu: SubmitSm
    default: str = "gsm7"
    says: str | None = None
    _split: tuple[PartInfo | None, bytes] | None = None

    def _parts(self) -> tuple[PartInfo | None, bytes]:
        split = self._split
        if split is None:
            split = self._split = part_of(self.pdu)
        return split

    @property
    def part(self) -> PartInfo | None:
        """Which part of a long message it is; None for a whole one."""
        return self._parts()[0]

    @property
    def text(self) -> str:
        """The text."""
        if self.says is None:
            self.says = text_of(self._parts()[1], self.pdu.data_coding, self.default)
        return self.says

    @property
    def alphabet(self) -> Alphabet:
        """What it is written in."""
        return alphabet_of(self.pdu.data_coding, ALPHABETS[self.default])
