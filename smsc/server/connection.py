"""One ESME's connection: who it is, what it asks, and what is sent to it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from smppkit.codec import CODECS, encode
from smppkit.commands import CommandId
from smppkit.errors import EncodeError
from smppkit.events import (
    AcceptedResponses,
    BadPduReceived,
    Closing,
    Event,
    NoResponse,
    Request,
    RequestRun,
    Response,
    Unbound,
)
from smppkit.pdus import DataSm, DeliverSm, GenericNack, Outbind, Pdu
from smppkit.runs import SubmitRun
from smppkit.session import Session
from smppkit.states import Role, Version
from smppkit.status import CommandStatus, status_name
from smppkit.tlvs import MESSAGE_PAYLOAD, SC_INTERFACE_VERSION
from smppkit.transport import Link
from smsc.centre.mailbox import Mailbox
from smsc.centre.shared import Answer, RunAnswer
from smsc.centre.taken import Receipts
from smsc.journal.records import Owed
from smsc.scenario.accounts import Account
from smsc.stats import add

if TYPE_CHECKING:
    from smsc.server.server import OperatorServer
    from smsc.wire.wire import FaultyWire

_BINDS = {
    CommandId.BIND_TRANSMITTER: "transmitter",
    CommandId.BIND_RECEIVER: "receiver",
    CommandId.BIND_TRANSCEIVER: "transceiver",
}

# Names of their own: on Python 3.11 to look a member up in its enum costs as much as several such names.
_V34: Final = Version.V34
_ALERT_NOTIFICATION: Final = CommandId.ALERT_NOTIFICATION
_ARE_DELIVER_SM: Final = {CommandId.DELIVER_SM.to_bytes(4, "big")}

_log = logging.getLogger("smsc")


class Connection:
    """The handler of one link; a receiver of its account's mailbox once it is bound as one."""

    __slots__ = (
        "_centre",
        "_in_turn",
        "_mailbox",
        "_outbind",
        "_server",
        "account",
        "bind",
        "bound_at",
        "ended_in_order",
        "link",
        "number",
        "opened_at",
        "system_id",
        "tls",
        "wire",
    )

    def __init__(self, server: OperatorServer, *, tls: bool = False, outbind: Outbind | None = None) -> None:
        """`outbind` is said as soon as the connection stands: we made it."""
        self.number = 0
        self.system_id = ""
        self.bind = ""
        self.tls = tls
        self.wire: FaultyWire | None = None
        """What stands between the link and its transport, where faults may strike."""
        self.opened_at = 0.0
        """When it stood, in seconds of the clock."""
        self.bound_at: float | None = None
        self.ended_in_order = False
        """By an unbind, or by our own session: not lost on the way."""
        self.account: Account
        self.link = Link(self._open_session, self, server.clock, deadlines=server.deadlines, patience=server.patience)
        self._server = server
        self._centre = server.centre
        self._outbind = outbind
        self._mailbox: Mailbox | None = None
        self._in_turn = False

    def __repr__(self) -> str:
        who = f" {self.bind} {self.system_id!r}" if self.bind else ""
        return f"{self._server.name} {self.link.peer}{who}"

    # --- for the server and the message centre ------------------------------------------------

    def unfinished(self) -> bytes | None:
        """What has come of a PDU that is not complete; None when no more can come."""
        return self.link.session.unfinished

    def who(self) -> str:
        """The system_id of the ESME that is bound here, "" when none is."""
        return self.system_id

    @property
    def bound(self) -> bool:
        """Whether an ESME is bound here."""
        return self.link.session.bound

    @property
    def version(self) -> Version:
        """The version of SMPP that both ends speak."""
        return self.link.session.version

    @property
    def host(self) -> str:
        """The address of the ESME, without the port."""
        return self.link.peer.rpartition(":")[0]

    def answer(self, response: Pdu, now: float) -> bool:
        """Queue the response to a request; False when the session is over. ``flush`` writes it."""
        session = self.link.session
        # Closed in this very turn (what followed the request broke the stream): the answer still goes out.
        if not self._in_turn and session.closed:
            return False
        try:
            session.respond(response, now)
        except EncodeError as error:
            self._respond_less(response, error, now)
        return True

    def answer_octets(self, sequence: int, octets: bytes, now: float) -> bool:
        """Queue a response that no encoder would write; False when the session is over. ``flush`` writes it."""
        session = self.link.session
        if session.closed and not self._in_turn:
            return False
        session.respond_octets(sequence, octets, now)
        return True

    def answer_run(self, run: SubmitRun, count: int, octets: bytes, now: float) -> bool:
        """Queue the responses to so many of a run; False when the session is over. ``flush`` writes them."""
        session = self.link.session
        if session.closed and not self._in_turn:
            return False
        session.respond_run(run, count, octets, now)
        return True

    def unroll(self, run: SubmitRun) -> None:
        """Those of a run are answered one by one."""
        session = self.link.session
        if self._in_turn or not session.closed:
            session.unroll(run)

    def forget_run(self, run: SubmitRun, count: int, now: float) -> None:
        """As ``forget``, of so many of a run."""
        self.link.session.forget_run(run, count, now)
        self.flush()

    def forget(self, sequence: int, now: float) -> None:
        """A request is never to be answered.

        It leaves our window at once: an ESME that has given it up may rightly send the next one, and one that waits for
        it for ever holds itself back.
        """
        self.link.session.forget(sequence, now)
        self.flush()  # an unbind may have waited for it

    def may_get(self, command_id: int) -> bool:
        """Whether a request of this kind can be sent: somebody is bound for it, in a version that has it."""
        return self.link.session.may_send(command_id)

    def room(self) -> int:
        """How many deliveries the window has room for; 0 while the ESME does not read."""
        return 0 if self.link.blocked else self.link.session.window_free

    def deliver(self, deliveries: Sequence[Owed], now: float) -> None:
        """Queue deliveries. ``flush`` writes them."""
        session = self.link.session
        if session.version >= _V34:
            if type(deliveries) is Receipts:
                requests, together = deliveries.octets, True
            else:
                requests = [owed.octets for owed in deliveries]
                together = {octets[4:8] for octets in requests} == _ARE_DELIVER_SM
            if together:
                session.send_many(requests, deliveries, now)
                self._centre.sent(deliveries)
                return
        for owed in deliveries:
            self._deliver(owed, now)

    def _deliver(self, owed: Owed, now: float) -> None:
        session, octets = self.link.session, owed.octets
        command_id = int.from_bytes(octets[4:8])
        if session.version >= _V34 and command_id != _ALERT_NOTIFICATION:
            session.send_encoded(octets, command_id, now, owed)
        else:
            try:
                session.send(_for_older(octets, session), now, owed)
            except EncodeError:  # what a later version has brought does not fit
                self._centre.acknowledged(owed, GenericNack(CommandStatus.ESME_RINVMSGLEN))
                return
        self._centre.sent([owed])

    def say(self, octets: bytes) -> None:
        """Write octets as they are, behind what is queued; LocalProtocolError when the session is over."""
        self.link.session.write_octets(octets)
        self._server.disturbed(self)
        self.flush()

    def flush(self) -> None:
        """Write what is queued; within the link's own turn that happens at its end."""
        if not self._in_turn:
            self.link.flush()

    def hold_back(self) -> None:
        """Stop reading: what the ESME sends is more than the journal can take."""
        self.link.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        self.link.resume_reading()

    # --- Handler of the link ------------------------------------------------------------------

    def connected(self, link: Link) -> None:
        """See smppkit.transport.Handler."""
        self.opened_at = self._now()
        self._server.opened(self)
        _log.info("%s: connected", self)
        if self._outbind is None:
            return
        if link.session.may_send(CommandId.OUTBIND):
            link.session.send(self._outbind, self._now())
        else:  # SMPP 3.3 has none, and whoever asks for one gets it nevertheless
            link.write_raw(encode(self._outbind))

    def received(self, link: Link, events: list[Event]) -> None:
        """See smppkit.transport.Handler."""
        self._in_turn = True
        try:
            self._received(events, self._now())
        finally:
            self._in_turn = False

    def _received(self, events: list[Event], now: float) -> None:
        answers: list[Answer | RunAnswer] = []
        lost: list[Owed] = []
        for event in events:
            if isinstance(event, Request):
                pdu = event.pdu
                if pdu.command_id in _BINDS:
                    self._bind(pdu, now)
                else:
                    answers.append(self._centre.request(self, pdu, now))
            elif isinstance(event, RequestRun):
                answers += self._centre.requests(self, event.run, now)
            elif isinstance(event, AcceptedResponses):
                contexts = event.contexts
                self._centre.accepted(
                    contexts
                    if type(contexts) is Receipts
                    else [context for context in contexts if isinstance(context, Owed)]
                )
            elif isinstance(event, Response):
                if isinstance(event.context, Owed):
                    self._centre.acknowledged(event.context, event.response)
            elif isinstance(event, NoResponse):
                if isinstance(event.context, Owed):
                    lost.append(event.context)
            elif isinstance(event, BadPduReceived):
                # Said once; all are counted, and in the journal.
                if self.link.session.counters.bad_pdus == 1:
                    _log.warning("%s: unreadable PDU: %s", self, event.bad.reason)
            elif isinstance(event, Unbound):
                self.ended_in_order = True
                self._receives_no_more()
            elif isinstance(event, Closing):
                self.ended_in_order = True
        if answers:
            self._centre.commit(answers)
        if lost:
            self._centre.unacknowledged(lost)
        if self._mailbox is not None:
            self._mailbox.pump(now)

    def disconnected(self, link: Link, reason: str) -> None:
        """See smppkit.transport.Handler."""
        self._receives_no_more()
        add(self._server.stats.sessions, link.session.counters)
        self._server.closed(self, reason)
        _log.info("%s: disconnected: %s", self, reason)

    # --- inside -------------------------------------------------------------------------------

    def _open_session(self, now: float) -> Session:
        server = self._server
        self.number = server.number_for(self)
        return Session(Role.SMSC, server.session_config(None), now, *server.taps_for(self))

    def _bind(self, pdu: Any, now: float) -> None:
        server, session = self._server, self.link.session
        status = server.door.decide(pdu, self.host)
        if status == "drop":
            _log.info("%s: bind of %r dropped", self, pdu.system_id)
            self.link.close("bind dropped")
            return
        if status:
            session.respond(pdu.response(status), now)
            _log.info("%s: bind of %r refused: %s", self, pdu.system_id, status_name(status))
            return
        account = server.account(pdu.system_id)
        session.config = config = server.session_config(account)
        session.window = config.window
        session.version = min(session.version, Version(config.interface_version))
        session.respond(self._bind_response(pdu, config.interface_version), now)
        if not session.bound:  # closed in this very turn: what followed the bind has broken the stream
            return
        self.account = account
        self.system_id = account.system_id
        self.bind = _BINDS[pdu.command_id]
        self.bound_at = now
        server.bound(self)
        readers = self._centre.readers(self)
        if readers is not None:
            session.read_runs(readers)
        _log.info("%s: bound", self)
        if self.bind != "transmitter":
            self._mailbox = self._centre.mailbox(self.system_id)
            self._centre.receiver_came(self)

    def _bind_response(self, pdu: Any, spoken: int) -> Pdu:
        operator = self._server.state.operator
        # SMPP 3.4 §3.4: an ESME of 3.3 gets no TLVs.
        told = operator.says_version and pdu.interface_version >= Version.V34 and spoken >= Version.V34
        tlvs = (SC_INTERFACE_VERSION.of(spoken),) if told else ()
        response: Pdu = pdu.response(system_id=operator.system_id or self._server.name[:15], tlvs=tlvs)
        return response

    def _respond_less(self, response: Pdu, error: EncodeError, now: float) -> None:
        # It says what the ESME or the scenario has put into it, and there is no room for all that: less, then.
        _log.warning("%s: a response is cut down, because it cannot be written: %s", self, error)
        if response.tlvs:
            less = replace(response, tlvs=())
        else:
            less = type(response)(int(CommandStatus.ESME_RSYSERR), response.sequence_number)
        self.answer(less, now)

    def _receives_no_more(self) -> None:
        if self._mailbox is not None:
            mailbox, self._mailbox = self._mailbox, None
            mailbox.remove(self)
            if mailbox.unreceived:
                self._server.due(self.system_id)
                return
            mailbox.pump(self._now())  # what was kept for this bind goes to the others
            self._centre.receiver_went(self.system_id)

    def _now(self) -> float:
        return self._server.clock.seconds()


def _for_older(octets: bytes, session: Session) -> Pdu:
    """A stored delivery for a session of SMPP 3.3, which has neither data_sm nor TLVs; the session leaves those out."""
    pdu = CODECS[Version.V50].decode(octets)
    if not isinstance(pdu, DataSm) or session.may_send(pdu.command_id):
        return pdu
    return DeliverSm(
        service_type=pdu.service_type,
        source_addr_ton=pdu.source_addr_ton,
        source_addr_npi=pdu.source_addr_npi,
        source_addr=pdu.source_addr,
        dest_addr_ton=pdu.dest_addr_ton,
        dest_addr_npi=pdu.dest_addr_npi,
        destination_addr=pdu.destination_addr,
        esm_class=pdu.esm_class,
        registered_delivery=pdu.registered_delivery,
        data_coding=pdu.data_coding,
        short_message=pdu.tlv(MESSAGE_PAYLOAD) or b"",
    )
