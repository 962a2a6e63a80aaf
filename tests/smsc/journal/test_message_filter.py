"""Conditions as people write them, and what is said about those that cannot be read."""

from __future__ import annotations

import pytest

from smsc.journal.message_filter import FilterError, MessageFilter


def test_words_and_values_of_json_are_read_alike() -> None:
    words = {"status": "RTHROTTLED", "parts": "2", "complete": "true", "since": "2026-01-01T00:00:00Z", "to": "7705*"}
    values = {"status": 88, "parts": 2, "complete": True, "since": 1767225600, "to": "7705*"}
    assert MessageFilter.of(words) == MessageFilter.of(values)


def test_what_is_not_given_is_no_condition() -> None:
    assert MessageFilter.of({"to": None, "q": " "}).given() == {}
    assert MessageFilter.of({"from": "SHOP"}).given() == {"from": "SHOP"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"form": "x"}, '"form" is no filter; did you mean "from"?'),
        ({"status": "RTHROTLED"}, "did you mean ESME_RTHROTTLED?"),
        ({"direction": "mtt"}, 'found "mtt"; expected one of mt, mo; did you mean "mt"?'),
        ({"encoding": "ucs"}, 'did you mean "ucs2"?'),
        ({"parts": "two"}, 'parts: found "two"; expected a whole number, or 2+ for two and more'),
        ({"parts": True}, "expected a whole number"),
        ({"complete": "yes"}, "expected true or false"),
        ({"since": "yesterday"}, "expected unix seconds, or a time such as"),
        ({"text": ""}, "expected a text of 1 to"),
        ({"text": ["a"]}, "expected a text of 1 to"),
        ({"text_matches": "("}, "a regular expression: "),
        ({"text_matches": "a" * 201}, "at most 200 characters"),
        ({"q": "a b c d e f g h i j k"}, "at most 10 words"),
        ({"state": "<script>"}, "expected a state such as DELIVRD"),
    ],
)
def test_what_cannot_be_read_is_said(values: dict[str, object], words: str) -> None:
    with pytest.raises(FilterError) as caught:
        MessageFilter.of(values)
    assert words in str(caught.value)
    assert caught.value.field == next(iter(values))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*", "((ab)*c)+", "(a{2,})+", "(?:x+)*y", "(a*){3,}"])
def test_patterns_that_may_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(FilterError, match="no repeated group"):
        MessageFilter.of({"text_matches": pattern})


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (".*.*.*.*x", "at most 3 of"),
        (r"\w+\w{2,}\w*\w{1,99}x", "at most 3 of"),
        ("a?" * 11 + "b", "at most 10 of"),
        ("(a|a)" * 11 + "b", "at most 10 of"),
        ("a{0,1}" * 11 + "b", "at most 10 of"),
    ],
)
def test_patterns_that_may_take_very_long_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        MessageFilter.of({"text_matches": pattern})


@pytest.mark.parametrize(
    "pattern", [r"^Your .* order .*? is .+$", r"\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}", r"[*+|?]*\*\*\*\*", "(?:a|b|c)?"]
)
def test_few_repeats_and_choices_are_taken(pattern: str) -> None:
    assert MessageFilter.of({"text_matches": pattern}).text_matches == pattern


@pytest.mark.parametrize("pattern", [r"code \d{4,6}", "(ab)+", "(a|b)c", "[(a+)]+", r"\(a+\)+", "(a+)b", "(?i)x+"])
def test_patterns_as_people_write_them_are_taken(pattern: str) -> None:
    assert MessageFilter.of({"text_matches": pattern}).text_matches == pattern
