"""Messages of subscribers on their way to the store, in batches; acknowledged after the commit, like receipts.

Nothing of them is kept in memory but what waits for its commit, and of that an operator may have only so much (the
session's window for the peer). Parts of long messages wait in the store.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from sender.channels.results import Delivery
from sender.domain.incoming_rules import IncomingRules
from sender.domain.reassembly import read_part, tables_of
from sender.pipeline.suppressing import Suppressing
from sender.store.incoming import IncomingFate, MessageIn, Taken
from sender.store.records import StoreUnavailable
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.gsm0338 import unpack_septets
from smppkit.masking import masked
from smppkit.segments import fill_bits, user_data
from smppkit.status import CommandStatus
from smppkit.text import Alphabet, alphabet_of
from smppkit.tlvs import USER_MESSAGE_REFERENCE

log = logging.getLogger(__name__)

_TRY_LATER = CommandStatus.ESME_RX_T_APPN
"""What a message is answered that could not be stored: the operator keeps it and sends it again."""
_GRAIN = 1.0
"""Seconds between two looks for long messages that are given up, at least."""

_TIDY = 600.0
"""Seconds between two looks for what can be forgotten."""

Acknowledge = Callable[[list[Delivery], int], None]


class _Waiting(msgspec.Struct, gc=False):
    new: MessageIn
    delivery: Delivery
    acknowledge: Acknowledge


class MobileOriginated:
    """Takes the messages of subscribers of all accounts."""

    def __init__(
        self,
        rules: IncomingRules,
        suppressing: Suppressing,
        *,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        epoch: float,
        on_answers: Callable[[frozenset[str]], None],
        on_failure: Callable[[Failure], None],
    ) -> None:
        self.rules = rules
        self.fates: Counter[IncomingFate] = Counter()
        self.turned_away = 0
        """Deliveries that could not be stored: the operator keeps them and sends them again."""
        self._suppressing = suppressing
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._on_answers = on_answers
        self._on_failure = on_failure
        self._waiting: list[_Waiting] = []
        self._soon: IDelayedCall | None = None
        self._committing = False
        self._look: IDelayedCall | None = None
        self._look_at = 0.0
        self._stopped = False
        self._idle: list[Deferred[None]] = []

    def start(self) -> None:
        """Look for long messages whose rest is overdue from earlier."""
        self._stopped = False
        self._look_later(self._now())

    def take(self, account: str, deliveries: list[Delivery], acknowledge: Acknowledge) -> None:
        """Have messages stored; `acknowledge` follows for every one."""
        at = self._now()
        for delivery in deliveries:
            log.info("%s: a message from %s", account, masked(delivery.pdu.source_addr))
            self._waiting.append(_Waiting(message_of(delivery, account, at, self.rules), delivery, acknowledge))
        if self._writer.trouble is None:
            self._flush_soon()
        else:
            batch, self._waiting = self._waiting, []
            self._turn_away(batch)

    def settle(self) -> Deferred[None]:
        """Take no more looks; fires when everything that came is stored, or could not be."""
        self._stopped = True
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if not (self._waiting or self._committing):
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._idle.append(waiting)
        return waiting

    # --- storing ------------------------------------------------------------------------------

    def _flush_soon(self) -> None:
        if self._soon is None and not self._committing:
            self._soon = self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        self._soon = None
        batch, self._waiting = self._waiting, []
        self._committing = True
        stored = self._writer.attempt(self._store.incoming.take, [it.new for it in batch], self.rules)
        stored.addCallbacks(self._stored, self._failed, callbackArgs=(batch,), errbackArgs=(batch,))
        stored.addErrback(self._on_failure).addBoth(self._committed)

    def _stored(self, taken: Taken, batch: list[_Waiting]) -> None:
        self.fates.update(taken.fates)
        self._follow(taken)
        _answer(batch, CommandStatus.ESME_ROK)

    def _failed(self, failure: Failure, batch: list[_Waiting]) -> None:
        self._turn_away(batch)
        if not isinstance(failure.value, StoreUnavailable):
            self._on_failure(failure)

    def _turn_away(self, batch: list[_Waiting]) -> None:
        self.turned_away += len(batch)
        _answer(batch, _TRY_LATER)

    def _follow(self, taken: Taken) -> None:
        self._suppressing.apply(taken.changes)
        self._suppressing.exempt(taken.answers)
        if taken.answered:
            self._on_answers(taken.answered)
        self._look_later(min(taken.deadline or math.inf, self._now() + _TIDY))

    def _committed(self, _: object) -> None:
        self._committing = False
        if self._waiting:
            self._flush_soon()
            return
        idle, self._idle = self._idle, []
        for waiting in idle:
            waiting.callback(None)

    # --- long messages that are given up ------------------------------------------------------

    def _look_later(self, due: float) -> None:
        if self._stopped or (self._look is not None and self._look_at <= due):
            return
        if self._look is not None:
            self._look.cancel()
        self._look_at = due
        self._look = self._clock.callLater(max(_GRAIN, due - self._now()), self._give_up)

    def _give_up(self) -> None:
        self._look = None
        done = self._writer.call(self._store.incoming.give_up, self._now(), self.rules)
        done.addCallbacks(self._follow, self._on_failure)

    def _now(self) -> float:
        return self._epoch + self._clock.seconds()


def message_of(delivery: Delivery, account: str, at: float, rules: IncomingRules) -> MessageIn:
    """What a delivery says, as the store keeps it: GSM-7 is a septet an octet there, whatever the account writes."""
    pdu = delivery.pdu
    info, octets = read_part(pdu)
    if account in rules.packed and alphabet_of(pdu.data_coding, rules.alphabet(account)) is Alphabet.GSM7:
        header = len(user_data(pdu)) - len(octets)
        octets = unpack_septets(octets, fill_bits=fill_bits(header))
    reference = next((tlv.value for tlv in pdu.tlvs if tlv.tag == USER_MESSAGE_REFERENCE.number), None)
    return MessageIn(
        account=account,
        source=pdu.source_addr,
        destination=pdu.destination_addr,
        octets=octets,
        data_coding=pdu.data_coding,
        part=info,
        reference=-1 if reference is None else int.from_bytes(reference[:8]),
        sequence=pdu.sequence_number,
        at=at,
        tables=tables_of(pdu),
    )


def _answer(batch: list[_Waiting], status: int) -> None:
    """Acknowledge, in one call for each lane."""
    by_lane: dict[Acknowledge, list[Delivery]] = {}
    for waiting in batch:
        by_lane.setdefault(waiting.acknowledge, []).append(waiting.delivery)
    for acknowledge, deliveries in by_lane.items():
        acknowledge(deliveries, status)
