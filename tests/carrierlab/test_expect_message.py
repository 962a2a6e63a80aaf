"""Captured messages are counted, and what came closest is shown."""

from __future__ import annotations

import msgspec
import pytest

from carrierlab.expect_message import MessageExpectation, difference
from tests.smsc.journal.whole_messages import message
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

MESSAGES = [
    message(1, operator="alpha", to="77011234567", text="Your code is 4321", state="DELIVRD", final_at=1001.0),
    message(2, operator="alpha", to="77019999999", text="Your code 1234 is long", parts=2, state="EXPIRED"),
    message(
        3,
        operator="beta",
        to="+77050000001",
        text="Happy birthday",
        status=88,
        status_name="ESME_RTHROTTLED",
        state=None,
    ),
]


class File(msgspec.Struct):
    expect: list[MessageExpectation]


def expectation(text: str) -> MessageExpectation:
    return loads(f"expect: [{text}]", File, "x.yaml").expect[0]


@pytest.mark.parametrize(
    ("text", "met", "found"),
    [
        ('{message: {to: "77011234567"}}', True, "1"),
        ('{message: {to: "7701*"}, equals: 2}', True, "2"),
        ('{message: {to: "7701*"}, at_most: 1}', False, "2"),
        ('{message: {text: "*code*", parts: 2+}}', True, "1"),
        ("{message: {text: '/[0-9]{4}$/'}, equals: 1}", True, "1"),
        ("{message: {state: EXPIRED}, between: [1, 3]}", True, "1"),
        ("{message: {from: SHOP}, equals: 3}", False, "2"),
        ('{message: {to: "77050000001"}}', False, "0"),
        ('{message: {to: "77050000001"}, equals: 0}', True, "0"),
    ],
)
def test_messages_are_counted(text: str, met: bool, found: str) -> None:
    verdict = expectation(text).check(MESSAGES)
    assert (verdict.met, verdict.found) == (met, found)
    assert bool(verdict.examples) is not met


def test_it_says_what_was_wanted_and_what_came_closest() -> None:
    verdict = expectation('{message: {to: "77011234567", text: "*code 1234*"}}').check(MESSAGES)
    assert verdict.metric == "message"
    assert verdict.wanted == 'at least 1 to 77011234567, text "*code 1234*"'
    assert verdict.examples[:3] == (
        "closest: to 77011234567 from SHOP at alpha",
        "  - *code 1234*",
        "  + Your code is 4321",
    )
    assert "  to: 77019999999 does not fit 77011234567" in verdict.examples


def test_a_range_of_parts_is_shown_as_it_was_written() -> None:
    for parts in ("3", "2-5", "2+"):
        verdict = expectation(f"{{message: {{parts: {parts}}}, equals: 9}}").check(MESSAGES)
        assert verdict.wanted == f"equals 9 parts {parts}"


def test_a_refused_message_says_why_it_does_not_count() -> None:
    verdict = expectation('{message: {to: "77050000001"}}').check(MESSAGES)
    place = verdict.examples.index("closest: to +77050000001 from SHOP at beta")
    assert verdict.examples[place + 1] == "  status: it is ESME_RTHROTTLED, not ESME_ROK"


def test_texts_are_laid_one_under_the_other_with_marks() -> None:
    assert difference("Your code is 1234", "Your code is 1334") == [
        "  - Your code is 1234",
        "  ?               ^",
        "  + Your code is 1334",
        "  ?               ^",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{message: {}}", "it is about no message; expected to, from, text, parts or state"),
        ("{message: {to: 1}, equals: 1, at_least: 1}", "found equals and at_least; expected exactly one of"),
        ("{message: {to: 1}, equals: 50%}", 'found "50%"; a count of messages is compared with'),
        ("{message: {to: 1}, equals: lost}", 'found "lost"; a count of messages is compared with a number'),
        ("{message: {text: /(/}}", "the regular expression is wrong"),
    ],
)
def test_mistakes_are_named(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expectation(text)
    assert expected in str(caught.value)
