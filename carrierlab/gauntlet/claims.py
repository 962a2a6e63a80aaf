"""What a client of somebody else's says became of its messages: a CSV file with `number,state` or `message_id,state`.

The states are words in any spelling that receipts have; an empty one, or one that is not final, claims nothing, and one
that nobody knows is wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from carrierlab.gauntlet.judge import Part, folded
from sender.domain.message import State, final_of
from smppkit.message_ids import key
from smppkit.message_state import state_of

_KEYS: Final = ("number", "message_id")
_OPEN: Final = frozenset({"", "pending", "submitted", "sent", "none", "null"})


class ClaimsError(Exception):
    """The results file cannot be used; the text is for people and names the line."""


class Claim(msgspec.Struct, frozen=True):
    """What a client says became of a message."""

    state: State | None = None
    """None when it claims nothing final."""
    stray: str = ""
    """A word that is no state: whatever the client made of the receipt, it did not understand it."""

    @property
    def words(self) -> str:
        """The claim for people."""
        if self.stray:
            return f'"{self.stray}"'
        return "nothing final" if self.state is None else self.state.label


_NOTHING: Final = Claim()


class Claims(msgspec.Struct, frozen=True):
    """All that a client claims: by number, or by message_id as it is indexed (`smppkit.message_ids.key`)."""

    key: Literal["number", "message_id"]
    made: dict[str, Claim]

    def of(self, number: str, parts: Sequence[Part]) -> Claim:
        """What the client says of one message: by its number, or by the ids of its parts together."""
        if self.key == "number":
            return self.made.get(number, _NOTHING)
        found = [self.made.get(key(part.message_id), _NOTHING) for part in parts if part.message_id]
        stray = next((claim for claim in found if claim.stray), None)
        return stray or Claim(folded([claim.state for claim in found], len(parts)))


def read_claims(path: Path) -> Claims:
    """Read a results file; ClaimsError says what is wrong in it, and where."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ClaimsError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ClaimsError(f"{path} is not UTF-8") from None
    reader = csv.reader(text.splitlines())
    head = [cell.strip().lower() for cell in next(reader, [])]
    if len(head) != 2 or head[0] not in _KEYS or head[1] != "state":
        raise ClaimsError(f'{path}:1: found "{",".join(head)}"; expected "number,state" or "message_id,state"')
    by_number = head[0] == "number"
    made: dict[str, Claim] = {}
    for row in reader:
        if not row:
            continue
        if len(row) != 2:
            raise ClaimsError(f"{path}:{reader.line_num}: found {len(row)} cells; expected 2")
        name = row[0].strip()
        made[name.lstrip("+") if by_number else key(name)] = _claim(row[1].strip())
    return Claims("number" if by_number else "message_id", made)


def _claim(word: str) -> Claim:
    if word.lower() in _OPEN:
        return _NOTHING
    state = state_of(word)
    return Claim(stray=word) if state is None else Claim(final_of(state))
