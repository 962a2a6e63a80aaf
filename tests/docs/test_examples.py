"""Every example in the README and in docs/ is what the programs take: checked, parsed or run."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner

from carrierlab.cli import main as carrierlab
from carrierlab.loadtest.profile import load_profile
from carrierlab.report.files import write_reports
from carrierlab.run import Job, record_virtual, run_virtual
from carrierlab.scenario import load_scenario
from carrierlab.traces.format import write_trace
from sender.config.file import load_config
from tests.docs.blocks import BLOCKS, ROOT, Block, command_lines, of_kind, starting

# What a page may call beside our own programs.
OTHERS = {
    "locust",
    "make",
    "git",
    "cd",
    "export",
    "docker",
    "kill",
    "pytest",
    ".venv/bin/pytest",
    ".venv/bin/pre-commit",
}

ROWS = 2000  # of the recipients beside an example: what the longest of them asks for
named = pytest.mark.parametrize


def by_id(block: Block) -> str:
    return block.id


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what runs leave behind: a trace, and the reports of two runs."""
    directory = tmp_path_factory.mktemp("played")
    job = Job(load_scenario(ROOT / "scenarios" / "mixed-scripts.yaml"), "scenarios/mixed-scripts.yaml")
    outcome, trace = record_virtual(job)
    write_trace(directory / "mixed.trace.gz", trace)
    write_reports(outcome, directory / "before")
    write_reports(run_virtual(job.seeded(3)), directory / "after")
    return directory


