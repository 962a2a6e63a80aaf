"""What became of a message: the states of SMPP and the words receipts use for them.

SMPP 3.4 §5.2.28 numbers the states, appendix B abbreviates them to seven letters in a receipt's `stat:` field, and
operators add words of their own.
"""

from enum import IntEnum
from types import MappingProxyType

from smppkit.enums import at_hand


@at_hand
class MessageState(IntEnum):
    """`message_state` of query_sm_resp and of receipts (SMPP 3.4 §5.2.28; 0 and 9 are of SMPP 5.0 §4.7.15)."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9

    @property
    def stat(self) -> str:
        """The word of a receipt's `stat:` field, such as "DELIVRD"."""
        return _STATS[self]

    @property
    def final(self) -> bool:
        """Whether nothing else is to come for the message.

        ACCEPTED is not final although the specification lists it beside final states: operators send an ACCEPTD
        receipt on taking a message and the real one after it.
        """
        return self not in _NOT_FINAL


_STATS = {
    MessageState.SCHEDULED: "SCHEDLD",
    MessageState.ENROUTE: "ENROUTE",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.ACCEPTED: "ACCEPTD",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
    MessageState.SKIPPED: "SKIPPED",
}

_NOT_FINAL = frozenset({MessageState.SCHEDULED, MessageState.ENROUTE, MessageState.ACCEPTED})

# Words seen in receipts beside the seven-letter ones. Only words whose meaning is plain stand here: a word that is
# not understood must read as unknown, never as a guess.
_VENDOR_WORDS = {
    MessageState.SCHEDULED: ("SCHEDULED",),
    MessageState.ENROUTE: ("EN_ROUTE", "BUFFRED", "BUFFERED"),
    MessageState.DELIVERED: ("DELIVERED", "DLVRD"),
    MessageState.DELETED: ("CANCELLED", "CANCELED"),
    MessageState.UNDELIVERABLE: (
        "UNDELIVERABLE",
        "UNDELIVERED",
        "UNDLVRD",
        "FAILED",
        "SYSERR",
        "ABSENT-SUB",
        "MOB-OFF",
    ),
    MessageState.ACCEPTED: ("ACCEPTED",),
    MessageState.REJECTED: ("REJECTED", "NOCRED"),
}

_STATE_BY_WORD = MappingProxyType(
    {stat: state for state, stat in _STATS.items()}
    | {word: state for state, words in _VENDOR_WORDS.items() for word in words}
)


def state_of(stat: str) -> MessageState | None:
    """Return the state a receipt's `stat:` word means, in any case; None for a word nobody explained."""
    state = _STATE_BY_WORD.get(stat)
    return state if state is not None else _STATE_BY_WORD.get(stat.strip().upper())
