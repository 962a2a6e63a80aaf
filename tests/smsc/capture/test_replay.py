"""A recording served again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from carrierlab.wires import Conditions
from smppkit.codec import encode
from smppkit.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    QuerySm,
    SubmitSm,
    SubmitSmResp,
)
from smppkit.status import CommandStatus
from smsc.capture.recording import Recording
from smsc.capture.replay import Replay
from smsc.capture.script import read_script
from smsc.journal.journal import Journal
from tests.smsc.capture.test_proxy import Ends
from tests.smsc.capture.world import SMOOTH, Client, World

SCENARIO = """
operators:
  op:
    listen: tcp:2775
    ids: hex
    accounts: [{system_id: shop, password: secret, senders: [SHOP]}]
    submit: {latency: lognormal 40ms p99 400ms}
    receipts: {delay: uniform 1s 3s, outcome: {DELIVRD: 60%, UNDELIV: 40%}}
timeline:
  - {at: 8s, mo: {from: "77059999999", to: SHOP, text: STOP}}
"""


def load(client: Client, numbers: Any) -> None:
    for number in numbers:
        client.submit(number)
        client.world.clock.advance(0.1)
    client.world.clock.advance(12)


def answers(client: Client) -> dict[str, tuple[int, str]]:
    """Status and id by sequence, and receipts by their text."""
    return {str(pdu.sequence_number): (pdu.command_status, getattr(pdu, "message_id", "")) for pdu in client.responses}


@pytest.fixture
def recorded() -> Iterator[tuple[Journal, Client]]:
    world = World()
    journal = world.journal()
    world.serve(SCENARIO, journal)
    client = world.client()
    assert client.bind() == 0
    load(client, range(20))
    client.link.send(SubmitSm(source_addr="OTHER", destination_addr="77050000001"))
    world.clock.advance(1)
    journal.flush()
    yield journal, client
    world.close()


def replay(journal: Journal, conditions: Conditions = SMOOTH) -> tuple[World, Replay]:
    world = World(conditions)
    script = read_script(Recording(journal.connection))
    server = Replay(script, listen=world.network.server("127.0.0.1", 2775), clock=world.clock)
    world.clock.wait_for(server.start())
    return world, server


def test_who_does_the_same_again_gets_the_same_again(recorded: tuple[Journal, Client]) -> None:
    journal, before = recorded
    world, server = replay(journal, Conditions())
    client = world.client()
    assert client.bind() == 0
    load(client, range(20))
    client.link.send(SubmitSm(source_addr="OTHER", destination_addr="77050000001"))
    world.clock.advance(1)
    assert answers(client) == answers(before)
    told = {pdu.short_message for pdu in client.deliveries}
    assert told == {pdu.short_message for pdu in before.deliveries}
    assert b"STOP" in told
    assert server.stats.deliveries == server.stats.acknowledged == 21
    assert server.stats.how == {"exact": 21}
    assert server.stats.unmatched == {}
    client.link.unbind()
    world.clock.advance(1)
    world.clock.wait_for(server.stop())
    assert server.summary() == [
        "1 binds, 21 requests answered as recorded (21 by exact)",
        "21 receipts and messages sent, 21 acknowledged",
    ]
    assert [call for call in world.clock.getDelayedCalls() if "Replay" in repr(call)] == []


def test_latency_and_delay_are_as_recorded(recorded: tuple[Journal, Client]) -> None:
    journal, before = recorded
    world, server = replay(journal)
    client = world.client()
    client.bind()
    load(client, range(20))
    one = dict(zip(map(id, before.heard), before.times, strict=True))
    other = dict(zip(map(id, client.heard), client.times, strict=True))
    for mine, theirs in zip(client.deliveries, before.deliveries, strict=True):
        assert mine.short_message == theirs.short_message
        assert abs(other[id(mine)] - one[id(theirs)]) < 1e-3
    world.clock.wait_for(server.stop())


def test_order_does_not_matter_content_does(recorded: tuple[Journal, Client]) -> None:
    journal, before = recorded
    ids = [pdu.message_id for pdu in before.responses if isinstance(pdu, SubmitSmResp)][:20]
    recorded_ids = dict(zip(range(20), [dict(answers(before))[str(number)][1] for number in range(2, 22)], strict=True))
    assert sorted(ids) == sorted(recorded_ids.values())
    world, server = replay(journal)
    client = world.client()
    client.bind()
    for number in reversed(range(20)):
        client.submit(number)
    world.clock.advance(5)
    mine = answers(client)
    assert {number: mine[str(21 - number)][1] for number in range(20)} == recorded_ids
    world.clock.wait_for(server.stop())


def test_other_texts_match_by_address_and_others_by_turn(recorded: tuple[Journal, Client]) -> None:
    journal, _ = recorded
    world, server = replay(journal)
    client = world.client()
    client.bind()
    client.submit(3, text="another text")
    client.submit(999_999)
    world.clock.advance(5)
    assert server.stats.how == {"address": 1, "next": 1}
    world.clock.wait_for(server.stop())
    assert "19 recorded requests that nobody made" in server.summary()


def test_what_the_recording_does_not_have_is_refused_and_counted(recorded: tuple[Journal, Client]) -> None:
    journal, _ = recorded
    world, server = replay(journal)
    client = world.client()
    client.bind()
    client.link.send(QuerySm(message_id="1"))
    for number in range(22):
        client.submit(number)
    world.clock.advance(5)
    statuses = [pdu.command_status for pdu in client.responses]
    assert statuses.count(CommandStatus.ESME_RQUERYFAIL) == 1
    assert statuses.count(CommandStatus.ESME_RSUBMITFAIL) == 1
    assert server.stats.unmatched == {"query_sm": 1, "submit_sm": 1}
    world.clock.wait_for(server.stop())
    assert server.summary()[-1] == "not in the recording, and refused: 1 query_sm, 1 submit_sm"


def test_a_bind_that_was_not_recorded_is_refused(recorded: tuple[Journal, Client]) -> None:
    journal, _ = recorded
    world, server = replay(journal)
    assert world.client().bind(system_id="other") == CommandStatus.ESME_RBINDFAIL
    assert world.client().bind(password="wrong") == CommandStatus.ESME_RBINDFAIL
    assert world.client().bind(kind="transmitter") == CommandStatus.ESME_RBINDFAIL
    assert server.stats.binds_unmatched == 3
    client = world.client()
    assert client.bind() == 0
    assert world.client().bind() == 0  # once more than in the recording
    world.clock.wait_for(server.stop())


def test_the_log_says_which_binds_the_recording_has(
    recorded: tuple[Journal, Client], caplog: pytest.LogCaptureFixture
) -> None:
    journal, _ = recorded
    world, server = replay(journal)
    world.client().bind(system_id="other")
    (said,) = [record.getMessage() for record in caplog.records if "not in the recording" in record.getMessage()]
    assert said.startswith("bind_transceiver of 'other', or its password, is not in the recording; it has bind_")
    world.clock.wait_for(server.stop())


def test_who_does_not_bind_is_closed(recorded: tuple[Journal, Client]) -> None:
    world, server = replay(recorded[0])
    client = world.client()
    world.clock.advance(31)
    assert client.lost is not None
    world.clock.wait_for(server.stop())


def test_receipts_wait_for_somebody_to_receive_them(recorded: tuple[Journal, Client]) -> None:
    journal, _ = recorded
    world, server = replay(journal)
    client = world.client()
    client.bind()
    client.submit(1)
    world.clock.advance(0.5)
    client.link.reset()
    world.clock.advance(5)
    assert len(server.waiting) == 1
    again = world.client()
    again.bind()
    world.clock.advance(1)
    assert len(again.deliveries) == 1
    world.clock.wait_for(server.stop())


def test_octets_are_as_recorded_even_where_the_specification_has_none() -> None:
    world = World()
    journal = world.journal()
    number = journal.connection_opened("op", "127.0.0.1:4000", 1.0)
    body = b"\x00\x0a\x0b"
    error = (19).to_bytes(4) + (0x80000004).to_bytes(4) + (0x58).to_bytes(4) + (2).to_bytes(4) + body
    for direction, octets in (
        ("in", encode(BindTransceiver(system_id="shop", password="******", sequence_number=1))),
        ("out", encode(BindTransceiverResp(system_id="op", sequence_number=1))),
        ("in", encode(SubmitSm(destination_addr="7705", sequence_number=2))),
        ("out", error),
    ):
        journal.pdu(number, direction, octets, 1.0)
    journal.flush()
    other, server = replay(journal)
    talker = other.clock.wait_for(other.network.client("127.0.0.1", 2775, 10).connect(Ends()))
    talker.wire.write(encode(BindTransceiver(system_id="shop", password="any", sequence_number=1)))
    other.clock.advance(1)
    talker.heard = b""
    talker.wire.write(encode(EnquireLink(sequence_number=5)))
    other.clock.advance(1)
    assert talker.heard == encode(EnquireLinkResp(sequence_number=5))
    talker.heard = b""
    talker.wire.write(encode(SubmitSm(destination_addr="7705", sequence_number=77)))
    other.clock.advance(1)
    assert talker.heard == error[:12] + (77).to_bytes(4) + body
    other.clock.wait_for(server.stop())
    world.close()
