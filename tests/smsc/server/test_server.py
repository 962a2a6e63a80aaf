"""Who may connect and bind, what is cut, and calls to ESMEs: over sessions in memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as Refused

from smppkit.codec import encode
from smppkit.events import Closing, Request, Unbound
from smppkit.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    Outbind,
    SubmitSm,
    Unbind,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.status import CommandStatus as S
from smppkit.tlvs import SC_INTERFACE_VERSION
from smsc.lint.live import LiveLint
from smsc.scenario.counting import Key
from smsc.scenario.receipts import Receipts
from smsc.scenario.rulebook import Rulebook
from smsc.server import server
from tests.smsc.conftest import Esme, Lab, Wire

ACCOUNT = "{system_id: shop, password: secret, %s}"


def operator(keys: str, account: str = "binds: 0") -> str:
    return f'operators: {{op: {{listen: "tcp:2775", accounts: [{ACCOUNT % account}], {keys}}}}}'


# --- addresses --------------------------------------------------------------------------------------


def test_who_is_not_on_the_list_is_dropped_without_a_word(lab: Lab) -> None:
    lab.start(operator("access: {allow: [10.0.0.0/8, 127.0.0.1]}"))
    assert lab.esme(address="192.168.1.1").refused
    assert not lab.esme(address="10.2.3.4").refused
    assert lab.esme().bind() == 0
    assert lab.stats.connections_refused == 1


def test_who_is_not_on_the_list_may_be_told_by_a_status(lab: Lab) -> None:
    lab.start(operator("access: {allow: [10.0.0.0/8], address_refused: ESME_RBINDFAIL}"))
    assert lab.esme(address="192.168.1.1").bind() == S.ESME_RBINDFAIL


def test_an_account_may_have_a_list_of_its_own(lab: Lab) -> None:
    lab.start(operator("access: {}", "addresses: [10.0.0.0/8]"))
    assert lab.esme(address="10.0.0.1").bind() == 0
    stranger = lab.esme(address="192.168.1.1")
    stranger.session.send(BindTransceiver(system_id="shop", password="secret"), lab.now)
    lab.settle()
    assert (stranger.heard, stranger.open) == ([], False)
    assert lab.stats.binds_dropped == 1


def test_connections_from_one_address_are_limited(lab: Lab) -> None:
    lab.start(operator("access: {connections_per_address: 2}"))
    first = [lab.esme(address="10.0.0.1") for _ in range(3)]
    assert [esme.refused for esme in first] == [False, False, True]
    assert not lab.esme(address="10.0.0.2").refused
    first[0].drop()
    assert not lab.esme(address="10.0.0.1").refused


def test_whoever_connects_too_fast_is_dropped(lab: Lab) -> None:
    lab.start(operator("access: {connect_rate: 2/s}"))
    assert [lab.esme(address="10.0.0.1").refused for _ in range(4)] == [False, False, True, True]
    assert not lab.esme(address="10.0.0.2").refused
    lab.run(1)
    assert not lab.esme(address="10.0.0.1").refused


def test_an_address_that_fails_to_bind_too_often_is_locked_out_for_a_while(lab: Lab) -> None:
    lab.start(operator("access: {lock_out: {failures: 3, within: 60s, for: 30s}}"))
    for _ in range(3):
        assert lab.esme(address="10.0.0.1").bind(password="wrong") == S.ESME_RBINDFAIL
    assert lab.esme(address="10.0.0.1").refused
    assert lab.esme(address="10.0.0.2").bind() == 0
    lab.run(31, step=1)
    assert lab.esme(address="10.0.0.1").bind() == 0


# --- binds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["ESME_RALYBND", "ESME_RBINDFAIL", "ESME_RINVPASWD"])
def test_too_many_binds_are_refused_with_the_status_of_the_operator(lab: Lab, status: str) -> None:
    lab.start(operator(f"access: {{too_many_binds: {status}}}", "binds: 1"))
    lab.bound()
    assert lab.esme().bind() == S[status]
    assert lab.stats.binds_refused == {S[status]: 1}


def test_too_many_binds_may_be_dropped(lab: Lab) -> None:
    lab.start(operator("access: {too_many_binds: drop}", "binds: 1"))
    lab.bound()
    second = lab.esme()
    second.session.send(BindTransceiver(system_id="shop", password="secret"), lab.now)
    lab.settle()
    assert (second.heard, second.open, lab.stats.binds_dropped) == ([], False, 1)


def test_binds_from_one_address_are_limited(lab: Lab) -> None:
    lab.start(operator("access: {binds_per_address: 1}"))
    first = lab.bound()
    assert lab.esme().bind() == S.ESME_RALYBND
    assert lab.esme(address="10.0.0.1").bind() == 0
    first.drop()
    assert lab.esme().bind() == 0


def test_a_bind_that_was_lost_blocks_the_next_one_as_a_ghost(lab: Lab) -> None:
    lab.start(operator("access: {ghost: 120s}", "binds: 1"))
    lab.bound().drop()
    assert lab.esme().bind() == S.ESME_RALYBND
    lab.run(119, step=1)
    assert lab.esme().bind() == S.ESME_RALYBND
    lab.run(2, step=1)
    assert lab.esme().bind() == 0


def test_a_bind_that_was_unbound_leaves_no_ghost(lab: Lab) -> None:
    lab.start(operator("access: {ghost: 120s}", "binds: 1"))
    esme = lab.bound()
    esme.session.unbind(lab.now)
    lab.settle()
    assert not esme.open
    assert lab.esme().bind() == 0


def test_a_message_centre_that_was_away_knows_of_no_ghosts(lab: Lab) -> None:
    lab.start(operator("access: {ghost: 120s}", "binds: 1") + "\ntimeline: [{at: 1s, for: 1s, fault: outage}]")
    lab.bound()
    lab.run(2.5, step=0.1)
    assert lab.esme().bind() == 0


# --- versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operators", "account", "esme", "spoken", "told"),
    [
        ("5.0", "5.0", 0x50, Version.V50, 0x50),
        ("5.0", "3.4", 0x50, Version.V34, 0x34),
        ("3.4", "3.4", 0x50, Version.V34, 0x34),
        ("5.0", "5.0", 0x34, Version.V34, 0x50),
        ("5.0", "5.0", 0x33, Version.V33, None),
        ("3.3", "3.3", 0x34, Version.V33, None),
    ],
)
def test_the_lower_version_is_spoken_and_who_knows_tlvs_is_told_ours(
    lab: Lab, operators: str, account: str, esme: int, spoken: Version, told: int | None
) -> None:
    """C24, C25, C27."""
    lab.start(operator(f'version: "{operators}", system_id: CENTRE', f'version: "{account}"'))
    client = lab.bound(kind="transmitter", interface_version=esme)
    (connection,) = lab.emulator.operators["op"].connections.values()
    assert connection.version is spoken
    response = client.events[-2].response
    assert (response.tlv(SC_INTERFACE_VERSION), response.system_id) == (told, "CENTRE")


def test_an_operator_may_keep_its_version_to_itself(lab: Lab) -> None:
    """C26."""
    lab.start(operator("says_version: false"))
    assert lab.bound(interface_version=0x34).events[-2].response.tlvs == ()


def test_an_account_of_33_cannot_bind_as_transceiver(lab: Lab) -> None:
    """C23."""
    lab.start(operator("access: {}", 'version: "3.3"'))
    assert lab.esme().bind() == S.ESME_RINVCMDID
    assert lab.esme().bind(kind="receiver") == 0


def test_a_33_session_gets_receipts_that_a_34_session_asked_for_without_tlvs(lab: Lab) -> None:
    lab.start(operator("receipts: {delay: 1s, route: receivers, carrier: data_sm}"))
    old = lab.bound(kind="receiver", interface_version=0x33)
    lab.bound(interface_version=0x34).submit()
    lab.run(1.2)
    (receipt,) = old.deliveries
    assert (receipt.tlvs, receipt.short_message[:3]) == ((), b"id:")


# --- windows and timers -----------------------------------------------------------------------------


def test_what_a_submit_beyond_the_window_gets_is_the_operators_choice(lab: Lab) -> None:
    """C35."""
    lab.start(operator("submit: {latency: 100ms, window_status: ESME_RMSGQFUL}", "window: 2"))
    esme = lab.bound()
    for _ in range(3):
        esme.submit()
    lab.run(0.2)
    assert sorted(pdu.command_status for pdu in esme.responses) == [0, 0, S.ESME_RMSGQFUL]


def test_a_submit_that_is_never_answered_takes_no_place_in_our_window(lab: Lab) -> None:
    """The ESME's own view still has it; ours may not fill for ever."""
    lab.start(operator("rules: [{when: {to: '99*'}, respond: none}]", "window: 2"))
    esme = lab.bound()
    for _ in range(5):
        esme.submit(to="9912345")
        lab.settle()
    esme.submit()
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [0]
    assert lab.stats.unanswered == 5


