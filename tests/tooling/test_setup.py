"""scripts/setup: what it does without a usable Python, and that it says so in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "cksum", "dirname", "grep", "head", "printf", "rm", "tail", "tr", "uname")


class Machine:
    """A copy of the files that setup reads, with a PATH that holds what the test put there."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "tree"
        self.bin = directory / "bin"
        (self.root / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / "scripts" / "setup", self.root / "scripts" / "setup")
        for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(ROOT / name, self.root / name)
        for tool in TOOLS:
            if where := shutil.which(tool):
                (self.bin / tool).symlink_to(where)
        self.command("id", "echo 1000")
        self.command("sudo", "exit 1")

    def command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "setup", *arguments],
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def only_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result
    assert result.stdout == ""
    *before, last = result.stderr.splitlines()
    assert all(line.startswith("setup: creating ") for line in before), result.stderr
    return last


def test_without_python_it_says_what_to_install(machine: Machine) -> None:
    line = only_line(machine.setup())
    assert line.startswith("setup: no Python 3.11 or newer was found")
    assert "apt-get install python3 python3-venv" in line


def test_an_old_python_is_passed_over(machine: Machine) -> None:
    machine.command("python3", "exit 1")  # what the version test comes to on 3.10
    assert "no Python 3.11 or newer" in only_line(machine.setup())


def test_the_python_asked_for_must_be_usable(machine: Machine) -> None:
    line = only_line(machine.setup(PYTHON="no-such-python"))
    assert line == "setup: PYTHON=no-such-python is not a working Python 3.11 or newer"


def python_without_ensurepip(machine: Machine) -> None:
    """Debian's python3 without python3-venv."""
    real = getattr(sys, "_base_executable", sys.executable)
    stub = machine.bin / "python3"
    machine.command(
        "python3",
        f'case "$*" in *"import ensurepip"*) exit 1 ;; *_base_executable*) echo {stub} ;; *) exec {real} "$@" ;; esac',
    )


def test_without_ensurepip_an_ordinary_user_gets_the_remedy(machine: Machine) -> None:
    python_without_ensurepip(machine)
    machine.command("apt-get", "echo this must not be called >&2; exit 9")
    line = only_line(machine.setup())
    package = f"python3.{sys.version_info[1]}-venv"
    assert line == (
        f"setup: Python's venv module is incomplete: run 'apt-get install {package}' as root, then this again"
    )


def test_without_ensurepip_root_installs_it(machine: Machine, tmp_path: Path) -> None:
    python_without_ensurepip(machine)
    machine.command("id", "echo 0")
    (machine.bin / "env").symlink_to(shutil.which("env") or "")
    calls = tmp_path / "calls"
    machine.command("apt-get", f'echo "$*" >> {calls}; case "$*" in *update*) ;; *) exit 100 ;; esac')
    result = machine.setup()
    assert result.returncode == 1
    assert "as root, then this again" in result.stderr.splitlines()[-1]
    package = f"python3.{sys.version_info[1]}-venv"
    assert calls.read_text().splitlines() == [
        f"-y -qq install {package}",
        "-y -qq update",
        f"-y -qq install {package}",
    ]


def test_an_unknown_argument_is_refused(machine: Machine) -> None:
    assert only_line(machine.setup("prod")) == "setup: unknown argument 'prod'; usage: scripts/setup [dev]"


def test_a_failed_installation_gives_pips_last_word(machine: Machine) -> None:
    shutil.rmtree(machine.root / ".venv", ignore_errors=True)
    (machine.root / "requirements.lock").write_text("this is no requirement\n")
    machine.command("python3", f'exec {getattr(sys, "_base_executable", sys.executable)} "$@"')
    result = machine.setup()
    last = result.stderr.splitlines()[-1]
    assert result.returncode == 1
    assert last.startswith("setup: installing the packages of requirements.lock failed: ERROR: ")
    assert (machine.root / ".venv" / "setup.log").read_text()


def test_with_everything_in_place_it_does_nothing_and_is_silent(machine: Machine) -> None:
    stamped = machine.root / ".venv"
    (stamped / "bin").mkdir(parents=True)
    (stamped / "bin" / "python").symlink_to(machine.bin / "sh")  # would fail if it were run
    sums = b"".join(
        (machine.root / name).read_bytes() for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml")
    )
    cksum = subprocess.run(["cksum"], input=sums, capture_output=True, check=True).stdout.decode().strip()
    (stamped / "setup-dev").write_text(f"{cksum.replace(' ', '-')} {os.path.realpath(machine.root)}\n")
    for arguments in ((), ("dev",)):
        result = machine.setup(*arguments)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
