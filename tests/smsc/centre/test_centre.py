"""Deliveries: who gets them, what is kept, what is sent again; and the promise behind a ROK."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from smppkit.codec import encode
from smppkit.events import Response
from smppkit.pdus import DeliverSm
from smppkit.receipts import parse_receipt
from smppkit.segments import part_of
from smppkit.status import CommandStatus as S
from smppkit.text import decode_text
from smsc.centre import centre
from smsc.journal.inbox import Inbox
from smsc.scenario.receipts import Retry
from tests.smsc.conftest import Lab

ANYBODY = """
operators:
  op: {listen: "tcp:2775", receipts: {delay: 1s}}
"""


def test_receipts_wait_for_a_bind_that_can_receive(lab: Lab) -> None:
    transmitter = lab.start(ANYBODY).bound(kind="transmitter")
    for _ in range(3):
        transmitter.submit()
    lab.run(5)
    assert transmitter.deliveries == []
    assert lab.stats.receipts.waiting == 3
    receiver = lab.bound(kind="receiver")
    assert len(receiver.deliveries) == 3
    assert lab.stats.receipts.waiting == 0


def test_receipts_go_to_their_account_only(lab: Lab) -> None:
    shop, other = lab.start(ANYBODY).bound("shop"), lab.bound("other")
    shop.submit()
    lab.run(1.1)
    assert (len(shop.deliveries), len(other.deliveries)) == (1, 0)


def test_receipts_are_shared_out_over_the_binds_of_an_account(lab: Lab) -> None:
    first, second = lab.start(ANYBODY).bound(), lab.bound(kind="receiver")
    for _ in range(10):
        first.submit()
    lab.run(1.1)
    assert (len(first.deliveries), len(second.deliveries)) == (5, 5)


def test_a_receipt_that_nobody_acknowledged_is_sent_again_on_a_sibling_bind(lab: Lab) -> None:
    """I3."""
    first = lab.start(ANYBODY).bound()
    first.acknowledge = lambda pdu: None
    for _ in range(3):
        first.submit()
    lab.run(1.1)
    second = lab.bound()
    first.drop()
    lab.settle()
    again = [delivery.short_message for delivery in second.deliveries]
    assert again == [delivery.short_message for delivery in first.deliveries]
    assert (lab.stats.receipts.sent, lab.stats.receipts.repeated, lab.stats.receipts.acknowledged) == (6, 3, 3)


def test_a_receipt_that_is_not_answered_in_time_is_sent_again(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", timers: {response: 5s, enquire_link: null}}}')
    esme = lab.bound()
    esme.acknowledge = lambda pdu: None if len(esme.deliveries) == 1 else 0
    esme.submit()
    lab.run(7)
    assert len(esme.deliveries) == 2
    assert lab.stats.receipts.acknowledged == 1


@pytest.mark.parametrize("status", sorted(map(int, Retry().on)))
def test_a_passing_status_has_the_receipt_sent_again_later(lab: Lab, status: int) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.acknowledge = lambda pdu: status if len(esme.deliveries) < 3 else 0
    esme.submit()
    lab.run(1.1)
    assert len(esme.deliveries) == 1
    lab.run(1)
    assert len(esme.deliveries) == 2
    lab.run(2)
    assert len(esme.deliveries) == 3
    lab.run(100, step=1)
    assert len(esme.deliveries) == 3
    assert (lab.stats.receipts.repeated, lab.stats.receipts.acknowledged) == (2, 1)


@pytest.mark.parametrize("status", [S.ESME_RINVMSGLEN, S.ESME_RX_R_APPN, 0x400])
def test_any_other_status_is_the_last_word(lab: Lab, status: int) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.acknowledge = lambda pdu: status
    esme.submit()
    lab.run(100, step=1)
    assert len(esme.deliveries) == 1
    assert (lab.stats.receipts.refused, lab.stats.receipts.waiting) == ({status: 1}, 0)
    assert list(lab.journal.owed("op")) == []


def test_no_more_deliveries_are_under_way_than_the_window_holds(lab: Lab) -> None:
    """I5."""
    account = "{system_id: shop, password: secret, deliver_window: 4}"
    lab.start(f'operators: {{op: {{listen: "tcp:2775", receipts: {{delay: 1s}}, accounts: [{account}]}}}}')
    esme = lab.bound()
    esme.acknowledge = lambda pdu: None
    for _ in range(10):
        esme.submit()
    lab.run(1.1)
    assert len(esme.deliveries) == 4
    esme.acknowledge = lambda pdu: 0
    for delivery in esme.deliveries:
        esme.session.respond(delivery.response(), lab.now)
    lab.settle()
    assert len(esme.deliveries) == 10


def test_outcomes_of_the_mix_are_reported_and_recorded(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {outcome: {DELIVRD: 60%, UNDELIV: 30%, none: 10%}}}}')
    esme = lab.bound()
    for number in range(200):
        esme.submit(to=f"7705{number:07}")
    lab.run(1.5)
    stats = [parse_receipt(delivery).stat for delivery in esme.deliveries]
    summary = lab.inbox().summary()["op"]
    assert summary.states == {
        "DELIVRD": stats.count("DELIVRD"),
        "UNDELIV": stats.count("UNDELIV"),
        "ENROUTE": 200 - len(stats),
    }
    assert 100 < stats.count("DELIVRD") < 140
    assert 0 < 200 - len(stats) < 40
    assert (summary.received, summary.acknowledged, summary.owed) == (200, len(stats), 0)


# --- the promise behind a ROK --------------------------------------------------------------------------


def test_no_rok_before_the_message_is_in_the_file(lab: Lab, tmp_path: Path) -> None:
    """I9: at the moment the ESME reads its ROK, any other reader finds the message."""
    path = tmp_path / "journal.sqlite"
    esme = lab.start(ANYBODY, path).bound()
    on_disk: list[int] = []
    plain = esme._take

    def take(events: list) -> None:
        for event in events:
            if isinstance(event, Response):
                with Inbox(path) as inbox:
                    on_disk.append(sum(m.message_id == event.response.message_id for m in inbox.messages()))
        plain(events)

    esme._take = take
    for _ in range(20):
        esme.submit()
        lab.settle()
    assert on_disk == [1] * 20


def test_a_disk_that_fails_makes_no_rok(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """I9."""
    esme = lab.start(ANYBODY).bound()
    lab.journal.flush()
    pages = lab.journal.connection.execute("PRAGMA page_count").fetchone()[0]
    lab.journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(100):
        esme.submit(text="x" * 150)
    lab.run(0.1)
    statuses = [pdu.command_status for pdu in esme.responses]
    assert statuses.count(S.ESME_RSYSERR) == lab.stats.journal_failures > 0
    assert len(lab.inbox().messages(status=0)) == statuses.count(0)
    assert "cannot write, messages are refused: database or disk is full" in caplog.text
    lab.journal.connection.execute("PRAGMA max_page_count = 1000000")
    esme.heard.clear()
    esme.submit()
    lab.run(2)
    assert esme.responses[0].command_status == 0
    assert len(esme.deliveries) == 1 + statuses.count(0)


def test_a_message_yields_only_to_one_that_is_on_the_disk(lab: Lab) -> None:
    """I9: C52 on a disk that fails leaves the message that was there."""
    esme = lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 10s}}}').bound()
    esme.submit(text="first")
    lab.run(0.1)
    lab.journal.flush()
    pages = lab.journal.connection.execute("PRAGMA page_count").fetchone()[0]
    lab.journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(100):
        esme.submit(text="x" * 150, replace_if_present_flag=1, service_type="NONE")
    esme.submit(text="second", replace_if_present_flag=1)
    lab.run(0.1)
    assert esme.responses[-1].command_status == S.ESME_RSYSERR
    lab.journal.connection.execute("PRAGMA max_page_count = 1000000")
    lab.run(12, step=1)
    assert [parse_receipt(delivery).text for delivery in esme.deliveries].count("first") == 1
    assert {parse_receipt(delivery).stat for delivery in esme.deliveries if "first" in str(delivery)} == {"DELIVRD"}


def test_those_who_outrun_the_journal_are_not_read_from(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centre, "MOST_UNWRITTEN", 10)
    esme = lab.start(ANYBODY).bound()
    lab.journal.flush()
    held: list[Callable[[], None]] = []
    told = lab.journal._told
    monkeypatch.setattr(lab.journal, "_told", lambda group, error: held.append(lambda: told(group, error)))
    for _ in range(20):
        esme.submit()
    lab.settle()
    assert not esme.wire.reading
    assert esme.responses == []
    while held:
        held.pop(0)()
        lab.settle()
    assert esme.wire.reading
    assert len(esme.responses) == 20


# --- after a restart -----------------------------------------------------------------------------------


def test_message_ids_go_on_and_owed_receipts_are_sent_after_kill_9(labs: Callable[[], Lab], tmp_path: Path) -> None:
    """I9: nothing acknowledged is lost, nothing settled comes back, no id is given twice."""
    path = tmp_path / "journal.sqlite"
    first = labs().start(ANYBODY, path)
    esme = first.bound()
    esme.submit(to="77050000001")
    first.run(1.5)
    esme.acknowledge = lambda pdu: None
    esme.submit(to="77050000002")
    first.run(1.5)
    esme.submit(to="77050000003")
    first.settle()
    given = [pdu.message_id for pdu in esme.responses]
    first.kill()

    second = labs().start(ANYBODY, path)
    again = second.bound()
    assert second.stats.receipts.planned == 2
    second.run(3)
    assert [delivery.source_addr for delivery in again.deliveries] == ["77050000002", "77050000003"]
    assert [parse_receipt(delivery).message_id for delivery in again.deliveries] == given[1:]
    again.submit()
    second.settle()
    assert int(again.responses[-1].message_id) > max(int(number) for number in given)
    assert second.stats.receipts.acknowledged == 2
    messages = second.inbox().messages()
    assert [message.state for message in messages] == ["DELIVRD"] * 3 + ["ENROUTE"]


def test_a_restart_does_not_wait_for_a_receipt_twice(labs: Callable[[], Lab], tmp_path: Path) -> None:
    slow = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 60s}}}'
    path = tmp_path / "journal.sqlite"
    first = labs().start(slow, path)
    first.bound().submit()
    first.run(20, step=1)
    first.stop()
    second = labs()
    esme = second.start(slow, path).bound()
    second.run(39, step=1)
    assert esme.deliveries == []
    second.run(2, step=1)
    assert len(esme.deliveries) == 1


# --- messages from subscribers -------------------------------------------------------------------------

MO = "timeline: [{{at: 1s, mo: {{from: '+77051234567', to: '1414', text: {text}}}}}]"


def test_a_subscriber_writes(lab: Lab) -> None:
    esme = lab.start(ANYBODY + MO.format(text="STOP")).bound(kind="receiver")
    lab.run(2)
    (delivery,) = esme.deliveries
    assert (delivery.source_addr, delivery.source_addr_ton, delivery.destination_addr) == ("77051234567", 1, "1414")
    assert (delivery.short_message, delivery.esm_class) == (b"STOP", 0)
    (message,) = lab.inbox().messages()
    assert (message.command, message.text, message.state) == ("deliver_sm", "STOP", "DELIVRD")
    assert (lab.stats.mo.planned, lab.stats.mo.acknowledged) == (1, 1)


def test_a_long_message_of_a_subscriber_comes_in_segments(lab: Lab) -> None:
    text = "Қайырлы күн! " * 20
    esme = lab.start(ANYBODY + MO.format(text=f"'{text}'")).bound()
    lab.run(2)
    parts = [part_of(delivery) for delivery in esme.deliveries]
    assert [part.number for part, _ in parts] == [1, 2, 3, 4]
    assert "".join(decode_text(data, 8) for _, data in parts) == text


def test_a_message_of_a_subscriber_waits_for_whoever_comes(labs: Callable[[], Lab], tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = labs().start(ANYBODY + MO.format(text="hello"), path)
    first.run(2)
    assert first.stats.mo.waiting == 1
    first.stop()
    second = labs().start(ANYBODY, path)
    esme = second.bound("anyone")
    second.settle()
    assert [delivery.short_message for delivery in esme.deliveries] == [b"hello"]
    esme.drop()


def test_a_message_of_a_subscriber_goes_to_the_account_of_the_number(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", accounts: ['
        "{system_id: shop, password: secret, senders: [SHOP]},"
        "{system_id: poll, password: secret, senders: ['1414']}]}}\n" + MO.format(text="YES")
    )
    shop, poll = lab.bound("shop"), lab.bound("poll")
    lab.run(2)
    assert (len(shop.deliveries), len(poll.deliveries)) == (0, 1)


def test_everything_taken_is_answered_kept_or_counted(lab: Lab) -> None:
    """I4, and I8: nothing is left over."""
    lab.start(
        """
        seed: 5
        operators:
          op:
            listen: tcp:2775
            accounts: [{system_id: shop, password: secret, rate: 30/s}]
            submit: {latency: uniform 1ms 90ms}
            receipts: {delay: uniform 10ms 3s, outcome: {DELIVRD: 70%, EXPIRED: 20%, none: 10%}}
            rules: [{when: {to: "*7"}, respond: ESME_RINVDSTADR}, {when: {to: "*8"}, respond: none}]
        timeline:
          - {at: 1030ms, fault: reset}
          - {at: 2s, for: 900ms, fault: outage}
          - {at: 2.5s, mo: {from: "77051112233", to: "1414", text: hello}}
        """
    )
    answers = iter([0, S.ESME_RTHROTTLED, None, 0, S.ESME_RX_R_APPN, 0, 0, 0] * 100)
    for second in range(5):
        if second != 2:
            for esme in (lab.bound(), lab.bound()):
                esme.acknowledge = lambda pdu: next(answers)
                for number in range(25):
                    esme.submit(to=f"7705{second}{number:06}")
        lab.run(1)
    last = lab.bound()
    lab.run(200, step=0.25)
    stats = lab.stats
    assert stats.submitted == stats.accepted + sum(stats.refused.values()) == 200
    assert stats.submitted == stats.answered + stats.answered_late + stats.unanswered
    for deliveries in (stats.receipts, stats.mo):
        assert deliveries.planned == deliveries.acknowledged + sum(deliveries.refused.values())
        assert deliveries.waiting == 0
    assert stats.receipts.repeated > 0
    assert stats.answered_late > 0
    assert stats.resets > 0
    assert len(last.deliveries) > 0
    summary = lab.inbox().summary()["op"]
    assert (summary.received, summary.accepted, summary.refused) == (stats.submitted, stats.accepted, stats.refused)
    assert (summary.owed, summary.acknowledged) == (0, stats.receipts.acknowledged)
    assert all(isinstance(delivery, DeliverSm) for delivery in last.deliveries)


def test_the_same_traffic_gives_the_same_octets() -> None:
    """Nothing depends on addresses in memory, on the hash of a string, or on the time of day."""
    heard: list[list[bytes]] = []
    for _ in range(2):
        lab = Lab()
        lab.start(
            """
            seed: 9
            operators:
              op:
                listen: tcp:2775
                submit: {latency: uniform 1ms 90ms}
                receipts: {delay: uniform 10ms 3s, outcome: {DELIVRD: 70%, UNDELIV: 30%}, copies: 2, route: sibling}
                mobile_originated:
                  shape: {order: shuffled, lose_part: 20%}
                  replies: [{say: {"YES": 50%}, after: uniform 1s 2s}]
                  traffic: [{rate: 5/s, from: "7701#######", to: "1414", texts: [hi, "yes"]}]
            """,
            None,
        )
        esmes = [lab.bound(), lab.bound(), lab.bound("other")]
        for number in range(30):
            esmes[number % 3].submit(to=f"7705{number:07}", registered=number % 3)
            lab.run(0.1, step=0.02)
        lab.run(10, step=0.1)
        lab.stop()
        heard.append([encode(pdu) for esme in esmes for pdu in esme.heard])
    assert heard[0] == heard[1]
    assert len(heard[0]) > 100


def test_the_disk_is_asked_for_safety(lab: Lab, tmp_path: Path) -> None:
    lab.start(ANYBODY, tmp_path / "journal.sqlite")
    connection: sqlite3.Connection = lab.journal.connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
