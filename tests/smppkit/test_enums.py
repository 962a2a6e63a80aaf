"""Enums at hand are the enums they were."""

from enum import Enum
from inspect import getattr_static

import pytest

from smppkit.commands import CommandId
from smppkit.enums import at_hand
from smppkit.message_state import MessageState
from smppkit.states import BindState


@at_hand
class Fruit(Enum):
    APPLE = "apple"
    PEAR = "pear"


def test_members_are_plain_attributes_of_the_class() -> None:
    assert getattr_static(Fruit, "APPLE") is Fruit("apple")
    assert getattr_static(Fruit, "PEAR") is Fruit["PEAR"]


@pytest.mark.parametrize("kind", [Fruit, BindState, CommandId, MessageState])
def test_everything_else_is_as_in_any_enum(kind: type[Enum]) -> None:
    for name, member in kind.__members__.items():
        assert kind[name] is member is kind(member.value) is getattr(kind, name)
        assert member in kind
        with pytest.raises(AttributeError):
            setattr(kind, name, member)
        assert {member: name}[kind(member.value)] == name
    assert list(kind) == list(kind.__members__.values())