@pytest.fixture
def workplace(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A directory with the files that examples name."""
    block = request.node.callspec.params["block"]
    if block.page.name in ("README.md", "reports.md") and block.info != "text":
        shutil.copytree(request.getfixturevalue("played"), tmp_path, dirs_exist_ok=True)
    rows = (ROOT / "scenarios" / "data" / "recipients.csv").read_bytes().splitlines(keepends=True)
    for name in ("recipients.csv", "people.csv", "people.xlsx"):
        (tmp_path / name).write_bytes(b"".join(rows[: ROWS + 1]))
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for name in ("profiles", "operators"):
        shutil.copytree(ROOT / "loadtests" / name, tmp_path / "loadtests" / name)
    shutil.copy(ROOT / "loadtests" / "locustfile.py", tmp_path / "loadtests")
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "compose.yaml", tmp_path / "docker")
    for block in of_kind("yaml sender"):
        (tmp_path / "sender.yaml").write_text(block.text)
    for block in of_kind("yaml serve"):
        named = re.match(r"# (\w+\.yaml)\n", block.text)
        (tmp_path / (named[1] if named else "operators.yaml")).write_text(block.text)
    return tmp_path


def test_there_are_examples_and_every_one_says_what_it_is() -> None:
    known = {"yaml scenario", "yaml serve", "yaml operator", "yaml part", "yaml sender", "sh", "python"}
    known |= {"yaml profile", "python locust"}
    known |= {"mermaid", "text", "sh curl", "python conftest"}
    known |= {"sh sender-api", "python sender-api"}
    known |= {f"python pytest{kind}" for kind in ("", "-asyncio", "-twisted")}
    assert len(BLOCKS) > 10
    for block in BLOCKS:
        checked = block.info.startswith(("text OUTPUT-OF ", "text LOAD ")) or re.fullmatch(
            r"\w+ FILE docs/examples/\S+", block.info
        )
        assert block.info in known or checked, f"{block.id}: {block.info!r}"


@named("block", [block for block in BLOCKS if " FILE " in block.info], ids=by_id)
def test_a_file_that_is_shown_is_that_file(block: Block) -> None:
    assert block.text == (ROOT / block.info.split()[-1]).read_text()


@named("block", of_kind("yaml scenario"), ids=by_id)
def test_a_scenario_is_valid(block: Block, workplace: Path) -> None:
    file = workplace / "example.yaml"
    file.write_text(block.text)
    result = CliRunner().invoke(carrierlab, ["check", str(file)])
    assert result.exit_code == 0, f"{block.id}: {result.output}"


@named("block", of_kind("yaml scenario"), ids=by_id)
def test_a_scenario_passes(block: Block, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workplace / "example.yaml").write_text(block.text)
    printed = run_output("carrierlab run example.yaml --virtual --quiet", workplace, monkeypatch)
    assert re.search(r"PASSED|all \d+ runs passed", printed), printed


@named("block", of_kind("yaml sender"), ids=by_id)
def test_a_sender_configuration_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "sender.yaml"
    file.write_text(block.text)
    config = load_config(file, dict.fromkeys(re.findall(r"password_env: (\w+)", block.text), "secret"))
    assert config.operators


@named("block", of_kind("yaml profile"), ids=by_id)
def test_a_load_profile_is_valid(block: Block, workplace: Path) -> None:
    (workplace / "profile.yaml").write_text(block.text)
    assert load_profile(workplace / "profile.yaml").target.emulator is not None


@named("block", of_kind("python locust"), ids=by_id)
def test_a_locustfile_has_its_users(block: Block, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(block.text)
    command = [sys.executable, "-m", "locust", "-f", "own.py", "--list"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "Shop" in result.stdout + result.stderr


@named("block", of_kind("python"), ids=by_id)
def test_python_runs(block: Block, workplace: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", block.text], cwd=workplace, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{block.id}: {result.stderr}"


@named("block", of_kind("sh"), ids=by_id)
def test_commands_are_what_the_programs_take(block: Block, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    for line in command_lines(block):
        words = shlex.split(line, comments=True)
        while words and words[-1] == "&":
            words.pop()
        program, *arguments = words
        program = program.removeprefix(".venv/bin/") if program.removeprefix(".venv/bin/") in PROGRAMS else program
        if program in PROGRAMS:
            parse(program, arguments, block)
        elif program == "make":
            check_make(arguments, block)
        elif program == ".venv/bin/python":
            check_script(arguments, block)
        else:
            assert program in OTHERS, f"{block.id}: {line}"
            for word in arguments:
                if word.startswith(("docker/", "scenarios/", "loadtests/")):
                    assert (ROOT / word).exists(), f"{block.id}: {word}"


PROGRAMS = ("carrierlab", "smsc", "sender")


def check_script(arguments: list[str], block: Block) -> None:
    """The script is there and knows every option, by itself or by what it imports from beside it."""
    script, *rest = arguments
    text = (ROOT / script).read_text()
    beside = {file.stem: file for file in (ROOT / script).parent.glob("*.py")}
    imported = re.findall(r"^from (\w+) import", text, re.MULTILINE)
    text += "".join(beside[name].read_text() for name in imported if name in beside)
    for word in rest:
        assert not word.startswith("--") or f'"{word}"' in text, f"{block.id}: {script} has no {word}"


def parse(program: str, arguments: list[str], block: Block) -> None:
    """The click program accepts the arguments, and files that it reads exist."""
    group: click.Group = importlib.import_module(f"{program}.cli").main
    above = click.Context(group, info_name=program)
    commands = {name: group.get_command(above, name) for name in group.list_commands(above)}
    if set(arguments) & {"--help", "-h", "--version"}:
        arguments = [argument for argument in arguments if not argument.startswith("-")]
        assert all(argument in commands for argument in arguments), f"{block.id}: {arguments}"
        return
    verb = next((word for word in arguments if word in commands), None)
    assert verb is not None, f"{block.id}: {program} {arguments}: none of {list(commands)}"
    rest = arguments[arguments.index(verb) + 1 :]
    with commands[verb].make_context(verb, rest, parent=above) as context:
        for key in ("file", "config_path", "recipients", "profile"):
            path = context.params.get(key)
            if isinstance(path, Path):
                assert path.exists(), f"{block.id}: {path}"


def check_make(arguments: list[str], block: Block) -> None:
    """The targets exist."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for word in arguments:
        if "=" in word:
            assert f"$({word.split('=')[0]})" in (ROOT / "Makefile").read_text() or word.split("=")[0] in (
                "COUNT",
                "SEEDS",
            ), f"{block.id}: {word}"
        else:
            assert word in targets, f"{block.id}: make {word}"


def run_output(line: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command prints on both outputs, at a width that the pages use."""
    program, *arguments = shlex.split(line)
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("COLUMNS", "80")
    result = CliRunner().invoke(importlib.import_module(f"{program}.cli").main, arguments, prog_name=program)
    assert isinstance(result.exception, SystemExit | None), result.output
    return result.output


def shape(line: str) -> str:
    """A printed line without its numbers and curves: a page shows a run of its day, and figures move with the code."""
    line = re.sub(r"[<+]?[\d,.]*\d", "0", re.sub(r"[▁▂▃▄▅▆▇█·]+", " ", line))
    line = line.replace("0 min 0 s", "0 s")
    return " ".join(re.sub(r"─+", "─", line).split())


@named("block", starting("text OUTPUT-OF "), ids=by_id)
def test_output_is_what_the_command_prints(block: Block, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = run_output(block.info.removeprefix("text OUTPUT-OF "), workplace, monkeypatch)
    lines = [shape(line) for line in printed.splitlines()]
    at = 0
    for line in block.text.splitlines():
        shown = shape(line)
        if shown in ("", "…"):
            continue
        assert shown in lines[at:], f"{block.id}: not printed, or not in this order: {line!r}\n\n{printed}"
        at = lines.index(shown, at) + 1
