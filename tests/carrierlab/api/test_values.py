"""The client's values have the names of what the control API answers with, and no others: twins that cannot drift."""

from __future__ import annotations

import msgspec
import pytest

from carrierlab.api import values
from smppkit.dissect import FieldAt
from smsc.control.binds import BusyBind
from smsc.control.overview import OperatorView
from smsc.control.pdus import PduView
from smsc.control.routes.clock import ClockView
from smsc.control.story import LifeEvent, MessageDetail, Segment
from smsc.journal.near_miss import Mismatch, NearMiss
from smsc.journal.whole import WholeMessage

TWINS = [
    (values.Message, WholeMessage),
    (values.MessageDetail, MessageDetail),
    (values.Segment, Segment),
    (values.Event, LifeEvent),
    (values.Mismatch, Mismatch),
    (values.NearMiss, NearMiss),
    (values.Pdu, PduView),
    (values.PduField, FieldAt),
    (values.Bind, BusyBind),
    (values.OperatorInfo, OperatorView),
    (values.Clock, ClockView),
]


def names(model: type[msgspec.Struct]) -> set[str]:
    return set(model.__struct_encode_fields__)


@pytest.mark.parametrize(("ours", "theirs"), TWINS, ids=lambda model: model.__name__)
def test_what_the_client_reads_is_what_the_api_says(ours: type[msgspec.Struct], theirs: type[msgspec.Struct]) -> None:
    assert names(ours) <= names(theirs)


def test_every_field_of_a_message_is_read() -> None:
    assert names(values.Message) == names(WholeMessage)
