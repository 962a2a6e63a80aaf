"""How an emulated operator behaves: state and stimulus in, decision out. No I/O, no clock, no generator.

`now` is seconds of any monotonic clock, the same one throughout the life of a state.
"""

import math
from itertools import accumulate
from typing import Final

from smppkit.pdus import SubmitSm
from smppkit.runs import Apart
from smppkit.segments import UDHI
from smppkit.states import Version
from smppkit.status import CommandStatus
from smppkit.tlvs import ADDITIONAL_STATUS_INFO_TEXT, CONGESTION_STATE, Tlv
from smsc.scenario.accounts import Account
from smsc.scenario.checks import checks_of
from smsc.scenario.commands import commands_in, treatment_of
from smsc.scenario.decisions import Decision, Fate, Plan
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.id_style import LONGEST, LONGEST_V33
from smsc.scenario.limits import AccountRates, FillingQueue, Load, throttle_limit
from smsc.scenario.long_texts import LongTexts
from smsc.scenario.model import FIRST_MESSAGE_NUMBER, Operator
from smsc.scenario.people import People
from smsc.scenario.planning import Planner, Submission, key_of, window_of
from smsc.scenario.reply_model import Replies
from smsc.scenario.rulebook import Rulebook
from smsc.scenario.rules import Rules
from smsc.scenario.submitting import ErrorBody, Unregistered
from smsc.scenario.template import Request
from smsc.scenario.timeline_model import Fault, OutageFault, ResetFault, ThrottleFault
from smsc.scenario.tlv_values import extra_tlvs
from smsc.scenario.treatment import REFUSED, RESPONSE, IdWriter, id_text, seconds
from smsc.scenario.usual import Usual

_V33: Final = Version.V33
_SYSTEM_ERROR: Final = int(CommandStatus.ESME_RSYSERR)
_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)
_NO_SUCH_PREDEFINED: Final = int(CommandStatus.ESME_RINVDFTMSGID)


