"""Enums whose members cost less to name, and to look things up by."""

from enum import Enum
from typing import TypeVar

E = TypeVar("E", bound=type[Enum])


def at_hand(kind: E) -> E:
    """Let the members of an enum be plain attributes of its class; a class decorator.

    Python 3.11 finds `Kind.MEMBER` by calling a function, which costs as much as ten other names; as an attribute it
    costs as much as four. What is asked at every PDU is a constant of its module besides. From 3.12 on members are
    plain attributes anyway. And a member hashes like the one object that it is (or the number), where Enum would ask a
    function for the hash of its name.
    """
    for name, member in kind.__members__.items():
        type.__setattr__(kind, name, member)
    type.__setattr__(kind, "__hash__", int.__hash__ if issubclass(kind, int) else object.__hash__)
    return kind
