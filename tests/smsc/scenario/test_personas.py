"""The ready profiles: each is a whole operator, is cited, and yields to what a scenario says."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from smsc.cli import main
from smsc.scenario.model import Operator, Scenario
from smsc.scenario.personas import persona_files, personas
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, loads

NAMES = [path.stem for path in persona_files()]


def operator(text: str) -> Operator:
    return loads(f"operators:\n  x: {text}\n", Scenario).operators["x"]


def test_there_are_at_least_ten() -> None:
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_persona_is_a_whole_operator(name: str) -> None:
    assert operator(f"{{persona: {name}}}") != operator("{}")


@pytest.mark.parametrize("persona", personas(), ids=NAMES)
def test_a_persona_is_called_as_its_file_and_cited(persona) -> None:
    assert persona.persona in NAMES
    assert persona.about.endswith(".")
    assert all(len(source) > 10 for source in persona.sources)


@pytest.mark.parametrize("persona", personas(), ids=NAMES)
def test_a_persona_is_on_the_page_about_scenarios(persona) -> None:
    page = Path(__file__).parents[3] / "docs" / "scenario-guide.md"
    assert f"| `{persona.persona}` | {persona.about} |" in page.read_text()


def test_what_a_scenario_says_overrides_the_persona() -> None:
    plain = operator("{persona: hex-id-decimal-receipt}")
    changed = operator("{persona: hex-id-decimal-receipt, receipts: {ids: uuid}, listen: tcp:2999}")
    assert changed.receipts.ids != plain.receipts.ids
    assert changed.receipts.delay == plain.receipts.delay
    assert changed.submit == plain.submit
    assert changed.listen.port == 2999


def test_a_users_own_file_is_a_persona_too(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("persona: mine\nabout: Mine.\nsources: [me]\noperator: {ids: uuid}\n")
    (tmp_path / "scenario.yaml").write_text("operators:\n  x: {persona: ./mine.yaml}\n")
    scenario = load(tmp_path / "scenario.yaml", Scenario)
    assert scenario.operators["x"].ids == operator("{ids: uuid}").ids


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'did you mean "strict-5\.0"'):
        operator("{persona: strict-5}")


def test_the_command_lists_all() -> None:
    result = CliRunner().invoke(main, ["personas"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_command_shows_one(name: str) -> None:
    result = CliRunner().invoke(main, ["personas", name])
    assert result.stdout.startswith(f"persona: {name}\n")


def test_the_command_says_where_the_files_are() -> None:
    result = CliRunner().invoke(main, ["personas", "--paths"])
    assert [Path(line).stem for line in result.stdout.splitlines()] == NAMES


def test_the_command_refuses_an_unknown_name() -> None:
    result = CliRunner().invoke(main, ["personas", "strict-33"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'did you mean "strict-3.3"' in result.stderr
