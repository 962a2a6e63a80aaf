"""Rules and states that are changed while the emulator runs.

A rule is named by its id. One that was added at several operators at once has the same id at each of them, and is
changed at all of them; any other id that several operators have needs the name of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from smsc.control.declined import Declined, Why
from smsc.control.operators import Operators, account_of, operator_named
from smsc.scenario.counting import Key
from smsc.scenario.rule_model import Rule
from smsc.scenario.rulebook import MachineStatus, RuleStatus
from smsc.server.server import OperatorServer
from yamlmodel.loader import loads
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]
Origin = Literal["scenario", "api"]
PREFIX: Final = "api-"
"""How the ids begin that are made here."""

_Operator = Annotated[str, Meta(description="Whose rule it is; all operators' when omitted")] | None


class RuleOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that somebody adds."""

    rule: Annotated[Rule, Meta(description="The rule, as in a scenario")] | None = None
    yaml: Annotated[str, Meta(description="The rule as the text of a file", max_length=65536)] | None = None
    operator: _Operator = None
    namespace: Annotated[str, Meta(description="The one account whose messages it is for", min_length=1)] | None = None
    first: Annotated[bool, Meta(description="Before all other rules, else behind them")] = True

    def problems(self) -> Problems:
        """There is one rule."""
        if (self.rule is None) is (self.yaml is None):
            found = "both" if self.yaml is not None else "neither"
            yield (
                ("rule",),
                f"found {found} rule and yaml; expected one of them"
                if self.yaml is not None
                else ('the key "rule" is missing; expected a rule, or its text in yaml'),
            )

    def read(self) -> Rule:
        """The rule. ConfigError for what is wrong with its text."""
        if self.rule is not None:
            return self.rule
        return loads(self.yaml or "", Rule, "rule")


class RuleChange(msgspec.Struct, frozen=True):
    """Another rule in the place of one."""

    rule: Annotated[Rule, Meta(description="The rule, as in a scenario")]


class RuleSwitch(msgspec.Struct, frozen=True):
    """Whether a rule applies."""

    enabled: Annotated[bool, Meta(description="Whether it applies")]


class StateOrder(msgspec.Struct, frozen=True):
    """The state that a machine is put into."""

    state: Annotated[str, Meta(description="The state", min_length=1)]
    system_id: Annotated[str, Meta(description="For which account, where each has a state of its own")] = ""
    number: Annotated[str, Meta(description="For which number, where each has a state of its own")] = ""


class ListedRule(msgspec.Struct, frozen=True):
    """A rule as it is now, and where it comes from."""

    operator: str
    origin: Origin
    status: RuleStatus


