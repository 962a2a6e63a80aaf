"""Where the emulator runs: in this process, as one of its own, or already; and what is kept of failing tests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from carrierlab.background.emulator import EmulatorThread
from carrierlab.client import Client
from carrierlab.plugin.reading import read_scenario
from tests.carrierlab.plugin.conftest import Run
from tests.carrierlab.plugin.test_worlds import XDIST

TEST = """
import pytest
from tests.carrierlab.plugin.esmes import BlockingEsme

@pytest.mark.parametrize("text", ["first", "second"])
def test_it(smsc, text):
    with BlockingEsme(smsc.host, smsc.port, smsc.system_id, smsc.password) as client:
        client.send("77011234567", text)
        assert smsc.wait_for(text=text).text == text
        assert smsc.messages.texts == [text]
"""
FAILING = TEST + "        assert text == 'first'\n"


@pytest.fixture
def elsewhere(imported: None) -> Iterator[EmulatorThread]:
    emulator = EmulatorThread(read_scenario(None))
    yield emulator
    emulator.stop()


def test_a_subprocess_is_the_same_to_a_test(inner: Run, bare: pytest.Pytester) -> None:
    result = inner(FAILING, "--smsc", "subprocess", "--smsc-journal", "kept")
    result.assert_outcomes(passed=1, failed=1)
    (kept,) = (bare.path / "kept").iterdir()
    with closing(sqlite3.connect(kept)) as journal:
        assert journal.execute("SELECT text FROM messages").fetchall() == [("second",)]


def test_the_journal_of_a_failing_test_is_kept_where_that_is_asked_for(inner: Run, bare: pytest.Pytester) -> None:
    result = inner(FAILING, "--smsc-journal", "kept")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*smsc: kept*", "kept/test_inner.py_test_it_second.sqlite"])
    with closing(sqlite3.connect(bare.path / "kept" / "test_inner.py_test_it_second.sqlite")) as journal:
        assert journal.execute("SELECT text FROM messages").fetchall() == [("second",)]


def test_an_emulator_that_runs_already_is_used_and_left_as_it_was(
    inner: Run, elsewhere: EmulatorThread, bare: pytest.Pytester
) -> None:
    result = inner(FAILING, "--smsc", elsewhere.where.url, "--smsc-journal", "kept")
    result.assert_outcomes(passed=1, failed=1)
    (kept,) = (bare.path / "kept").iterdir()
    assert "second" in kept.read_text()
    assert json.loads(kept.read_text())
    with Client(elsewhere.where.url) as client:
        assert client.count() == 0
        assert client.operators()[0].address == elsewhere.where.operators["smsc"]


def test_xdist_workers_share_an_emulator_that_runs_already(inner_process: Run, elsewhere: EmulatorThread) -> None:
    inner_process(XDIST, "-n", "2", "--smsc", elsewhere.where.url).assert_outcomes(passed=8)


def test_an_emulator_elsewhere_is_not_imported_here(inner_process: Run, elsewhere: EmulatorThread) -> None:
    test = "import sys\ndef test_it(smsc): assert smsc.messages == [] and 'smsc.app' not in sys.modules"
    inner_process(test, "--smsc", elsewhere.where.url).assert_outcomes(passed=1)


def test_an_emulator_that_is_not_there_is_said_in_one_line(inner: Run) -> None:
    result = inner(TEST, "--smsc", "http://127.0.0.1:1")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["http://127.0.0.1:1 cannot be reached: *refused*"])
    assert "Traceback" not in result.stdout.str()
    assert "another exception" not in result.stdout.str()


def test_warnings_that_are_errors_do_not_reach_the_emulator(inner_process: Run) -> None:
    inner_process(TEST, "-W", "error").assert_outcomes(passed=2)