class OperatorState:
    """What an operator remembers between decisions; its memory is bounded.

    `epoch` is the unix time of the clock's zero, by which times in messages are read. `began` is when the scenario
    began, for what changes over time; None until somebody says so or the first message comes. `next_id` is the number
    of the next accepted message and may be set (a journal goes on above its highest). `outage` says that it is out of
    service: binds are refused, and the server keeps none. `throttle` is the limit per account that a fault imposes,
    None without one; `throttled` says that there is any, be it for one account alone.
    """

    def __init__(self, operator: Operator, name: str, seed: int, epoch: float = 0.0) -> None:
        self.operator = operator
        self.name = name
        self.epoch = epoch
        self.began: float | None = None
        self.next_id = FIRST_MESSAGE_NUMBER
        self.outage = False
        self.throttle: float | None = None
        self.throttled = False
        self.chance = Chance(seed, name)
        self.reply_chance = Chance(seed, f"{name}\0replies")
        self.rulebook = Rulebook(
            operator.rules, operator.states, operator.receipts, self._have_rules, alphabet=operator.submit.alphabet
        )
        """The rules, to be looked at and changed while it runs."""
        self.rules = self.rulebook.rules
        self.has_rules = bool(self.rules)
        self.planner = Planner(operator, rules_draw_fates=self.rules.draw_fates)
        self.people = People(operator.subscribers, name, seed) if operator.subscribers else None
        self.replies = Replies(operator.mobile_originated.replies)
        self.ids = IdWriter(operator.ids, operator.ids_v33)
        self.checks = checks_of(operator.submit)
        content = operator.submit.content
        self.long_texts = LongTexts() if content.templates is not None or content.spam else None
        self.predefined = {int(number): text for number, text in operator.submit.default_messages.items()}
        self.rates = AccountRates()
        self.limits = tuple(throttle_limit(throttle) for throttle in operator.submit.throttles)
        if operator.submit.queue is not None:
            self.limits = (*self.limits, FillingQueue(operator.submit.queue))
        congestion = operator.congestion
        self.load = None if congestion is None or congestion.capacity is None else Load(congestion.capacity)
        self._congested = None if congestion is None or congestion.state is None else congestion.state
        self.adds_tlvs = bool(operator.submit.tlvs) or congestion is not None
        refuse = operator.submit.refuse
        self.refused = tuple(zip(accumulate(refuse.values()), (int(status) for status in refuse), strict=True))
        self.usual = self._usual()
        """None where every message is looked at."""
        self._accounts = (
            None if operator.accounts == "any" else {account.system_id: account for account in operator.accounts}
        )
        self._faults: list[tuple[Fault, str | None]] = []

    def _usual(self) -> Usual | None:
        submit, planner = self.operator.submit, self.planner
        looks = self.checks or self.refused or self.adds_tlvs or self.operator.commands or self.people is not None
        if looks or self.long_texts is not None or planner.usual is None or submit.latency.at(0.5) == math.inf:
            return None
        write, (delay, outcomes) = self.ids.plain, planner.usual
        if write is None:
            return None
        return Usual(write, submit.latency, delay, outcomes, planner.usual_window.expires_after)

    def _have_rules(self, rules: Rules) -> None:
        """The rulebook has other rules from now on."""
        self.rules = rules
        self.has_rules = bool(rules)
        self.planner.mind_rules(rules.draw_fates)

    @property
    def is_limited(self) -> bool:
        """Whether anything may refuse a message before it is looked at, but for the rate of its account."""
        return self.outage or self.throttled or self.load is not None or bool(self.limits)

    def apart(self, system_id: str) -> Apart | None:
        """What says which is the first of an account's messages that some rule may be about; None: none is."""
        return self.rules.apart(system_id) if self.has_rules else None

    def account(self, system_id: str) -> Account | None:
        """Return the account of a system_id; None when nobody has it."""
        if self._accounts is None:
            return Account(system_id=system_id, password="")
        return self._accounts.get(system_id)

    def version_of(self, account: Account) -> Version:
        """The version of SMPP that is spoken to an account at most."""
        return (self.operator.version if account.version is None else account.version).version

    def fate(self, stat: str) -> Fate:
        """The fate of a word such as "DELETED", with the error code that goes with it here."""
        return self.planner.fates.of(stat)

    def congestion_tlvs(self, now: float, version: Version) -> tuple[Tlv, ...]:
        """How busy the operator says it is, in any response to an ESME of SMPP 5.0 (§4.8.4.18); C78."""
        if version < Version.V50 or (self.load is None and self._congested is None):
            return ()
        state = self._congested if self.load is None else self.load.state(now)
        return (CONGESTION_STATE.of(state or 0),)

    def response_tlvs(self, message: Submission, message_id: str) -> tuple[Tlv, ...]:
        """The TLVs of the response to an accepted message; an ESME of SMPP 3.3 knows none."""
        if message.version <= Version.V33:
            return ()
        return (*_added_tlvs(self, message, message_id), *self.congestion_tlvs(message.now, message.version))

    def forget(self, system_id: str | None) -> None:
        """What an account, or (None) any, has sent so far has no say in what comes."""
        self.rates.forget(system_id)
        self.planner.long_messages.forget(system_id)
        if self.long_texts is not None:
            self.long_texts.forget(system_id)

    def begin(self, fault: Fault, account: str | None = None) -> None:
        """Let a fault hold from now on; a throttle for one account alone, if one is named."""
        self._faults.append((fault, account))
        self._weigh_faults()

    def end(self, fault: Fault, account: str | None = None) -> None:
        """Let a fault hold no longer; others, of the same kind too, go on."""
        if (fault, account) in self._faults:
            self._faults.remove((fault, account))
            self._weigh_faults()

    def _weigh_faults(self) -> None:
        self.outage = any(isinstance(fault, OutageFault) for fault, _ in self._faults)
        limits = [(account, fault.rate) for fault, account in self._faults if isinstance(fault, ThrottleFault)]
        self.throttle = min((rate for account, rate in limits if account is None), default=None)
        self.throttled = bool(limits)
        single: dict[str, float] = {}
        for account, rate in limits:
            if account is not None:
                single[account] = min(rate, single.get(account, rate))
        self.rates.impose(self.throttle, single)


