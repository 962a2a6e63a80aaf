"""A load as a file says it, and what is wrong with what cannot be."""

from __future__ import annotations

import pytest

from carrierlab.load.model import Load, NumberPattern, TextTemplate
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads


def load(text: str) -> Load:
    return loads(text, Load, "load.yaml")


def test_one_rate_is_one_stage() -> None:
    (stage,) = load("{rate: 10/s, for: 30s}").plan()
    assert (stage.ends(), stage.expected()) == ((10, 10), 300)


def test_stages_may_go_from_one_rate_to_another_count_or_pause() -> None:
    ramp, counted, pause = load("stages: [{from: 10/s, to: 30/s, for: 10s}, {rate: 5/s, count: 7}, {for: 10s}]").plan()
    assert (ramp.ends(), ramp.expected()) == ((10, 30), 200)
    assert counted.expected() == 7
    assert pause.expected() == 0


def test_shares_that_are_not_said_divide_what_is_left() -> None:
    assert load("{rate: 1/s, count: 1, mix: [{share: 50%}, {}, {}]}").shares() == [0.5, 0.25, 0.25]


def test_a_text_is_cut_at_its_fields() -> None:
    assert TextTemplate.parse("No {n}: {digits:6} for {to}").pieces() == ["No ", "{n}", ": ", 6, " for ", "{to}"]
    assert TextTemplate.parse("{plain} braces".replace("{plain}", "#plain")).pieces() == ["#plain braces"]
    assert NumberPattern.parse("+7705###") == "7705###"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "found neither rate nor stages"),
        ("{rate: 1/s, stages: [{for: 1s}]}", "found both rate and stages"),
        ("{rate: 1/s}", "found neither for nor count"),
        ("{rate: 1/s, for: 1s, count: 3}", "found both for and count"),
        ("{stages: [{for: 1s}], count: 3}", "load.yaml:1:30: count: belongs to rate; stages have theirs"),
        ("stages: [{from: 1/s, for: 1s}]", "expected both from and to"),
        ("stages: [{rate: 1/s, from: 1/s, to: 2/s, for: 1s}]", "found rate and from; expected one of them"),
        ("stages: [{from: 1/s, to: 2/s, count: 5}]", "a stage that counts has one rate"),
        ("{rate: 1000/s, for: 1h}", "has about 3,600,000 messages; expected 1,000,000 at most"),
        ("{rate: 1/s, count: 1, mix: [{share: 50%}]}", "load.yaml:1:28: mix: the shares add up to 50%; expected 100%"),
        ("{rate: 1/s, count: 1, mix: [{share: 90%}, {share: 20%}]}", "the shares add up to 110%"),
        ("{rate: 1/s, count: 1, mix: [{to: abc}]}", "expected a number such as 77050000001 or 7705#######"),
        ("{rate: 1/s, count: 1, mix: [{text: 'Hi {nme}'}]}", 'found "{nme}" in the text'),
        ("{rate: 1/s, count: 1, mix: [{text: 'Hi {digits}'}]}", "digits:6 is six random digits"),
        ("{rate: 1/s, count: 1, mix: [{text: Hi, length: 5}]}", "found text and length; expected one of them"),
        ("{rate: 1/s, count: 1, mix: [{text: Әсем, alphabet: gsm7}]}", "gsm7 has no Ә"),
        ("{rate: 1/s, count: 1, mix: [{from: A name that is too long}]}", "a name has at most 11"),
    ],
)
def test_mistakes_are_named(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert expected in str(caught.value)
