"""report.json is read back as it was written, and its schema is in docs/."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from carrierlab.report.document import DocumentError, read_document, run_of, runs_to_json, schema_text, to_json
from carrierlab.report.played import Played
from carrierlab.report.result import Outcome
from tests.carrierlab.test_report import outcome

ROOT = Path(__file__).parents[3]


def written(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "report.json").write_bytes(content)
    return tmp_path


def test_a_run_is_read_back(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, to_json(outcome())))
    values = msgspec.structs.asdict(document)
    assert (values.pop("format"), values.pop("version")) == ("carrierlab-report", 1)
    assert Outcome(**values) == outcome()
    assert read_document(tmp_path / "report.json") == document


def test_which_document_it_is_stands_first(tmp_path: Path) -> None:
    assert list(json.loads(to_json(outcome())))[:2] == ["format", "version"]


def test_many_runs_are_read_back(tmp_path: Path) -> None:
    runs = [run_of(Played(outcome(seed=seed), "t.gz"), None) for seed in (1, 2)]
    document = read_document(written(tmp_path, runs_to_json(runs)))
    assert (document.format, document.passed) == ("carrierlab-reports", False)
    assert getattr(document, "runs") == tuple(runs)  # noqa: B009 - which of both it is stands in the format
    assert runs[0].why == "duplicates equals 0, found 1"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a report; expected the report.json of carrierlab run --report"),
        (b'{"passed": true}', "not a report"),
        (b'{"format": "carrierlab-report", "version": 2}', "written in version 2 of the format; this carrierlab reads"),
        (b'{"format": "carrierlab-report", "version": 1}', "not a whole report: Object missing required field"),
    ],
)
def test_what_is_no_report_is_told_in_a_line(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(DocumentError) as error:
        read_document(written(tmp_path, content))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"report\.json: no such file"):
        read_document(tmp_path)


def test_keys_of_a_later_carrierlab_are_passed_over(tmp_path: Path) -> None:
    later = {**json.loads(to_json(outcome())), "phases": []}
    assert read_document(written(tmp_path, json.dumps(later).encode())).passed is False


def test_the_schema_in_docs_is_up_to_date_and_names_every_key() -> None:
    text = schema_text()
    assert (ROOT / "docs" / "report.schema.json").read_text() == text, "run make docs"
    run = json.loads(text)["$defs"]["RunDocument"]
    assert set(run["required"]) <= set(json.loads(to_json(outcome()))) == set(run["properties"])