def test_an_unbind_does_not_wait_for_what_is_never_answered(lab: Lab) -> None:
    lab.start(operator("rules: [{respond: none}]"))
    esme = lab.bound()
    esme.submit(registered=0)
    lab.settle()
    esme.link.dataReceived(encode(Unbind(sequence_number=99)))
    lab.settle()
    assert not esme.open
    assert lab.stats.sessions.left_unanswered == 1


@pytest.mark.parametrize(("inactive", "unbound"), [("unbind", True), ("drop", False)])
def test_an_inactive_session_is_unbound_or_dropped(lab: Lab, inactive: str, unbound: bool) -> None:
    """C31."""
    lab.start(operator(f"timers: {{inactivity: 60s, inactive: {inactive}}}"))
    esme = lab.bound()
    lab.run(61, step=1)
    assert not esme.open
    assert any(isinstance(event, Unbound | Closing) for event in esme.events) is unbound


def test_an_esme_that_does_not_read_is_cut_in_time_and_counted(lab: Lab) -> None:
    lab.start(operator("timers: {response: 10s, enquire_link: null}"))
    esme = lab.bound()
    esme.reads = False
    esme.wire.producer.pauseProducing()
    lab.run(9, step=1)
    assert esme.open
    lab.run(2, step=1)
    assert not esme.open
    assert lab.stats.slow_peers == 1


