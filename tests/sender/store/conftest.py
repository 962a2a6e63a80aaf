from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Runner, check_i4, directly, inline_runner, open_quick, thread_runner


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_quick(tmp_path / "campaign.sqlite")
    yield opened
    check_i4(opened)
    opened.close()


@pytest.fixture(params=["direct", "thread", "inline"])
def run(request: pytest.FixtureRequest, store: SqliteStore) -> Iterator[Runner]:
    """Every way of running verbs: by hand, through the writer thread, through the writer of virtual time."""
    if request.param == "thread":
        runner, stop = thread_runner(store)
        yield runner
        stop()
    else:
        yield directly(store) if request.param == "direct" else inline_runner(store)
