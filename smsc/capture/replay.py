"""Serves a recording: a client that does again what was recorded gets again what was answered.

Answers are the recorded octets with another sequence number, after the recorded latency; receipts and messages of
subscribers follow after the time that lay between them and their submit. Keeping the session (enquire_link, unbind) is
done live. What the recording has no answer for is refused and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
from twisted.internet import protocol
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IPushProducer,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from smppkit.codec import HEADER
from smppkit.commands import RESPONSE_BIT, CommandId, command_name
from smppkit.pdus import Pdu
from smppkit.status import CommandStatus
from smppkit.stream import BadPdu, BrokenStream, StreamDecoder
from smsc.capture.layout import read_pdu
from smsc.capture.script import BINDS, Later, Matched, Pool, Script, same_bind, total

MOST_CONNECTIONS = 500
SESSION_INIT = 30.0
MAX_BEFORE_BIND = 1024
STOP_SECONDS = 5.0
LAST_SEQUENCE: Final = 0x7FFFFFFF

UNMATCHED: Final = {
    CommandId.SUBMIT_SM: CommandStatus.ESME_RSUBMITFAIL,
    CommandId.SUBMIT_MULTI: CommandStatus.ESME_RSUBMITFAIL,
    CommandId.DATA_SM: CommandStatus.ESME_RDELIVERYFAILURE,
    CommandId.QUERY_SM: CommandStatus.ESME_RQUERYFAIL,
    CommandId.CANCEL_SM: CommandStatus.ESME_RCANCELFAIL,
    CommandId.REPLACE_SM: CommandStatus.ESME_RREPLACEFAIL,
}
"""What a request gets that the recording has no answer for; others get ESME_RSYSERR."""

_log = logging.getLogger("smsc.capture.replay")


def _who(bind: Pdu) -> str:
    """A bind for people: "bind_transceiver of 'shop'"."""
    return f"{command_name(bind.command_id)} of {getattr(bind, 'system_id', '')!r}"


class ReplayStats(msgspec.Struct):
    """What was replayed. Dicts count by the name of the command, or by how a request was matched."""

    connections: int = 0
    binds: int = 0
    binds_unmatched: int = 0
    matched: dict[str, int] = {}
    how: dict[str, int] = {}
    unmatched: dict[str, int] = {}
    unanswered: int = 0
    """Matched to a request that had no answer in the recording either."""
    deliveries: int = 0
    acknowledged: int = 0
    unreadable: int = 0


class Replay:
    """One listener that plays the part of the recorded SMSC."""

    def __init__(self, script: Script, *, listen: IStreamServerEndpoint, clock: IReactorTime) -> None:
        self.script = script
        self.clock = clock
        self.stats = ReplayStats()
        self.waiting: list[tuple[str, Later]] = []
        """Deliveries for accounts of which nobody is there to receive them."""
        self._listen = listen
        self._port: IListeningPort | None = None
        self._links: dict[ReplayLink, None] = {}
        self._calls: set[IDelayedCall] = set()
        self._used: dict[int, int] = {}
        self._stopped: Deferred[None] | None = None

    def start(self) -> Deferred[tuple[str, int]]:
        """Listen; fires with the address, or fails with CannotListenError."""

        def listening(port: IListeningPort) -> tuple[str, int]:
            self._port = port
            address: Any = port.getHost()
            return address.host, address.port

        return self._listen.listen(_Factory(self)).addCallback(listening)

    def stop(self) -> Deferred[None]:
        """Take no new connections, close the ones there are."""
        if self._port is not None:
            self._port.stopListening()
            self._port = None
        for call in list(self._calls):
            call.cancel()
        self._calls.clear()
        if not self._links:
            return succeed(None)
        self._stopped = Deferred()
        for link in list(self._links):
            link.close()
        self.later(STOP_SECONDS, self._cut)
        return self._stopped

    def summary(self) -> list[str]:
        """Lines for people: what was replayed, what was not."""
        stats = self.stats
        matched = ", ".join(f"{count} by {how}" for how, count in sorted(stats.how.items()))
        lines = [
            f"{stats.binds} binds, {sum(stats.matched.values())} requests answered as recorded"
            + (f" ({matched})" if matched else ""),
            f"{stats.deliveries} receipts and messages sent, {stats.acknowledged} acknowledged",
        ]
        left = total(self.script.pools.values())
        for count, what in (
            (stats.binds_unmatched, "binds that the recording does not have"),
            (stats.unreadable, "unreadable PDUs"),
            (stats.unanswered, "requests left unanswered, as in the recording"),
            (left, "recorded requests that nobody made"),
            (len(self.waiting), "receipts and messages that nobody was there for"),
        ):
            if count:
                lines.append(f"{count} {what}")
        if stats.unmatched:
            refused = ", ".join(f"{count} {name}" for name, count in sorted(stats.unmatched.items()))
            lines.append(f"not in the recording, and refused: {refused}")
        return lines

    # --- for links ----------------------------------------------------------------------------

    def came(self, link: ReplayLink) -> None:
        """A client connected."""
        self.stats.connections += 1
        self._links[link] = None

    def gone(self, link: ReplayLink) -> None:
        """A client is gone."""
        self._links.pop(link, None)
        if self._stopped is not None and not self._links:
            for call in list(self._calls):
                call.cancel()
            self._calls.clear()
            stopped, self._stopped = self._stopped, None
            stopped.callback(None)

    def full(self) -> bool:
        """Whether no more clients are taken."""
        return len(self._links) >= MOST_CONNECTIONS or self._stopped is not None

    def bind(self, pdu: Pdu) -> Matched | None:
        """The recorded bind for this one: each once, in order; after the last of its kind, that one again."""
        fitting = [exchange for exchange in self.script.binds if same_bind(exchange, pdu)]
        if not fitting:
            self.stats.binds_unmatched += 1
            known = sorted({_who(exchange.asked) for exchange in self.script.binds if exchange.asked is not None})
            has = ", ".join(known[:5]) + (", …" if known[5:] else "") or "none"
            _log.warning("%s, or its password, is not in the recording; it has %s", _who(pdu), has)
            return None
        self.stats.binds += 1
        chosen = min(enumerate(fitting), key=lambda entry: (self._used.get(entry[1].request.row, 0), entry[0]))[1]
        if self._used.get(chosen.request.row):
            chosen = fitting[-1]
        self._used[chosen.request.row] = self._used.get(chosen.request.row, 0) + 1
        return Matched(chosen, "exact")

    def request(self, system_id: str, command: int, pdu: Pdu | None) -> Matched | None:
        """The recorded exchange for a request of an account; counted either way."""
        name = command_name(command)
        matched = self.script.pools.get(system_id, Pool()).take(command, pdu)
        if matched is None:
            self.stats.unmatched[name] = self.stats.unmatched.get(name, 0) + 1
            return None
        self.stats.matched[name] = self.stats.matched.get(name, 0) + 1
        self.stats.how[matched.how] = self.stats.how.get(matched.how, 0) + 1
        for later in self.script.follows.get(matched.exchange.request.row, ()):
            self.later(later.after, self.deliver, system_id, later)
        return matched

    def bound(self, link: ReplayLink) -> None:
        """A client is bound: what the recording has for it without being asked, and what waits."""
        for later in self.script.unasked.pop(link.recorded, ()):
            self.later(later.after, self.deliver, link.system_id, later)
        waiting, self.waiting = self.waiting, []
        for system_id, later in waiting:
            self.deliver(system_id, later)

    def deliver(self, system_id: str, later: Later) -> None:
        """Send on the connection that stands for the recorded one, or another of the account that can receive."""
        able = [link for link in self._links if link.receives and link.system_id == system_id]
        same = [link for link in able if link.recorded == later.connection]
        if not able:
            self.waiting.append((system_id, later))
            return
        self.stats.deliveries += 1
        (same or able)[0].send(later.octets)

    def later(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """Do something in so many seconds, unless this is stopped before."""

        def run() -> None:
            self._calls.discard(call)
            act(*arguments)

        call = self.clock.callLater(seconds, run)
        self._calls.add(call)

    def _cut(self) -> None:
        for link in list(self._links):
            link.wire.abortConnection()


@implementer(IPushProducer)
class ReplayLink(protocol.Protocol):
    """One client."""

    def __init__(self, replay: Replay) -> None:
        self.system_id = ""
        self.receives = False
        self.recorded = 0
        """The number of the recorded connection that this one stands for."""
        self._replay = replay
        self._decoder = StreamDecoder(max_length=MAX_BEFORE_BIND)
        self._bound = False
        self._open = True
        self._closing = False
        self._sequence = 0

    @property
    def wire(self) -> Any:
        """The transport."""
        # ITCPTransport, IConsumer and IPushProducer at once, which no one interface of Twisted is.
        return self.transport

    def send(self, octets: bytes) -> None:
        """Write a recorded request under a sequence number of this session."""
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        self._write(octets, self._sequence)

    def close(self) -> None:
        """Close, once what is written has gone."""
        if self._open and not self._closing:
            self._closing = True
            self.wire.unregisterProducer()  # a transport does not close while it has one
            self.wire.loseConnection()

    # --- for Twisted --------------------------------------------------------------------------

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """A client connected."""
        self.wire.registerProducer(self, True)
        self._replay.came(self)
        self._replay.later(SESSION_INIT, self._still_unbound)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Octets came."""
        for fate in self._decoder.feed(data):
            if self._closing:
                return
            if isinstance(fate, BrokenStream):
                self._replay.stats.unreadable += 1
                self._refuse(int(CommandId.GENERIC_NACK), fate.status, 0)
                self.close()
            elif isinstance(fate, BadPdu):
                pdu = read_pdu(fate.octets)
                self._replay.stats.unreadable += pdu is None
                self._request(fate.command_id, fate.sequence_number, pdu, 0 if pdu is not None else fate.status)
            else:
                self._request(int(fate.command_id), fate.sequence_number, fate, 0)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802 - Twisted's name
        """The client is gone."""
        self._open = self.receives = False
        how = "closed" if isinstance(reason.value, ConnectionDone) else str(reason.value)
        _log.info("%s: disconnected: %s", self.system_id or "a client that did not bind", how)
        self._replay.gone(self)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The client does not read: then it is not read from either."""
        self.wire.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """It reads again."""
        if self._open:
            self.wire.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport is gone: ``connectionLost`` says the same."""

    # --- inside -------------------------------------------------------------------------------

    def _request(self, command: int, sequence: int, pdu: Pdu | None, status: int) -> None:
        """A PDU came; `status` is what it earns as unreadable."""
        if command & RESPONSE_BIT:
            self._replay.stats.acknowledged += command in _ACKNOWLEDGEMENTS
        elif command in _LIVE:
            self._refuse(command, 0, sequence)
            if command == CommandId.UNBIND:
                self.close()
        elif command in BINDS:
            self._bind(command, sequence, pdu, status)
        elif not self._bound:
            self._refuse(command, CommandStatus.ESME_RINVBNDSTS, sequence)
        else:
            self._recorded_request(command, sequence, pdu, status)

    def _bind(self, command: int, sequence: int, pdu: Pdu | None, status: int) -> None:
        if self._bound or pdu is None:
            self._refuse(command, status or CommandStatus.ESME_RALYBND, sequence)
            return
        matched = self._replay.bind(pdu)
        if matched is None:
            self._refuse(command, CommandStatus.ESME_RBINDFAIL, sequence)
            return
        exchange = matched.exchange
        if exchange.response is not None:
            self._replay.later(exchange.latency, self._bind_answer, matched, pdu, sequence)

    def _bind_answer(self, matched: Matched, pdu: Pdu, sequence: int) -> None:
        response = matched.exchange.response
        if response is None or not self._open or self._closing:
            return
        self._write(response.octets, sequence)
        if matched.exchange.accepted:
            self._bound = True
            self._decoder.max_length = StreamDecoder().max_length
            self.system_id = getattr(pdu, "system_id", "")
            self.receives = pdu.command_id != CommandId.BIND_TRANSMITTER
            self.recorded = response.connection
            _log.info("%s: bound", self.system_id)
            self._replay.bound(self)

    def _recorded_request(self, command: int, sequence: int, pdu: Pdu | None, status: int) -> None:
        matched = self._replay.request(self.system_id, command, pdu)
        if matched is None:
            known = {int(name): answer for name, answer in UNMATCHED.items()}
            self._refuse(command, status or known.get(command, CommandStatus.ESME_RSYSERR), sequence)
        elif matched.exchange.response is None:
            self._replay.stats.unanswered += 1
        else:
            answer = partial(self._write, matched.exchange.response.octets, sequence)
            self._replay.later(matched.exchange.latency, answer)

    def _refuse(self, command: int, status: int, sequence: int) -> None:
        """A response of a header alone (SMPP 3.4 §4.4.2); to what nobody knows, a generic_nack."""
        known = command in CommandId.__members__.values()
        answer = command | RESPONSE_BIT if known else int(CommandId.GENERIC_NACK)
        self._write(HEADER.pack(16, answer, status, 0), sequence)

    def _write(self, octets: bytes, sequence: int) -> None:
        if self._open and not self._closing:
            self.wire.write(octets[:12] + sequence.to_bytes(4) + octets[16:])

    def _still_unbound(self) -> None:
        if not self._bound:
            self.close()


_LIVE: Final = frozenset({int(CommandId.ENQUIRE_LINK), int(CommandId.UNBIND)})
_ACKNOWLEDGEMENTS: Final = frozenset({int(CommandId.DELIVER_SM_RESP), int(CommandId.DATA_SM_RESP)})


class _Factory(protocol.ServerFactory):
    noisy = False

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def buildProtocol(self, addr: IAddress | None) -> ReplayLink | None:  # noqa: N802 - Twisted's name
        return None if self._replay.full() else ReplayLink(self._replay)
