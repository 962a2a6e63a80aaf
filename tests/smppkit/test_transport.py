"""Link: sessions on Twisted transports, with a test clock and a recording transport."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorPluggableNameResolver
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from smppkit.codec import encode
from smppkit.events import Bound, Event, NoResponse, Request, Response
from smppkit.pdus import BindTransceiver, EnquireLink, SubmitSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.transport import UNREAD, Link, Patience, TcpNetwork


class Recorder:
    """A handler that keeps what it is told, and answers every bind."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.events: list[Event] = []
        self.gone: list[str] = []

    def connected(self, link: Link) -> None:
        self.links.append(link)

    def received(self, link: Link, events: list[Event]) -> None:
        self.events += events
        for event in events:
            if isinstance(event, Request) and isinstance(event.pdu, BindTransceiver):
                link.respond(event.pdu.response(system_id="op"))

    def disconnected(self, link: Link, reason: str) -> None:
        self.gone.append(reason)


class Transport(StringTransport):
    """Counts writes; a loss is reported to the protocol as a reactor would."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.aborted = False

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        pass

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def pauseProducing(self) -> None:  # noqa: N802
        self.reading = False

    def resumeProducing(self) -> None:  # noqa: N802
        self.reading = True

    reading = True


def link_of(role: Role, patience: Patience | None = None, **config: Any) -> tuple[Link, Recorder, Transport, Clock]:
    handler, transport, clock = Recorder(), Transport(), Clock()
    link = Link(lambda now: Session(role, SessionConfig(**config), now), handler, clock, patience=patience)
    link.makeConnection(transport)
    return link, handler, transport, clock


def bound_smsc(**config: Any) -> tuple[Link, Recorder, Transport, Clock]:
    link, handler, transport, clock = link_of(Role.SMSC, **config)
    link.dataReceived(encode(BindTransceiver(sequence_number=1, interface_version=0x34)))
    handler.events.clear()
    transport.writes.clear()
    return link, handler, transport, clock


def lose(link: Link) -> None:
    link.connectionLost(Failure(ConnectionLost()))


def test_events_of_one_segment_reach_the_handler_and_the_answers_leave_in_one_write() -> None:
    link, handler, transport, _clock = link_of(Role.SMSC)
    link.dataReceived(
        encode(BindTransceiver(sequence_number=1, interface_version=0x34)) + encode(EnquireLink(sequence_number=2))
    )
    assert [type(event) for event in handler.events] == [Request, Bound]
    # The enquire_link came before the bind was answered, so it is refused; both answers go out together.
    assert len(transport.writes) == 1
    lose(link)


def test_sends_outside_a_turn_are_written_once_in_the_next() -> None:
    link, handler, transport, clock = link_of(Role.ESME)
    bind = BindTransceiver(system_id="shop")
    link.send(bind)
    assert transport.writes == []
    clock.advance(0)
    link.dataReceived(encode(bind.response(system_id="op")))
    transport.writes.clear()
    for n in range(3):
        link.send(SubmitSm(destination_addr=str(n)), n)
    clock.advance(0)
    assert len(transport.writes) == 1
    lose(link)
    assert sum(isinstance(event, NoResponse) for event in handler.events) == 3


def test_flush_writes_now_and_cancels_the_scheduled_write() -> None:
    link, _handler, transport, clock = link_of(Role.ESME)
    link.send(BindTransceiver(system_id="shop"))
    link.flush()
    assert len(transport.writes) == 1
    lose(link)
    assert clock.getDelayedCalls() == []


def test_one_timer_serves_every_deadline_and_none_is_left_behind() -> None:
    link, handler, transport, clock = bound_smsc(enquire_link_interval=30, response_timeout=5)
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(20)
    link.dataReceived(encode(SubmitSm(sequence_number=2, destination_addr="1")))
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(10)  # the armed timer fires early, looks again and waits on
    assert transport.writes == []
    clock.advance(20)
    assert len(transport.writes) == 1
    clock.advance(5)
    assert transport.disconnecting
    lose(link)
    assert handler.gone == ["enquire_link was not answered"]
    assert clock.getDelayedCalls() == []


def test_garbage_is_nacked_and_the_transport_closed() -> None:
    link, handler, transport, clock = link_of(Role.SMSC)
    link.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(transport.writes) == 1
    assert transport.disconnecting
    lose(link)
    assert handler.gone[0].startswith("broken stream")
    assert clock.getDelayedCalls() == []


def test_raw_octets_follow_what_is_queued() -> None:
    link, _handler, transport, _clock = bound_smsc()
    link.session.receive_bytes(encode(EnquireLink(sequence_number=9)), 0.0)
    link.write_raw(b"lie")
    assert transport.writes[-1] == b"lie"
    assert len(transport.writes) == 2
    lose(link)


def test_a_reset_aborts_and_names_its_reason() -> None:
    link, handler, transport, _clock = bound_smsc()
    link.reset("scenario")
    assert transport.aborted
    lose(link)
    assert handler.gone == ["scenario"]
    link.close()
    link.reset()
    link.write_raw(b"nobody hears")
    assert transport.writes == []


def test_unbind_finishes_and_closes() -> None:
    link, _handler, transport, _clock = bound_smsc()
    link.unbind()
    [unbind] = transport.writes
    assert unbind[4:8] == b"\0\0\0\x06"
    link.dataReceived(b"\0\0\0\x10\x80\0\0\x06\0\0\0\0" + unbind[12:16])
    assert transport.disconnecting
    lose(link)


def test_the_esme_gets_its_response_with_its_context() -> None:
    link, handler, transport, clock = link_of(Role.ESME)
    bind = BindTransceiver(system_id="shop")
    link.send(bind, "bind")
    link.flush()
    link.dataReceived(encode(bind.response(system_id="op")))
    response = handler.events[0]
    assert isinstance(response, Response)
    assert response.context == "bind"
    assert link.peer.startswith("192.168.1.1:")
    lose(link)
    assert clock.getDelayedCalls() == []
    assert transport.connected


def test_a_peer_that_does_not_read_is_not_read_from_and_then_cut() -> None:
    link, handler, transport, clock = link_of(Role.SMSC, Patience(unread=20))
    transport.producer.pauseProducing()
    assert (link.blocked, transport.reading) == (True, False)
    clock.advance(19.9)
    assert not transport.aborted
    clock.advance(0.2)
    assert transport.aborted
    lose(link)
    assert handler.gone == [UNREAD]
    assert clock.getDelayedCalls() == []


def test_a_peer_that_reads_again_in_time_is_read_from_again_and_the_handler_hears_of_it() -> None:
    link, handler, transport, clock = link_of(Role.SMSC, Patience(unread=20), session_init_timeout=None)
    turns: list[list[Event]] = []
    handler.received = lambda link, events: turns.append(events)  # type: ignore[method-assign]
    transport.producer.pauseProducing()
    clock.advance(10)
    transport.producer.resumeProducing()
    assert turns == [[]]
    assert (link.blocked, transport.reading) == (False, True)
    clock.advance(1000)
    assert not transport.aborted
    lose(link)


def test_whoever_holds_back_reading_is_not_overruled_by_a_peer_that_reads_again() -> None:
    link, _handler, transport, _clock = link_of(Role.SMSC, Patience())
    link.pause_reading()
    transport.producer.pauseProducing()
    transport.producer.resumeProducing()
    assert not transport.reading
    link.resume_reading()
    assert transport.reading
    lose(link)


@pytest.mark.parametrize("patience", [None, Patience(closing=5)])
def test_last_words_that_nobody_reads_are_cut_off(patience: Patience | None) -> None:
    """Without patience too: TLS does not close before the peer has said so itself, and a dead one never does."""
    link, handler, transport, clock = link_of(Role.SMSC, patience)
    link.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
    assert transport.disconnecting
    assert transport.producer is None  # a transport does not close while it has one
    clock.advance(4.9)
    assert not transport.aborted
    clock.advance(0.2)
    assert transport.aborted
    lose(link)
    assert handler.gone[0].startswith("broken stream")
    assert clock.getDelayedCalls() == []


@implementer(IReactorPluggableNameResolver)
class Asked(Clock):
    """A reactor that notes which names are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.nameResolver = self

    def resolveHostName(self, receiver: Any, name: str, *rest: Any, **options: Any) -> None:  # noqa: N802
        self.names.append(name)

    def installNameResolver(self, resolver: Any) -> Any:  # noqa: N802
        raise NotImplementedError


@pytest.mark.parametrize("name", ["smsc_1", "a--b.example", "smsc.example"])
def test_names_that_are_none_of_the_internet_are_looked_up_too(name: str) -> None:
    reactor = Asked()
    TcpNetwork(reactor).client(name, 2775, 10).connect(Factory())  # type: ignore[arg-type]
    assert reactor.names == [name]
