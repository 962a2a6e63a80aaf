"""What the people behind the numbers send: messages, answers to messages, USSD, and the parts of all these."""

from __future__ import annotations

import logging
from functools import partial
from math import inf
from random import Random
from typing import TypeAlias

import msgspec

from smppkit.codec import encode
from smppkit.errors import EncodeError
from smppkit.masking import masked
from smppkit.message_state import MessageState
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import SegmentError
from smppkit.tlvs import SET_DPF
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.owners import Owners
from smsc.centre.shared import Errand, Shared
from smsc.centre.traffic import Traffic
from smsc.centre.translate import mo_pdus
from smsc.centre.ussd import LONGEST_SESSION, Dialogue, Dialogues
from smsc.journal.records import Kind, Message, Owed
from smsc.scenario.draws import Draws
from smsc.scenario.mobile import MoMessage, UssdSession
from smsc.scenario.replies import decide_reply
from smsc.scenario.subscribers import Condition

_ENROUTE = "ENROUTE"
MOST_WATCHED = 100_000  # subscribers whom somebody waits for
_MOST_PHASES = 1000  # that a subscriber is off one after another

_log = logging.getLogger("smsc")


class LeftOut(msgspec.Struct, frozen=True):
    """What a subscriber wrote is not delivered, and why."""

    reason: str


Written: TypeAlias = list[int] | LeftOut
"""The journal's rows of the parts that are delivered, 0 without a journal."""


