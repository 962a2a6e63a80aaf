"""``carrierlab load`` up to where Locust begins; tests/loadtests runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carrierlab.commands import load as command
from carrierlab.commands.load import load

PROFILE = (
    'target: {smpp: "127.0.0.1:2775", accounts: [{system_id: a, password: b}]}\nvars: {users: 2}\nusers: "${users}"\n'
)
AWAY = PROFILE.replace("127.0.0.1", "192.0.2.1") + "safety: {rate: 5/s, messages: 100}\n"


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    started: list[list[str]] = []

    def run(processes: command._Processes) -> int:
        started.append([*processes._common, *processes._alone])
        return 0

    monkeypatch.setattr(command._Processes, "run", run)
    return started


def invoke(tmp_path: Path, profile: str, *arguments: str) -> Result:
    file = tmp_path / "profile.yaml"
    file.write_text(profile)
    return CliRunner().invoke(load, [str(file), *arguments])


@pytest.mark.parametrize(
    ("profile", "arguments", "said"),
    [
        ("target: {emulater: x}", [], 'profile.yaml:1:10: target: unknown key "emulater"; did you mean "emulator"?'),
        (PROFILE, ["--set", "users"], "expected NAME=VALUE"),
        (PROFILE, ["--set", "user=3"], 'did you mean "users"'),
        (PROFILE, ["--host", "127.0.0.1:0"], "expected an address such as"),
        (PROFILE.replace("smpp", "api", 1).replace("127.0.0.1:2775", "http://127.0.0.1"), [], "belongs to SMPP"),
        ("target: {api: 'http://127.0.0.1'}", ["--host", "127.0.0.1:80"], "expected a URL"),
        (PROFILE, ["--workers", "2"], "there are 1 accounts"),
        (AWAY, [], "Say --yes-this-is 192.0.2.1 when its operator agrees"),
        (AWAY, ["--yes-this-is", "192.0.2.2"], "names 192.0.2.2, but the target is 192.0.2.1"),
        (PROFILE, ["--host", "smsc.example.org", "--yes-this-is", "smsc.example.org"], "safety: {rate"),
        (PROFILE, ["--web", "x"], "expected a port such as"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy(
    tmp_path: Path, profile: str, arguments: list[str], said: str, nothing_is_started: list[list[str]]
) -> None:
    result = invoke(tmp_path, profile, *arguments)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.replace("│", "").split())
    assert nothing_is_started == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(load, [str(tmp_path / "nowhere.yaml")])
    assert (result.exit_code, "no such file" in result.output) == (2, True)


def test_without_locust_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    result = invoke(tmp_path, PROFILE)
    assert result.exit_code == 2
    assert 'pip install "carrierlab[load]"' in result.output
    assert invoke(tmp_path, PROFILE, "--check").exit_code == 0


def test_check_starts_nothing(tmp_path: Path, nothing_is_started: list[list[str]]) -> None:
    result = invoke(tmp_path, AWAY, "--yes-this-is", "192.0.2.1", "--check")
    assert (result.exit_code, nothing_is_started) == (0, [])
    assert result.output.endswith("profile.yaml: ok\n")


def test_locust_is_told_the_profile_and_where_the_reports_go(
    tmp_path: Path, nothing_is_started: list[list[str]]
) -> None:
    reports = tmp_path / "reports"
    assert invoke(tmp_path, PROFILE, "--set", "users=3", "--report", str(reports)).exit_code == 0
    (arguments,) = nothing_is_started
    assert arguments[:4] == ["--load-profile", str(tmp_path / "profile.yaml"), "--load-set", "users=3"]
    assert {"--headless", str(reports / "report.html"), str(reports / "load")} <= set(arguments)
    assert reports.is_dir()


def test_a_directory_that_cannot_be_written_into_is_refused_before_anything_is_sent(
    tmp_path: Path, nothing_is_started: list[list[str]]
) -> None:
    result = invoke(tmp_path, PROFILE, "--report", "/proc/self/fd")
    assert result.exit_code == 2
    assert "cannot be written into" in " ".join(result.output.replace("│", "").split())
    assert nothing_is_started == []


@pytest.mark.parametrize(("signals", "code"), [(0, -9), (1, 0), (2, 130)])
def test_a_second_signal_ends_it_at_once_and_is_an_interruption(signals: int, code: int) -> None:
    processes = command._Processes([], [], 1)
    for _ in range(signals):
        processes._end(2, None)
    assert processes._ended(-9 if code else 0) == code


def test_its_page_is_served_on_loopback(tmp_path: Path, nothing_is_started: list[list[str]]) -> None:
    result = invoke(tmp_path, PROFILE, "--web", "8089")
    assert "http://127.0.0.1:8089/" in result.output
    assert nothing_is_started[0][-4:] == ["--web-host", "127.0.0.1", "--web-port", "8089"]


def test_neither_help_nor_a_profile_needs_gevent() -> None:
    code = (
        "import sys, carrierlab.cli, carrierlab.commands.load; print(sorted({'gevent', 'locust'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
