from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sender.world import Process


@pytest.fixture(autouse=True)
def no_process_outlives_its_test() -> Iterator[None]:
    """From 3.13 on Python complains of a database that is left open, in whichever test is running by then."""
    yield
    for process in list(Process.living):
        process.close()
