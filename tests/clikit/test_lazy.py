"""Help names every command without importing one; what it says is what the command says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import rich_click as click
from click.shell_completion import CompletionItem
from click.testing import CliRunner

import carrierlab.cli
import sender.cli
import smsc.cli

PROGRAMS = {"sender": sender.cli.main, "smsc": smsc.cli.main, "carrierlab": carrierlab.cli.main}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_and_completion_import_no_command(program):
    code = (
        f"import sys; from {program}.cli import main;"
        "main(['--help'], standalone_mode=False); main.shell_complete(__import__('click').Context(main), '');"
        f"ours = ('{program}.commands.', 'carrierlab.conformance', 'carrierlab.gauntlet', 'carrierlab.blast');"
        "print('imported:', [name for name in sys.modules if name.startswith(ours)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "imported: []"


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_listed_is_what_the_command_says(program):
    group = PROGRAMS[program]
    context = click.Context(group)
    listed: dict[str, CompletionItem] = {it.value: it for it in group.shell_complete(context, "") if it.type == "plain"}
    assert list(listed) == group.list_commands(context)
    for name, item in listed.items():
        assert item.help == group.get_command(context, name).get_short_help_str(), name


@pytest.mark.parametrize("program", PROGRAMS)
def test_output_that_cannot_be_written_is_one_line(program):
    code = f"import sys; sys.argv[0] = '{program}'; from {program}.cli import main; main(['--version'])"
    command = [sys.executable, "-c", code]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, f"{program}: output cannot be written: No space left on device\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_closed_standard_output_wants_none(program):
    code = f"import sys; sys.argv[0] = '{program}'; from {program}.cli import main; main(['--version'])"
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_ctrl_c_before_a_command_takes_care_of_it_is_one_line(program, monkeypatch):
    def interrupted(ctx: click.Context) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, "invoke", lambda self, ctx: interrupted(ctx))
    done = CliRunner().invoke(PROGRAMS[program], ["check"])
    assert (done.exit_code, done.stderr) == (130, "\ninterrupted\n")