def decide_submit(
    state: OperatorState,
    account: Account,
    bind: int,
    pdu: SubmitSm,
    now: float,
    version: Version = Version.V34,
) -> Decision:
    """Decide about a message: limits first, then what it is and says, then chance, rules and the people behind it.

    Limits, and what a message is and says, are judged at once; everything else takes the response latency. `bind`
    tells the binds of an account apart. `version` is what the session speaks.
    """
    if state.outage:
        return Decision(_SYSTEM_ERROR)
    if state.load is not None:
        state.load.count(now)
    for limit in state.limits:
        status = limit(account, bind, pdu.source_addr, now)
        if status:
            return _refuse(state, None, status, version)
    if (account.rate is not None or state.throttled) and not state.rates.take(account, now):
        return _refuse(state, None, _THROTTLED, version)
    if state.began is None:
        state.began = now
    usual = state.usual
    if usual is not None and version > _V33 and not _is_set_apart(state, account, pdu):
        # As most messages: what all below says too, and much sooner.
        number = state.next_id
        state.next_id = number + 1
        message_id = usual.write_id(number)
        wanted = state.planner.wanted[pdu.registered_delivery & 0b11]
        respond_after, ends_after, fate = usual.certain or usual.one(Draws(state.chance, account.system_id, pdu))
        plan = Plan(fate, ends_after, 0.0, usual.expires_after, message_id, wanted)
        return Decision(0, message_id, respond_after, plan, False, number)
    message = Submission(
        pdu,
        state.operator.submit.alphabet,
        account=account,
        draws=Draws(state.chance, account.system_id, pdu),
        now=now,
        elapsed=now - state.began,
        version=version,
        window=state.planner.usual_window,
    )
    status = _judge(state, message)
    if status:
        return _refuse(state, message, status, version)
    _treat(state, message)
    treatment = message.treatment
    latency = state.operator.submit.latency if treatment.latency is None else treatment.latency
    respond_after = seconds(latency, message.draws, RESPONSE)
    status = treatment.status
    if not status and (state.refused or message.person is not None):
        status = _refused_by_others(state, message)
    if status:
        return _refuse(state, message, status, version, respond_after, treatment.remark)
    return _accept(state, message, respond_after)


def _is_set_apart(state: OperatorState, account: Account, pdu: SubmitSm) -> bool:
    """Whether anything in a message, or about who sends it, may have a say in what becomes of it."""
    return bool(
        pdu.schedule_delivery_time
        or pdu.validity_period
        or pdu.sm_default_msg_id
        or account.senders is not None
        or (state.has_rules and state.rules.concern(pdu, account.system_id))
        or (state.planner.minds_parts and (pdu.tlvs or pdu.esm_class & UDHI))
    )


def _judge(state: OperatorState, message: Submission) -> int:
    """What a message is and says: the status that this earns, 0 for none."""
    pdu, submit = message.pdu, state.operator.submit
    senders = message.account.senders
    if senders is not None and pdu.source_addr not in senders:
        match submit.senders.unregistered:
            case Unregistered.REJECT:
                return submit.senders.status
            case Unregistered.REWRITE:
                message.source = submit.senders.rewrite
            case Unregistered.ACCEPT_THEN_REJECT:
                message.doomed = True
    if pdu.sm_default_msg_id:
        text = state.predefined.get(pdu.sm_default_msg_id)
        if text is None:
            return _NO_SUCH_PREDEFINED
        message.says = message.predefined = text
    if state.long_texts is not None and message.part is not None and message.part.total > 1:
        message.whole = state.long_texts.arrived(key_of(message, message.part), message.part, message.text, message.now)
        message.pending = message.whole is None
    for check in state.checks:
        status = check(message, message.version)
        if status:
            return status
    if pdu.schedule_delivery_time or pdu.validity_period:
        wall = state.epoch + message.now
        window = window_of(submit.schedule, pdu.schedule_delivery_time, pdu.validity_period, wall)
        if isinstance(window, int):
            return window
        message.window = window
    return 0


def _treat(state: OperatorState, message: Submission) -> None:
    """Find how a message is treated otherwise than usual: by its own commands, else by a rule."""
    operator = state.operator
    if operator.commands:
        commands = commands_in(message.text)
        if commands is not None:
            message.treatment = treatment_of(commands, operator.receipts, state.planner.fates)
            return
    if state.has_rules:
        shared = state.planner.shared_draws(message) if state.planner.shares_rules else None
        matched = state.rules.match(
            message, message.account.system_id, message.draws, shared, now=message.now, elapsed=message.elapsed
        )
        if matched is not None:
            message.matched = matched
            message.treatment = matched.compiled.treatment
    if state.people is not None:
        message.person = state.people.find(message.pdu.destination_addr)


