"""The scenario that holds when nobody gave one, and its magic numbers."""

from pathlib import Path
from typing import Final

from smsc.scenario.model import Scenario
from smsc.scenario.rule_model import alternatives
from yamlmodel.loader import load

DEFAULTS: Final = Path(__file__).with_name("defaults.yaml")


def default_scenario() -> Scenario:
    """Read the scenario that `smsc serve` uses without a file."""
    return load(DEFAULTS, Scenario)


def magic_numbers(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Return (pattern, note) for each rule about destinations that carries a note, in the order of the file."""
    return tuple(
        (str(pattern), rule.note)
        for operator in scenario.operators.values()
        for rule in operator.rules
        for pattern in alternatives(rule.when.to)
        if rule.note
    )
