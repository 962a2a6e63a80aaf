"""The lint: it watches the conversations of clients, as the operator hears them, and remembers what they do wrong.

A pure observer. It is told what happened and when (unix seconds), answers nothing, and holds a bounded amount of memory
whatever a client does: connections, accounts, requests under way and examples all have a limit, and what goes past one
is counted. Directions are the operator's: "in" comes from the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import Struct

import msgspec

from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.states import STATE_AFTER_BIND, Version
from smppkit.tlvs import SC_INTERFACE_VERSION
from smsc.lint.conversation import MOST_PENDING, Account, Asked, Bind, Connection, Head
from smsc.lint.example import example_of
from smsc.lint.finding import DETAIL_CHARACTERS, Finding
from smsc.lint.printing import cut, printable
from smsc.lint.registry import RULES
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings
from smsc.lint.submission import SUBMITS, read_submission
from smsc.lint.tags import well_formed

MOST_CONNECTIONS = 20_000
"""Watched at once; further ones are not."""
MOST_ACCOUNTS = 250
"""Told apart; further ones are one crowd."""
CROWD = "(others)"
CLOSED_BY_CLIENT = "closed by the peer"
"""What the transport says of a connection that the peer closed in order."""

_HEADER = Struct(">III").unpack_from
_HEADER_SIZE = 16
_BIND = re.compile(rb"([^\0]*+)\0([^\0]*+)\0[^\0]*+\0(.)", re.DOTALL)
_SYSTEM_ID_KEPT = 32
_LAST_SEQUENCE = 0x7FFFFFFF
_UNBIND, _UNBIND_RESP = int(CommandId.UNBIND), int(CommandId.UNBIND_RESP)
_ENQUIRE_LINK = int(CommandId.ENQUIRE_LINK)
_BINDS = {int(command) for command in STATE_AFTER_BIND}
_BIND_RESPONSES = {command | RESPONSE_BIT for command in _BINDS}
_UNANSWERABLE = {int(CommandId.ALERT_NOTIFICATION), int(CommandId.OUTBIND), _UNBIND}
_SENDING = {int(CommandId.BIND_TRANSMITTER), int(CommandId.BIND_TRANSCEIVER)}
# What a client may say on a standing bind as a matter of course; all else is looked at more closely.
_ORDINARY = SUBMITS | {_ENQUIRE_LINK}


class LintCounters(msgspec.Struct):
    """What was watched, and what could not be."""

    connections: int = 0
    pdus: int = 0
    unwatched_connections: int = 0
    """More at once than can be watched."""
    unwatched_pdus: int = 0
    """Of connections that are not watched, or shorter than a header."""
    forgotten: int = 0
    """Requests under way past the number that is remembered."""
    crowded_accounts: int = 0
    """Binds under names past the number that is told apart."""


class Lint:
    """Told of connections and PDUs in the order of time, it gives findings."""

    def __init__(self, settings: LintSettings | None = None) -> None:
        self.settings = settings or LintSettings()
        self.counters = LintCounters()
        self.rules: list[Rule] = [kind(self.settings) for kind in RULES.values()]
        self._connections: dict[int, Connection] = {}
        self._accounts: dict[tuple[str, str], Account] = {}
        self._findings: dict[tuple[str, str, str], Finding] = {}
        self._quiet = self.settings.silence
        self._reported = 0
        self._on_binding = self._hooks("binding")
        self._on_unusual = self._hooks("unusual")
        self._on_enquiry = self._hooks("enquiry")
        self._on_submit = self._hooks("submit")
        self._on_message = self._hooks("message")
        self._on_tlvs = self._hooks("tlvs")
        self._on_part = self._hooks("part")
        self._on_leftover = self._hooks("leftover")
        self._on_answered = self._hooks("answered")
        self._on_responded = self._hooks("responded")
        self._on_stray = self._hooks("stray")
        self._on_unanswered = self._hooks("unanswered")
        self._on_silence = self._hooks("silence")
        self._on_closed = self._hooks("closed")
        self._on_finished = self._hooks("finished")

    # --- what happens -------------------------------------------------------------------------

    def opened(
        self, connection: int, at: float, operator: str, peer: str, tls: bool = False, tls_offered: bool = False
    ) -> None:
        """A client has connected to an operator; `tls_offered`: that operator can be reached over TLS too."""
        if len(self._connections) >= MOST_CONNECTIONS:
            self.counters.unwatched_connections += 1
            return
        self.counters.connections += 1
        account = self._account(operator, "")
        self._connections[connection] = Connection(
            connection, at, operator, peer, account, tls=tls, tls_offered=tls_offered
        )

    def pdu(self, connection: int, direction: str, octets: bytes, at: float, row: int | None = None) -> None:
        """One PDU was on the wire, whole; `row` is that of the journal, for the report."""
        watched = self._connections.get(connection)
        if watched is None or len(octets) < _HEADER_SIZE:
            self.counters.unwatched_pdus += 1
            return
        self.counters.pdus += 1
        command_id, status, sequence = _HEADER(octets, 4)
        head = Head(direction, command_id, status, sequence, octets, at, row)
        if at - watched.last_at > self._quiet and watched.bound:
            watched.silence = at - watched.last_at
        watched.last_at = at
        if direction == "out":
            if command_id >= RESPONSE_BIT:
                self._we_answer(watched, head)
            else:
                self._we_ask(watched, head)
            return
        watched.heard_at = at
        if watched.silence is not None:
            seconds, watched.silence = watched.silence, None
            for rule, hook in self._on_silence:
                self._note(rule, watched, hook(watched, seconds, head), head)
        if command_id >= RESPONSE_BIT:
            self._client_answers(watched, head)
        else:
            self._client_asks(watched, head)

    def closed(self, connection: int, at: float, reason: str) -> None:
        """A connection is gone; `reason` as the transport says it."""
        watched = self._connections.pop(connection, None)
        if watched is None:
            return
        by_client = reason == CLOSED_BY_CLIENT
        if by_client:
            watched.heard_at = watched.last_at = at
        self._look_for_unanswered(watched, at, self.settings.response_timeout)
        for rule, hook in self._on_closed:
            self._note(rule, watched, hook(watched, at, by_client), watched.bind_head, at)

    def disturbed(self, connection: int) -> None:
        """We have lied on this connection (garbage, octets that nobody was told of): its client is judged no more."""
        watched = self._connections.get(connection)
        if watched is not None:
            watched.disturbed = True

    def finish(self, at: float) -> None:
        """Watching ends; what only the end tells is judged. Connections that stand are taken for ended."""
        for connection in list(self._connections):
            self.closed(connection, at, "the lint ends")
        for account in self._accounts.values():
            for rule, hook in self._on_finished:
                detail = hook(account, at)
                if detail is not None:
                    finding = self._count(rule, account, detail, at)
                    if finding is not None:
                        finding.example = account.first

    def knows(self, account: str) -> bool:
        """Whether anybody said to be this account; True also when there were more than are told apart."""
        return bool(self.counters.crowded_accounts) or account in self.accounts()

    def accounts(self) -> list[str]:
        """The names that clients bound by, or tried to."""
        return sorted({name for _, name in self._accounts if name})

    def findings(self) -> list[Finding]:
        """What was found so far: worst first, then by rule, operator and account."""
        order = {rule.id: number for number, rule in enumerate(self.rules)}
        return sorted(
            self._findings.values(), key=lambda finding: (order[finding.rule], finding.operator, finding.account)
        )

    # --- the client -----------------------------------------------------------------------------

    def _client_asks(self, connection: Connection, head: Head) -> None:
        command_id, sequence = head.command_id, head.sequence
        asked = connection.asked
        self._reported = 0
        bind = connection.bind
        if command_id in _BINDS:
            self._binds(connection, head)
        if (
            command_id not in _ORDINARY
            or not connection.bound
            or connection.unbinding
            or bind is None
            or bind.kind not in _SENDING
            or not 0 < sequence <= _LAST_SEQUENCE
            or head.status
            or sequence in asked
        ):
            for rule, hook in self._on_unusual:
                self._note(rule, connection, hook(connection, head), head)
        if len(asked) >= MOST_PENDING:
            del asked[next(iter(asked))]
            self.counters.forgotten += 1
        asked[sequence] = Asked(command_id, head.at)
        if command_id in SUBMITS:
            self._submits(connection, head)
        elif command_id == _ENQUIRE_LINK:
            for rule, hook in self._on_enquiry:
                self._note(rule, connection, hook(connection, head), head)
        elif command_id == _UNBIND:
            connection.unbinding = connection.unbound = True
            self._look_for_unanswered(connection, head.at, self.settings.late_response)
        if command_id not in _ORDINARY and not self._reported:
            self._leftover(connection, head)

    def _submits(self, connection: Connection, head: Head) -> None:
        account = connection.account
        connection.submits += 1
        account.submits += 1
        if account.first is None:
            account.first = example_of(connection, head)
        for rule, hook in self._on_submit:
            self._note(rule, connection, hook(connection, head), head)
        message = read_submission(head.command_id, head.octets)
        if message is None:
            self._leftover(connection, head)
            return
        if message.registered_delivery & 0b11:
            account.asked_receipts += 1
        for rule, hook in self._on_message:
            detail = hook(connection, message, head)
            if detail is not None:
                self._note(rule, connection, detail, head)
        if message.tlvs:
            for rule, hook in self._on_tlvs:
                self._note(rule, connection, hook(connection, message, head), head)
        if message.part is not None:
            for rule, hook in self._on_part:
                self._note(rule, connection, hook(connection, message, head), head)
        if not self._reported and not (message.lawful and not message.rest and well_formed(message.tlvs)):
            self._leftover(connection, head)

    def _leftover(self, connection: Connection, head: Head) -> None:
        if self._reported:
            return
        for rule, hook in self._on_leftover:
            self._note(rule, connection, hook(connection, head), head)

    def _binds(self, connection: Connection, head: Head) -> None:
        found = _BIND.match(head.octets, _HEADER_SIZE)
        if found is None or connection.bound:
            return
        system_id, password, version = found.groups()
        name = printable(system_id[:_SYSTEM_ID_KEPT].decode("latin-1"))
        bind = Bind(head.command_id, name, password, version[0])
        connection.bind, connection.bind_head = bind, head.trimmed()
        connection.account = self._account(connection.operator, name)
        for rule, hook in self._on_binding:
            self._note(rule, connection, hook(connection, bind, head), head)

    def _client_answers(self, connection: Connection, head: Head) -> None:
        owed = connection.owed.pop(head.sequence, None)
        if owed is not None:
            for rule, hook in self._on_responded:
                self._note(rule, connection, hook(connection, owed, head), head)
            if connection.owed:
                self._look_for_unanswered(connection, head.at, self.settings.response_timeout)
        elif head.sequence in connection.overdue:
            del connection.overdue[head.sequence]
        elif not connection.unbound:  # an unbind_resp, and what crosses it on the way
            for rule, hook in self._on_stray:
                self._note(rule, connection, hook(connection, head), head)

    # --- the operator ---------------------------------------------------------------------------

    def _we_ask(self, connection: Connection, head: Head) -> None:
        if head.command_id == _UNBIND:
            connection.unbound = True
        if head.command_id in _UNANSWERABLE:
            return
        owed = connection.owed
        if owed:
            self._look_for_unanswered(connection, head.at, self.settings.response_timeout)
            if len(owed) >= MOST_PENDING:
                forgotten = next(iter(owed))
                del owed[forgotten]
                self._remember_overdue(connection, forgotten)
                self.counters.forgotten += 1
        owed[head.sequence] = head.trimmed()

    def _we_answer(self, connection: Connection, head: Head) -> None:
        asked = connection.asked.pop(head.sequence, None)
        command_id = head.command_id
        if command_id in _BIND_RESPONSES:
            if not head.status and connection.bind is not None:
                self._bound(connection, connection.bind, head)
        elif command_id == _UNBIND_RESP:
            connection.unbound = True
        elif asked is not None and asked.command_id in SUBMITS:
            connection.account.latency = head.at - asked.at
            for rule, hook in self._on_answered:
                self._note(rule, connection, hook(connection, asked, head), head)

    def _bound(self, connection: Connection, bind: Bind, head: Head) -> None:
        connection.bound = True
        connection.bound_at = head.at
        connection.version = Version.of(bind.interface_version)
        connection.stated = _stated_version(head.octets)
        if connection.stated is not None:
            connection.version = min(connection.version, Version.of(connection.stated))
        settings = self.settings
        connection.window = settings.windows.get((connection.operator, bind.system_id), settings.window)

    def _look_for_unanswered(self, connection: Connection, now: float, limit: float) -> None:
        """Requests older than `limit` of a client that goes on talking: it is there, and does not answer."""
        owed = connection.owed
        while owed:
            sequence, oldest = next(iter(owed.items()))
            if now - oldest.at < limit:
                return
            del owed[sequence]
            self._remember_overdue(connection, sequence)
            if connection.heard_at - oldest.at < limit / 2:
                continue  # perhaps it is gone, and the line with it
            for rule, hook in self._on_unanswered:
                self._note(rule, connection, hook(connection, oldest), oldest, now)

    def _remember_overdue(self, connection: Connection, sequence: int) -> None:
        overdue = connection.overdue
        overdue[sequence] = None
        if len(overdue) > MOST_PENDING:
            del overdue[next(iter(overdue))]

    # --- inside -------------------------------------------------------------------------------

    def _hooks(self, name: str) -> list[tuple[Rule, Callable[..., str | None]]]:
        """The rules that have something to say at a moment, and what to call."""
        return [
            (rule, getattr(rule, name)) for rule in self.rules if getattr(type(rule), name) is not getattr(Rule, name)
        ]

    def _account(self, operator: str, name: str) -> Account:
        account = self._accounts.get((operator, name))
        if account is None:
            crowd = len(self._accounts) >= MOST_ACCOUNTS
            if crowd:
                self.counters.crowded_accounts += 1
                operator, name = CROWD, CROWD
            account = self._accounts.get((operator, name))
            if account is None:
                account = self._accounts[operator, name] = Account(operator, name, crowd=crowd)
        return account

    def _note(
        self, rule: Rule, connection: Connection, detail: str | None, head: Head | None, at: float | None = None
    ) -> None:
        """Count what a rule has found, if anything; the first of its kind is kept as the example."""
        if detail is None or connection.disturbed:
            return
        self._reported += 1
        if at is None:
            at = head.at if head is not None else connection.last_at
        finding = self._count(rule, connection.account, detail, at)
        if finding is not None and head is not None:
            finding.example = example_of(connection, head)

    def _count(self, rule: Rule, account: Account, detail: str, at: float) -> Finding | None:
        """Count once; returns the finding when it is new, and still without an example."""
        if self.settings.since is not None and at < self.settings.since:
            return None
        key = (rule.id, account.operator, account.name)
        finding = self._findings.get(key)
        if finding is None:
            finding = self._findings[key] = Finding(*key, 1, at, at, cut(printable(detail), DETAIL_CHARACTERS), None)
            return finding
        finding.count += 1
        finding.last_at = at
        return None


def _stated_version(octets: bytes) -> int | None:
    """The sc_interface_version of a bind response; None without one (SMPP 3.4 §5.3.2.25)."""
    at = octets.find(b"\0", _HEADER_SIZE) + 1
    tag = SC_INTERFACE_VERSION.number.to_bytes(2, "big") + b"\0\1"
    while 0 < at <= len(octets) - 5:
        if octets[at : at + 4] == tag:
            return octets[at + 4]
        at += 4 + int.from_bytes(octets[at + 2 : at + 4], "big")
    return None
