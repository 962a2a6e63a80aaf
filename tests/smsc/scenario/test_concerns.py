"""What no rule may be about is not looked at by itself: and no rule that matches is ever missed."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.pdus import SubmitSm
from smppkit.runs import SubmitRun, submit_reader
from smppkit.segments import UDHI
from smppkit.states import Version
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.scenario import concerns, text_index
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.reading import Reading
from smsc.scenario.rule_model import Rule
from smsc.scenario.rules import Rules
from tests.smsc.scenario.test_rules import rule, rules_of

ADDRESSES = st.one_of(st.none(), st.text(alphabet="12*?", min_size=1, max_size=4), st.sampled_from(["/1$/", "/^2/"]))
TEXTS = st.sampled_from([None, None, "*abc*", "*bca*", "a*", "/b.b/", "/^$/", "*ab*"])
RULES = st.builds(
    rule,
    st.just(""),
    to=ADDRESSES,
    from_=ADDRESSES,
    text=TEXTS,
    account=st.sampled_from([None, None, "shop", "sh*", "other"]),
)
MESSAGES = st.builds(
    SubmitSm,
    destination_addr=st.text(alphabet="+12", min_size=1, max_size=4),
    source_addr=st.text(alphabet="+12", max_size=3),
    data_coding=st.sampled_from([0, 8]),
    short_message=st.text(alphabet="abc", max_size=6).map(str.encode),
)


def is_matched(rules: Rules, pdu: SubmitSm) -> bool:
    return rules.match(Reading(pdu), "shop", Draws(Chance(1, "x"), "shop", pdu)) is not None


def by_run(rules: Rules, pdus: list[SubmitSm]) -> list[bool]:
    """Whether each is in no run."""
    read = submit_reader(Version.V34, lambda: rules.apart("shop"))
    octets = b"".join(map(encode, pdus))
    starts = [0, *accumulate(len(encode(pdu)) for pdu in pdus)]
    apart, at = [False] * len(pdus), 0
    while at < len(octets):
        found = read(octets, at)
        if found is None:
            apart[starts.index(at)] = True
            at = starts[starts.index(at) + 1]
        else:
            assert isinstance(found[0], SubmitRun)
            at = found[1]
    return apart


@given(
    few=st.sampled_from([0, 64]),
    made=st.lists(RULES, max_size=6),
    pdus=st.lists(MESSAGES, min_size=1, max_size=8),
    times=st.integers(1, 12),
)
def test_no_message_that_a_rule_is_about_is_in_a_run(
    few: int, made: list[Rule], pdus: list[SubmitSm], times: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concerns, "FEW", few)
        rules, sent = rules_of(made), [pdu for pdu in pdus for _ in range(times)]
        apart = [rules.concern(pdu, "shop") for pdu in pdus for _ in range(times)]
        assert by_run(rules, sent) == apart
        for pdu, is_apart in zip(sent, apart, strict=True):
            assert is_apart or not is_matched(rules, pdu)


@pytest.mark.parametrize(
    ("asked", "apart"),
    [
        ({"from_": "9*"}, False),
        ({"from_": "/^9/"}, False),
        ({"from_": "SHOP"}, True),
        ({"text": "*casino*"}, False),
        ({"text": "*HELL*"}, True),
        ({"text": "/^h/"}, True),
        ({"account": "other"}, False),
        ({"account": "shop"}, True),
        ({"account": "shop", "to": "9*"}, False),
        ({"account": "shop", "from_": "9"}, False),
        ({"account": "shop", "text": "/casino/"}, False),
        ({"to": "77*", "from_": "9999"}, False),
        ({}, True),
    ],
)
def test_a_message_is_apart_where_all_that_is_cheaply_told_fits(asked: dict[str, str], apart: bool) -> None:
    rules = rules_of([rule("", **asked)])  # type: ignore[arg-type]
    pdu = SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=b"hello")
    assert rules.concern(pdu, "shop") is apart
    assert by_run(rules, [pdu] * 20) == [apart] * 20


def test_a_text_that_stands_elsewhere_or_goes_on_is_looked_at() -> None:
    rules = rules_of([rule("", text="*casino*")])
    assert not rules.concern(SubmitSm(short_message=b"hello"), "shop")
    assert rules.concern(SubmitSm(tlvs=(MESSAGE_PAYLOAD.of(b"casino"),)), "shop")
    assert rules.concern(SubmitSm(esm_class=UDHI, short_message=b"\5\0\3\1\2\1casino"), "shop")


def test_no_more_texts_are_remembered_than_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concerns, "MOST_TEXTS", 10)
    rules = rules_of([rule("", text="*casino*")])
    pdus = [
        SubmitSm(destination_addr="1", data_coding=number % 7, short_message=b"%d" % number) for number in range(50)
    ]
    assert by_run(rules, pdus) == [False] * 50
    texts = rules._common._texts
    assert texts is not None
    assert sum(map(len, texts._unfit.values())) <= 10


def test_many_texts_are_looked_up() -> None:
    rules = rules_of([rule("", text=f"*word{number:04}*") for number in range(text_index.FEW + 1)])
    pdus = [SubmitSm(destination_addr="1", short_message=b"a word%04d" % number) for number in range(100)]
    assert by_run(rules, pdus) == [number <= text_index.FEW for number in range(100)]
