"""Rules and states, as they are and as they shall be."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.params import FromPath

from smsc.control.asked import asks, done, order_of, unreadable
from smsc.control.given import GivenControl, GivenQuery
from smsc.control.query import Option, query
from smsc.control.rules import ListedRule, Origin, RuleChange, RuleOrder, RuleSwitch, StateOrder
from smsc.control.written import written
from smsc.scenario.counting import EVERYBODY
from smsc.scenario.rulebook import MachineStatus
from yamlmodel.errors import ConfigError

Asked = Request[Any, Any, Any]
_OPERATOR = {"operator": Option("The operator's name")}


class RuleView(msgspec.Struct, frozen=True):
    """A rule: `rule` is what it says, `hits` how many messages it was applied to, `counters` what it has counted."""

    id: str
    operator: str
    origin: Origin
    namespace: str | None
    enabled: bool
    hits: int
    rule: Any
    counters: list[CounterView]


class CounterView(msgspec.Struct, frozen=True):
    """What was counted for an account and a number, "" where these are not told apart."""

    system_id: str
    number: str
    count: int


class RuleMade(msgspec.Struct, frozen=True):
    """The id of a rule that was added."""

    id: str


class StateView(msgspec.Struct, frozen=True):
    """A state machine. `state` is that of everybody, `states` are all that it can come to.

    `of` has those that differ, where each account or number (`per`) has a state of its own.
    """

    operator: str
    name: str
    state: str
    initial: str
    per: str
    states: list[str]
    of: list[StateOf]


class StateOf(msgspec.Struct, frozen=True):
    """The state for an account and a number."""

    system_id: str
    number: str
    state: str


@get("/api/rules", **query(_OPERATOR))
async def rules(control: GivenControl, asked: GivenQuery) -> list[RuleView]:
    """All rules in their order, operator by operator."""
    return [_rule(one) for one in done(control.steering.rules.listed(asked.get("operator")))]


@post("/api/rules", **asks(RuleOrder))
async def add(request: Asked, control: GivenControl) -> RuleMade:
    """Add a rule, written as in a scenario file."""
    order = await order_of(request, RuleOrder)
    try:
        return RuleMade(done(control.steering.rules.add(order)))
    except ConfigError as error:  # of the rule as a text
        raise unreadable(error) from None


@put("/api/rules/{rule:str}", status_code=204, **asks(RuleChange, _OPERATOR))
async def replace(request: Asked, control: GivenControl, rule: FromPath[str], asked: GivenQuery) -> None:
    """Put another rule in the place of one; it counts from 0."""
    done(control.steering.rules.replace(rule, await order_of(request, RuleChange), asked.get("operator")))


@patch("/api/rules/{rule:str}", status_code=204, **asks(RuleSwitch, _OPERATOR))
async def switch(request: Asked, control: GivenControl, rule: FromPath[str], asked: GivenQuery) -> None:
    """Let a rule apply, or not for now."""
    order = await order_of(request, RuleSwitch)
    done(control.steering.rules.enable(rule, order.enabled, asked.get("operator")))


@delete("/api/rules/{rule:str}", status_code=204, **query(_OPERATOR))
async def remove(control: GivenControl, rule: FromPath[str], asked: GivenQuery) -> None:
    """Take a rule out."""
    done(control.steering.rules.remove(rule, asked.get("operator")))


@get("/api/states", **query(_OPERATOR))
async def states(control: GivenControl, asked: GivenQuery) -> list[StateView]:
    """All state machines, operator by operator."""
    return [_machine(name, one) for name, one in done(control.steering.rules.machines(asked.get("operator")))]


@put("/api/states/{operator:str}/{name:str}", status_code=204, **asks(StateOrder))
async def set_state(request: Asked, control: GivenControl, operator: FromPath[str], name: FromPath[str]) -> None:
    """Put a machine into a state."""
    done(control.steering.rules.set_state(operator, name, await order_of(request, StateOrder)))


@delete(
    "/api/states/{operator:str}/{name:str}",
    status_code=204,
    **query({"system_id": Option("Only what is of this account")}),
)
async def reset_states(control: GivenControl, operator: FromPath[str], name: FromPath[str], asked: GivenQuery) -> None:
    """Put a machine into its first state, for one account or all."""
    done(control.steering.rules.reset_states(operator, name, asked.get("system_id")))


def _rule(one: ListedRule) -> RuleView:
    status = one.status
    return RuleView(
        id=status.id,
        operator=one.operator,
        origin=one.origin,
        namespace=status.namespace or None,
        enabled=status.enabled,
        hits=status.hits,
        rule={key: value for key, value in written(status.rule).items() if key != "id"},
        counters=[CounterView(key.system_id, key.number, count) for key, count in status.counters.items()],
    )


def _machine(operator: str, machine: MachineStatus) -> StateView:
    return StateView(
        operator=operator,
        name=machine.name,
        state=machine.states.get(EVERYBODY, machine.initial),
        initial=machine.initial,
        per=machine.per.value,
        states=list(machine.known),
        of=[StateOf(key.system_id, key.number, state) for key, state in machine.states.items() if key != EVERYBODY],
    )


HANDLERS = [rules, add, replace, switch, remove, states, set_state, reset_states]
