"""Message ids as operators write them: one id, several spellings.

The id in a receipt may be the one of the submit_sm_resp in another base, another case, or with leading zeros dropped
or added. The raw id is always kept; these functions give the forms an index needs.
"""

import hashlib
import re
import uuid
from enum import Enum

_DECIMAL = re.compile(r"[0-9]+")
_HEX = re.compile(r"[0-9a-f]+")
# No operator writes ids this long (SMPP 3.4 allows 64 characters); it bounds the arithmetic on what a peer sends.
_LONGEST_NUMBER = 128


class IdBase(Enum):
    """How an operator writes the numbers of its messages."""

    DECIMAL = "decimal"
    HEX = "hex"
    UUID = "uuid"


def render(number: int, base: IdBase) -> str:
    """Write a message's number (≥ 0) as this operator would: "255", "FF", or a UUID that belongs to the number."""
    if base is IdBase.DECIMAL:
        return str(number)
    if base is IdBase.HEX:
        return f"{number:X}"
    digest = hashlib.blake2b(str(number).encode(), digest_size=16, person=b"message-id").digest()
    return str(uuid.UUID(bytes=digest, version=4))


def key(message_id: str) -> str:
    """Return the form under which an id is indexed: case-folded, "0x" and leading zeros dropped.

    Ids with other characters than letters and digits (UUIDs, "SAR-17-2-1") keep their zeros: they are names, not
    numbers. The key of a zero is "0", of an empty id "".
    """
    if message_id.isdigit() and message_id.isascii() and message_id[0] != "0":
        return message_id  # as most operators count
    folded = message_id.strip(" \0").casefold()
    if not folded.isalnum():
        return folded
    if folded.startswith("0x") and _HEX.fullmatch(folded, 2):
        folded = folded[2:]
    return folded.lstrip("0") or folded[:1]


def candidate_keys(message_id: str) -> tuple[str, ...]:
    """Return the distinct keys under which the same id may have been stored, the likeliest first.

    As it stands; read as decimal and stored as hex; read as hex and stored as decimal. Numbers have no width here, so
    ids beyond 64 bits convert like any other.
    """
    as_is = key(message_id)
    if len(as_is) > _LONGEST_NUMBER or not _HEX.fullmatch(as_is):
        return (as_is,)
    from_hex = str(int(as_is, 16))
    if not _DECIMAL.fullmatch(as_is):
        return (as_is, from_hex)
    return tuple(dict.fromkeys((as_is, f"{int(as_is):x}", from_hex)))
