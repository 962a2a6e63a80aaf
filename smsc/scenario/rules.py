"""Which rule a message falls under: compiled once, the first that matches wins."""

from collections.abc import Callable, Sequence

import msgspec

from smppkit.text import Alphabet
from smsc.scenario.draws import Draws
from smsc.scenario.patterns import AddressGlob, AddressIndex, TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import ReceiptChange, Rule, When
from smsc.scenario.scalars import Span, Status
from smsc.scenario.treatment import FIRST_RULE, Fates, Treatment, look_of

Test = Callable[[str], object]
Condition = Callable[[Reading], object]


class CompiledRule(msgspec.Struct, frozen=True):
    """A rule with its patterns as functions; None is a condition that the rule does not have.

    `of_fate` says that it is about what becomes of messages, not about how they are answered.
    """

    rule: Rule
    treatment: Treatment
    slot: int
    of_fate: bool
    to: Test | None
    from_: Test | None
    account: Test | None
    conditions: tuple[Condition, ...]
    text: Test | None


class Rules:
    """The rules of an operator, in order."""

    def __init__(self, rules: Sequence[Rule], receipts: Receipts | None = None) -> None:
        receipts = receipts or Receipts()
        fates = Fates(receipts)
        self._all = tuple(_compile(rule, FIRST_RULE + index, receipts, fates) for index, rule in enumerate(rules))
        # Most messages meet no rule. Whether any rule's destination fits is known from three lookups, however many
        # rules there are; only then are they tried in turn.
        self._anywhere = tuple(rule for rule in self._all if rule.to is None)
        self.draw_fates = any(rule.of_fate and rule.rule.probability < 1.0 for rule in self._all)
        self._index = AddressIndex(rule.when.to for rule in rules if rule.when.to is not None)

    def __bool__(self) -> bool:
        return bool(self._all)

    def concern(self, destination: str) -> bool:
        """Whether some rule may be about messages to this address; False for most, and known at once."""
        return bool(self._anywhere) or self._index.fits(destination.removeprefix("+"))

    def match(self, reading: Reading, system_id: str, draws: Draws, shared: Draws | None = None) -> CompiledRule | None:
        """Return the rule for a message, or None.

        `shared` are the draws that all parts of a long message have in common: by them go rules about its fate.
        """
        pdu = reading.pdu
        to = pdu.destination_addr.removeprefix("+")
        rules = self._all if self._index.fits(to) else self._anywhere
        for compiled in rules:
            if compiled.to is not None and not compiled.to(to):
                continue
            if compiled.from_ is not None and not compiled.from_(pdu.source_addr.removeprefix("+")):
                continue
            if compiled.account is not None and not compiled.account(system_id):
                continue
            if compiled.conditions and not all(holds(reading) for holds in compiled.conditions):
                continue
            if compiled.text is not None and not compiled.text(reading.text):
                continue
            share = compiled.rule.probability
            if share < 1.0:
                decisive = shared if shared is not None and compiled.of_fate else draws
                if decisive.uniform(compiled.slot) >= share:
                    continue
            return compiled
        return None


def _compile(rule: Rule, slot: int, receipts: Receipts, fates: Fates) -> CompiledRule:
    when = rule.when
    return CompiledRule(
        rule,
        _treatment(rule, receipts, fates),
        slot,
        rule.respond is None and rule.receipt is not None,
        _test(when.to),
        _test(when.from_),
        _test(when.account),
        tuple(_conditions(when)),
        _test(when.text),
    )


def _treatment(rule: Rule, receipts: Receipts, fates: Fates) -> Treatment:
    change = rule.receipt if isinstance(rule.receipt, ReceiptChange) else ReceiptChange()
    look = change.look(receipts)
    return Treatment(
        status=int(rule.respond) if isinstance(rule.respond, Status) else 0,
        silent=rule.respond == "none",
        latency=rule.latency,
        fate=None if change.stat is None else fates.of(change.stat, change.err),
        err=change.err,
        delay=change.delay,
        unheard=rule.receipt == "none",
        look=None if look is None else look_of(look, fates, changed=True),
    )


def _test(pattern: AddressGlob | TextPattern | None) -> Test | None:
    return None if pattern is None else pattern.compile()


def _conditions(when: When) -> list[Condition]:
    """The rarer conditions, cheapest first."""
    found: list[Condition] = []
    if when.from_ton is not None:
        ton = when.from_ton
        found.append(lambda reading: reading.pdu.source_addr_ton == ton)
    if when.registered is not None:
        registered = when.registered
        found.append(lambda reading: bool(reading.pdu.registered_delivery & 0b11) is registered)
    if when.tlv is not None:
        tag = int(when.tlv)
        found.append(lambda reading: any(number == tag for number, _ in reading.pdu.tlvs))
    if isinstance(when.encoding, Alphabet):
        alphabet = when.encoding
        found.append(lambda reading: reading.alphabet is alphabet)
    elif when.encoding is not None:
        coding = int(when.encoding)
        found.append(lambda reading: reading.pdu.data_coding == coding)
    if when.parts is not None:
        found.append(_counted(when.parts, 1))
    if when.part is not None:
        found.append(_counted(when.part, 0))
    return found


def _counted(span: Span, which: int) -> Condition:
    def holds(reading: Reading) -> bool:
        part = reading.part
        numbers = (1, 1) if part is None else (part.number, part.total)
        return numbers[which] in span

    return holds
