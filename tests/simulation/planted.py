"""Does the simulation find bugs? ``python -m tests.simulation.planted``: each patch of tests/planted, one at a time.

A copy of the tree gets one bug, seeds are played until one of them shows it, and that seed is played once more without
the bug, which must pass. Exit code 0 when all but one of the bugs, or all, are caught.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "tests/planted"
_PACKAGES = ("smppkit", "yamlmodel", "clikit", "webkit", "smsc", "sender", "carrierlab", "tests/simulation")
_MISSED = 1
"""Bugs that may go unseen."""


class Bug(msgspec.Struct, frozen=True):
    """A patch, and what it breaks."""

    path: Path
    breaks: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.stem


class Catch(msgspec.Struct, frozen=True):
    """The seed that showed a bug."""

    seed: int
    invariant: str
    reason: str


def bugs() -> list[Bug]:
    """All of them, by their numbers."""
    return [Bug(path, path.read_text("utf-8").splitlines()[0]) for path in sorted(PATCHES.glob("*.patch"))]


def copy_tree(target: Path) -> None:
    """Copy what the simulation runs."""
    for package in _PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))


def plant(bug: Bug, tree: Path) -> None:
    """Apply a patch to a copy; CalledProcessError when it does not fit any more."""
    subprocess.run(["git", "apply", "--whitespace=nowarn", str(bug.path)], cwd=tree, check=True, env=_outside(tree))


def misfit(bug: Bug, tree: Path) -> str:
    """Why a patch does not fit a tree; empty when it does."""
    command = ["git", "apply", "--check", str(bug.path)]
    done = subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True, env=_outside(tree))
    return done.stderr if done.returncode else ""


def hunt(tree: Path, first: int, last: int, jobs: int) -> Catch | None:
    """Play seeds in a tree until one fails that passes without the bug."""
    while first <= last:
        seeds = f"{first}..{last}"
        command = [sys.executable, "-m", "tests.simulation", "--json", "--failures", "1", "--seeds", seeds]
        done = subprocess.run([*command, "--jobs", str(jobs)], cwd=tree, check=False, capture_output=True, text=True)
        verdicts = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
        if not verdicts:
            return Catch(first, "exception", done.stderr.strip().splitlines()[-1] if done.stderr else "nothing ran")
        failed = [verdict for verdict in verdicts if verdict["invariant"]]
        if not failed:
            return None
        catch = failed[0]
        alone = subprocess.run(
            [sys.executable, "-m", "tests.simulation", str(catch["seed"])], cwd=ROOT, check=False, capture_output=True
        )
        if alone.returncode == 0:
            return Catch(catch["seed"], catch["invariant"], catch["reason"])
        first = max(verdict["seed"] for verdict in verdicts) + 1
    return None


def _outside(tree: Path) -> dict[str, str]:
    """The environment for git in a directory that is no work tree, wherever it lies."""
    return {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)}


def main(arguments: list[str]) -> int:
    """See the docstring of this module."""
    parser = argparse.ArgumentParser(prog="planted", description="Play the simulation with planted bugs.")
    parser.add_argument("numbers", nargs="*", help="the numbers of some patches; all when omitted")
    parser.add_argument("--seeds", type=int, default=1000, help="seeds for each bug (1000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one for each core)")
    options = parser.parse_args(arguments)
    chosen = [bug for bug in bugs() if not options.numbers or bug.name.split("-")[0] in options.numbers]
    missed = 0
    for bug in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="planted-") as directory:
            tree = Path(directory)
            copy_tree(tree)
            plant(bug, tree)
            catch = hunt(tree, 1, options.seeds, options.jobs)
        took = f"{time.monotonic() - began:5.0f} s"
        if catch is None:
            missed += 1
            print(f"MISSED  {bug.name:<40} {took}", flush=True)
        else:
            what = f"seed {catch.seed}: {catch.invariant}: {catch.reason}"
            print(f"caught  {bug.name:<40} {took}  {what[:150]}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} planted bugs are caught")
    return 0 if missed <= _MISSED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