# --- taps -------------------------------------------------------------------------------------------


class Watcher:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def opened(self, connection: int, at: float, operator: str, peer: str, **more: bool) -> None:
        self.seen.append(("opened", connection, operator, peer, more))

    def pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        self.seen.append((direction, octets[4:8].hex()))

    def disturbed(self, connection: int) -> None:
        self.seen.append(("disturbed", connection))

    def closed(self, connection: int, at: float, reason: str) -> None:
        self.seen.append(("closed", connection, reason))


@pytest.mark.parametrize("journal", [":memory:", None])
def test_a_watcher_sees_every_pdu_with_and_without_a_journal(lab: Lab, journal: str | None) -> None:
    watcher = Watcher()
    lab.watcher_for = lambda name: watcher
    lab.start(operator("receipts: {delay: 1s}"), journal)
    lab.bound().drop()
    lab.settle()
    assert watcher.seen == [
        ("opened", 1, "op", "127.0.0.1:50000", {"tls": False, "tls_offered": False}),
        ("in", "00000009"),
        ("out", "80000009"),
        ("closed", 1, "closed by the peer"),
    ]
    if journal is not None:
        assert len(lab.inbox().pdus()) == 2


def test_a_watcher_hears_of_every_strike_of_a_fault_and_all_are_counted(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher()
    lab.watcher_for = lambda name: watcher
    lab.start(operator("receipts: {delay: 1s}, faults: [{fault: duplicate-response, stage: response}]"))
    lab.bound()
    esme = lab.bound()
    esme.submit()
    esme.submit()
    lab.settle()
    assert [seen for seen in watcher.seen if seen[0] == "disturbed"] == [("disturbed", 2)] * 2
    assert lab.stats.faults == {"duplicate-response": 2}
    lab.stop()
    assert "op: faults struck: duplicate-response 2 times" in caplog.text


def test_what_rules_forgot_is_told_at_the_end(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.start(operator("rules: [{when: {count: 2, per: to}, receipt: none}]"))
    lab.emulator.operators["op"].state.rulebook = book = Rulebook([], {"login": "idle"}, Receipts(), most=1)
    machines = book._machines
    for number in "12":
        machines.move("login", "sent", Key("shop", number))
    lab.stop()
    assert "op: rules forgot 1 counters and states" in caplog.text


def test_the_lint_judges_no_client_to_whom_a_fault_has_lied(lab: Lab) -> None:
    lints = LiveLint()
    lab.watcher_for = lints.operator
    lab.start(operator("faults: [{fault: close-after, octets: 40, stage: response}]"), None)
    lied_to, cut_short = lab.bound(), lab.bound()
    cut_short.drop()
    lied_to.submit()
    lied_to.submit()
    lab.run(1)
    found = [(finding.rule, finding.count) for finding in lints.report().findings]
    assert ("no-unbind", 1) in found
    assert not lied_to.open


def test_without_a_journal_and_a_watcher_there_is_no_tap(lab: Lab) -> None:
    lab.start(operator("access: {}"), None)
    lab.bound()
    (connection,) = lab.emulator.operators["op"].bound_connections()
    assert lab.emulator.operators["op"].taps_for(connection) == (None, None)


def test_the_journal_takes_many_pdus_at_once_while_nobody_else_listens(lab: Lab) -> None:
    lab.start(operator("access: {}"))
    esme, seen = lab.bound(), list[str]()
    server = lab.emulator.operators["op"]
    (connection,) = server.bound_connections()
    assert None not in server.taps_for(connection)
    stop = server.record(lambda number, direction, octets, at: seen.append(direction))
    assert server.taps_for(connection)[1] is None
    esme.submit(registered=0)
    esme.submit(registered=0)
    lab.run(0)
    assert seen == ["in", "in", "out", "out"]
    stop()
    assert None not in server.taps_for(connection)
    esme.submit(registered=0)
    lab.run(0)
    assert len(seen) == 4
    assert sum(pdu.command_id == 4 for pdu in lab.inbox().pdus()) == 3


def test_who_sends_more_than_the_journal_can_take_is_not_read_from_whatever_it_sends(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enquiries, answers to nothing and refusals are in the journal too."""
    monkeypatch.setattr(server, "MOST_UNWRITTEN", 50)
    lab.start(operator("access: {}"))
    esme, other = lab.bound(), lab.bound()
    assert lab.journal is not None
    hand_over, lab.journal._hand_over = lab.journal._hand_over, lambda: None  # type: ignore[method-assign]
    esme.link.dataReceived(encode(EnquireLink(sequence_number=5)) * 100)
    assert (esme.wire.reading, other.wire.reading) == (False, True)
    lab.journal._hand_over = hand_over  # type: ignore[method-assign]
    hand_over()
    lab.settle()
    assert esme.wire.reading


# --- outbind ----------------------------------------------------------------------------------------


class Waiting(Esme):
    """An ESME that was called, and binds when it hears an outbind."""

    def __init__(self, lab: Lab, link: Any) -> None:
        self.lab = lab
        self.address = None
        self.session = Session(Role.ESME, SessionConfig(window=1000, enquire_link_interval=None), lab.now)
        self.wire = Wire(self)
        self.link = link
        self.open = self.reads = True
        self.binds = True
        self.acknowledge = lambda pdu: 0 if isinstance(pdu, DeliverSm) else None
        self.events, self.heard = [], []
        lab.esmes.append(self)

    def _take(self, events: list[Any]) -> None:
        super()._take(events)
        for event in events:
            if isinstance(event, Request) and isinstance(event.pdu, Outbind) and self.binds:
                self.session.send(BindReceiver(system_id="shop", password="secret"), self.lab.now)


class Callee:
    """Where ESMEs wait: gives every caller a Waiting, once it is there."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.there = True
        self.binds = True
        self.calls: list[float] = []
        self.esmes: list[Waiting] = []
        lab.network.client = lambda host, port, timeout: self  # type: ignore[method-assign]

    def connect(self, factory: Any) -> Deferred[Any]:
        self.calls.append(self.lab.now)
        if not self.there:
            return fail(Refused())
        link = factory.buildProtocol(None)
        esme = Waiting(self.lab, link)
        esme.address = IPv4Address("TCP", "127.0.0.1", 2780)
        esme.binds = self.binds
        self.esmes.append(esme)
        link.makeConnection(esme.wire)
        return succeed(link)


OUTBIND = operator(
    "receipts: {delay: 1s}, outbind: {addresses: {shop: 'tcp:127.0.0.1:2780'}, system_id: CENTRE, password: hush}"
)


def test_an_account_is_called_when_something_is_due_and_nobody_is_bound_to_take_it(lab: Lab) -> None:
    """C34: the ESME binds as a receiver on the connection that we made."""
    lab.start(OUTBIND)
    waiting = Callee(lab)
    lab.bound(kind="transmitter").submit()
    lab.run(0.9)
    assert waiting.calls == []
    lab.run(0.3)
    (esme,) = waiting.esmes
    outbind, bound, receipt = esme.heard
    assert (outbind.system_id, outbind.password) == ("CENTRE", "hush")
    assert (bound.command_status, receipt.name) == (0, "deliver_sm")
    assert (lab.stats.outbinds, lab.stats.outbinds_failed, lab.stats.receipts.acknowledged) == (1, 0, 1)


def test_a_call_that_comes_to_nothing_is_repeated_with_longer_waits_while_something_is_due(lab: Lab) -> None:
    lab.start(OUTBIND)
    waiting = Callee(lab)
    waiting.there = False
    lab.bound(kind="transmitter").submit()
    lab.run(9, step=0.1)
    assert [round(at) for at in waiting.calls] == [1, 2, 4, 8]
    waiting.there, waiting.binds = True, False
    lab.run(8, step=0.1)
    (esme,) = waiting.esmes
    esme.drop()
    lab.bound(kind="receiver")
    lab.run(100, step=1)
    assert len(waiting.calls) == 5  # somebody bound by itself: nothing is due any more
    assert lab.stats.outbinds_failed == 5


def test_an_operator_of_33_calls_too(lab: Lab) -> None:
    """SMPP 3.3 has no outbind; a scenario that asks for one gets it."""
    lab.start(OUTBIND.replace("receipts:", 'version: "3.3", receipts:'))
    waiting = Callee(lab)
    lab.bound(kind="transmitter").submit()
    lab.run(1.5)
    (esme,) = waiting.esmes
    assert [pdu.name for pdu in esme.heard] == ["outbind", "bind_receiver_resp", "deliver_sm"]


def test_an_esme_that_binds_by_itself_is_not_called(lab: Lab) -> None:
    lab.start(OUTBIND)
    waiting = Callee(lab)
    lab.bound().submit()
    lab.run(2)
    assert waiting.calls == []


def test_the_timeline_may_call_an_esme_once(lab: Lab) -> None:
    lab.start(operator("access: {}") + "\ntimeline: [{at: 1s, fault: outbind, to: 'tcp:127.0.0.1:2780'}]")
    waiting = Callee(lab)
    lab.run(1.2)
    (esme,) = waiting.esmes
    assert [pdu.name for pdu in esme.heard] == ["outbind", "bind_receiver_resp"]
    esme.drop()
    lab.run(10, step=1)
    assert len(waiting.calls) == 1


def test_an_alert_reaches_receivers(lab: Lab) -> None:
    """C36, C76."""
    lab.start(operator("access: {}"))
    receiver, transmitter = lab.bound(kind="receiver"), lab.bound(kind="transmitter")
    receiver.acknowledge = lambda pdu: None
    lab.emulator.operators["op"].centre.alert("77051234567")
    lab.settle()
    assert [type(pdu) for pdu in receiver.heard] == [AlertNotification]
    assert transmitter.heard == []


# --- limits of what is buffered ------------------------------------------------------------------------


def test_before_a_bind_little_is_taken_and_after_it_a_pdu_of_70_kib(lab: Lab) -> None:
    """C2."""
    lab.start(operator("access: {}"))
    stranger = lab.esme()
    stranger.link.dataReceived((1025).to_bytes(4, "big") + b"\0\0\0\x09")
    lab.settle()
    assert not stranger.open
    esme = lab.bound()
    esme.link.dataReceived((70 * 1024).to_bytes(4, "big") + encode(SubmitSm(destination_addr="7"))[4:])
    lab.settle()
    assert esme.open
    other = lab.bound()
    other.link.dataReceived((70 * 1024 + 1).to_bytes(4, "big") + encode(EnquireLink())[4:])
    lab.settle()
    assert not other.open


# --- anything a peer may send ---------------------------------------------------------------------------

_PDUS = [
    encode(pdu)
    for pdu in (
        BindTransceiver(system_id="shop", password="secret", interface_version=0x34, sequence_number=1),
        BindReceiver(system_id="nobody", password="secret", sequence_number=2),
        SubmitSm(destination_addr="7705", short_message=b"x", registered_delivery=1, sequence_number=3),
        EnquireLink(sequence_number=4),
        Unbind(sequence_number=5),
        DeliverSm(sequence_number=6).response(),
        Outbind(sequence_number=7),
    )
]
_PIECES = st.one_of(
    st.sampled_from(_PDUS),
    st.binary(max_size=40),
    st.builds(lambda pdu, cut: pdu[:cut], st.sampled_from(_PDUS), st.integers(0, 40)),
    st.builds(lambda rest: (4 + len(rest)).to_bytes(4, "big") + rest, st.binary(min_size=12, max_size=60)),
)


def test_whatever_comes_in_whatever_pieces_is_taken_without_an_exception() -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.lists(_PIECES, max_size=12))
    def taken(pieces: list[bytes]) -> None:
        lab = Lab().start(operator("receipts: {delay: 10ms}"), None)
        esme = lab.esme()
        esme.reads = False  # what is written stays unread: the answers are not what is looked at
        for piece in pieces:
            if not (esme.wire.closing or esme.wire.aborted):
                esme.link.dataReceived(piece)
            lab.clock.advance(0.02)
        esme.drop()
        lab.stop()
        assert lab.clock.getDelayedCalls() == []
        assert lab.emulator.operators["op"].connections == {}
        stats = lab.stats
        assert stats.submitted == stats.accepted + sum(stats.refused.values())

    taken()
