"""Which rule a message falls under: compiled once, the first that matches wins."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from smppkit.pdus import SubmitSm
from smppkit.runs import Apart, Candidates
from smppkit.text import Alphabet
from smsc.scenario.concerns import Concerns
from smsc.scenario.counting import Counter, Key, Memory, key_of
from smsc.scenario.draws import Draws
from smsc.scenario.machines import Machines
from smsc.scenario.patterns import WHOLE, AddressIndex, AddressPattern, TextPattern, groups_in, telling
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Match, ReceiptChange, Rule, alternatives
from smsc.scenario.scalars import Span, Status
from smsc.scenario.template import Words
from smsc.scenario.text_index import FEW, TextIndex, literal
from smsc.scenario.tlv_values import TlvMatch
from smsc.scenario.treatment import Fates, Treatment, look_of

Test = Callable[[str], object]
Condition = Callable[[Reading], object]


class CompiledRule(msgspec.Struct):
    """A rule with its patterns as functions; None is a condition that the rule does not have.

    `id` names it among the rules of its operator. `namespace` is the system_id of the one account that it is for, ""
    for all. `hits` is how many messages it was applied to. `of_fate` says that it is about what becomes of messages,
    not about how they are answered; `slot` is its draw.
    """

    id: str
    rule: Rule
    namespace: str
    treatment: Treatment
    slot: int
    of_fate: bool
    to: Test | None
    from_: Test | None
    account: Test | None
    conditions: tuple[Condition, ...]
    text: Test | None
    counts: bool
    is_stateful: bool
    enabled: bool = True
    hits: int = 0

    def groups(self, reading: Reading) -> dict[str, str]:
        """The groups of its regular expressions as they are in a message; those of the text win."""
        when = self.rule.when
        groups = groups_in(alternatives(when.to), reading.pdu.destination_addr.removeprefix("+"))
        return groups if when.text is None else groups | groups_in((when.text,), reading.text)


class Matched(msgspec.Struct, gc=False):
    """A rule that a message fell under, and its number among those that the rule counted; 0 where it counts none."""

    compiled: CompiledRule
    count: int

    @property
    def rule(self) -> Rule:
        """The rule as the file has it."""
        return self.compiled.rule

    def words(self, reading: Reading) -> Words:
        """What templates say of the message that it does not say itself."""
        return Words(reading.system_id, self.count, self.compiled.groups(reading))


class Rules:
    """The rules of an operator, in order, with what they count and the states that they ask for."""

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        counters: Memory[Counter],
        machines: Machines,
        alphabet: str = "gsm7",
    ) -> None:
        """`alphabet` is what the operator means by data_coding 0."""
        self._all = tuple(rule for rule in rules if rule.enabled)
        self._counters = counters
        self._machines = machines
        self.draw_fates = any(rule.of_fate and rule.rule.probability < 1.0 for rule in self._all)
        self.reply = any(rule.rule.reply is not None for rule in self._all)
        """Whether some rule has subscribers answer."""
        self._index = _RuleIndex(self._all)
        by_account: dict[str | None, list[CompiledRule]] = {None: []}
        for compiled in self._all:
            by_account.setdefault(_one_account(compiled), []).append(compiled)
        self._of_all = by_account.pop(None)
        self._common = Concerns(self._of_all, alphabet)
        self._common.compile()  # now, and not while a message waits; those of single accounts are few for each
        self._own = {account: Concerns(own, alphabet) for account, own in by_account.items() if account is not None}

    def __bool__(self) -> bool:
        return bool(self._all)

    def concern(self, pdu: SubmitSm, system_id: str) -> bool:
        """Whether some rule may be about a message of this account; False for most, and known at once."""
        own = self._own.get(system_id)
        return self._common.about(pdu) or (own is not None and own.about(pdu))

    def apart(self, system_id: str) -> Apart | None:
        """What says which is the first of an account's messages that some rule may be about; None: none is."""
        own = self._own.get(system_id)
        common = self._common.first if self._of_all else None
        if own is None or common is None:
            return common if own is None else own.first
        return partial(_first, (common, own.first))

    def match(
        self,
        reading: Reading,
        system_id: str,
        draws: Draws,
        shared: Draws | None = None,
        *,
        now: float = 0.0,
        elapsed: float = 0.0,
    ) -> Matched | None:
        """Return the rule for a message, or None; it is counted, and machines move on.

        `shared` are the draws that all parts of a long message have in common: by them go rules about its fate. `now`
        is the time of any clock, `elapsed` that since the scenario began.
        """
        pdu = reading.pdu
        destination = pdu.destination_addr.removeprefix("+")
        for position in self._index.find(destination, system_id, reading):
            compiled = self._all[position]
            if compiled.to is not None and not compiled.to(destination):
                continue
            if compiled.from_ is not None and not compiled.from_(pdu.source_addr.removeprefix("+")):
                continue
            if compiled.account is not None and not compiled.account(system_id):
                continue
            if compiled.conditions and not all(holds(reading) for holds in compiled.conditions):
                continue
            if compiled.text is not None and not compiled.text(reading.text):
                continue
            count = 0
            if compiled.is_stateful:
                found = self._holds_now(compiled, reading, system_id, now, elapsed)
                if found is None:
                    continue
                count = found
            share = compiled.rule.probability
            if share < 1.0:
                decisive = shared if shared is not None and compiled.of_fate else draws
                if decisive.uniform(compiled.slot) >= share:
                    continue
            compiled.hits += 1
            if compiled.is_stateful:
                self._move_on(compiled.rule, system_id, reading)
            return Matched(compiled, count)
        return None

    def _holds_now(
        self, compiled: CompiledRule, reading: Reading, system_id: str, now: float, elapsed: float
    ) -> int | None:
        """Its number among those counted (0: not counted) if what depends on time and others holds, else None."""
        rule = compiled.rule
        when = rule.when
        if when.after is not None and elapsed < when.after - _HAIR:
            return None
        if when.before is not None and elapsed >= when.before - _HAIR:
            return None
        for name, state in rule.in_.items():
            if self._machines.state(name, self._key(name, system_id, reading)) != state:
                return None
        if not compiled.counts:
            return 0
        key = key_of(when.per, system_id, reading.pdu)
        counter = self._counters.get(compiled.id, key)
        if counter is None:
            counter = Counter(at=now)
            self._counters.put(compiled.id, key, counter)
        if not counter.add(now, when.rate):
            return None
        return counter.count if when.count is None or counter.count in when.count else None

    def _move_on(self, rule: Rule, system_id: str, reading: Reading) -> None:
        for name, state in rule.then.items():
            self._machines.move(name, state, self._key(name, system_id, reading))

    def _key(self, machine: str, system_id: str, reading: Reading) -> Key:
        return key_of(self._machines.declared[machine].per, system_id, reading.pdu)


