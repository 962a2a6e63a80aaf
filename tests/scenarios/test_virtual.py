"""Whatever a scenario file says of its operators can be played in virtual time, once there is a workload of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import LabScenario, load_scenario
from smsc.faults.registry import FAULTS
from smsc.scenario.personas import persona_files
from tests.scenarios.playing import FILES
from yamlmodel.loader import loads

BEHAVIOURS = sorted((Path(__file__).resolve().parents[1] / "smsc/behaviours/scenarios").glob("*.yaml"))
WORKLOAD = {
    "load": {
        "rate": "1/s",
        "for": "10s",
        "mix": [{"text": "Hello {n}"}, {"length": 200}],
        "give_up": "20s",
        "response_timeout": "10s",
        "receipt_wait": "20s",
    }
}


def with_workload(text: str) -> str:
    """A file that has no workload gets a small load beside what it says."""
    return text if "\nworkload:" in text else text + "\n" + yaml.safe_dump({"workload": WORKLOAD})


def outcome_of(text: str) -> Outcome:
    return run_virtual(Job(loads(with_workload(text), LabScenario, "x.yaml"), "x.yaml"))


def all_is_accounted_for(outcome: Outcome) -> None:
    metrics = outcome.metrics
    assert outcome.trouble == ()
    assert outcome.trace is not None
    assert metrics["lost"] == 0
    ends = ("delivered", "undelivered", "expired", "refused", "unknown", "in_doubt", "awaiting_receipt", "unsent")
    assert metrics["recipients"] == sum(metrics[end] for end in ends) == 10


@pytest.mark.parametrize("path", BEHAVIOURS, ids=lambda path: path.stem)
def test_a_behaviour_is_played(path: Path, tmp_path: Path) -> None:
    for shared in path.parent.iterdir():  # what files include lies in directories
        if shared.is_dir():
            (tmp_path / shared.name).symlink_to(shared)
    file = tmp_path / path.name
    file.write_text(with_workload(path.read_text(encoding="utf-8")))
    all_is_accounted_for(run_virtual(Job(load_scenario(file), path.name)))


@pytest.mark.parametrize("tag", FAULTS)
def test_a_fault_is_played(tag: str) -> None:
    entry = (
        FAULTS[tag].example.replace("at: 30s", "at: 3s").replace("for: 60s", "for: 4s").replace("for: 10s", "for: 4s")
    )
    outcome = outcome_of(f"seed: 3\noperators: {{op: {{listen: 'tcp:2775'}}}}\ntimeline: [{entry}]\n")
    all_is_accounted_for(outcome)
    assert [fault.kind for fault in outcome.faults] == [tag]


@pytest.mark.parametrize("name", [path.stem for path in persona_files()])
def test_a_persona_is_played(name: str) -> None:
    outcome = outcome_of(f"operators: {{op: {{persona: {name}, listen: 'tcp:2775'}}}}\n")
    all_is_accounted_for(outcome)


def test_an_operator_with_tls_is_played_without_and_the_report_says_so() -> None:
    outcome = outcome_of("operators: {op: {listen: 'tcp:2775', tls: {certificate: no.pem, key: no.pem}}}\n")
    all_is_accounted_for(outcome)
    assert outcome.notes == ("op is played without TLS",)


def test_there_is_something_to_play() -> None:
    assert len(BEHAVIOURS) > 100
    assert len(FILES) >= 7, "each of these is played by test_scenarios.py"
