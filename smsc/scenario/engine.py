"""How an emulated operator behaves: state and stimulus in, decision out. No I/O, no clock, no generator.

`now` is seconds of any monotonic clock, the same one throughout the life of a state.
"""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

import msgspec

from smppkit.commands import CommandId
from smppkit.message_ids import render
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, SubmitSm
from smppkit.rate import Gcra
from smppkit.status import CommandStatus
from smsc.scenario.decisions import Decision, ReceiptPlan
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.model import (
    Account,
    BindType,
    Fault,
    Operator,
    OutageFault,
    ResetFault,
    Rule,
    ThrottleFault,
)
from smsc.scenario.rules import Rules
from smsc.scenario.scalars import Status

# High enough that the ids of one run, read in the wrong base, do not fall among themselves; short enough for the
# eight octets of SMPP 3.3.
FIRST_MESSAGE_NUMBER: Final = 10_000_001
_LIMITERS_KEPT: Final = 4096

# Sets of message states, as bits.
_FAILURES: Final = sum(1 << state for state in MessageState if state.final and state is not MessageState.DELIVERED)
# registered_delivery bits 1–0 (SMPP 3.4 §5.2.17; 0b11 is of SMPP 5.0 §4.7.21): the states that earn a receipt.
_WANTED: Final = (0, ~0, _FAILURES, ~_FAILURES)

_RESPONSE, _OUTCOME, _RECEIPT = range(3)  # draw slots

_BIND_TYPES = {
    CommandId.BIND_RECEIVER: BindType.RECEIVER,
    CommandId.BIND_TRANSMITTER: BindType.TRANSMITTER,
    CommandId.BIND_TRANSCEIVER: BindType.TRANSCEIVER,
}


class Fate(msgspec.Struct, frozen=True, gc=False):
    """What becomes of a message, as its receipt tells it."""

    stat: str
    err: str
    state: MessageState


class OperatorState:
    """What an operator remembers between decisions; its memory is bounded.

    `next_id` is the number of the next accepted message and may be set (a journal goes on above its highest).
    `outage` says that it is out of service: binds are refused, and the server keeps none. `throttle` is the limit per
    account that a fault imposes, None without one.
    """

    def __init__(self, operator: Operator, name: str, seed: int) -> None:
        self.operator = operator
        self.name = name
        self.next_id = FIRST_MESSAGE_NUMBER
        self.outage = False
        self.throttle: float | None = None
        self.chance = Chance(seed, name)
        self.rules = Rules(operator.rules)
        self._accounts = (
            None if operator.accounts == "any" else {account.system_id: account for account in operator.accounts}
        )
        self._err: Mapping[str, str] = {str(stat): code for stat, code in operator.receipts.err.items()}
        shares = {stat: share for stat, share in operator.receipts.outcome.items() if share > 0}
        fates = [None if stat == "none" else self.fate(stat) for stat in shares]
        self._outcomes = tuple(zip(accumulate(shares.values()), fates, strict=True))
        self._faults: list[Fault] = []
        self._limiters: OrderedDict[str, Gcra] = OrderedDict()

    def account(self, system_id: str) -> Account | None:
        """Return the account of a system_id; None when nobody has it."""
        if self._accounts is None:
            return Account(system_id=system_id, password="")
        return self._accounts.get(system_id)

    def admits(self, account: Account, now: float) -> bool:
        """Count a submit against the limit of its account; False when it is over."""
        if account.rate is None and self.throttle is None:
            return True
        limiter = self._limiters.get(account.system_id)
        if limiter is None:
            rate = min(limit for limit in (account.rate, self.throttle) if limit is not None)
            # As many at once as a second allows: a client that counts per second is within its rights.
            limiter = self._limiters[account.system_id] = Gcra(rate, burst=max(1.0, rate))
            if len(self._limiters) > _LIMITERS_KEPT:
                self._limiters.popitem(last=False)
        return limiter.take(now)

    def fate(self, stat: str) -> Fate:
        """Return the fate of a word such as "DELIVRD", with the error code that goes with it here."""
        state = state_of(stat) or MessageState.UNKNOWN
        default = "001" if _FAILURES >> state & 1 else "000"
        return Fate(str(stat), self._err.get(stat, default), state)

    def draw_fate(self, draws: Draws) -> Fate | None:
        """Draw what becomes of an accepted message; None is never heard of again."""
        outcomes = self._outcomes
        if len(outcomes) == 1:
            return outcomes[0][1]
        u = draws.uniform(_OUTCOME)
        for upto, fate in outcomes:
            if u < upto:
                return fate
        return outcomes[-1][1]  # the shares, added as floats, may end a hair below 1

    def begin(self, fault: Fault) -> None:
        """Let a fault hold from now on."""
        self._faults.append(fault)
        self._weigh_faults()

    def end(self, fault: Fault) -> None:
        """Let a fault hold no longer; others, of the same kind too, go on."""
        if fault in self._faults:
            self._faults.remove(fault)
            self._weigh_faults()

    def _weigh_faults(self) -> None:
        self.outage = any(isinstance(fault, OutageFault) for fault in self._faults)
        limits = [fault.rate for fault in self._faults if isinstance(fault, ThrottleFault)]
        self.throttle = min(limits, default=None)
        self._limiters.clear()


