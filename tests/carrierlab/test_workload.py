"""The sender is configured from what the scenario says of operators and campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.ledgers import Reject
from carrierlab.scenario import LabScenario, load_scenario
from carrierlab.workload import campaign_plan, configured_binds, read_rejects, sender_config
from sender.config.binds import BindMode
from tests.carrierlab.files import SCENARIO, write

ADDRESSES = {"alpha": ("127.0.0.1", 4001), "beta": ("127.0.0.1", 4002)}


def load(directory: Path, extra: str = "", scenario: str = SCENARIO) -> LabScenario:
    return load_scenario(write(directory, scenario.replace("    receipt_wait: 2s\n", f"    receipt_wait: 2s\n{extra}")))


def test_credentials_window_and_rate_are_the_accounts(tmp_path: Path) -> None:
    config = sender_config(load(tmp_path), ADDRESSES)
    alpha, beta = config.operators["alpha"], config.operators["beta"]
    assert (alpha.system_id, alpha.secret, alpha.port) == ("shop", "secret", 4001)
    assert (alpha.window, alpha.rate) == (5, 100)
    assert (beta.window, beta.rate) == (10, None)
    assert [(route.prefix, route.operator) for route in config.routes] == [("77", "alpha"), ("", "beta")]


def test_the_campaign_may_say_otherwise(tmp_path: Path) -> None:
    extra = "    window: 7\n    rate: 3/s\n    binds: 2\n    bind: transmitter+receiver\n    retry: {first: 2s}\n"
    scenario = load(tmp_path, extra)
    config = sender_config(scenario, ADDRESSES)
    alpha = config.operators["alpha"]
    assert (alpha.window, alpha.rate, alpha.binds, alpha.bind) == (7, 3, 2, BindMode.PAIR)
    assert config.retry.first == 2
    assert configured_binds(scenario) == {"alpha": 4, "beta": 4}


def test_a_campaign_may_ignore_the_contract(tmp_path: Path) -> None:
    assert sender_config(load(tmp_path, "    rate: unlimited\n"), ADDRESSES).operators["alpha"].rate is None


def test_an_operator_that_no_route_leads_to_is_not_bound_to(tmp_path: Path) -> None:
    only = SCENARIO.replace('    routes: [{prefix: "77", operator: alpha}, {operator: beta}]\n', "")
    scenario = load(tmp_path, scenario=only)
    assert list(sender_config(scenario, ADDRESSES).operators) == ["alpha"]
    assert configured_binds(scenario) == {"alpha": 1}


@pytest.mark.parametrize(("limit", "lines"), [(2, 3), (5, 6), (100, 6)])
def test_a_limit_takes_the_first_rows_as_they_are(tmp_path: Path, limit: int, lines: int) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    plan = campaign_plan(load(tmp_path, f"    limit: {limit}\n"), scratch)
    assert plan.recipients.parent == scratch
    assert len(plan.recipients.read_text().splitlines()) == lines
    assert (tmp_path / "people.csv").read_bytes().startswith(plan.recipients.read_bytes())


def test_without_a_limit_the_file_itself_is_read(tmp_path: Path) -> None:
    assert campaign_plan(load(tmp_path), tmp_path / "scratch").recipients == tmp_path / "people.csv"


def test_rejects_are_read_back_whatever_they_hold(tmp_path: Path) -> None:
    file = tmp_path / "rejects.csv"
    file.write_bytes(b'line,reason,raw\n6,"no digits","a ""b"" \xff"\n')
    assert read_rejects(file) == [Reject(6, "no digits")]
    assert read_rejects(tmp_path / "absent.csv") == read_rejects(None) == []
