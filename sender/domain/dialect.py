"""How one operator account writes its receipts: what is fixed, and what was learned from those that came.

The dialect decides how a receipt finds its message. While nothing is known every reading of an id is tried; once one
reading is certain the others are off, because an id in another base may well be the id of another message.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from smppkit.message_ids import candidate_keys, key

CERTAIN: Final = 20
"""Receipts that all show the same before a habit counts as certain."""
MULTIPART: Final = 10
"""Messages of several parts that all show the same before the parts rule counts as learned."""
STRAY: Final = 0.01
"""The share of other readings that certainty bears: a coincidence is no habit."""
_WORDS: Final = 32
"""Words of `stat:` that are told apart; a peer does not fill the store with more."""
_COMPARABLE: Final = 8
"""Letters and digits; fewer words in common say nothing."""


class Relation(Enum):
    """What the id in a response is to the id in its receipt."""

    SAME = "same"
    HEX_DECIMAL = "hex-decimal"
    """Hexadecimal in the response, decimal in the receipt (Kannel msg-id-type 1)."""
    DECIMAL_HEX = "decimal-hex"
    """Decimal in the response, hexadecimal in the receipt (Kannel msg-id-type 2)."""


class IdRule(Enum):
    """`receipts.ids`: the relation when the operator told us, or how to find it."""

    LEARNED = "learned"
    ANY = "any"
    """Always every reading: an account whose binds differ (hex to SMPP 3.3, decimal to 3.4)."""
    SAME = "same"
    HEX_DECIMAL = "hex-decimal"
    DECIMAL_HEX = "decimal-hex"


class PartsRule(Enum):
    """`receipts.parts`: whose receipts make a message of several parts final."""

    LEARNED = "learned"
    ALL = "all"
    FIRST = "first"
    LAST = "last"
    ANY = "any"


class NumberRule(Enum):
    """`receipts.numbers`: whether the handset in a receipt has to be the one we sent to."""

    LEARNED = "learned"
    COMPARE = "compare"
    IGNORE = "ignore"
    """The operator writes something else there (a routing number, a hash): the id alone decides."""


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says about the receipts of an account."""

    ids: IdRule = IdRule.LEARNED
    parts: PartsRule = PartsRule.LEARNED
    parts_timeout: float = 3600.0
    """Seconds after the last receipt of a message from which the missing ones count as not coming."""
    numbers: NumberRule = NumberRule.LEARNED
    operator: str = ""
    """Accounts with the same word here belong to one operator: a receipt may come through a sibling."""


class Form(msgspec.Struct, frozen=True):
    """What one receipt looks like; looked at for a sample of them."""

    dates: str
    """``YYMMDDhhmm`` and so on; empty without a date."""
    id_from: str
    """text, tlv, both, contradicting, or none."""
    carrier: str
    """deliver_sm or data_sm."""
    esm_class: int


class Learned(msgspec.Struct):
    """Counts of what receipts of one account have shown. `note_…` adds; nothing is ever guessed from one alone."""

    ids: dict[str, int] = {}
    """Matched receipts by `Relation`, where another reading would have been possible."""
    contrary: int = 0
    """Receipts since the last match that only another reading than the certain one explains."""
    agreeing: int = 0
    """Receipts whose id and handset were those of one message; counted while it matters."""
    strangers: int = 0
    """Receipts whose id was that of one open message and whose handset was not its number."""
    timed: int = 0
    """Final receipts whose delay is in `delay`."""
    delay: float = 0.0
    """Seconds between submit and final receipt, summed up."""
    stats: dict[str, int] = {}
    dates: dict[str, int] = {}
    sources: dict[str, int] = {}
    carriers: dict[str, int] = {}
    classes: dict[str, int] = {}
    parts: dict[str, int] = {}
    """Messages of several parts by which of them had receipts: every, first, last, some."""
    references: dict[str, int] = {}
    """echoed, other or none: user_message_reference in matched receipts."""
    words: dict[str, int] = {}
    """echoed or other: the words of the message in matched receipts."""
    senders: dict[str, int] = {}
    """echoed or other: our source address in matched receipts."""

    @property
    def relation(self) -> Relation | None:
        """The reading of ids that is certain, or None."""
        best = _certain(self.ids, CERTAIN)
        return None if best is None else Relation(best)

    @property
    def leaning(self) -> Relation | None:
        """The only reading that was ever right, or the certain one."""
        seen = [name for name, count in self.ids.items() if count]
        return Relation(seen[0]) if len(seen) == 1 else self.relation

    @property
    def strange_numbers(self) -> bool:
        """Whether the account writes other numbers than ours into its receipts."""
        return self.strangers >= CERTAIN and self.agreeing <= STRAY * self.strangers

    @property
    def parts_rule(self) -> PartsRule | None:
        """Whose receipts come for a message of several parts; None while it is not known."""
        best = _certain(self.parts, MULTIPART)
        return None if best is None else _PARTS.get(best)

    def echoes(self, habit: dict[str, int]) -> bool:
        """Whether `references`, `words` or `senders` shows that ours come back."""
        return _certain(habit, CERTAIN, stray=0.1) == "echoed"

    @property
    def average_delay(self) -> float | None:
        """Seconds from submit to final receipt; None while none came."""
        return self.delay / self.timed if self.timed else None

    def note_id(self, relation: Relation) -> None:
        """A receipt was matched by this reading and no other."""
        count(self.ids, relation.value)

    def note_form(self, form: Form) -> None:
        """What a sampled receipt looks like."""
        count(self.dates, form.dates or "none")
        count(self.sources, form.id_from)
        count(self.carriers, form.carrier)
        count(self.classes, f"0x{form.esm_class:02X}")

    def forget_ids(self) -> None:
        """The certain reading was wrong for a while: the operator changed, and it is learned anew."""
        self.ids = {}
        self.contrary = 0


