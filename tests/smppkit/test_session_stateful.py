"""Both ends of a session, of any versions, doing anything in any order, with octets cut anywhere (I6).

The books of the test are kept beside the sessions: what was asked and by whom, and what became of it. At every step
the sessions must agree with them, and at the end nothing may be left.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smppkit import tlvs as t
from smppkit.codec import CODECS
from smppkit.commands import CommandId
from smppkit.events import Closing, LateResponse, NoResponse, NoResponseCause, Request, Response
from smppkit.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    BroadcastSm,
    CancelSm,
    DataSm,
    DeliverSm,
    Outbind,
    ParamRetrieve,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitSm,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import BindState, Role, Version
from smppkit.tlvs import SC_INTERFACE_VERSION

BINDS = (BindTransmitter, BindReceiver, BindTransceiver)
PAYLOAD = t.MESSAGE_PAYLOAD.of(b"text")
AREA = (
    t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"),
    t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
    t.BROADCAST_REP_NUM.of(3),
    t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
)
REQUESTS: tuple[Pdu, ...] = (
    SubmitSm(destination_addr="1", short_message=b"Hi", tlvs=(t.USER_MESSAGE_REFERENCE.of(7),)),
    DeliverSm(short_message=b"id:1", tlvs=(t.MESSAGE_STATE.of(2),)),
    DataSm(destination_addr="1", tlvs=(PAYLOAD,)),
    QuerySm(message_id="1"),
    CancelSm(message_id="1"),
    ReplaceSm(message_id="1"),
    BroadcastSm(tlvs=AREA),
    ParamRetrieve(param_name="name"),
)


class End:
    """One end, and the book of what it has asked and been asked."""

    def __init__(self, role: Role, version: Version, window: int, peer_window: int | None) -> None:
        config = SessionConfig(
            window=window,
            peer_window=peer_window,
            interface_version=version,
            response_timeout=20,
            enquire_link_interval=7,
            session_init_timeout=None,
        )
        self.session = Session(role, config, 0.0)
        self.outgoing = b""  # on its way to the peer
        self.asked: dict[int, int] = {}  # our requests without an end: context → sequence number
        self.timed_out: set[int] = set()
        self.owed: list[Pdu] = []  # the peer's requests that wait for us
        self.closing = False
        self.gone = False

    def collect(self) -> None:
        """Take what the session has to say into the books."""
        for event in self.session.events():
            if isinstance(event, Request):
                if event.pdu.response_class is not None:
                    self.owed.append(event.pdu)
            elif isinstance(event, Response):
                assert isinstance(event.context, int)
                sequence = self.asked.pop(event.context)  # a second end would be a KeyError
                assert event.response.sequence_number == sequence
            elif isinstance(event, NoResponse):
                assert isinstance(event.context, int)
                del self.asked[event.context]
                if event.cause is NoResponseCause.TIMEOUT:
                    self.timed_out.add(event.context)
            elif isinstance(event, LateResponse):
                assert isinstance(event.context, int)
                self.timed_out.remove(event.context)
            elif isinstance(event, Closing):
                self.closing = True
        self.outgoing += self.session.bytes_to_send()


class TwoEnds(RuleBasedStateMachine):
    now = 0.0
    contexts = 0

    @initialize(
        versions=st.tuples(st.sampled_from(Version), st.sampled_from(Version)),
        window=st.integers(1, 4),
        peer_window=st.sampled_from((None, 1, 3, 5)),
        bound_as=st.sampled_from((None, *BINDS, BindTransceiver)),
    )
    def open(
        self, versions: tuple[Version, Version], window: int, peer_window: int | None, bound_as: type[Pdu] | None
    ) -> None:
        self.esme = End(Role.ESME, versions[0], window, peer_window)
        self.smsc = End(Role.SMSC, versions[1], window, peer_window)
        self.ends = {Role.ESME: self.esme, Role.SMSC: self.smsc}
        if bound_as is not None:
            # Few would find the way to this by chance.
            self.bind(bound_as, 0)
            self.carry(Role.ESME, 1.0)
            self.answer(Role.SMSC, 0, "ok")
            self.carry(Role.SMSC, 1.0)

    def send(self, end: End, pdu: Pdu, *, encoded: bool = False) -> None:
        session = end.session
        self.contexts += 1
        if encoded:
            octets = CODECS[session.version].encode(pdu)
            sequence = session.send_encoded(octets, pdu.command_id, self.now, self.contexts)
        else:
            sequence = session.send(pdu, self.now, self.contexts)
        assert sequence not in end.asked.values(), "a live sequence number was used again"
        end.asked[self.contexts] = sequence
        end.collect()

    @rule(kind=st.sampled_from(BINDS), extra=st.sampled_from((0, -1)))
    def bind(self, kind: type[Pdu], extra: int) -> None:
        session = self.esme.session
        if session.may_send(kind.command_id) and not self.esme.asked:
            octet = session.config.interface_version + extra
            self.send(self.esme, kind(interface_version=octet, system_id="shop"))  # type: ignore[call-arg]

    @precondition(lambda self: self.smsc.session.may_send(CommandId.OUTBIND))
    @rule()
    def outbind(self) -> None:
        self.smsc.session.send(Outbind(system_id="op"), self.now)
        self.smsc.collect()

    @precondition(lambda self: any(end.session.window_free for end in self.ends.values()))
    @rule(first=st.sampled_from(Role), which=st.integers(0, 7), encoded=st.booleans(), count=st.integers(1, 3))
    def ask(self, first: Role, which: int, encoded: bool, count: int) -> None:
        for role in (first, first.peer):
            end = self.ends[role]
            legal = [pdu for pdu in REQUESTS if end.session.may_send(pdu.command_id)]
            if legal and end.session.window_free:
                for _ in range(min(count, end.session.window_free)):
                    self.send(end, msgspec.structs.replace(legal[which % len(legal)]), encoded=encoded)
                return

    @rule(
        role=st.sampled_from(Role),
        which=st.integers(0, 9),
        how=st.sampled_from(("ok", "ok", "error", "octets", "never")),
    )
    def answer(self, role: Role, which: int, how: str) -> None:
        end = self.ends[role] if self.ends[role].owed else self.ends[role.peer]
        if not end.owed:
            return
        pdu = end.owed.pop(which % len(end.owed))
        session = end.session
        is_bind = type(pdu) in BINDS
        fields: dict[str, Any] = (
            {"tlvs": (SC_INTERFACE_VERSION.of(session.config.interface_version),)} if is_bind else {}
        )
        if how == "never":
            session.forget(pdu.sequence_number, self.now)
        elif how == "error":
            session.respond(pdu.response(0x08), self.now)
        elif how == "octets" and not is_bind:
            octets = CODECS[session.version].encode(pdu.response())
            session.respond_octets(pdu.sequence_number, octets, self.now)
        else:
            session.respond(pdu.response(**fields), self.now)
        end.collect()

    @precondition(lambda self: any(end.outgoing for end in self.ends.values()))
    @rule(role=st.sampled_from(Role), part=st.one_of(st.just(1.0), st.floats(0, 1)))
    def carry(self, role: Role, part: float) -> None:
        """Some of what this end has sent arrives."""
        if not self.ends[role].outgoing:
            role = role.peer
        end, peer = self.ends[role], self.ends[role.peer]
        cut = round(part * len(end.outgoing))
        arriving, end.outgoing = end.outgoing[:cut], end.outgoing[cut:]
        if not peer.gone:
            peer.session.receive_bytes(arriving, self.now)
            peer.collect()

    @rule(seconds=st.sampled_from((0.1, 0.5, 0.5, 3.0, 8.0, 21.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for end in self.ends.values():
            deadline = end.session.next_deadline()
            if deadline is not None and deadline <= self.now:
                end.session.on_deadline(self.now)
                end.collect()
                left = end.session.next_deadline()
                assert left is None or left > self.now, "what was due was not done"

    @precondition(lambda self: any(end.asked or end.owed for end in self.ends.values()))
    @rule(role=st.sampled_from(Role), patience=st.integers(0, 4))
    def unbind(self, role: Role, patience: int) -> None:
        if patience == 0:  # rarely, or little else would happen
            self.ends[role].session.unbind(self.now)
            self.ends[role].collect()

    @rule(role=st.sampled_from(Role))
    def close_when_asked_to(self, role: Role) -> None:
        end = self.ends[role]
        if end.closing and not end.gone:
            self.lose(end)

    def lose(self, end: End) -> None:
        end.session.connection_lost(self.now)
        end.collect()
        end.gone = True
        end.owed.clear()

    @invariant()
    def the_books_agree(self) -> None:
        for end in getattr(self, "ends", {}).values():
            session = end.session
            assert session.outstanding == len(end.asked)
            assert session.unanswered == len(end.owed)
            assert session.outstanding <= session.window + 1  # a bind is not counted
            assert len(set(end.asked.values())) == len(end.asked)
            assert (session.state is BindState.CLOSED) == (end.closing or end.gone)

    @invariant()
    def honest_ends_understand_each_other(self) -> None:
        if not hasattr(self, "ends"):
            return
        esme, smsc = self.esme.session, self.smsc.session
        if (esme.config.interface_version == Version.V33) != (smsc.config.interface_version == Version.V33):
            return  # before the bind, and after it when an SMSC of 3.3 cannot say so, it is asked what it does not have
        for counters in (esme.counters, smsc.counters):
            assert (counters.bad_pdus, counters.broken_streams, counters.unknown_responses) == (0, 0, 0)
        if esme.bound and smsc.bound:
            assert esme.version is smsc.version

    def teardown(self) -> None:
        for end in getattr(self, "ends", {}).values():
            self.lose(end)
            assert not end.asked
            assert (end.session.outstanding, end.session.unanswered) == (0, 0)
            assert end.session.next_deadline() is None
            assert end.session.bytes_to_send() == b""


TwoEnds.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)
test_i6_two_ends = TwoEnds.TestCase
