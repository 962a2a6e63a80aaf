"""Which rule a message falls under: compiled once, the first that matches wins."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from smppkit.pdus import SubmitSm
from smppkit.segments import part_of
from smppkit.text import decode_text
from smsc.scenario.draws import Draws
from smsc.scenario.model import Rule
from smsc.scenario.patterns import AddressGlob, TextPattern

FIRST_SLOT: Final = 8  # draws before it are the engine's own

Test = Callable[[str], object]


class CompiledRule(msgspec.Struct, frozen=True):
    """A rule with its patterns as functions; None is a condition that the rule does not have."""

    rule: Rule
    slot: int
    to: Test | None
    from_: Test | None
    account: Test | None
    text: Test | None


class Rules:
    """The rules of an operator, in order."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._all = tuple(_compile(rule, FIRST_SLOT + index) for index, rule in enumerate(rules))
        # Most messages meet no rule. Whether any rule's destination fits is known from three lookups, however many
        # rules there are; only then are they tried in turn.
        self._anywhere = tuple(rule for rule in self._all if rule.to is None)
        globs = [rule.when.to for rule in rules if rule.when.to is not None]
        self._exact = frozenset(str(glob) for glob in globs if glob.kind == "exact")
        self._prefixes = tuple(glob.fixed for glob in globs if glob.kind == "prefix")
        self._suffixes = tuple(glob.fixed for glob in globs if glob.kind == "suffix")
        self._others = tuple(glob.compile() for glob in globs if glob.kind == "other")

    def match(self, pdu: SubmitSm, system_id: str, draws: Draws) -> Rule | None:
        """Return the rule for a message, or None."""
        to = pdu.destination_addr.removeprefix("+")
        rules = self._all if self._fits_some(to) else self._anywhere
        text: str | None = None
        for compiled in rules:
            if compiled.to is not None and not compiled.to(to):
                continue
            if compiled.from_ is not None and not compiled.from_(pdu.source_addr.removeprefix("+")):
                continue
            if compiled.account is not None and not compiled.account(system_id):
                continue
            if compiled.text is not None:
                if text is None:
                    text = decode_text(part_of(pdu)[1], pdu.data_coding)
                if not compiled.text(text):
                    continue
            share = compiled.rule.probability
            if share < 1.0 and draws.uniform(compiled.slot) >= share:
                continue
            return compiled.rule
        return None

    def _fits_some(self, to: str) -> bool:
        return (
            to in self._exact
            or to.startswith(self._prefixes)
            or to.endswith(self._suffixes)
            or any(matches(to) for matches in self._others)
        )


def _compile(rule: Rule, slot: int) -> CompiledRule:
    when = rule.when
    return CompiledRule(rule, slot, _test(when.to), _test(when.from_), _test(when.account), _test(when.text))


def _test(pattern: AddressGlob | TextPattern | None) -> Test | None:
    return None if pattern is None else pattern.compile()
