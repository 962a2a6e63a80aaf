from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, load_located, loads


class Config(Struct, frozen=True):
    store: Path
    country: str = "KZ"
    fallback: Path | None = None


def test_a_file_is_loaded_as_its_model(tmp_path: Path) -> None:
    file = tmp_path / "sender.yaml"
    file.write_text("store: /var/lib/campaign.sqlite\ncountry: TR\n")
    assert load(file, Config) == Config(Path("/var/lib/campaign.sqlite"), "TR")


def test_paths_in_a_file_are_taken_from_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "sender.yaml").write_text("store: campaign.sqlite\nfallback: ../other\n")
    monkeypatch.chdir(tmp_path)
    config = load(Path("etc/sender.yaml"), Config)
    assert config.store == tmp_path / "etc" / "campaign.sqlite"
    assert config.fallback == tmp_path / "etc" / ".." / "other"


def test_paths_in_a_text_stay_as_they_are() -> None:
    assert loads("store: campaign.sqlite", Config).store == Path("campaign.sqlite")


def test_problems_name_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sender.yaml").write_text("stor: x\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(Path("sender.yaml"), Config)
    assert str(caught.value).splitlines() == [
        'sender.yaml:1:1: unknown key "stor"; did you mean "store"?',
        'sender.yaml:1:1: the key "store" is missing; expected a path',
    ]


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "no.yaml", Config)


def test_what_is_found_wrong_later_is_located_too(tmp_path: Path) -> None:
    file = tmp_path / "sender.yaml"
    file.write_text("country: KZ\nstore:   missing/campaign.sqlite\n")
    loaded = load_located(file, Config)
    problem = loaded.problem(("store",), "no such directory")
    assert str(problem) == f"{file}:2:10: store: no such directory"
    assert loaded.problem(("fallback",), "not there").line == 1
    assert loaded.value.country == "KZ"


@given(st.text(alphabet="stoecunry:- {}[]&*<~'\"\n#x1", max_size=50))
def test_any_text_is_a_config_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        assert isinstance(loads(text, Config), Config)
