"""When entries of a timeline begin, as a scenario writes it, and what is wrong with what cannot be."""

from __future__ import annotations

import pytest

from smsc.scenario.model import Scenario
from smsc.scenario.timeline_model import follows, lasts
from smsc.scenario.timing import COUNTED, After, Every, Occasion, first_at, repeated
from smsc.watched import COUNTERS
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

OPERATORS = 'operators: {one: {listen: "tcp:2775"}, two: {listen: "tcp:2776"}}\n'


def timeline(*entries: str) -> str:
    return OPERATORS + "timeline:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def read(*entries: str) -> list:
    return loads(timeline(*entries), Scenario).timeline


def problem(*entries: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loads(timeline(*entries), Scenario, "x.yaml")
    return str(caught.value)


def test_an_entry_begins_in_one_of_four_ways() -> None:
    at, after, named, every, when = read(
        "at: 30s, name: storm, for: 5s, fault: throttle, rate: 5/s",
        "after: 10s, fault: reset",
        "after: {end_of: storm, delay: 1s}, fault: reset",
        "every: 20s, fault: reset",
        "when: '1,000 accepted', fault: reset",
    )
    assert [first_at(entry) for entry in (at, after, named, every, when)] == [30, None, None, 20, None]
    assert (after.after, named.after) == (10, After(end_of="storm", delay=1))
    assert repeated(every) == Every(20)
    assert Occasion.of(when.when) == Occasion(accepted=1000)


def test_what_follows_is_the_entry_before_or_a_named_one() -> None:
    entries = read("at: 1s, name: first, fault: reset", "at: 2s, fault: reset", "after: 1s, fault: reset")
    assert [follows(entries, index) for index in range(3)] == [None, None, 1]
    entries = read(
        "at: 1s, name: first, fault: reset", "at: 2s, fault: reset", "after: {start_of: first}, fault: reset"
    )
    assert follows(entries, 2) == 0


@pytest.mark.parametrize(
    ("words", "occasion"),
    [
        ("1,000 accepted", Occasion(accepted=1000)),
        ("1000 submitted", Occasion(submitted=1000)),
        ("5 refused", Occasion(refused=5)),
        ("1 receipt", Occasion(receipts=1)),
        ("a bind", Occasion(binds=1)),
        ("3 mo", Occasion(mo=3)),
    ],
)
def test_events_may_be_written_in_words(words: str, occasion: Occasion) -> None:
    (entry,) = read(f"when: '{words}', fault: reset")
    assert Occasion.of(entry.when) == occasion


def test_everything_that_may_be_counted_is_counted() -> None:
    assert set(COUNTERS) == set(COUNTED)


def test_what_lasts_and_what_is_over_at_once() -> None:
    lasting = read(
        "at: 1s, fault: throttle, rate: 1/s",
        "at: 1s, fault: outage",
        "at: 1s, fault: restart",
        "at: 1s, fault: slice, size: 1",
        "at: 1s, fault: reset, stage: submit",
    )
    instant = read("at: 1s, fault: reset", "at: 1s, fault: unbind", "at: 1s, alert: '77010000001'")
    assert [lasts(entry) for entry in lasting + instant] == [True] * 5 + [False] * 3


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["fault: reset"], "x.yaml:3:5: timeline[0]: nothing says when it begins; expected at, after, every or when"),
        (["alert: '7701'"], "x.yaml:3:5: timeline[0]: nothing says when it begins"),
        (["at: 1s, when: 5 refused, fault: reset"], "x.yaml:3:20: timeline[0].when: found at and when; expected one"),
        (["after: 1s, fault: reset"], "timeline[0].after: the first entry has none before it"),
        (["at: 1s, name: a, fault: reset", "at: 2s, name: a, fault: reset"], 'timeline[1].name: a second entry "a"'),
        (
            ["at: 1s, fault: reset", "after: {start_of: b}, fault: reset"],
            "expected an entry with a name, and there is none",
        ),
        (
            ["at: 1s, name: storm, fault: reset", "after: {start_of: strom}, fault: reset"],
            'x.yaml:4:24: timeline[1].after.start_of: found "strom"; expected one of storm; did you mean "storm"?',
        ),
        (
            ["at: 1s, name: a, fault: stall", "after: {end_of: a}, fault: reset"],
            '"a" has no end; it needs the key "for"',
        ),
        (["after: {start_of: a}, name: a, fault: reset"], "it waits for itself"),
        (
            ["after: {start_of: b}, name: a, fault: reset", "after: {start_of: a}, name: b, fault: reset"],
            "it waits for itself",
        ),
        (["at: 1s, fault: reset", "after: {start_of: a, end_of: b}, fault: reset"], "both start_of and end_of"),
        (["every: 0s, fault: reset"], "found 0s"),
        (["every: {period: 0s}, fault: reset"], "found 0s; expected some time"),
        (
            ["every: 10s, for: 10s, fault: stall"],
            "it begins again before it has ended; expected more than its for, 10s",
        ),
        (["when: {accepted: 5, times: 2}, every: 5s, fault: reset"], "it begins more than once already"),
        (["when: {}, fault: reset"], "found none; expected exactly one of accepted"),
        (["when: {accepted: 1, binds: 2}, fault: reset"], "found accepted and binds"),
        (["when: {accepted: 1, operator: tow}, fault: reset"], 'found "tow"; expected an operator of this file'),
        (["when: 5 acepted, fault: reset"], 'did you mean "accepted"?'),
        (["when: 0 accepted, fault: reset"], "expected an event such as 1000 accepted"),
        (["at: 1s, operator: tow, fault: reset"], 'found "tow"; expected an operator of this file'),
    ],
)
def test_mistakes_are_named_with_their_line(entries: list[str], expected: str) -> None:
    assert expected in problem(*entries)
