"""The octets of a session: versions, the tap, and what is counted."""

from __future__ import annotations

import pytest

from smppkit import tlvs as t
from smppkit.codec import SMPP_33, SMPP_34, SMPP_50, encode
from smppkit.errors import EncodeError
from smppkit.pdus import DeliverSm, EnquireLink, SubmitSm
from smppkit.session_config import SessionCounters
from smppkit.stream import BadPdu, BrokenStream
from smppkit.wire import Wire

LONG = SMPP_50.encode(SubmitSm(0, 1, destination_addr="1", short_message=bytes(255)))


def test_a_version_counts_from_the_next_pdu_on() -> None:
    wire = Wire(SMPP_34, 1024, SessionCounters(), None)
    first, second = [], []
    for fate in wire.fates(LONG + LONG):
        (second if first else first).append(type(fate))
        wire.speak(SMPP_50, 1024)
    assert (first, second) == ([BadPdu], [SubmitSm])
    wire.speak(SMPP_50, 100)
    assert [type(fate) for fate in wire.fates(LONG)] == [BrokenStream]


def test_the_tap_sees_both_ways_in_their_order() -> None:
    seen = []
    wire = Wire(SMPP_34, 1024, SessionCounters(), lambda way, octets: seen.append((way, octets)))
    enquiry = encode(EnquireLink(0, 1))
    for fate in wire.fates(enquiry * 2):
        assert isinstance(fate, EnquireLink)
        wire.write(fate.response())
    answer = encode(EnquireLink(0, 1).response())
    assert seen == [("in", enquiry), ("out", answer)] * 2
    assert wire.drain() == answer * 2
    assert wire.drain() == b""


def test_what_cannot_be_encoded_is_not_queued() -> None:
    counters = SessionCounters()
    wire = Wire(SMPP_34, 1024, counters, None)
    with pytest.raises(EncodeError):
        wire.write(SubmitSm())
    assert (wire.drain(), counters.pdus_out) == (b"", 0)


def test_what_stays_here_is_counted() -> None:
    counters = SessionCounters()
    wire = Wire(SMPP_33, 1024, counters, None)
    wire.write(DeliverSm(tlvs=(t.MESSAGE_STATE.of(2),)))
    wire.drop()
    assert (counters.tlvs_left_out, counters.octets_unsent) == (1, len(encode(DeliverSm())))
