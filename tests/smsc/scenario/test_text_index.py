from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.pdus import SubmitSm
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.patterns import AddressPattern, TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule, When
from smsc.scenario.rulebook import Rulebook
from smsc.scenario.text_index import FEW, TextIndex, literal

WORDS = st.text(alphabet="abC", min_size=3, max_size=5)


def test_only_a_glob_with_one_text_has_one_that_it_cannot_do_without() -> None:
    cases = {"*Casino*": "casino", "casino": "casino", "win*": "win", "*ab*": None, "*a?c*": None, "/casino/": None}
    assert {pattern: literal(TextPattern(pattern)) for pattern in cases} == cases
    assert literal(None) is None


@given(texts=st.lists(WORDS.map(str.casefold), max_size=20), text=st.text(alphabet="aBc", max_size=12))
def test_none_that_is_in_a_message_is_missed(texts: list[str], text: str) -> None:
    found = TextIndex(enumerate(texts)).find(text)
    assert len(found) == len(set(found))
    assert set(found) >= {position for position, each in enumerate(texts) if each in text.casefold()}


@settings(max_examples=30)
@given(at=st.integers(0, FEW), words=st.lists(WORDS, min_size=1, max_size=4), text=st.text(alphabet="abC", max_size=9))
def test_the_first_of_many_texts_wins_as_of_few(at: int, words: list[str], text: str) -> None:
    many = [TextPattern(f"*number {number}*") for number in range(FEW + 1)]
    many[at:at] = [TextPattern(f"*{word}*") for word in words]
    rules = [Rule(When(text=each), receipt="none", note=each) for each in many]
    rules.append(Rule(When(AddressPattern("77*")), receipt="none", note="the last"))
    pdu = SubmitSm(source_addr="1", destination_addr="77", short_message=text.encode())
    found = Rulebook(rules, {}, Receipts()).rules.match(Reading(pdu), "shop", Draws(Chance(1, "x"), "shop", pdu))
    expected = next((each for each in many if each.compile()(text)), "the last")
    assert found is not None
    assert found.rule.note == expected
