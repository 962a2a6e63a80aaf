"""Which messages some rule may be about, told by what costs little to look at, and of many at once.

Each rule is told by one thing: by the number or the name, whichever tells more, or by the text if it asks for neither.
What fits that may be what the rule is about, and is looked at by itself; what fits none is what no rule is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from smppkit.segments import UDHI
from smsc.scenario.patterns import AddressIndex, AddressPattern, telling
from smsc.scenario.reading import text_of
from smsc.scenario.rule_model import alternatives
from smsc.scenario.text_index import FEW, TextIndex, literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from smppkit.pdus import SubmitSm
    from smppkit.runs import Candidates
    from smsc.scenario.rules import CompiledRule

MOST_TEXTS: Final = 4_096
"""Texts that no rule fits, which are remembered, of all data_codings together."""


class Concerns:
    """What some rules may be about. They are compiled when somebody asks, or before."""

    __slots__ = ("_alphabet", "_from", "_rules", "_texts", "_to")

    def __init__(self, rules: Sequence[CompiledRule], alphabet: str) -> None:
        """`alphabet` is what the operator means by data_coding 0."""
        self._rules = rules
        self._alphabet = alphabet
        self._to: AddressIndex | None = None

    def compile(self) -> AddressIndex:
        """Make them ready; what they ask of destinations."""
        to: list[Sequence[AddressPattern]] = []
        from_: list[Sequence[AddressPattern]] = []
        texts: list[CompiledRule] = []
        for rule in self._rules:
            when = rule.rule.when
            asked_to, asked_from = alternatives(when.to), alternatives(when.from_)
            if telling(asked_from) > telling(asked_to) or (asked_from and not asked_to):
                from_.append(asked_from)
            elif asked_to or when.text is None:
                to.append(asked_to)
            else:
                texts.append(rule)
        self._to, self._from = AddressIndex(to), AddressIndex(from_) if from_ else None
        self._texts = _Texts(texts, self._alphabet) if texts else None
        return self._to

    def about(self, pdu: SubmitSm) -> bool:
        """Whether some rule may be about a message."""
        to = self._to or self.compile()
        if to.fits(pdu.destination_addr.removeprefix("+")):
            return True
        if self._from is not None and self._from.fits(pdu.source_addr.removeprefix("+")):
            return True
        if self._texts is None:
            return False
        if pdu.tlvs or pdu.esm_class & UDHI:  # the text may stand elsewhere, or go on in another part
            return True
        return self._texts.fit(pdu.data_coding, pdu.short_message)

    def first(self, submits: Candidates) -> int | None:
        """Which is the first of several that some rule may be about; None for most, and known at once."""
        to = self._to or self.compile()
        found = to.first(submits.destinations)
        places = [] if found is None else [found]
        if self._from is not None and (found := _first_source(self._from, submits)) is not None:
            places.append(found)
        if self._texts is not None and (found := self._texts.first(submits)) is not None:
            places.append(found)
        return min(places, default=None)


def _first_source(index: AddressIndex, submits: Candidates) -> int | None:
    found = index.first([source for _, source in submits.sources()])
    return None if found is None else sum(count for count, _ in submits.sources()[:found])


class _Texts:
    """Which texts fit some of the rules that look at nothing else."""

    __slots__ = ("_alphabet", "_index", "_looked_up", "_others", "_remembered", "_unfit")

    def __init__(self, rules: Sequence[CompiledRule], alphabet: str) -> None:
        tests = [(literal(rule.rule.when.text), rule.text) for rule in rules]
        said = [(place, text) for place, (text, _) in enumerate(tests) if text is not None]
        self._index = TextIndex(said) if len(said) > FEW else None
        self._looked_up: list[Callable[[str], object] | None] = [test for _, test in tests]
        self._others = [test for text, test in tests if test is not None and (self._index is None or text is None)]
        self._alphabet = alphabet
        self._unfit: dict[int, set[bytes]] = {}  # by data_coding
        self._remembered = 0

    def fit(self, data_coding: int, octets: bytes) -> bool:
        """Whether these, without a header, do."""
        text = text_of(octets, data_coding, self._alphabet)
        for matches in self._others:
            if matches(text):
                return True
        if self._index is None:
            return False
        looked_up = (self._looked_up[place] for place in self._index.find(text))
        return any(test is not None and test(text) for test in looked_up)

    def first(self, submits: Candidates) -> int | None:
        """Which is the first of several whose text does."""
        place = 0
        for coding, texts in submits.texts():
            unfit = self._unfit.setdefault(coding, set())
            if not unfit.issuperset(texts):
                for at, octets in enumerate(texts):
                    if octets in unfit:
                        continue
                    if self.fit(coding, octets):
                        return place + at
                    if self._remembered >= MOST_TEXTS:
                        unfit, self._remembered = set(), 0
                        self._unfit = {coding: unfit}
                    unfit.add(octets)
                    self._remembered += 1
            place += len(texts)
        return None
