"""Every file in scenarios/ is a test case."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

import pytest
import pytest_twisted

from carrierlab.run import Job, run_over_sockets
from tests.scenarios.playing import DIRECTORY, NAMES, STEMS, complaint, load, played

OWN = {
    "quickstart",
    "mixed-scripts",
    "receipt-gauntlet",
    "greylisting",
    "every-persona",
    "codes-beside-a-campaign",
    "evening-of-three-operators",
    "spike",
    "answered-codes",
}
"""Those that rehearse no failure of another gateway."""

each_scenario = pytest.mark.parametrize("name", NAMES)


def comment(name: str) -> str:
    lines = (DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), lines))


@pytest.mark.parametrize("name", sorted(set(STEMS) - OWN))
def test_a_failure_of_others_names_where_it_was_reported(name: str) -> None:
    source = re.search(r"Source: (.+)", comment(name))
    assert source is not None
    assert re.search(r"https?://[^ ]+/[^ ]+", source[1])


def test_the_page_lists_every_scenario_once() -> None:
    page = (DIRECTORY.parent / "docs" / "scenario-guide.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[([\w-]+)\]\(\.\./scenarios/\1\.yaml\)", page, re.MULTILINE)) == sorted(STEMS)


@each_scenario
def test_it_expects_something_and_that_nothing_is_lost(name: str) -> None:
    scenario = load(name)
    assert scenario.scenario
    metrics = {str(getattr(expectation, "metric", "message")) for expectation in scenario.expect}
    assert metrics >= {"lost", "mismatched", "duplicates"}


@each_scenario
def test_it_passes_in_virtual_time_and_its_figures_agree(name: str) -> None:
    """One test, so that whichever process has it plays the scenario once.

    I4: accepted = queued + in flight + in doubt + final; when a run is over nothing is queued.
    I2: what operators received is what the sender says it sent; a doubt may be about a submit that never arrived.
    """
    outcome = played(name)
    assert outcome.passed, complaint(outcome)
    metrics = outcome.metrics
    ends = ("delivered", "undelivered", "expired", "refused", "unknown", "in_doubt", "awaiting_receipt")
    assert metrics["recipients"] == sum(metrics[end] for end in ends)
    if "greylisting" not in name:  # where every message is refused once, on purpose, with a status that has no metric
        again = metrics["throttled"] + metrics["queue_full"] + metrics["resends"]
        assert metrics["submits"] <= metrics["segments"] + again


@pytest_twisted.ensureDeferred
async def test_quickstart_passes_over_sockets() -> None:
    from twisted.internet import reactor  # noqa: TID251 - the test's own

    path = DIRECTORY / "quickstart.yaml"
    outcome = await run_over_sockets(Job(load("quickstart"), str(path)), reactor)
    assert outcome.passed, complaint(outcome)
    assert outcome.duration < 60, "a first run must not bore"


def test_messages_of_every_country_are_in_the_quickstart() -> None:
    operators = played("quickstart").operators
    assert len(operators) == 2
    for one, other in pairwise(operators.values()):
        assert min(one["recipients"], other["recipients"]) > 1000
