"""One connection of a blast: a session binds and unbinds it; in between octets are written and read in batches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from carrierlab.blast.book import Book
from carrierlab.blast.pacing import Pacing
from carrierlab.blast.plan import BindKind, Plan
from carrierlab.blast.submits import Submits
from smppkit.codec import HEADER_SIZE, read_header
from smppkit.commands import CommandId
from smppkit.events import Bound, Closing, NoResponse, Request, Response
from smppkit.pdus import BindTransceiver, BindTransmitter, Pdu
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import status_name
from smppkit.stream import DEFAULT_MAX_LENGTH

FIRST = 1
"""The sequence number of the first submit."""
FREE = -1.0
"""Of a slot whose submit waits for no answer."""
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_DELIVER_SM = int(CommandId.DELIVER_SM)
_GENERIC_NACK = int(CommandId.GENERIC_NACK)
_ANSWERS = frozenset({_SUBMIT_SM_RESP, _GENERIC_NACK})
_DELIVER_SM_RESP = b"\0\0\0\x11\x80\0\0\x05\0\0\0\0"
_RECEIPTED_MESSAGE_ID = b"\0\x1e"

# The body of a deliver_sm up to sm_length (SMPP 3.4 §4.6.1): esm_class, and how long the text is that follows.
_BODY = re.compile(rb"[^\0]*\0..[^\0]*\0..[^\0]*\0(.)..[^\0]*\0[^\0]*\0....(.)", re.DOTALL)
_ID = re.compile(rb"id:([^ \0]*)")
_RECEIPTS = frozenset({0x04, 0x08, 0x20})
_MESSAGE_TYPE = 0x3C


def bind_of(plan: Plan, number: int) -> Pdu:
    """The bind of a connection, counted from 0."""
    bind = BindTransceiver if plan.bind is BindKind.TRANSCEIVER else BindTransmitter
    return bind(
        system_id=plan.system_id.replace("{n}", str(number + 1)),
        password=plan.password,
        system_type=plan.system_type,
        interface_version=0x34,
    )


@implementer(IProtocol)
class Esme:
    """A bound connection that keeps its window as full as the pacing says."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        clock: IReactorTime,
        submits: Callable[[int], Submits],
        changed: Callable[[], None],
    ) -> None:
        """`submits(first)` are those whose numbers begin there; `changed` is called after every reading."""
        self._plan = plan
        self._number = number
        self._clock = clock
        self._new_submits = submits
        self._changed = changed
        self.bound = False
        self.failure: str | None = None
        """Why it is not bound, or no longer."""
        self.outstanding = 0
        self._leaving = False
        self._rest = b""
        self._cursor = 0
        self._times: list[float] = []
        self._submits: Submits
        self._session: Session
        self._transport: Any = None
        self._pacing: Pacing
        self._book: Book | None = None

    # --- what the player asks --------------------------------------------------------------------------

    def begin(self, pacing: Pacing, book: Book) -> None:
        """A part of the run begins; what an earlier one left unanswered is forgotten."""
        self._times = [FREE] * self._submits.count
        self.outstanding = 0
        self._pacing, self._book = pacing, book

    def fill(self, now: float, answers: bytes = b"") -> None:
        """Write answers, and what is due as far as the window has room."""
        octets = answers
        room = self._plan.window - self.outstanding
        if room > 0 and self.bound and not self._leaving and self._book is not None:
            due = self._pacing.take(room, now)
            if due:
                octets = b"".join([answers, *self._chunks(due)])
                self.outstanding += len(due)
                self._book.outstanding += len(due)
                self._book.written += len(due)
        if octets:
            self._transport.write(octets)

    def leave(self) -> None:
        """Unbind."""
        self._leaving = True
        if self.bound:
            self._session.unbind(self._clock.seconds())
            self._turn()

    def drop(self) -> None:
        """Close without a word."""
        self._leaving = True
        if self._transport is not None:
            self._transport.abortConnection()

    # --- for Twisted: IProtocol ------------------------------------------------------------------------

    def makeConnection(self, transport: Any) -> None:  # noqa: N802 - Twisted's name
        """The transport is up."""
        self._transport = transport
        self.connectionMade()

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Bind. The numbers of the submits are set aside first, so that they are the same on every connection."""
        self._transport.setTcpNoDelay(True)
        plan, now = self._plan, self._clock.seconds()
        self._session = Session(Role.ESME, SessionConfig(enquire_link_interval=None), now)
        self._submits = self._new_submits(FIRST)
        self._session.reserve(self._submits.count)
        self._cursor = self._number * self._plan.window % self._submits.count
        self._session.send(bind_of(plan, self._number), now)
        self._turn()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Octets came."""
        now = self._clock.seconds()
        if self.bound and self._book is not None and not self._leaving:
            self._scan(data, now, self._book)
        else:
            self._session.receive_bytes(self._rest + data, now)
            self._rest = b""
            self._turn()
        self._changed()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """The transport is gone."""
        if not self._leaving:
            self.failure = self.failure or f"the connection ended: {reason.getErrorMessage()}"
            if self.bound and self._book is not None:
                self._book.lost[self.failure] += 1
                self._book.outstanding -= self.outstanding
                self._book.unanswered += self.outstanding
        self.outstanding = 0
        self.bound = False
        self._transport = None
        self._changed()

    # --- inside ----------------------------------------------------------------------------------------

    def _chunks(self, due: list[float]) -> list[bytes]:
        """The octets of the next submits, whose slots are marked with these times."""
        chunks, times, submits = [], self._times, self._submits
        done, count = 0, len(due)
        while done < count:
            begin = self._cursor
            end = min(begin + count - done, submits.count)
            wanted = end - begin
            if times[begin:end].count(FREE) != wanted:
                # A slot whose answer never came is passed by.
                end = next(slot for slot in range(begin, end) if times[slot] != FREE)
                if end == begin:
                    self._cursor = (begin + 1) % submits.count
                    continue
                wanted = end - begin
            times[begin:end] = due[done : done + wanted]
            chunks.append(submits.octets(begin, end))
            done += wanted
            self._cursor = end % submits.count
        return chunks

    def _scan(self, data: bytes, now: float, book: Book) -> None:
        """Read answers and receipts as octets; whatever else comes is the session's."""
        octets = self._rest + data if self._rest else data
        times, first = self._times, self._submits.first
        count, match, latency = len(times), book.match, book.latency
        answers: list[bytes] = []
        at, size = 0, len(octets)
        settled = accepted = alike = 0
        since = FREE  # of the answers that are alike: those of one batch
        while size - at >= HEADER_SIZE:
            length, command_id, status, sequence = read_header(octets, at)
            end = at + length
            if end > size or length < HEADER_SIZE:
                break
            if command_id in _ANSWERS:
                slot = sequence - first
                if 0 <= slot < count and (sent := times[slot]) != FREE:
                    times[slot] = FREE
                    settled += 1
                    if sent == since:
                        alike += 1
                    else:
                        if alike:
                            latency.add(now - since, alike)
                        since, alike = sent, 1
                    if not status and command_id == _SUBMIT_SM_RESP:
                        accepted += 1
                        if match:
                            book.name(octets[at + HEADER_SIZE : end].partition(b"\0")[0], now)
                    else:
                        book.refusals[status] += 1
                        book.nacks += command_id == _GENERIC_NACK
                else:
                    book.stray += 1
            elif command_id == _DELIVER_SM:
                answers += (_DELIVER_SM_RESP, octets[at + 12 : at + 16], b"\0")
                _delivered(octets, at + HEADER_SIZE, end, book, now)
            else:
                self._session.receive_bytes(octets[at:end], now)
                self._events()
                answers.append(self._session.bytes_to_send())
            at = end
        if alike:
            latency.add(now - since, alike)
        if settled:
            book.accepted += accepted
            book.outstanding -= settled
            book.answered_at = now
            self.outstanding -= settled
        self._rest = octets[at:] if at else octets
        if len(self._rest) >= 4 and not HEADER_SIZE <= int.from_bytes(self._rest[:4], "big") <= DEFAULT_MAX_LENGTH:
            self.failure = "the server sent a command_length that cannot be true"
            self._transport.abortConnection()
            return
        self.fill(now, b"".join(answers))

    def _turn(self) -> None:
        self._events()
        octets = self._session.bytes_to_send()
        if octets:
            self._transport.write(octets)
        if self._session.closed:
            self._transport.loseConnection()

    def _events(self) -> None:
        now = self._clock.seconds()
        for event in self._session.events():
            match event:
                case Bound():
                    self.bound = True
                case Request(pdu):
                    self._answer(pdu, now)
                case Response(_, response) if not self.bound and response.command_status:
                    self.failure = f"the bind was refused: {status_name(response.command_status)}"
                    self._transport.loseConnection()
                case NoResponse() if not self.bound:
                    self.failure = "the bind was not answered"
                case Closing(reason) if not self._leaving:
                    self.failure = self.failure or reason
                    self._transport.loseConnection()
                case _:
                    pass

    def _answer(self, request: Pdu, now: float) -> None:
        if request.response_class is not None:
            self._session.respond(request.response(), now)
        if self._book is not None:
            self._book.incoming += 1


def _delivered(octets: bytes, at: int, end: int, book: Book, now: float) -> None:
    """A deliver_sm came: a receipt, or a message of a subscriber."""
    body = _BODY.match(octets, at, end)
    if body is None or body[1][0] & _MESSAGE_TYPE not in _RECEIPTS:
        book.incoming += 1
        return
    book.receipt(_named(octets, body.end(), body.end() + body[2][0], end) if book.match else None, now)


def _named(octets: bytes, text: int, tlvs: int, end: int) -> bytes | None:
    """The message that a receipt is about: as its TLV says, else its text."""
    at = tlvs
    while at + 4 <= end:
        value = at + 4
        at = value + int.from_bytes(octets[at + 2 : value], "big")
        if octets[value - 4 : value - 2] == _RECEIPTED_MESSAGE_ID:
            return octets[value : min(at, end)].partition(b"\0")[0]
    found = _ID.search(octets, text, min(tlvs, end))
    return found[1] if found else None
