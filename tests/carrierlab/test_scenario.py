"""Scenario files are read whole, and every mistake in them is named in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.scenario import ANYBODY, account_of, load_scenario
from sender.domain.message import MessageClass
from tests.carrierlab.files import PEOPLE, SCENARIO, write
from yamlmodel.errors import ConfigError


def test_a_file_is_read_with_paths_relative_to_it(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path))
    campaign = scenario.workload.campaign
    assert campaign.recipients == tmp_path / "people.csv"
    assert campaign.class_ is MessageClass.ADVERTISING
    assert campaign.country == "KZ"
    assert scenario.used_operators() == ["alpha", "beta"]
    assert account_of(scenario.operators["alpha"]).system_id == "shop"
    assert account_of(scenario.operators["beta"]) is ANYBODY


def test_without_routes_everything_goes_to_the_first_operator(tmp_path: Path) -> None:
    text = SCENARIO.replace('    routes: [{prefix: "77", operator: alpha}, {operator: beta}]\n', "")
    scenario = load_scenario(write(tmp_path, text))
    assert scenario.used_operators() == ["alpha"]
    assert [route.prefix for route in scenario.routes()] == [""]


@pytest.mark.parametrize(
    ("found", "replaced_by", "place", "message"),
    [
        ("workload:", "worklod:", "small.yaml:11:1", 'unknown key "worklod"; did you mean "workload"?'),
        ("people.csv", "persons.csv", "small.yaml:13:17", "no such file: "),
        ("template: ", "templte: ", "small.yaml:14:5", 'unknown key "templte"; did you mean "template"?'),
        ("{order}", "{order", "small.yaml:14:15", "template, character 22: "),
        ("{order}", "{ordre}", "small.yaml:14:15", 'no column "ordre"; did you mean "order"?'),
        ("sender: SHOP", "sender: SHOPANDMOREOFIT", "small.yaml:15:13", "a name has at most 11"),
        ("operator: beta", "operator: betta", "small.yaml:16:58", 'did you mean "beta"?'),
        ("receipt_wait: 2s", "receipt_wait: soon", "small.yaml:17:19", "expected a duration"),
        ("receipt_wait: 2s", "limit: 0", "small.yaml:17:12", "expected at least 1"),
        ("receipt_wait: 2s", "class: adverts", "small.yaml:17:12", 'did you mean "advertising"?'),
        ("receipt_wait: 2s", "rate: fast", "small.yaml:17:11", "expected a rate such as"),
        ("receipt_wait: 2s", "country: Kazakhstan", "small.yaml:17:14", "a country code of two letters"),
        ("metric: lost,", "metric: lots,", "small.yaml:21:14", 'unknown metric; did you mean "lost"?'),
        ("metric: lost,", "metric: lost, operator: gamma,", "small.yaml:21:30", "expected an operator of this file"),
        ("[{system_id: shop, password: secret, window: 5, rate: 100/s}]", "[]", "small.yaml:6:15", "nobody may bind"),
    ],
)
def test_a_mistake_is_named_in_its_place(
    tmp_path: Path, found: str, replaced_by: str, place: str, message: str
) -> None:
    assert found in SCENARIO
    path = write(tmp_path, SCENARIO.replace(found, replaced_by, 1))
    with pytest.raises(ConfigError) as refused:
        load_scenario(path)
    assert place in str(refused.value)
    assert message in str(refused.value)


def test_a_recipients_file_without_numbers_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, people=PEOPLE.replace("phone,", "height,"))
    with pytest.raises(ConfigError, match=r"small.yaml:13:17: .*no column with the phone number"):
        load_scenario(path)


def test_two_routes_for_one_prefix_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO.replace("{operator: beta}", '{prefix: "77", operator: beta}'))
    with pytest.raises(ConfigError, match="a second route"):
        load_scenario(path)
