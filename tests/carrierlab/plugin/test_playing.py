"""Whole scenarios in virtual time: as a call in a test, and as tests that are collected."""

from __future__ import annotations

import shutil

import pytest

from tests.carrierlab.plugin.conftest import ROOT, Run

SMALL = """
scenario: Three messages
operators: {kcell: {receipts: {delay: 1s}}}
workload: {campaign: {recipients: people.csv, template: "Hi", sender: SHOP}}
expect:
  - {metric: delivered, equals: WANTED}
"""


@pytest.fixture
def small(pytester: pytest.Pytester) -> None:
    (pytester.path / "people.csv").write_text("phone\n77011234501\n77011234502\n77011234503\n")
    (pytester.path / "good.yaml").write_text(SMALL.replace("WANTED", "3"))
    (pytester.path / "bad.yaml").write_text(SMALL.replace("WANTED", "4"))


@pytest.mark.usefixtures("small")
def test_a_scenario_is_played_and_its_verdicts_are_read_in_the_failure(inner: Run) -> None:
    result = inner(
        """
        def test_good(smsc_scenario):
            played = smsc_scenario.play("good.yaml", seed=7)
            assert played.passed
            assert played.outcome.seed == 7
            assert played.metrics["delivered"] == 3

        def test_bad(smsc_scenario):
            assert smsc_scenario.play("bad.yaml").passed
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*assert False",
            "E*<'Three messages', seed 0: delivered wanted equals 4, found 3>.passed",
            "*scenario *bad.yaml*",
            "*FAILED*Three messages*",
            "*✗ delivered*4*found 3*",
        ]
    )


@pytest.mark.usefixtures("small")
def test_scenario_files_are_tests_where_that_is_asked_for(inner: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "operators.yaml").write_text("operators: {kcell: {}}\n")
    matrix = SMALL.replace("WANTED", "3") + "matrix: {delay: [1s, 2s]}\n"
    (pytester.path / "many.yaml").write_text(matrix.replace("delay: 1s", 'delay: "${delay}"'))
    result = inner("def test_here(): pass", "--scenarios", "-v", ".")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*good.yaml::good PASSED*",
            "*many.yaml::many?delay=1s? PASSED*",
            "*many.yaml::many?delay=2s? PASSED*",
            "*✗ delivered*4*found 3*",
            "FAILED bad.yaml::bad - FAILED  Three messages",
        ]
    )
    inner("def test_here(): pass", ".").assert_outcomes(passed=1)


@pytest.mark.usefixtures("small")
def test_a_scenario_file_with_a_mistake_is_not_collected_and_says_where(inner: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "typo.yaml").write_text(SMALL.replace("delivered", "delivred").replace("WANTED", "3"))
    result = inner("", "--scenarios", "typo.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*typo.yaml:6:14: *found "delivred"; unknown metric; did you mean "delivered"?'])


def test_the_scenarios_of_this_repository_are_collected(inner: Run, pytester: pytest.Pytester) -> None:
    shutil.copytree(ROOT / "scenarios", pytester.path / "scenarios")
    result = inner("", "--scenarios", "--collect-only", "-q", "scenarios")
    result.stdout.fnmatch_lines(["scenarios/quickstart.yaml::quickstart"])
