"""A tiny operator for tests: an SMPP server whose every answer the test writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IReactorTime
from twisted.internet.protocol import Factory

from smppkit.events import Event, NoResponse, Request, Response
from smppkit.message_state import MessageState
from smppkit.pdus import DeliverSm, Pdu, SubmitSm
from smppkit.receipts import Receipt, format_receipt, receipt_tlvs
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import STATE_AFTER_BIND, Role
from smppkit.status import CommandStatus
from smppkit.tlvs import Tlv
from smppkit.transport import Link, Network

PORT = 2775
OK = 0


class Answer(msgspec.Struct, frozen=True):
    """What to do with one submit_sm."""

    status: int = OK
    message_id: str | None = None
    """None = the next number."""
    after: float | None = 0.02
    """Seconds until the response; None = never."""
    receipt: str | None = "DELIVRD"
    receipt_after: float = 0.1
    """Seconds after the response; negative = before it."""


class Submitted(msgspec.Struct, frozen=True):
    at: float
    link: Link
    pdu: SubmitSm
    number_of_link: int


class ScriptedSmsc:
    """Answers binds and submits as `decide` says, and remembers everything."""

    def __init__(self, clock: IReactorTime, network: Network, *, port: int = PORT, host: str = "127.0.0.1") -> None:
        self.clock = clock
        self.decide: Callable[[SubmitSm], Answer] = lambda _: Answer()
        self.bind_status = OK
        self.refuse_password: str | None = None
        self.answer_binds = True
        self.accept_connections = True
        self.submits: list[Submitted] = []
        self.accepted: list[SubmitSm] = []
        self.binds: list[Pdu] = []
        self.links: list[Link] = []
        self.links_made = 0
        self.acknowledged: list[tuple[DeliverSm, int]] = []
        self.most_outstanding = 0
        self.session_config = SessionConfig(window=100_000, enquire_link_interval=None)
        self.response_tlvs: tuple[Tlv, ...] = ()
        self.receipt_ids: Callable[[str], str] = lambda message_id: message_id
        self._outstanding: dict[Link, int] = {}
        self._numbers: dict[Link, int] = {}
        self._held: list[DeliverSm] = []
        self._next_id = 1000
        self.port: IListeningPort | None = None
        self.listening: Deferred[IListeningPort] = network.server(host, port).listen(_SmscFactory(self))
        self.listening.addCallback(self._listens)

    def _listens(self, port: IListeningPort) -> IListeningPort:
        self.port = port
        return port

    # What tests read

    @property
    def times(self) -> list[float]:
        return [submitted.at for submitted in self.submits]

    @property
    def destinations(self) -> list[str]:
        return [submitted.pdu.destination_addr for submitted in self.submits]

    # What tests do

    def deliver(self, link: Link, pdu: DeliverSm) -> None:
        """On this link, on another one that may receive, or on the next that does."""
        for candidate in (link, *self.links):
            if candidate.session.may_send(pdu.command_id):
                candidate.send(pdu, pdu)
                return
        self._held.append(pdu)

    def send_receipt(self, link: Link, submit: SubmitSm, message_id: str, stat: str) -> None:
        self.deliver(link, receipt_for(submit, message_id, stat))

    # Handler

    def connected(self, link: Link) -> None:
        self.links_made += 1
        self._numbers[link] = self.links_made
        self.links.append(link)
        self._outstanding[link] = 0
        if not self.accept_connections:
            link.reset()

    def disconnected(self, link: Link, reason: str) -> None:
        self.links.remove(link)
        del self._outstanding[link]

    def received(self, link: Link, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Request):
                pdu = event.pdu
                if pdu.command_id in STATE_AFTER_BIND:
                    self.binds.append(pdu)
                    if self.answer_binds:
                        status = self.bind_status
                        if getattr(pdu, "password", None) == self.refuse_password:
                            status = CommandStatus.ESME_RINVPASWD
                        fields = {} if status else {"system_id": "peer"}
                        link.respond(pdu.response(status, **fields))
                        held, self._held = self._held, []
                        for delivery in held:
                            self.deliver(link, delivery)
                elif isinstance(pdu, SubmitSm):
                    self._submitted(link, pdu)
                else:
                    link.respond(pdu.response())
            elif isinstance(event, Response) and isinstance(event.request, DeliverSm):
                self.acknowledged.append((event.request, event.response.command_status))
            elif isinstance(event, NoResponse) and isinstance(event.request, DeliverSm):
                self._held.append(event.request)

    def _submitted(self, link: Link, pdu: SubmitSm) -> None:
        self.submits.append(Submitted(self.clock.seconds(), link, pdu, self._numbers[link]))
        self._outstanding[link] += 1
        self.most_outstanding = max(self.most_outstanding, self._outstanding[link])
        answer = self.decide(pdu)
        if answer.status == OK:
            self.accepted.append(pdu)
        if answer.after is None:
            return
        message_id = ""
        if answer.status == OK:
            message_id = answer.message_id or str(self._next_id)
            self._next_id += 1
        self.clock.callLater(answer.after, self._answer, link, pdu, answer, message_id)
        if answer.status == OK and answer.receipt is not None:
            later = max(0.0, answer.after + answer.receipt_after)
            written = self.receipt_ids(message_id)
            self.clock.callLater(later, self.send_receipt, link, pdu, written, answer.receipt)

    def _answer(self, link: Link, pdu: SubmitSm, answer: Answer, message_id: str) -> None:
        if link in self._outstanding and link.session.bound:
            self._outstanding[link] -= 1
            fields = {"message_id": message_id} if answer.status == OK else {}
            link.respond(pdu.response(answer.status, tlvs=self.response_tlvs, **fields))


class _SmscFactory(Factory):
    noisy = False

    def __init__(self, smsc: ScriptedSmsc) -> None:
        self._smsc = smsc

    def buildProtocol(self, addr: IAddress | None) -> Link:  # noqa: N802 - Twisted's name
        smsc = self._smsc
        return Link(lambda now: Session(Role.SMSC, smsc.session_config, now), smsc, smsc.clock)


def receipt_for(submit: SubmitSm, message_id: str, stat: str = "DELIVRD") -> DeliverSm:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    state = next(state for state in MessageState if state.stat == stat)
    receipt = Receipt(
        message_id=message_id, state=state, stat=stat, err="000", sub=1, dlvrd=1, submit_date=when, done_date=when
    )
    return DeliverSm(
        source_addr=submit.destination_addr,
        source_addr_ton=1,
        source_addr_npi=1,
        destination_addr=submit.source_addr,
        esm_class=0x04,
        short_message=format_receipt(receipt).encode("ascii"),
        tlvs=receipt_tlvs(receipt),
    )


def message_from_subscriber(text: str = "STOP") -> DeliverSm:
    return DeliverSm(source_addr="77051234567", destination_addr="SHOP", short_message=text.encode("ascii"))


def most_in_a_second(times: list[float]) -> int:
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
