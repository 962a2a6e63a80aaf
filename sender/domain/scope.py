"""How far an opt-out reaches: a table of scopes and classes.

==============  =====================================  ==========================
scope           blocks                                 written by
==============  =====================================  ==========================
``all``         every message                          STOPALL, a person
``advertising`` all advertising                        STOP, a person
``from:NAME``   the advertising of one sender          a person
==============  =====================================  ==========================

Service messages and one-time codes are stopped by ``all`` alone: who wants no more offers still wants to log in.
"""

from __future__ import annotations

from typing import Final

from sender.domain.message import MessageClass

ALL: Final = "all"
ADVERTISING: Final = "advertising"
FROM: Final = "from:"


class ScopeError(ValueError):
    """No scope is written like that."""


def read_scope(text: str) -> str:
    """A scope as a person writes it; ScopeError says how it is written."""
    scope = text.strip()
    if scope.lower() in (ALL, ADVERTISING):
        return scope.lower()
    if scope.lower().startswith(FROM) and scope[len(FROM) :].strip():
        return FROM + scope[len(FROM) :].strip()
    raise ScopeError(f'found "{text}"; expected all, advertising, or from:SENDER')


def scopes_of(message_class: MessageClass, sender: str) -> tuple[str, ...]:
    """The scopes that block a message of this class and sender."""
    if message_class is MessageClass.ADVERTISING:
        return (ALL, ADVERTISING, FROM + sender)
    return (ALL,)
