"""Named state machines of an operator: rules ask for a state and move on to another, as in a dialogue or a login."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from smsc.scenario.counting import EVERYBODY, MOST_KEPT, Key, Memory, Per
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]
Step = Mapping[str, str]
"""States by the names of their machines."""


class Machine(msgspec.Struct, frozen=True):
    """A state machine; a word alone is its first state."""

    initial: Annotated[str, Meta(description="The state it begins in", min_length=1, examples=["started"])]
    per: Annotated[Per, Meta(description="What has a state of its own")] = Per.OPERATOR


def machine(declared: Machine | str) -> Machine:
    """A machine as it is declared, by a word or in full."""
    return Machine(declared) if isinstance(declared, str) else declared


def known_states(name: str, initial: str, steps: Sequence[tuple[Step, Step]]) -> tuple[str, ...]:
    """The states that a machine can come to: the first one, and those that rules lead to from such as it can come to.

    `steps` are the states that rules ask for, each with those that they lead to.
    """
    reached = [initial]
    for _ in range(len(steps) + 1):
        for asked, then in steps:
            if name in then and then[name] not in reached and (name not in asked or asked[name] in reached):
                reached.append(then[name])
    return tuple(reached)


def machine_problems(machines: Mapping[str, Machine | str], steps: Sequence[tuple[Step, Step]]) -> Problems:
    """Rules that speak of machines or states which are not there; the first step is the number of the rule."""
    reached = {name: known_states(name, machine(declared).initial, steps) for name, declared in machines.items()}
    for index, (asked, then) in enumerate(steps):
        for key, named in (("in", asked), ("then", then)):
            for name in named:
                if name not in machines:
                    known = ", ".join(machines) or "none is declared in states"
                    hint = did_you_mean(name, machines)
                    message = f'found "{name}"; expected a state machine of this operator ({known}){hint}'
                    yield (index, key, name), message
        for name, state in asked.items():
            if name in machines and state not in reached[name]:
                hint = did_you_mean(state, reached[name])
                known = ", ".join(reached[name])
                yield (index, "in", name), f'no rule ever leads to "{state}"; {name} can be {known}{hint}'


class Machines:
    """The state machines of an operator and the states they are in. A state that was forgotten is the first one."""

    def __init__(self, declared: Mapping[str, Machine | str], most: int = MOST_KEPT) -> None:
        self.declared = {name: machine(of) for name, of in declared.items()}
        self._states: Memory[str] = Memory(most)

    @property
    def evicted(self) -> int:
        """How many states were forgotten because memory is bounded."""
        return self._states.evicted

    def state(self, name: str, key: Key = EVERYBODY) -> str:
        """The state of a machine."""
        return self._states.get(name, key) or self.declared[name].initial

    def move(self, name: str, state: str, key: Key = EVERYBODY) -> None:
        """Put a machine into a state."""
        if state == self.declared[name].initial:
            self._states.drop(name, key)
        else:
            self._states.put(name, key, state)

    def states(self, name: str) -> dict[Key, str]:
        """The states of a machine that are not the first one, by whose they are."""
        return self._states.of(name)

    def reset(self, name: str | None = None, system_id: str | None = None) -> None:
        """Put machines into their first state: one or all, for one account or all."""
        self._states.forget(name, system_id)
