"""The rules of an operator as they can be changed while it runs, with what they have counted, and its state machines.

A rule is named by its `id`. A rule with a *namespace* is for the messages of that one account, so that several users
of one emulator do not disturb each other; the rules of the file have none. Whatever is changed, the rules that stay
keep their hits, their counters and their chance.

Nothing in here knows the time or opens anything. A name that is not known is a LookupError, a rule that cannot be a
ValueError; both say so in one line.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from smsc.scenario.counting import EVERYBODY, MOST_KEPT, Counter, Key, Memory, Per
from smsc.scenario.machines import Machine, Machines, known_states, machine_problems
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule
from smsc.scenario.rules import CompiledRule, Rules, compile_rule
from smsc.scenario.treatment import FIRST_NOTICE, FIRST_RULE, Fates
from yamlmodel.errors import dotted
from yamlmodel.suggest import did_you_mean

MOST_RULES: Final = 10_000
_SLOTS: Final = FIRST_NOTICE - FIRST_RULE


class RuleStatus(msgspec.Struct, frozen=True):
    """A rule and what it has done. `counters` has the messages that it counted, by whose they are."""

    id: str
    rule: Rule
    namespace: str
    enabled: bool
    hits: int
    counters: dict[Key, int]


class MachineStatus(msgspec.Struct, frozen=True):
    """A state machine: `known` are the states that it can come to, `states` those that are not the first one."""

    name: str
    initial: str
    per: Per
    known: tuple[str, ...]
    states: dict[Key, str]


class Rulebook:
    """The rules of one operator. `rules` is what the engine asks; `changed` is told of every other one."""

    def __init__(
        self,
        rules: Sequence[Rule],
        machines: Mapping[str, Machine | str],
        receipts: Receipts,
        changed: Callable[[Rules], None] | None = None,
        *,
        most: int = MOST_KEPT,
        alphabet: str = "gsm7",
    ) -> None:
        """`most` bounds the counters that are remembered, and the states; `alphabet` is meant by data_coding 0."""
        self._receipts = receipts
        self._alphabet = alphabet
        self._fates = Fates(receipts)
        self._counters: Memory[Counter] = Memory(most)
        self._machines = Machines(machines, most)
        self._changed = changed
        self._made = 0
        self._book: list[CompiledRule] = []
        taken = {rule.id for rule in rules}
        for rule in rules:
            self._book.append(self._compiled(rule, "", rule.id or self._free_id(taken)))
        self.rules = self._ruling()

    # --- rules ----------------------------------------------------------------------------------

    def listed(self, namespace: str | None = None) -> list[RuleStatus]:
        """All rules in their order; only those of one namespace, "" for those without one, when it is said."""
        return [self._status(rule) for rule in self._book if namespace is None or rule.namespace == namespace]

    def get(self, rule_id: str) -> RuleStatus:
        """One rule. LookupError."""
        return self._status(self._book[self._place(rule_id)])

    def add(self, rule: Rule, *, at: int | None = None, namespace: str = "") -> str:
        """Put a rule before that which is number `at` (0: before all), else behind all; returns its id.

        ValueError for an id that is taken, a state machine or state that is not there, or too many rules.
        """
        place = len(self._book) if at is None else max(0, at)
        self._check([rule], [other.rule for other in self._book])
        compiled = self._compiled(rule, namespace, rule.id or self._free_id({other.id for other in self._book}))
        self._book.insert(place, compiled)
        self._renew()
        return compiled.id

    def replace(self, rule_id: str, rule: Rule) -> None:
        """Put another rule in the place of one; it keeps the id, and counts from 0. LookupError, ValueError."""
        place = self._place(rule_id)
        if rule.id not in ("", rule_id):
            raise ValueError(f'the id is "{rule.id}"; expected "{rule_id}", or none')
        self._check([msgspec.structs.replace(rule, id="")], [other.rule for other in self._book if other.id != rule_id])
        before = self._book[place]
        self._counters.forget(rule_id)
        compiled = self._compiled(rule, before.namespace, rule_id)
        compiled.enabled = before.enabled
        self._book[place] = compiled
        self._renew()

    def remove(self, rule_id: str) -> None:
        """Take a rule out; what it counted is forgotten. LookupError."""
        del self._book[self._place(rule_id)]
        self._counters.forget(rule_id)
        self._renew()

    def move(self, rule_id: str, at: int) -> None:
        """Put a rule where it is number `at`. LookupError."""
        compiled = self._book.pop(self._place(rule_id))
        self._book.insert(max(0, at), compiled)
        self._renew()

    def enable(self, rule_id: str, enabled: bool = True) -> None:
        """Let a rule apply, or not for now; its counters stay. LookupError."""
        self._book[self._place(rule_id)].enabled = enabled
        self._renew()

    def set_rules(self, rules: Sequence[Rule], namespace: str = "") -> list[str]:
        """Let these be all rules of a namespace; returns their ids. ValueError, and then nothing has changed.

        A rule that was there already, by its id or, without one, by all that it says, keeps what it has counted. The
        rules of a namespace come before all others, those without one behind them.
        """
        others = [rule for rule in self._book if rule.namespace != namespace]
        mine = [rule for rule in self._book if rule.namespace == namespace]
        self._check(rules, [other.rule for other in others], taken=[other.id for other in others])
        new: list[CompiledRule] = []
        ids = {old.id for old in self._book} | {rule.id for rule in rules}
        left = {old.id: old for old in mine}
        alike: dict[tuple[object, ...], list[CompiledRule]] = {}
        for old in mine:
            alike.setdefault(_gist(old.rule), []).append(old)
        for rule in rules:
            if rule.id:
                stays = left.get(rule.id)
            else:
                stays = next((old for old in alike.get(_gist(rule), ()) if old.id in left and old.rule == rule), None)
            if stays is None:
                new.append(self._compiled(rule, namespace, rule.id or self._free_id(ids)))
                continue
            del left[stays.id]
            if stays.rule != rule:
                changed = self._compiled(rule, namespace, stays.id)
                changed.enabled, changed.hits = stays.enabled, stays.hits
                stays = changed
            new.append(stays)
        for gone in left:
            self._counters.forget(gone)
        self._book = [*new, *others] if namespace else [*others, *new]
        self._renew()
        return [rule.id for rule in new]

    @property
    def evicted(self) -> int:
        """How many counters and states were forgotten because memory is bounded."""
        return self._counters.evicted + self._machines.evicted

    # --- counters and machines --------------------------------------------------------------------

    def reset(self, system_id: str | None = None) -> None:
        """Count from 0 and put machines into their first state: all, or what is of one account.

        Of an account are its own counters and states, and all of the rules that have it for a namespace. What an
        operator counts and remembers as a whole is nobody's, and stays.
        """
        for rule in self._book:
            if system_id is None or rule.namespace == system_id:
                rule.hits = 0
                self._counters.forget(rule.id)
        self._counters.forget(system_id=system_id)
        self._machines.reset(system_id=system_id)

    def clear(self, system_id: str) -> None:
        """Remove the rules of a namespace, and reset what is of its account."""
        self.reset(system_id)
        self._book = [rule for rule in self._book if rule.namespace != system_id]
        self._renew()

    def machines(self, system_id: str | None = None) -> list[MachineStatus]:
        """All state machines; with a system_id, only the states of that account."""
        return [self._machine(name, system_id) for name in self._machines.declared]

    def machine(self, name: str) -> MachineStatus:
        """One state machine. LookupError."""
        self._declared(name)
        return self._machine(name, None)

    def state(self, name: str, key: Key = EVERYBODY) -> str:
        """The state that a machine is in, for whom `key` names. LookupError."""
        self._declared(name)
        return self._machines.state(name, key)

    def set_state(self, name: str, state: str, key: Key = EVERYBODY) -> None:
        """Put a machine into a state. LookupError for a machine, ValueError for a state that is not known."""
        self._declared(name)
        known = self._machine(name, None).known
        if state not in known:
            raise ValueError(f'found "{state}"; {name} can be {", ".join(known)}{did_you_mean(state, known)}')
        self._machines.move(name, state, key)

    def reset_machine(self, name: str, system_id: str | None = None) -> None:
        """Put one machine into its first state, for one account or all. LookupError."""
        self._declared(name)
        self._machines.reset(name, system_id)

    # --- inside -----------------------------------------------------------------------------------

    def _compiled(self, rule: Rule, namespace: str, rule_id: str) -> CompiledRule:
        slot = FIRST_RULE + self._made % _SLOTS
        self._made += 1
        return compile_rule(rule, rule_id, namespace, slot, self._receipts, self._fates)

    def _free_id(self, taken: set[str]) -> str:
        """An id that no rule has; it is taken from now on."""
        number = self._made + 1
        while f"rule-{number}" in taken:
            number += 1
        taken.add(f"rule-{number}")
        return f"rule-{number}"

    def _check(self, rules: Sequence[Rule], others: Sequence[Rule], taken: Sequence[str] | None = None) -> None:
        """ValueError for rules that cannot stand beside the others."""
        if len(rules) + len(others) > MOST_RULES:
            raise ValueError(f"found {len(rules) + len(others)} rules; expected {MOST_RULES} at most")
        ids = {rule.id for rule in self._book} if taken is None else set(taken)
        for rule in rules:
            if rule.id and rule.id in ids:
                raise ValueError(f'a second rule "{rule.id}"')
            ids.add(rule.id)
        steps = [(rule.in_, rule.then) for rule in (*others, *rules)]
        for (index, *path), message in machine_problems(self._machines.declared, steps):
            if isinstance(index, int) and index >= len(others):
                raise ValueError(f"{dotted(tuple(path))}: {message}")

    def _ruling(self) -> Rules:
        return Rules(self._book, self._counters, self._machines, self._alphabet)

    def _renew(self) -> None:
        self.rules = self._ruling()
        if self._changed is not None:
            self._changed(self.rules)

    def _place(self, rule_id: str) -> int:
        for place, rule in enumerate(self._book):
            if rule.id == rule_id:
                return place
        raise LookupError(f'there is no rule "{rule_id}"{did_you_mean(rule_id, [rule.id for rule in self._book])}')

    def _status(self, rule: CompiledRule) -> RuleStatus:
        counters = {key: counter.count for key, counter in self._counters.of(rule.id).items()}
        return RuleStatus(rule.id, rule.rule, rule.namespace, rule.enabled, rule.hits, counters)

    def _declared(self, name: str) -> None:
        declared = self._machines.declared
        if name not in declared:
            raise LookupError(f'there is no state machine "{name}"{did_you_mean(name, declared)}')

    def _machine(self, name: str, system_id: str | None) -> MachineStatus:
        declared = self._machines.declared[name]
        states = self._machines.states(name)
        if system_id is not None:
            states = {key: state for key, state in states.items() if key.system_id == system_id}
        steps = [(rule.rule.in_, rule.rule.then) for rule in self._book]
        known = known_states(name, declared.initial, steps)
        return MachineStatus(name, declared.initial, declared.per, known, states)


def _gist(rule: Rule) -> tuple[object, ...]:
    """What tells most rules apart, quickly; equal rules have the same."""
    when = rule.when
    return rule.note, str(when.to), str(when.from_), str(when.account), when.text
