"""What was fitted as YAML."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc.learn.fit import Fit, Fitted, Limit
from smsc.learn.twin import duration, evidence, percent, quoted, write_twin
from smsc.scenario.model import Scenario
from yamlmodel.loader import loads
from yamlmodel.scalars import Duration, Percent


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_quoted_so_that_it_is_itself(text: str) -> None:
    assert yaml.safe_load(f"key: {quoted(text)}") == {"key": text}
    assert yaml.safe_load(f"{{a: {quoted(text)}, b: 1}}") == {"a": text, "b": 1}


@pytest.mark.parametrize("word", ["null", "yes", "3.4", "0x10", "1e5", "'", "a: b", "# x", "-", "a #b", "~"])
def test_words_of_yaml_are_quoted(word: str) -> None:
    assert yaml.safe_load(f"key: {quoted(word)}") == {"key": word}


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_durations_have_three_digits_that_count(seconds: float) -> None:
    assert abs(Duration.parse(duration(seconds)) - seconds) <= 0.006 * seconds


@settings(deadline=None)
@given(st.floats(1e-7, 1))
def test_shares_are_percentages(share: float) -> None:
    assert abs(Percent.parse(percent(share)) - share) <= max(1e-8, 0.001 * share)


@settings(deadline=None)
@given(st.floats(1e-3, 1e6), st.sampled_from(["account", "bind", "sender", "operator"]), st.integers(1, 10**6))
def test_limits_are_as_a_scenario_takes_them(rate: float, per: str, burst: int) -> None:
    fit = Fit("op", 0.0, 1.0)
    fit.submit.limits = [Fitted(Limit(rate, per, burst, 0x58), 9), Fitted(Limit(rate, per, burst, 0x1234), 9)]
    (operator,) = loads(write_twin([fit], "x"), Scenario).operators.values()
    assert abs(operator.submit.throttles[0].rate - rate) <= 0.006 * rate
    assert operator.submit.throttles[1].status == 0x1234


def test_evidence_is_told_with_its_weakness() -> None:
    assert evidence(Fitted(1, 500)) == "n=500"
    assert evidence(Fitted(1, 5, "odd")) == "n=5; few samples: a guess; odd"
    assert evidence(Fitted(1, 5), fact=True) == "n=5"


def test_an_operator_of_which_nothing_is_known_is_one_all_the_same() -> None:
    text = write_twin([Fit("a b", 0.0, 60.0), Fit("c", 0.0, 0.0, remarks=["strange"])], "x.sqlite")
    assert [operator.listen.port for operator in loads(text, Scenario).operators.values()] == [2775, 2776]
    assert "# strange" in text
