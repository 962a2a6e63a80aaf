"""How messages of subscribers are taken: which deliveries are one message, how long parts wait, what is answered."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sender.domain.keywords import Action, Keyword, Keywords
from sender.domain.scope import ADVERTISING
from smppkit.text import Alphabet


class IncomingRules(msgspec.Struct, frozen=True):
    """All times are seconds."""

    keywords: Keywords
    replies: Mapping[Action, str] = msgspec.field(default_factory=dict)
    """What is answered to STOP, STOPALL and START; nothing when missing."""
    sender: str = ""
    """Source address of answers; empty: the address that the subscriber wrote to."""
    period: float = 86_400.0
    """A number is answered once in so long to the same keyword."""
    reply_deadline: float = 86_400.0
    """An answer that could not be sent for so long is not sent any more."""
    parts_timeout: float = 900.0
    """The rest of a long message is waited for so long after its latest part."""
    duplicates: float = 300.0
    """The same message again within so long is a repetition."""
    stop_scope: str = ADVERTISING
    alphabets: Mapping[str, Alphabet] = msgspec.field(default_factory=dict)
    """What data_coding 0 means, by account, where it is not the GSM alphabet."""

    packed: frozenset[str] = frozenset()
    """Accounts whose GSM-7 is eight septets in seven octets."""

    def alphabet(self, account: str) -> Alphabet:
        """What data_coding 0 means to an account."""
        return self.alphabets.get(account, Alphabet.GSM7)

    def reply(self, keyword: Keyword) -> str:
        """What a keyword is answered; empty for nothing."""
        return keyword.reply or self.replies.get(keyword.action, "")
