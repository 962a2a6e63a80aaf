"""One ESME's connection: who it is, what it asks, and what is sent to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from zope.interface import implementer

from smppkit.codec import decode
from smppkit.commands import CommandId
from smppkit.events import BadPduReceived, Closing, Event, NoResponse, Request, Response, Unbound
from smppkit.pdus import DataSm, Pdu, QuerySm, SubmitSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.status import CommandStatus, status_name
from smppkit.tlvs import SC_INTERFACE_VERSION
from smppkit.transport import Link
from smsc.centre import Answer
from smsc.mailbox import Mailbox
from smsc.records import Owed
from smsc.scenario.engine import decide_bind
from smsc.scenario.model import Account, Timers
from smsc.stats import add, count

if TYPE_CHECKING:
    from smsc.server import OperatorServer

DELIVERY_WINDOW = 100  # unacknowledged deliver_sm per bind
MOST_UNANSWERED = 10_000  # submits per bind that may wait for their response; more get ESME_RTHROTTLED
CLOSE_SECONDS = 5.0  # for the ESME to read our last words

_BINDS = {
    CommandId.BIND_TRANSMITTER: "transmitter",
    CommandId.BIND_RECEIVER: "receiver",
    CommandId.BIND_TRANSCEIVER: "transceiver",
}
# Known operations that this message centre does not perform, and the status that says so.
_NOT_PERFORMED = {
    CommandId.SUBMIT_MULTI: CommandStatus.ESME_RSUBMITFAIL,
    CommandId.CANCEL_SM: CommandStatus.ESME_RCANCELFAIL,
    CommandId.REPLACE_SM: CommandStatus.ESME_RREPLACEFAIL,
}

_log = logging.getLogger("smsc")


class Connection:
    """The handler of one link; a receiver of its account's mailbox once it is bound as one."""

    def __init__(self, server: OperatorServer) -> None:
        self.number = 0
        self.system_id = ""
        self.bind = ""
        self.account: Account
        self.link = Link(self._open_session, self, server.clock)
        self._server = server
        self._centre = server.centre
        self._mailbox: Mailbox | None = None
        self._in_turn = False
        self._blocked_writing = False
        self._held_back = False
        self._overdue: IDelayedCall | None = None

    def __repr__(self) -> str:
        who = f" {self.bind} {self.system_id!r}" if self.bind else ""
        return f"{self._server.name} {self.link.peer}{who}"

    # --- for the server and the message centre ------------------------------------------------

    @property
    def bound(self) -> bool:
        """Whether an ESME is bound here."""
        return self.link.session.bound

    def answer(self, response: Pdu, now: float) -> bool:
        """Queue the response to a request; False when the session is over. ``flush`` writes it."""
        session = self.link.session
        # Closed in this very turn (what followed the request broke the stream): the answer still goes out.
        if session.closed and not self._in_turn:
            return False
        session.respond(response, now)
        return True

    def room(self) -> int:
        """How many deliveries the window has room for; 0 while the ESME does not read."""
        return 0 if self._blocked_writing else self.link.session.window_free

    def deliver(self, owed: Owed, now: float) -> None:
        """Queue a delivery. ``flush`` writes it."""
        self.link.session.send(decode(owed.octets), now, owed)
        self._centre.sent(owed)

    def flush(self) -> None:
        """Write what is queued; within the link's own turn that happens at its end."""
        if not self._in_turn:
            self.link.flush()

    def hold_back(self) -> None:
        """Stop reading: what the ESME sends is more than the journal can take."""
        self._held_back = True
        self._read_or_not()

    def go_on(self) -> None:
        """Read again."""
        self._held_back = False
        self._read_or_not()

    def peer_reads(self, reads: bool) -> None:
        """The transport's buffer is full or has emptied: an ESME that does not read is not read from either."""
        self._blocked_writing = not reads
        self._read_or_not()
        if reads and self._mailbox is not None:
            self._mailbox.pump(self._now())

    # --- Handler of the link ------------------------------------------------------------------

    def connected(self, link: Link) -> None:
        """See smppkit.transport.Handler."""
        self._transport.registerProducer(_PeerReads(self), True)
        self._server.opened(self)
        _log.info("%s: connected", self)

    def received(self, link: Link, events: list[Event]) -> None:
        """See smppkit.transport.Handler."""
        self._in_turn = True
        try:
            self._received(events, self._now())
        finally:
            self._in_turn = False

    def _received(self, events: list[Event], now: float) -> None:
        answers: list[Answer] = []
        lost: list[Owed] = []
        for event in events:
            if isinstance(event, Request):
                pdu = event.pdu
                if isinstance(pdu, SubmitSm | DataSm):
                    answers.append(self._centre.submit(self, pdu, now))
                else:
                    self._other_request(pdu, now)
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
                self._receives_no_more()
            elif isinstance(event, Closing):
                self._close_in_time(event.reason)
        if answers:
            self._centre.commit(answers)
        if lost:
            self._centre.unacknowledged(lost)
        if self._mailbox is not None:
            self._mailbox.pump(now)

    def disconnected(self, link: Link, reason: str) -> None:
        """See smppkit.transport.Handler."""
        self._receives_no_more()
        if self._overdue is not None and self._overdue.active():
            self._overdue.cancel()
        add(self._server.stats.sessions, link.session.counters)
        self._server.closed(self, reason)
        _log.info("%s: disconnected: %s", self, reason)

    # --- inside -------------------------------------------------------------------------------

    def _open_session(self, now: float) -> Session:
        server = self._server
        timers: Timers = server.state.operator.timers
        config = SessionConfig(
            window=DELIVERY_WINDOW,
            peer_window=MOST_UNANSWERED,
            session_init_timeout=timers.session_init,
            enquire_link_interval=timers.enquire_link,
            response_timeout=timers.response,
            inactivity_timeout=timers.inactivity,
        )
        self.number = server.number_for(self)
        return Session(Role.SMSC, config, now, server.tap_for(self.number))

    def _other_request(self, pdu: Pdu, now: float) -> None:
        command = CommandId(pdu.command_id)
        session = self.link.session
        if command in _BINDS:
            self._bind(pdu, now)
        elif isinstance(pdu, QuerySm):
            session.respond(self._centre.query(self, pdu), now)
        elif command in _NOT_PERFORMED:
            session.respond(pdu.response(_NOT_PERFORMED[command]), now)
        # What is left (alert_notification, outbind) has no response, and no ESME may send it.

    def _bind(self, pdu: Any, now: float) -> None:
        server, session = self._server, self.link.session
        status = decide_bind(server.state, pdu, len(server.binds_of(pdu.system_id)), now)
        if status:
            count(server.stats.binds_refused, status)
            session.respond(pdu.response(status), now)
            _log.info("%s: bind of %r refused: %s", self, pdu.system_id, status_name(status))
            return
        account = server.state.account(pdu.system_id)
        if account is None:
            raise LookupError(f"{pdu.system_id!r} was let in without an account")
        self.account = account
        self.system_id = pdu.system_id
        self.bind = _BINDS[CommandId(pdu.command_id)]
        if account.window is not None:
            session.config = msgspec.structs.replace(session.config, peer_window=account.window)
        # SMPP 3.4 §3.4: an ESME of 3.3 gets no TLVs.
        tlvs = (SC_INTERFACE_VERSION.of(Version.V34),) if pdu.interface_version >= Version.V34 else ()
        session.respond(pdu.response(system_id=server.name[:15], tlvs=tlvs), now)
        server.bound(self)
        _log.info("%s: bound", self)
        if self.bind != "transmitter":
            self._mailbox = self._centre.mailbox(self.system_id)
            self._centre.receiver_came(self)

    def _receives_no_more(self) -> None:
        if self._mailbox is not None:
            self._mailbox.remove(self)
            self._mailbox = None

    def _close_in_time(self, reason: str) -> None:
        self._transport.unregisterProducer()  # a transport does not close while it has one
        if self._overdue is None:
            # The ESME may never read what is still queued for it.
            self._overdue = self._server.clock.callLater(CLOSE_SECONDS, self.link.reset, reason)

    def _read_or_not(self) -> None:
        if self._blocked_writing or self._held_back:
            self.link.pause_reading()
        else:
            self.link.resume_reading()

    def _now(self) -> float:
        return self._server.clock.seconds()

    @property
    def _transport(self) -> Any:
        return self.link.transport


@implementer(IPushProducer)
class _PeerReads:
    """Tells a connection whether its transport can take more: Twisted calls that producing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        self._connection.peer_reads(False)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self._connection.peer_reads(True)

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport is gone: ``disconnected`` says the same."""
