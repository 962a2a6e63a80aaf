"""Long messages of subscribers, put together again: which part a delivery is, and the text of the parts.

Parts come in any order, twice, over any bind of an account, and sometimes never. Where they wait is the store's
business; what they make is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from smppkit.national import shifts_of
from smppkit.pdus import DataSm, DeliverSm
from smppkit.segments import UDHI, PartInfo, part_of, split_header, user_data
from smppkit.text import Alphabet, decode_text

MISSING: Final = "[…]"
"""What stands in a text for a part that never came."""

_HEADERS: Final = {(5, 0x00, 3): 6, (6, 0x08, 4): 7}
"""(length, element, length of the element) of a header that only says the part: octets of it (3GPP TS 23.040)."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """User data without header, and how it is to be read."""

    octets: bytes
    data_coding: int
    tables: bytes = b""
    """Elements of the header that name national language tables (3GPP TS 23.040 §9.2.3.24.15), as they came."""


def read_part(pdu: DeliverSm | DataSm) -> tuple[PartInfo | None, bytes]:
    """Which part of a long message a delivery is (None: a whole one), and its user data without header.

    Some operators leave the header in the text and forget the bit of esm_class that announces it; a header of
    exactly the two usual shapes is taken for one, since no text begins so.
    """
    info, octets = part_of(pdu)
    if info is None:
        info, octets = _unannounced(octets)
    return (None if info is not None and info.total == 1 else info), octets


def tables_of(pdu: DeliverSm | DataSm) -> bytes:
    """The national language tables that the header of a delivery names: see `Piece.tables`."""
    if not pdu.esm_class & UDHI:
        return b""
    shifts = shifts_of(split_header(user_data(pdu))[0])
    return b"" if shifts is None else shifts.elements


def _unannounced(octets: bytes) -> tuple[PartInfo | None, bytes]:
    size = _HEADERS.get((octets[0], octets[1], octets[2])) if len(octets) > 6 else None
    if size is None:
        return None, octets
    *reference, total, number = octets[3:size]
    if not 1 <= number <= total:
        return None, octets
    return PartInfo(int.from_bytes(bytes(reference)), total, number), octets[size:]


def text_of(parts: Mapping[int, Piece], total: int, default: Alphabet = Alphabet.GSM7) -> str:
    """The text of a message of `total` parts from those that came; `MISSING` stands where some did not.

    Neighbours of one coding are decoded as one, so that what a cut has split is whole again. Never raises.
    """
    runs: list[tuple[int, bytes, bytearray] | None] = []
    for number in range(1, total + 1):
        piece = parts.get(number)
        last = runs[-1] if runs else None
        if piece is None:
            if not runs or last is not None:
                runs.append(None)
        elif last is not None and last[:2] == (piece.data_coding, piece.tables):
            last[2].extend(piece.octets)
        else:
            runs.append((piece.data_coding, piece.tables, bytearray(piece.octets)))
    return "".join(MISSING if run is None else _decoded(*run, default) for run in runs)


def _decoded(data_coding: int, tables: bytes, octets: bytearray, default: Alphabet) -> str:
    shifts = shifts_of(split_header(bytes((len(tables), *tables, 0)))[0]) if tables else None
    return decode_text(bytes(octets), data_coding, default, shifts=shifts)