_PARTS: Final = {"every": PartsRule.ALL, "first": PartsRule.FIRST, "last": PartsRule.LAST, "some": PartsRule.ALL}


def count(habit: dict[str, int], word: str, times: int = 1) -> None:
    """Add to a count of few words; what is beyond the bound is counted together."""
    if word not in habit and len(habit) >= _WORDS:
        word = "others"
    habit[word] = habit.get(word, 0) + times


def most(habit: dict[str, int]) -> str | None:
    """The commonest word."""
    return max(habit, key=habit.__getitem__, default=None)


def _certain(habit: dict[str, int], least: int, stray: float = STRAY) -> str | None:
    best = most(habit)
    if best is None or habit[best] < least:
        return None
    return best if sum(habit.values()) - habit[best] <= stray * habit[best] else None


class Dialect(msgspec.Struct):
    """The dialect of an account as the matching uses it."""

    settings: Settings
    learned: Learned

    @property
    def relation(self) -> Relation | None:
        """The only reading of ids to try; None for all of them."""
        match self.settings.ids:
            case IdRule.LEARNED:
                return self.learned.relation
            case IdRule.ANY:
                return None
            case rule:
                return Relation(rule.value)

    @property
    def parts(self) -> PartsRule:
        """Whose receipts decide; ALL until something else is known."""
        if self.settings.parts is PartsRule.LEARNED:
            return self.learned.parts_rule or PartsRule.ALL
        return self.settings.parts

    @property
    def numbers_count(self) -> bool:
        """Whether the handset of a receipt has to agree."""
        if self.settings.numbers is NumberRule.LEARNED:
            return not self.learned.strange_numbers
        return self.settings.numbers is NumberRule.COMPARE


def readings(message_id: str) -> tuple[tuple[Relation, str], ...]:
    """The distinct keys under which the response's id may be stored, for the id of a receipt; as it stands first.

    "10" → SAME 10, HEX_DECIMAL a, DECIMAL_HEX 16.
    """
    keys = candidate_keys(message_id)
    as_is = (Relation.SAME, key(message_id))
    if len(keys) == 1:
        return (as_is,)
    if len(keys) == 2:  # letters of hexadecimal, which no decimal has
        return (as_is, (Relation.DECIMAL_HEX, keys[1]))
    return (as_is, (Relation.HEX_DECIMAL, keys[1]), (Relation.DECIMAL_HEX, keys[2]))


def stored_key(message_id: str, relation: Relation) -> str:
    """The key of the response's id, for the id of a receipt of this relation."""
    if relation is Relation.SAME:
        return key(message_id)
    return next((it for found, it in readings(message_id) if found is relation), key(message_id))


_INVERSE: Final = {
    Relation.SAME: Relation.SAME,
    Relation.HEX_DECIMAL: Relation.DECIMAL_HEX,
    Relation.DECIMAL_HEX: Relation.HEX_DECIMAL,
}


def receipt_key(response_id: str, relation: Relation) -> str:
    """The key of the receipt's id, for the id of a response of this relation: `stored_key` read backwards."""
    return stored_key(response_id, _INVERSE[relation])


def words_agree(said: str, whole: str) -> bool | None:
    """Whether the words in a receipt are of this message; None when they are too few to say.

    Receipts hold some 20 characters of the text, or of the text of a part, with what their alphabet lacks left out
    or replaced; so only letters and digits count.
    """
    fragment = _squeeze(said)
    text = _squeeze(whole)
    if len(fragment) < min(_COMPARABLE, len(text)) or not fragment:
        return None
    return fragment in text


def _squeeze(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
