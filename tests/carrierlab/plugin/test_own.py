"""Emulators that a test has to itself, made from a scenario file."""

from __future__ import annotations

import pytest

from tests.carrierlab.plugin.conftest import BARE, Run

OPERATORS = """
vars: {status: ESME_RINVDSTADR}
operators:
  beeline:
    listen: tcp:2775
    accounts: [{system_id: shop, password: pw, rate: 100/s}]
  kcell:
    listen: tcp:2776
    rules:
      - {when: {to: "7705*"}, respond: "${status}"}
"""
HEAD = """
import pytest
from tests.carrierlab.plugin.esmes import BlockingEsme

def bound(at):
    return BlockingEsme(at.host, at.port, at.system_id, at.password)
"""


@pytest.fixture(autouse=True)
def operators(bare: pytest.Pytester) -> None:
    (bare.path / "operators.yaml").write_text(OPERATORS)


def test_a_marked_test_has_the_operators_of_its_file_by_name(inner: Run) -> None:
    result = inner(
        HEAD
        + """
@pytest.mark.smsc_scenario("operators.yaml")
def test_it(smsc):
    assert list(smsc.operators) == ["beeline", "kcell"]
    assert (smsc.system_id, smsc.password) == ("shop", "pw")
    with bound(smsc) as beeline, bound(smsc.operators["kcell"]) as kcell:
        assert beeline.send("77051234567", "one") == [0]
        assert kcell.send("77051234567", "two") == [11]
    assert [(one.operator, one.status_name) for one in smsc.messages] == [
        ("beeline", "ESME_ROK"),
        ("kcell", "ESME_RINVDSTADR"),
    ]
"""
    )
    result.assert_outcomes(passed=1)


def test_variables_of_the_file_have_the_values_of_the_test(inner: Run) -> None:
    result = inner(
        HEAD
        + """
@pytest.mark.smsc_scenario("operators.yaml", set={"status": 8})
def test_marked(smsc):
    with bound(smsc.operators["kcell"]) as kcell:
        assert kcell.send("77051234567", "two") == [8]

def test_called(smsc_scenario):
    smsc = smsc_scenario("operators.yaml", set={"status": "ESME_RTHROTTLED"})
    other = smsc_scenario("operators.yaml")
    with bound(smsc) as client:
        client.send("77011234567", "hello")
        assert smsc.wait_for(text="hello").operator == "beeline"
    assert other.messages == []
"""
    )
    result.assert_outcomes(passed=2)


def test_a_file_with_a_mistake_is_told_by_its_place(inner: Run, bare: pytest.Pytester) -> None:
    (bare.path / "typo.yaml").write_text("operators:\n  kcell:\n    listn: tcp:2775\n")
    result = inner("def test_it(smsc_scenario):\n    smsc_scenario('typo.yaml')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['E*typo.yaml:3:5: operators.kcell: unknown key "listn"; did you mean "listen"?'])


def test_the_session_may_have_a_scenario_of_its_own(inner: Run, bare: pytest.Pytester) -> None:
    bare.makeini(f"[pytest]\nsmsc_scenario = operators.yaml\naddopts = {BARE}\n")
    result = inner(
        HEAD
        + """
@pytest.mark.parametrize("time", ["first", "second"])
def test_it(smsc, time):
    assert (smsc.system_id, smsc.password) == ("shop", "pw")
    with bound(smsc) as client:
        client.send("77011234567", time)
        assert smsc.wait_for().text == time
"""
    )
    result.assert_outcomes(passed=2)