class RuntimeRules:
    """The rules and the state machines of an emulator's operators."""

    def __init__(self, operators: Operators, changed: Callable[[], None] | None = None) -> None:
        """`changed` is told of every change."""
        self._operators = operators
        self._changed = changed or _nobody
        self._added: dict[str, tuple[str, ...]] = {}  # the operators of the rules that were added here
        self._made = 0

    # --- rules ----------------------------------------------------------------------------------

    def listed(self, operator: str | None = None) -> list[ListedRule] | Declined:
        """All rules in their order, operator by operator; of one operator only when it is named."""
        chosen = self._chosen(operator)
        if isinstance(chosen, Declined):
            return chosen
        return [
            ListedRule(one.name, "api" if one.name in self._added.get(status.id, ()) else "scenario", status)
            for one in chosen
            for status in one.state.rulebook.listed()
        ]

    def add(self, order: RuleOrder) -> str | Declined:
        """Add a rule, at one operator or all of them; its id. ConfigError for what is wrong with its text."""
        chosen = self._chosen(order.operator)
        if isinstance(chosen, Declined):
            return chosen
        if order.namespace is not None:
            unknown = [account_of(operator, order.namespace) for operator in chosen]
            if all(unknown) and unknown[0] is not None:
                return msgspec.structs.replace(unknown[0], key="namespace")
        rule = order.read()
        rule = rule if rule.id else msgspec.structs.replace(rule, id=self._free_id())
        done: list[OperatorServer] = []
        try:
            for operator in chosen:
                operator.state.rulebook.add(rule, at=0 if order.first else None, namespace=order.namespace or "")
                done.append(operator)
        except ValueError as error:
            for operator in done:
                operator.state.rulebook.remove(rule.id)
            return Declined(Why.IMPOSSIBLE, f"rule: {error}", "rule")
        self._added[rule.id] = tuple(operator.name for operator in chosen)
        self._changed()
        return rule.id

    def replace(self, rule_id: str, change: RuleChange, operator: str | None = None) -> Declined | None:
        """Put another rule in the place of one; None when that is done."""
        found = self._having(rule_id, operator)
        if isinstance(found, Declined):
            return found
        try:
            for one in found:
                one.state.rulebook.replace(rule_id, change.rule)
        except ValueError as error:  # each operator would say the same, so the first has said it
            return Declined(Why.IMPOSSIBLE, f"rule: {error}", "rule")
        self._changed()
        return None

    def enable(self, rule_id: str, enabled: bool, operator: str | None = None) -> Declined | None:
        """Let a rule apply, or not for now; None when that is done."""
        found = self._having(rule_id, operator)
        if isinstance(found, Declined):
            return found
        for one in found:
            one.state.rulebook.enable(rule_id, enabled)
        self._changed()
        return None

    def remove(self, rule_id: str, operator: str | None = None) -> Declined | None:
        """Take a rule out; None when it is."""
        found = self._having(rule_id, operator)
        if isinstance(found, Declined):
            return found
        for one in found:
            one.state.rulebook.remove(rule_id)
        names = {one.name for one in found}
        left = tuple(name for name in self._added.pop(rule_id, ()) if name not in names)
        if left:
            self._added[rule_id] = left
        self._changed()
        return None

    def forget(self, namespace: str | None) -> None:
        """Take out the rules of an account, and forget what was counted and remembered of it.

        None: let all rules be as the scenario has them, and forget everything.
        """
        for operator in self._operators.values():
            book = operator.state.rulebook
            if namespace is not None:
                book.clear(namespace)
                continue
            for other in {status.namespace for status in book.listed()} - {""}:
                book.clear(other)
            book.set_rules(operator.state.operator.rules)
            for status in book.listed():
                book.enable(status.id)
            book.reset()
        known = {(one.name, status.id) for one in self._operators.values() for status in one.state.rulebook.listed()}
        self._added = {
            rule_id: left
            for rule_id, names in self._added.items()
            if (left := tuple(name for name in names if (name, rule_id) in known))
        }
        self._changed()

    # --- states ---------------------------------------------------------------------------------

    def machines(self, operator: str | None = None) -> list[tuple[str, MachineStatus]] | Declined:
        """All state machines, each with the name of its operator."""
        chosen = self._chosen(operator)
        if isinstance(chosen, Declined):
            return chosen
        return [(one.name, status) for one in chosen for status in one.state.rulebook.machines()]

    def set_state(self, operator: str, name: str, order: StateOrder) -> Declined | None:
        """Put a machine into a state; None when it is in it."""
        found = operator_named(self._operators, operator)
        if isinstance(found, Declined):
            return found
        key = Key(order.system_id, order.number.removeprefix("+"))
        try:
            wrong = _wrong_key(found.state.rulebook.machine(name), key)
            if wrong is not None:
                return wrong
            found.state.rulebook.set_state(name, order.state, key)
        except LookupError as error:
            return Declined(Why.UNKNOWN, str(error), "name")
        except ValueError as error:
            return Declined(Why.IMPOSSIBLE, f"state: {error}", "state")
        self._changed()
        return None

    def reset_states(self, operator: str, name: str, system_id: str | None = None) -> Declined | None:
        """Put a machine into its first state, for one account or all; None when that is done."""
        found = operator_named(self._operators, operator)
        if isinstance(found, Declined):
            return found
        try:
            found.state.rulebook.reset_machine(name, system_id)
        except LookupError as error:
            return Declined(Why.UNKNOWN, str(error), "name")
        self._changed()
        return None

    # --- inside ---------------------------------------------------------------------------------

    def _chosen(self, operator: str | None) -> Sequence[OperatorServer] | Declined:
        if operator is None:
            return list(self._operators.values())
        found = operator_named(self._operators, operator)
        return found if isinstance(found, Declined) else [found]

    def _having(self, rule_id: str, operator: str | None) -> Sequence[OperatorServer] | Declined:
        """The operators at which a rule is meant."""
        chosen = self._chosen(operator)
        if isinstance(chosen, Declined):
            return chosen
        ids = {one.name: [status.id for status in one.state.rulebook.listed()] for one in chosen}
        having = [one for one in chosen if rule_id in ids[one.name]]
        if not having:
            known = sorted({other for some in ids.values() for other in some})
            hint = did_you_mean(rule_id, known) or (
                f"; there are {', '.join(known[:20])}" if known else "; there is none"
            )
            return Declined(Why.UNKNOWN, f'there is no rule "{rule_id}"{hint}', "id")
        names = tuple(one.name for one in having)
        if len(having) > 1 and names != self._added.get(rule_id):
            detail = f'the rule "{rule_id}" is one of each of {", ".join(names)}; name the operator'
            return Declined(Why.IMPOSSIBLE, detail, "operator")
        return having

    def _free_id(self) -> str:
        taken = {status.id for one in self._operators.values() for status in one.state.rulebook.listed()}
        self._made += 1
        while f"{PREFIX}{self._made}" in taken:
            self._made += 1
        return f"{PREFIX}{self._made}"


_NEEDS: Final = {"to": (True, True), "from": (True, True), "account": (True, False), "operator": (False, False)}
"""Whether a machine, by whose it is, has a state for each account and for each number."""


def _wrong_key(machine: MachineStatus, key: Key) -> Declined | None:
    account, number = _NEEDS[machine.per.value]
    for name, value, needed in (("system_id", key.system_id, account), ("number", key.number, number)):
        if bool(value) is not needed:
            found = f'found "{value}"' if value else f'the key "{name}" is missing'
            expected = f"expected {'one' if needed else 'none'}"
            return Declined(
                Why.IMPOSSIBLE, f"{name}: {found}; {machine.name} is per {machine.per.value}: {expected}", name
            )
    return None


def _nobody() -> None:
    """Nobody is told."""
