"""From an accepted message to what is to become of it: its fate, when it comes, and which receipts it earns."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from smppkit.message_state import MessageState
from smppkit.segments import UDHI, PartInfo
from smppkit.states import Version
from smppkit.times import TimeError, delivery_window
from smsc.scenario.accounts import Account
from smsc.scenario.decisions import EVERY_STATE, FAILURES, NOTHING, Fate, Plan, PlannedNotice, PlannedReply, Revision
from smsc.scenario.draws import Draws
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.long_messages import Key, LongMessages
from smsc.scenario.model import Operator
from smsc.scenario.people import Person
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import PerPart
from smsc.scenario.rules import Matched
from smsc.scenario.submitting import Schedule
from smsc.scenario.template import Request, RuleTemplate, Words
from smsc.scenario.treatment import OUTCOME, RECEIPT, REPLY, USUAL, Fates, Look, Treatment, look_of, seconds
from smsc.scenario.usual import NEVER, Outcomes

# registered_delivery bits 1–0 (SMPP 3.4 §5.2.17; 0b11 is of SMPP 5.0 §4.7.21): the states that earn a receipt.
WANTED: Final = (NOTHING, EVERY_STATE, FAILURES, EVERY_STATE & ~FAILURES)
_INTERMEDIATE: Final = 0x10
_MISSING_PARTS: Final = "408"  # the code that kast.ph has for a long message that never became whole


class Window(msgspec.Struct, frozen=True, gc=False):
    """When a message may be delivered, in seconds from the submit; `asked` when the message itself set the end."""

    starts_after: float
    expires_after: float
    asked: bool


def window_of(schedule: Schedule, starts: str, ends: str, wall: float) -> Window | int:
    """The window that a message's two time fields ask for, or the command_status that they earn.

    `wall` is the unix time of the submit. Source: SMPP 3.4 §7.1.1.
    """
    now = datetime.fromtimestamp(wall, UTC)
    try:
        window = delivery_window(
            starts, ends, now, longest=timedelta(seconds=schedule.longest), clamp=schedule.over == "clamp"
        )
    except TimeError as error:
        return error.status
    starts_after = 0.0 if window.schedule is None else max(0.0, (window.schedule - now).total_seconds())
    if window.validity is None:
        return Window(starts_after, starts_after + schedule.validity, asked=False)
    return Window(starts_after, max(0.0, (window.validity - now).total_seconds()), asked=True)


class Submission(Reading, kw_only=True, gc=False):
    """A message on its way to being accepted, and what has been found out about it.

    `elapsed` is the time since the scenario began. `doomed`: it is accepted now and rejected later. `source` is what
    its sender was rewritten to, "" as submitted.
    """

    account: Account
    draws: Draws
    now: float
    elapsed: float
    version: Version
    window: Window
    treatment: Treatment = USUAL
    person: Person | None = None
    doomed: bool = False
    source: str = ""
    predefined: str = ""
    matched: Matched | None = None

    @property
    def system_id(self) -> str:
        """Whose it is."""
        return self.account.system_id

    @property
    def words(self) -> Words:
        """What templates say of it that it does not say itself."""
        return Words(self.account.system_id) if self.matched is None else self.matched.words(self)


class Planner:
    """Plans for one operator."""

    def __init__(self, operator: Operator, *, rules_draw_fates: bool = False) -> None:
        receipts = operator.receipts
        self.fates = Fates(receipts)
        self.look = look_of(receipts, self.fates, changed=False)
        schedule = operator.submit.schedule
        self.usual_window = Window(0.0, float(schedule.validity), asked=False)
        self.long_messages = LongMessages(None if receipts.reassembly is None else float(receipts.reassembly))
        self._delay = receipts.delay
        self.wanted = tuple(wanted or (EVERY_STATE if receipts.unasked else NOTHING) for wanted in WANTED)
        """The states that earn a receipt, by the bits 1-0 of registered_delivery."""
        self._tries = tuple(float(wait) for wait in schedule.tries)
        self._outcomes = Outcomes.of(
            {
                None if stat == "none" else self.fates.of(stat): share
                for stat, share in receipts.outcome.items()
                if share > 0
            }
        )
        self._expired = self.fates.of("EXPIRED")
        self._rejected = self.fates.of("REJECTD")
        self._incomplete = self.fates.of("UNDELIV", _MISSING_PARTS)
        self._reassembles = receipts.reassembly is not None
        self._part = receipts.parts
        self._one_fate = receipts.one_fate
        look = self.look
        is_special = bool(look.early or look.notices or look.ids or look.tlv_ids or look.needs_words)
        self.usual = None if is_special or self._delay.at(0.5) == math.inf else (self._delay, self._outcomes)
        """When all messages come to their end after the response, and to which, where nothing sets one apart."""
        self.certain = self._without_chance()
        """The fate of all messages and its time after the response, where nothing but the response tells them apart."""
        self.minds_parts = self.shares_rules = False
        """Whether the parts of long messages are planned otherwise than whole messages; have their rules in common."""
        self.mind_rules(rules_draw_fates)

    def mind_rules(self, draw_fates: bool) -> None:
        """There are other rules from now on: whether they draw what becomes of messages."""
        self.shares_rules = self._one_fate and draw_fates
        self.minds_parts = (
            self._reassembles
            or self._part is not PerPart.EVERY
            or (self._one_fate and (draw_fates or self._outcomes.drawn))
        )

    def _without_chance(self) -> tuple[Fate, float] | None:
        fate = self._outcomes.fates[0]
        if self.usual is None or self._outcomes.drawn or fate is None or type(self._delay) is not Fixed:
            return None
        return fate, self._delay.seconds

    def plan(
        self, message: Submission, number: int, message_id: str, respond_after: float
    ) -> tuple[Plan, tuple[Revision, ...]]:
        """Plan what becomes of an accepted message, and what that changes for earlier parts of it."""
        pdu = message.pdu
        if self.minds_parts and (pdu.tlvs or pdu.esm_class & UDHI):
            part = message.part
            if part is not None and part.total > 1:
                return self._plan_part(message, number, message_id, respond_after)
        if (
            self.certain is None
            or message.treatment is not USUAL
            or message.person is not None
            or message.window is not self.usual_window
            or message.doomed
        ):
            return self._plan(message, number, message_id, respond_after, None, True), ()
        # Nothing has a say in what becomes of it, as with most messages: what ``_plan`` says too, and much sooner.
        fate, delay = self.certain
        wanted = self.wanted[pdu.registered_delivery & 0b11]
        expires_after, source, text = message.window.expires_after, message.source, message.predefined
        return Plan(fate, respond_after + delay, 0.0, expires_after, message_id, wanted, False, (), source, text), ()

    def shared_draws(self, message: Submission) -> Draws | None:
        """The draws that a part has in common with the parts before it; None for any other message."""
        pdu = message.pdu
        if not self.shares_rules or not (pdu.tlvs or pdu.esm_class & UDHI):
            return None
        part = message.part
        return None if part is None else self.long_messages.draws(key_of(message, part), message.now)

    def rejected(self, message: Submission, number: int, message_id: str, respond_after: float) -> Plan | None:
        """The plan of a message that was refused and has a receipt nevertheless; None when nobody wants to know."""
        message.doomed = True
        message.treatment = USUAL
        plan = self._plan(message, number, message_id, respond_after, None, True)
        return plan if plan.wanted >> MessageState.REJECTED & 1 else None

    def _plan_part(
        self, message: Submission, number: int, message_id: str, respond_after: float
    ) -> tuple[Plan, tuple[Revision, ...]]:
        part = message.part
        assert part is not None  # noqa: S101 - the caller looked
        key, now, own = key_of(message, part), message.now, message.draws
        own.uniform(OUTCOME)  # now, and not when a later part asks: by then the same part may have come again
        shared, missing_for = self.long_messages.arrived(key, part, own, now)
        outcome = (shared if self._one_fate else own).uniform(OUTCOME)
        heard = self._part is PerPart.EVERY or part.number == (1 if self._part is PerPart.FIRST else part.total)
        plan = self._plan(message, number, message_id, respond_after, outcome, heard)
        if missing_for is None:
            return plan, self.long_messages.complete(key, now)
        if not self._reassembles:
            return plan, ()
        self.long_messages.wait(key, number, plan, now)
        failing = msgspec.structs.replace(plan, fate=self._incomplete, ends_after=missing_for, early=False)
        return failing, ()

    def _plan(
        self,
        message: Submission,
        number: int,
        message_id: str,
        respond_after: float,
        outcome: float | None,
        heard: bool,
    ) -> Plan:
        treatment, window = message.treatment, message.window
        look = treatment.look or self.look
        fate, ends_after = self._end(message, look, respond_after, outcome)
        if window.asked and ends_after is not None and ends_after > window.expires_after:
            fate, ends_after = self._expired, window.expires_after
        asked = message.pdu.registered_delivery
        wanted = self.wanted[asked & 0b11]
        if treatment.unheard or not heard:
            wanted = NOTHING
        notices: tuple[PlannedNotice, ...] = ()
        if look.notices and heard and not treatment.unheard:
            notices = tuple(_notices(look, message.draws, asked, wanted, respond_after, ends_after))
        return Plan(
            fate,
            ends_after,
            window.starts_after,
            window.expires_after,
            message_id if look.ids is None else look.ids.write(number, message),
            wanted,
            look.early,
            notices,
            message.source,
            message.predefined,
            look.receipts,
            "" if look.tlv_ids is None else look.tlv_ids.write(number, message),
            message.words if look.needs_words else None,
            None if treatment.reply is None else _reply(treatment.reply, message, message_id),
        )

    def _end(
        self, message: Submission, look: Look, respond_after: float, outcome: float | None
    ) -> tuple[Fate, float | None]:
        treatment, person, draws = message.treatment, message.person, message.draws
        latency = treatment.delay
        if latency is None:
            latency = self._delay if person is None or person.delay is None else person.delay
        delay = latency.seconds if type(latency) is Fixed else seconds(latency, draws, RECEIPT)
        starts_after = message.window.starts_after
        if look.early and not starts_after:
            after = min(delay, respond_after)
        else:
            after = (respond_after if respond_after > starts_after else starts_after) + delay
        fate: Fate | None
        if message.doomed:
            fate = self._rejected
        elif treatment.fate is not None:
            fate = treatment.fate
        elif person is None:
            fate = self._drawn(draws, outcome)
        else:
            fate, after = self._reached(message, person, after, outcome)
        if fate is None or after == math.inf:
            return NEVER, None
        if treatment.err is not None and treatment.err != fate.err:
            fate = Fate(fate.stat, treatment.err, fate.state)
        return fate, after

    def _drawn(self, draws: Draws, outcome: float | None) -> Fate | None:
        """Draw what becomes of an accepted message; None is never heard of again."""
        outcomes = self._outcomes
        if not outcomes.drawn:
            return outcomes.fates[0]
        return outcomes.at(draws.uniform(OUTCOME) if outcome is None else outcome)

    def _reached(
        self, message: Submission, person: Person, first: float, outcome: float | None
    ) -> tuple[Fate | None, float]:
        if first == math.inf:
            return None, first
        conduct, after = person.reached(message.elapsed, first, message.window.expires_after, self._tries)
        if person.stat is not None:
            return self.fates.of(person.stat, person.err, conduct.err), after
        if conduct.stat:
            return self.fates.of(conduct.stat, person.err, conduct.err), after
        fate = self._drawn(message.draws, outcome)
        if fate is not None and person.err is not None and FAILURES >> fate.state & 1:
            fate = Fate(fate.stat, person.err, fate.state)
        return fate, after


def _reply(reply: tuple[RuleTemplate, Latency], message: Submission, message_id: str) -> PlannedReply | None:
    """What the subscriber answers by a rule; None for never."""
    template, latency = reply
    after = seconds(latency, message.draws, REPLY)
    if after == math.inf:
        return None
    return PlannedReply(after, template.render(Request(message, message_id, message.words)))


def key_of(message: Submission, part: PartInfo) -> Key:
    """What the parts of its message have in common."""
    pdu = message.pdu
    return Key(message.account.system_id, pdu.source_addr, pdu.destination_addr, part.reference, part.total)


def _notices(
    look: Look, draws: Draws, asked: int, wanted: int, respond_after: float, ends_after: float | None
) -> Iterator[PlannedNotice]:
    """The notices of a message: those it asked for, and those that come with any receipt."""
    for notice, fate, slot in look.notices:
        if not (asked & _INTERMEDIATE if notice.asked else wanted):
            continue
        after = seconds(notice.after, draws, slot)
        if not notice.late:
            after += respond_after
        if after == math.inf or (notice.late and ends_after is None):
            continue
        if not notice.late and ends_after is not None and after > ends_after:
            continue  # it is over by then; whoever wants receipts out of order says late
        yield PlannedNotice(after, fate, int(notice.esm_class), notice.late)
