"""What a submitted message says: its text, and which part of a long message it is. Read once, and only when asked."""

import msgspec

from smppkit.gsm0338 import pack_septets, unpack_septets
from smppkit.national import shifts_of
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import UDHI, PartInfo, fill_bits, part_of, split_header, user_data
from smppkit.text import Alphabet, alphabet_of, decode_text, encode_first

PACKED = "gsm7-packed"
ALPHABETS = {
    "gsm7": Alphabet.GSM7,
    PACKED: Alphabet.GSM7,
    "latin1": Alphabet.LATIN1,
    "ascii": Alphabet.ASCII,
}
"""What `submit.alphabet` means by data_coding 0."""


def text_of(octets: bytes, data_coding: int, alphabet: str, header: bytes = b"") -> str:
    """User data without header as text; `alphabet` is what the operator means by data_coding 0. Never raises.

    `header` is what came before: packed septets begin on the first septet boundary behind it, and it may name national
    language tables.
    """
    # The message classes and groups of TS 23.038 that mean the default alphabet are packed as well.
    if alphabet == PACKED and alphabet_of(data_coding) is Alphabet.GSM7:
        octets = unpack_septets(octets, fill_bits=fill_bits(len(header)))
    shifts = shifts_of(split_header(header + octets)[0]) if header else None
    return decode_text(octets, data_coding, ALPHABETS[alphabet], shifts=shifts)


def read(pdu: SubmitSm | DeliverSm | DataSm, alphabet: str, body: bytes | None = None) -> str:
    """What a message says, without its header; `body` when that is known already. Never raises."""
    if body is None:
        body = part_of(pdu)[1]
    header = b""
    if pdu.esm_class & UDHI:
        octets = user_data(pdu)
        header = octets[: len(octets) - len(body)]
    return text_of(body, pdu.data_coding, alphabet, header)


def write(text: str, alphabet: str) -> tuple[int, bytes]:
    """A text as the data_coding and the octets that say it: in the operator's default alphabet if that has it."""
    chosen, octets = encode_first(text, (ALPHABETS[alphabet], Alphabet.UCS2))
    if chosen is Alphabet.UCS2:
        return chosen.data_coding, octets
    return 0, pack_septets(octets) if alphabet == PACKED else octets


class Reading(msgspec.Struct, gc=False):
    """A message and, once somebody asked, what it says.

    `default` is what the operator means by data_coding 0; `says` stands for the text that was submitted. Of a part of
    a long message `whole` is what all of it says, and `pending` that nobody knows, since other parts are still to come;
    both only where somebody judges texts.
    """

    pdu: SubmitSm
    default: str = "gsm7"
    says: str | None = None
    _split: tuple[PartInfo | None, bytes] | None = None
    pending: bool = False
    whole: str | None = None

    def _parts(self) -> tuple[PartInfo | None, bytes]:
        split = self._split
        if split is None:
            split = self._split = part_of(self.pdu)
        return split

    @property
    def system_id(self) -> str:
        """Whose it is; "" where that is not known."""
        return ""

    @property
    def part(self) -> PartInfo | None:
        """Which part of a long message it is; None for a whole one."""
        return self._parts()[0]

    @property
    def text(self) -> str:
        """The text."""
        if self.says is None:
            self.says = read(self.pdu, self.default, self._parts()[1])
        return self.says

    @property
    def alphabet(self) -> Alphabet:
        """What it is written in."""
        return alphabet_of(self.pdu.data_coding, ALPHABETS[self.default])