class Handsets:
    """The subscribers of one operator, as far as they send something."""

    def __init__(self, shared: Shared, deliveries: Deliveries, owners: Owners) -> None:
        self._shared = shared
        self._deliveries = deliveries
        self._owners = owners
        self._dialogues = Dialogues(shared.operator.submit.alphabet)
        self._watched: dict[tuple[str, str], None] = {}
        self._answers = bool(shared.operator.mobile_originated.replies or shared.operator.commands)
        self._reference = 0
        self._begun = False
        # The chance of the operator gives a source of its own to what follows.
        self._seed = seed = shared.state.reply_chance.digest("", SubmitSm(source_addr="subscribers")).hex()
        self._traffic = [
            Traffic(traffic, f"{seed}/traffic/{index}", self._say, shared.wheel.add)
            for index, traffic in enumerate(shared.operator.mobile_originated.traffic)
        ]

    # --- life ---------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let those who write all the time begin, once."""
        if not self._begun:
            self._begun = True
            for traffic in self._traffic:
                traffic.begin(self._shared.now())

    def stop(self) -> None:
        """Nobody sends anything more."""
        for traffic in self._traffic:
            traffic.stop()
        self._watched.clear()
        self._end_all()

    def forget(self) -> None:
        """What was under way is lost; those who write all the time go on."""
        self._end_all()
        self._watched.clear()
        if self._begun:
            for traffic in self._traffic:
                traffic.begin(self._shared.now())

    def forget_account(self, system_id: str) -> None:
        """What was under way for one account is lost: its errands are taken out of the wheel by whoever asks this."""
        self._watched = {key: None for key in self._watched if key[0] != system_id}
        for dialogue in self._dialogues.open():
            if self._owners.of(dialogue.session.dials) == system_id:
                self._dialogues.close(dialogue)
                self._shared.stats.ussd_ended += 1

    # --- messages -----------------------------------------------------------------------------

    def write(self, message: MoMessage, now: float, system_id: str | None = None) -> Written:
        """A subscriber writes: every segment becomes a deliver_sm for the account that the number belongs to.

        `system_id` names another account.
        """
        self._reference += 1
        # A source for each message: what befalls its parts does not depend on other messages.
        chance = Random(f"{self._seed}/mo/{self._reference}")  # noqa: S311 - reproducible, nothing to guess
        try:
            operator = self._shared.operator
            pdus = mo_pdus(message, operator.mobile_originated.shape, self._reference, chance, operator.submit.alphabet)
        except SegmentError as error:
            _log.error("%s: an MO cannot be cut into segments and is left out: %s", self._shared.name, error)
            self._leave_out()
            return LeftOut(f"it cannot be cut into segments: {error}")
        _log.info("%s: MO from %s to %s", self._shared.name, masked(message.from_), masked(message.to))
        return self._send(pdus, self._owners.of(message.to) if system_id is None else system_id, now)

    def reply(self, held: Held, now: float) -> None:
        """A message was delivered: its reader may answer."""
        if not (self._answers or held.plan.reply) or held.fate.state is not MessageState.DELIVERED or held.to:
            return
        reply = decide_reply(self._shared.state, held.pdu, now, held.plan, held.system_id, held.message_id)
        if reply is not None:
            after, message = reply
            self._shared.wheel.add(now + after, Errand(held.system_id, partial(self._say, message)))

    def _say(self, message: MoMessage, now: float) -> None:
        self.write(message, now)  # what is left out is counted and logged

    # --- who can be reached again ---------------------------------------------------------------

    def watch(self, request: DataSm, system_id: str, now: float) -> None:
        """An ESME wants to know when a subscriber who is off can be reached (set_dpf, SMPP 3.4 §5.3.2.28)."""
        key = (system_id, request.destination_addr)
        people = self._shared.state.people
        if people is None or key in self._watched or len(self._watched) >= MOST_WATCHED or not request.tlv(SET_DPF):
            return
        person = people.find(request.destination_addr)
        began = self._shared.state.began
        elapsed = now - (now if began is None else began)
        lasts = elapsed
        for _ in range(_MOST_PHASES):
            if person is None:
                return
            condition, until = person.condition(lasts)
            if condition is not Condition.OFF:
                break
            lasts = until
        if elapsed < lasts < inf:
            self._watched[key] = None
            self._shared.wheel.add(now + lasts - elapsed, Errand(system_id, partial(self._reachable, key)))

    def _reachable(self, key: tuple[str, str], now: float) -> None:
        del self._watched[key]
        system_id, number = key
        self._deliveries.alert(number, system_id, 0)

    # --- USSD ---------------------------------------------------------------------------------

    def dial(self, session: UssdSession, now: float) -> None:
        """A subscriber opens a USSD session."""
        opened = self._dialogues.dial(session, now)
        if opened is None:
            _log.error("%s: no USSD session can be opened, %d are open", self._shared.name, len(self._dialogues))
            return
        dialogue, pdu = opened
        self._shared.stats.ussd_sessions += 1
        _log.info("%s: USSD session of %s", self._shared.name, masked(session.from_))
        self._send([pdu], self._owners.of(session.dials), now)
        self._shared.wheel.add(now + LONGEST_SESSION, partial(self._silent, dialogue))

    def heard(self, held: Held, answered_at: float) -> None:
        """A message was accepted: it may be a screen that a subscriber answers."""
        if not len(self._dialogues):
            return
        now = self._shared.now()
        dialogue = self._dialogues.screen(held.pdu, now)
        if dialogue is None:
            return
        if not self._dialogues.is_open(dialogue):
            self._shared.stats.ussd_ended += 1
            return
        draws = Draws(self._shared.state.reply_chance, held.system_id, held.pdu)
        after = dialogue.session.after.at(draws.uniform(_ANSWER))
        if after < inf:
            self._shared.wheel.add(max(now, answered_at) + after, partial(self._answer, dialogue, dialogue.screens))

    def _answer(self, dialogue: Dialogue, screen: int, now: float) -> None:
        pdu = self._dialogues.answer(dialogue, screen)
        if pdu is not None:
            self._shared.stats.ussd_ended += not self._dialogues.is_open(dialogue)
            self._send([pdu], self._owners.of(dialogue.session.dials), now)

    def _silent(self, dialogue: Dialogue, now: float) -> None:
        """The ESME has said nothing for long: the network ends the session."""
        if not self._dialogues.is_open(dialogue):
            return
        if now < dialogue.heard_at + LONGEST_SESSION:
            self._shared.wheel.add(dialogue.heard_at + LONGEST_SESSION, partial(self._silent, dialogue))
            return
        self._shared.stats.ussd_ended += 1
        self._send([self._dialogues.abandon(dialogue)], self._owners.of(dialogue.session.dials), now)

    def _end_all(self) -> None:
        self._shared.stats.ussd_ended += self._dialogues.clear()

    # --- inside -------------------------------------------------------------------------------

    def _send(self, pdus: list[DeliverSm], system_id: str, now: float) -> Written:
        if self._deliveries.full:
            self._leave_out()
            return LeftOut(
                f"{self._deliveries.waiting} deliveries wait to be acknowledged, which is as many as are held"
            )
        try:
            written = [(pdu, encode(pdu)) for pdu in pdus]
        except EncodeError as error:
            _log.error("%s: what a subscriber sends cannot be written and is left out: %s", self._shared.name, error)
            self._leave_out()
            return LeftOut(f"it cannot be written: {error}")
        owed = [self._record(pdu, octets, system_id, now) for pdu, octets in written]
        journal = self._shared.journal
        if journal is None:
            self._deliveries.deliver(owed)
        else:
            journal.when_committed(partial(self._committed, owed))
        return [one.row for one in owed]

    def _record(self, pdu: DeliverSm, octets: bytes, system_id: str, now: float) -> Owed:
        shared = self._shared
        self._deliveries.plan(Kind.MO)
        row = 0
        if shared.journal is not None:
            row = shared.journal.message(
                Message(
                    shared.epoch + now,
                    shared.name,
                    system_id,
                    0,
                    pdu,
                    state=_ENROUTE,
                    alphabet=shared.operator.submit.alphabet,
                )
            )
        return self._deliveries.owe(Owed(row, system_id, octets, Kind.MO, pdu.destination_addr), now)

    def _leave_out(self) -> None:
        self._deliveries.plan(Kind.MO)
        self._deliveries.unplan(Kind.MO)

    def _committed(self, owed: list[Owed], error: Exception | None) -> None:
        if error is not None:
            _log.error("%s: an MO could not be recorded and is delivered all the same", self._shared.name)
        self._deliveries.deliver(owed)


_ANSWER = 0  # draw slot