def decide_bind(
    state: OperatorState,
    pdu: BindReceiver | BindTransmitter | BindTransceiver,
    binds_of_system_id: int,
    now: float,  # noqa: ARG001
) -> int:
    """Return the command_status for a bind; `binds_of_system_id` are the binds that the system_id has already."""
    if state.outage:
        return CommandStatus.ESME_RSYSERR
    account = state.account(pdu.system_id)
    # One status for both, so that nobody learns which names exist (SMPP 5.0 §4.7.6).
    if account is None or (state.operator.accounts != "any" and account.password != pdu.password):
        return CommandStatus.ESME_RBINDFAIL
    if _BIND_TYPES[pdu.command_id] not in account.bind_types:
        return CommandStatus.ESME_RINVCMDID
    if account.binds and binds_of_system_id >= account.binds:
        return CommandStatus.ESME_RALYBND
    return CommandStatus.ESME_ROK


_OUT_OF_SERVICE: Final = Decision(int(CommandStatus.ESME_RSYSERR))
_THROTTLED: Final = Decision(int(CommandStatus.ESME_RTHROTTLED))
_WRONG_SENDER: Final = Decision(int(CommandStatus.ESME_RINVSRCADR))


def decide_submit(
    state: OperatorState,
    account: Account,
    bind_id: int,  # noqa: ARG001
    pdu: SubmitSm,
    now: float,
) -> Decision:
    """Decide about a message: limits first, then the sender, then the first rule, then the operator's habits.

    Limits and senders are refused at once; everything else takes the response latency.
    """
    if state.outage:
        return _OUT_OF_SERVICE
    if not state.admits(account, now):
        return _THROTTLED
    if account.senders is not None and pdu.source_addr not in account.senders:
        return _WRONG_SENDER
    operator = state.operator
    draws = Draws(state.chance, account.system_id, pdu)
    rule = state.rules.match(pdu, account.system_id, draws)
    latency = operator.submit.latency
    if rule is not None and rule.latency is not None:
        latency = rule.latency
    respond_after = _seconds(latency, draws, _RESPONSE)
    if rule is not None and isinstance(rule.respond, Status) and rule.respond:
        return Decision(rule.respond, respond_after=respond_after)
    number = state.next_id
    state.next_id = number + 1
    return Decision(
        0,
        render(number, operator.ids),
        respond_after,
        _plan_receipt(state, rule, pdu, draws, number, respond_after),
        rule is not None and rule.respond == "none",
        number,
    )


def _plan_receipt(
    state: OperatorState, rule: Rule | None, pdu: SubmitSm, draws: Draws, number: int, respond_after: float
) -> ReceiptPlan | None:
    wanted = _WANTED[pdu.registered_delivery & 0b11]
    change = rule.receipt if rule is not None else None
    if not wanted or change == "none":
        return None
    habits = state.operator.receipts
    latency = habits.delay
    if change is None:
        fate = state.draw_fate(draws)
    else:
        fate = state.fate(change.stat) if change.stat is not None else state.draw_fate(draws)
        latency = change.delay if change.delay is not None else latency
    if fate is None or not wanted >> fate.state & 1:
        return None
    delay = _seconds(latency, draws, _RECEIPT)
    early = habits.before_response
    return ReceiptPlan(
        min(delay, respond_after) if early else respond_after + delay,
        fate.stat,
        change.err if change is not None and change.err is not None else fate.err,
        render(number, habits.ids or state.operator.ids),
        habits.form,
        early,
    )


def _seconds(latency: Latency, draws: Draws, slot: int) -> float:
    if type(latency) is Fixed:
        return latency.seconds
    return latency.at(draws.uniform(slot))


def apply_fault(state: OperatorState, entry: Fault, now: float) -> None:  # noqa: ARG001
    """Begin a fault. A reset leaves no trace here: cutting connections is the server's act."""
    if not isinstance(entry, ResetFault):
        state.begin(entry)


def end_fault(state: OperatorState, entry: Fault, now: float) -> None:  # noqa: ARG001
    """End a fault; nothing happens when it is not on."""
    state.end(entry)
