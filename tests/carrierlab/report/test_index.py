"""One report over many runs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from carrierlab.report.index import Collected, write_index
from carrierlab.report.played import Played
from tests.carrierlab.test_html import Reader
from tests.carrierlab.test_report import outcome

GOOD = msgspec.structs.replace(outcome(expectations=[], seed=1), parameters={"rate": "5/s"}, options=" --only rate=5/s")
RUNS = [Played(GOOD), Played(outcome(seed=2), "traces/lab-2.trace.gz")]


def page(directory: Path) -> Reader:
    reader = Reader()
    reader.feed((directory / "index.html").read_text())
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_has_a_row_for_each_run_and_says_why_one_failed(tmp_path: Path) -> None:
    write_index(RUNS, tmp_path)
    text = page(tmp_path).text
    for words in (
        "1 of 2 failed",
        "duplicates equals 0, found 1",
        "carrierlab run lab.yaml --virtual --seed 2",
        "carrierlab trace traces/lab-2.trace.gz",
        "rate=5/s",
        "From run to run",
    ):
        assert words in text, words


def test_it_loads_nothing_and_links_only_to_its_own_runs(tmp_path: Path) -> None:
    write_index(RUNS, tmp_path)
    found = page(tmp_path)
    assert found.seen.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    links = [value for name, value in found.attributes if name == "href" and value]
    assert links == ["runs/lab-rate=5_s-1/report.html", "runs/lab-2/report.html"]
    assert all((tmp_path / link).is_file() for link in links)


def test_json_and_junit_hold_every_run(tmp_path: Path) -> None:
    write_index(RUNS, tmp_path)
    runs = json.loads((tmp_path / "report.json").read_text())["runs"]
    assert runs[0]["replay"] == "carrierlab run lab.yaml --virtual --seed 1 --only rate=5/s"
    assert [(run["seed"], run["passed"], run["trace_file"]) for run in runs] == [
        (1, True, None), (2, False, "traces/lab-2.trace.gz")
    ]  # fmt: skip
    assert len(ElementTree.parse(tmp_path / "junit.xml").getroot()) == 2  # noqa: S314 - our own


def test_of_very_many_runs_only_those_that_failed_have_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrierlab.report.index.DETAILED", 1)
    write_index(RUNS, tmp_path)
    assert [directory.name for directory in (tmp_path / "runs").iterdir()] == ["lab-2"]


def test_of_very_many_runs_only_those_with_a_page_are_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrierlab.report.index.DETAILED", 1)
    collected = Collected(4)
    for run in (RUNS[0], RUNS[1], RUNS[0], RUNS[1]):
        collected.add(run)
    assert [bool(run.outcome.series) for run in collected.runs] == [False, True, False, False]
    assert [run.outcome.seed for run in collected.runs] == [1, 2, 1, 2]


def test_an_earlier_report_is_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    write_index([Played(outcome(seed=9))], tmp_path)
    (tmp_path / "runs" / "mine").mkdir()
    (tmp_path / "runs" / "mine" / "notes.txt").write_text("keep")
    write_index(RUNS, tmp_path)
    assert {directory.name for directory in (tmp_path / "runs").iterdir()} == {"lab-rate=5_s-1", "lab-2", "mine"}


def test_runs_of_one_name_and_seed_have_directories_of_their_own(tmp_path: Path) -> None:
    write_index([RUNS[0], RUNS[0]], tmp_path)
    assert {directory.name for directory in (tmp_path / "runs").iterdir()} == {"lab-rate=5_s-1", "lab-rate=5_s-1-2"}