def _first(ways: Sequence[Apart], submits: Candidates) -> int | None:
    """The first that one of several ways tells of."""
    return min([place for way in ways if (place := way(submits)) is not None], default=None)


class _RuleIndex:
    """Which of many rules to try on a message: each is looked up by what tells most of what it asks for.

    That is a whole number or name before the beginning or end of one, one account before a sender, and a text where
    there is nothing else. Rules that ask for none of that (for a regular expression, for a state) are tried on every
    message.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self._accounts: dict[str, list[int]] = {}
        to: list[tuple[AddressPattern, ...] | None] = []
        from_: list[tuple[AddressPattern, ...] | None] = []
        texts: list[tuple[int, str]] = []
        for position, rule in enumerate(rules):
            asked_to, asked_from = alternatives(rule.rule.when.to), alternatives(rule.rule.when.from_)
            account = _one_account(rule)
            if account is not None and telling(asked_to) < WHOLE:
                self._accounts.setdefault(account, []).append(position)
                to.append(None)
                from_.append(None)
                continue
            said = literal(rule.rule.when.text)
            if said is not None and not telling(asked_to) and not telling(asked_from):
                texts.append((position, said))
            by_sender = telling(asked_from) > telling(asked_to)
            to.append(None if by_sender else asked_to)
            from_.append(asked_from if by_sender else None)
        self._texts: TextIndex | None = None
        if len(texts) > FEW:
            self._texts = TextIndex(texts)
            for position, _ in texts:
                to[position] = from_[position] = None
        self._to, self._from = AddressIndex(to), AddressIndex(from_)

    def find(self, destination: str, system_id: str, reading: Reading) -> Sequence[int]:
        """The positions of those that may be about a message, lowest first; `destination` without its leading `+`."""
        found, others = self._to.find(destination), self._from.find(reading.pdu.source_addr.removeprefix("+"))
        accounts = self._accounts.get(system_id, ())
        texts = () if self._texts is None else self._texts.find(reading.text)
        if not others and not accounts and not texts:
            return found
        return sorted((*found, *others, *accounts, *texts))


def _one_account(rule: CompiledRule) -> str | None:
    """The one account that a rule is for, if it is for one."""
    asked = rule.rule.when.account
    return rule.namespace or (str(asked) if asked is not None and asked.kind == "exact" else None)


_HAIR = 1e-9  # sums of times are rounded


def compile_rule(rule: Rule, rule_id: str, namespace: str, slot: int, receipts: Receipts, fates: Fates) -> CompiledRule:
    """Make a rule ready, for messages of the account `namespace` alone if that is not empty."""
    when = rule.when
    conditions = _conditions(when)
    if when.not_ is not None:
        conditions.append(_but(when.not_))
    account = _test(when.account)
    if namespace:
        account = _both(namespace.__eq__, account)
    return CompiledRule(
        rule_id,
        rule,
        namespace,
        _treatment(rule, receipts, fates),
        slot,
        rule.respond is None and rule.receipt is not None,
        _any(alternatives(when.to)),
        _any(alternatives(when.from_)),
        account,
        tuple(conditions),
        _test(when.text),
        rule.counts,
        bool(rule.counts or rule.in_ or rule.then or when.after is not None or when.before is not None),
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
        message_id=rule.message_id,
        tlvs=tuple(rule.tlvs),
        reply=None if rule.reply is None else (rule.reply.text, rule.reply.after),
    )


def _test(pattern: AddressPattern | TextPattern | None) -> Test | None:
    return None if pattern is None else pattern.compile()


def _any(patterns: tuple[AddressPattern, ...]) -> Test | None:
    if len(patterns) < 2:
        return _test(patterns[0] if patterns else None)
    exact = frozenset(str(pattern) for pattern in patterns if pattern.kind == "exact")
    others = [pattern.compile() for pattern in patterns if pattern.kind != "exact"]
    return lambda address: address in exact or any(matches(address) for matches in others)


def _both(one: Test, other: Test | None) -> Test:
    return one if other is None else lambda text: one(text) and other(text)


def _but(match: Match) -> Condition:
    """The opposite of all that is said of a message."""
    conditions = _conditions(match)
    to, from_ = _any(alternatives(match.to)), _any(alternatives(match.from_))
    account, text = _test(match.account), _test(match.text)
    if to is not None:
        conditions.append(lambda reading: to(reading.pdu.destination_addr.removeprefix("+")))
    if from_ is not None:
        conditions.append(lambda reading: from_(reading.pdu.source_addr.removeprefix("+")))
    if account is not None:
        conditions.append(lambda reading: account(reading.system_id))
    if text is not None:
        conditions.append(lambda reading: text(reading.text))
    return lambda reading: not all(holds(reading) for holds in conditions)


def _conditions(when: Match) -> list[Condition]:
    """The rarer conditions, cheapest first."""
    found: list[Condition] = []
    if when.from_ton is not None:
        ton = when.from_ton
        found.append(lambda reading: reading.pdu.source_addr_ton == ton)
    if when.registered is not None:
        registered = when.registered
        found.append(lambda reading: bool(reading.pdu.registered_delivery & 0b11) is registered)
    if when.tlv is not None:
        fits = (when.tlv if isinstance(when.tlv, TlvMatch) else TlvMatch(when.tlv)).test()
        found.append(lambda reading: fits(reading.pdu.tlvs))
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
