"""The planted bugs still fit the code, and one that is planted is found."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.planted import ROOT, Bug, bugs, copy_tree, hunt, misfit, plant

BUGS = bugs()


def test_there_are_enough_of_them() -> None:
    assert len(BUGS) >= 20
    numbers = [bug.name.partition("-")[0] for bug in BUGS]
    assert numbers == [f"{number:02d}" for number in range(1, len(BUGS) + 1)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tree")
    copy_tree(path)
    return path


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_patch_fits(bug: Bug, tree: Path) -> None:
    problem = misfit(bug, tree)
    assert not problem, f"{bug.path.relative_to(ROOT)} is to be made anew: {problem}"
    assert bug.breaks.endswith(".")


def test_a_planted_bug_is_found(tmp_path: Path) -> None:
    bug = next(bug for bug in BUGS if bug.name.startswith("06"))
    copy_tree(tmp_path)
    plant(bug, tmp_path)
    catch = hunt(tmp_path, 1, 10, jobs=1)
    assert catch is not None
    assert catch.invariant == "I6"


def test_the_page_shows_them() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "make_planted.py", "--check"], check=False)
    assert done.returncode == 0, "docs/simulation.md: run make docs"