def _refused_by_others(state: OperatorState, message: Submission) -> int:
    """Chance, and the person it is for: the status that they earn a message, 0 for none."""
    if message.treatment.commanded:
        return 0
    if state.refused:
        u = message.draws.uniform(REFUSED)
        for upto, status in state.refused:
            if u < upto:
                return status
    person = message.person
    return 0 if person is None else person.refuses(message.elapsed)


def _refuse(
    state: OperatorState,
    message: Submission | None,
    status: int,
    version: Version,
    respond_after: float = 0.0,
    remark: str = "",
) -> Decision:
    """Turn a message down; None for the message when a limit did, which has no more to say about it."""
    operator = state.operator
    silent = respond_after == math.inf
    respond_after = 0.0 if silent else respond_after
    body = operator.submit.error_body
    receipt: Plan | None = None
    number, message_id = 0, ""
    tells = message is not None and operator.receipts.rejected
    if tells or body is ErrorBody.MESSAGE_ID:
        number, message_id = _next_id(state, message, version)
    octets = _error_body(state, message, status, message_id, version)
    if message is not None and tells:
        receipt = state.planner.rejected(message, number, message_id, respond_after)
    return Decision(
        status,
        respond_after=respond_after,
        no_response=silent,
        number=number,
        body=octets,
        rejected_receipt=receipt,
        remark=remark,
    )


def _error_body(
    state: OperatorState, message: Submission | None, status: int, message_id: str, version: Version
) -> bytes:
    match state.operator.submit.error_body:
        case ErrorBody.MESSAGE_ID:
            return message_id.encode("latin-1") + b"\0"
        case ErrorBody.NUL:
            return b"\0"
        case ErrorBody.NONE if message is None or not message.treatment.tlvs:
            return b""
    if version <= Version.V33:
        return b""
    # Without the message_id before them: what follows the header can be read in two ways.
    tlvs = _added_tlvs(state, message, message_id)
    tlvs = tlvs or (ADDITIONAL_STATUS_INFO_TEXT.of(f"refused with {status:#x}"),)
    return b"".join(tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for tag, value in tlvs)


def _added_tlvs(state: OperatorState, message: Submission | None, message_id: str) -> tuple[Tlv, ...]:
    """The TLVs that the operator and a rule add to a response."""
    if message is None:
        return extra_tlvs(state.operator.submit.tlvs, Request(None, message_id))
    extras = (*state.operator.submit.tlvs, *message.treatment.tlvs)
    if not extras:
        return ()
    return extra_tlvs(extras, Request(message, message_id, message.words), message.pdu.tlvs)


def _next_id(state: OperatorState, message: Submission | None, version: Version) -> tuple[int, str]:
    number = state.next_id
    state.next_id = number + 1
    if version <= _V33 or message is None:
        return number, state.ids.write_v33(number)
    return number, state.ids.write(number, message)


def _accept(state: OperatorState, message: Submission, respond_after: float) -> Decision:
    silent = message.treatment.silent
    if respond_after == math.inf:
        silent, respond_after = True, 0.0
    number, message_id = _next_id(state, message, message.version)
    if message.treatment.message_id is not None:
        most = LONGEST_V33 if message.version <= _V33 else LONGEST
        message_id = id_text(message.treatment.message_id, Request(message, message_id, message.words), most)
    plan, revises = state.planner.plan(message, number, message_id, respond_after)
    tlvs: tuple[Tlv, ...] = ()
    if state.adds_tlvs or message.treatment.tlvs:
        tlvs = state.response_tlvs(message, message_id)
    return Decision(0, message_id, respond_after, plan, silent, number, tlvs, b"", None, revises)


def apply_fault(state: OperatorState, entry: Fault, now: float) -> None:  # noqa: ARG001
    """Begin a fault. A reset leaves no trace here: cutting connections is the server's act."""
    if not isinstance(entry, ResetFault):
        state.begin(entry)


def end_fault(state: OperatorState, entry: Fault, now: float) -> None:  # noqa: ARG001
    """End a fault; nothing happens when it is not on."""
    state.end(entry)
