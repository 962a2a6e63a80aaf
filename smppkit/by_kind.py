"""PDUs of a few kinds that come by turns, put in order by kind: then each kind can be read in runs (see smppkit.runs).

An operator that sends a receipt behind each of its responses leaves runs of one. Where nothing depends on which of two
kinds came first, what came by turns in one read is as good as what came kind by kind.
"""

from __future__ import annotations

from collections.abc import Collection
from struct import Struct

from smppkit.codec import HEADER_SIZE

_length_and_command = Struct(">II").unpack_from


def by_kind(octets: bytes, start: int, kinds: Collection[int], longest: int) -> tuple[bytes, int]:
    """The same octets with the PDUs of these `kinds`, that stand one behind another from `start` on, kind by kind.

    The kind that is first stays so, and each keeps its own order. Beside that, where they end: at a PDU of another
    kind, at one that is not complete, or at one that is longer than `longest`.
    """
    found: dict[int, list[bytes]] = {}
    at, size = start, len(octets)
    while size - at >= HEADER_SIZE:
        length, command_id = _length_and_command(octets, at)
        end = at + length
        if command_id not in kinds or end > size or not HEADER_SIZE <= length <= longest:
            break
        found.setdefault(command_id, []).append(octets[at:end])
        at = end
    if len(found) < 2:
        return octets, at
    return b"".join([octets[:start], *(b"".join(frames) for frames in found.values()), octets[at:]]), at
