"""scripts/browser: it installs where it may, is silent where nothing is to be done, and one line elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Machine:
    """A PATH that holds what the test put there."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.calls = directory / "calls"
        for tool in ("sh", "env"):
            where = shutil.which(tool)
            assert where is not None
            (self.bin / tool).symlink_to(where)
        self.command("id", "echo 1000")
        self.command("sudo", "exit 1")

    def command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def browser(self) -> subprocess.CompletedProcess[str]:
        script = ROOT / "scripts" / "browser"
        return subprocess.run(
            [script], env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_there_is_left_alone(machine: Machine) -> None:
    for name in ("chromium", "chromedriver", "apt-get"):
        machine.command(name, "echo this must not be called >&2; exit 9")
    result = machine.browser()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_elsewhere_than_on_debian_it_says_what_is_missing_and_the_tests_go_on(machine: Machine) -> None:
    result = machine.browser()
    assert result.returncode == 0
    assert result.stderr == (
        "browser: the tests of the inbox need a browser: install chromium and chromedriver, or set CHROMIUM and"
        " CHROMEDRIVER\n"
    )


def test_without_the_right_to_install_it_says_the_command(machine: Machine) -> None:
    machine.command("apt-get", "echo this must not be called >&2; exit 9")
    result = machine.browser()
    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        "browser: the tests of the inbox need a browser: run 'apt-get install chromium chromium-driver' as root"
    ]


@pytest.mark.parametrize("how", ["root", "sudo"])
def test_it_installs_where_it_may_with_the_package_lists_renewed_when_they_are_old(machine: Machine, how: str) -> None:
    if how == "root":
        machine.command("id", "echo 0")
    else:
        machine.command("sudo", 'test "$1" = -n && shift && exec "$@"')
        machine.command("true", "exit 0")
    fresh = machine.bin / "fresh"
    machine.command(
        "apt-get", f'echo "$*" >> {machine.calls}\ncase "$*" in *update*) : > {fresh} ;; *) test -e {fresh} ;; esac'
    )
    result = machine.browser()
    assert result.returncode == 0
    assert result.stderr.splitlines() == ["browser: installing chromium and chromium-driver"]
    install = "-y -qq --no-install-recommends install chromium chromium-driver"
    assert machine.calls.read_text().splitlines() == [install, "-y -qq --no-install-recommends update", install]
