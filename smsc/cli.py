"""The command line: ``smsc serve | messages | pdus | …``. Each command is imported when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import rich_click as click

# What only one command needs is imported by it: `smsc --help` and shell completion are to be quick.
_COMMANDS = {
    "serve": "smsc.commands.serve",
    "messages": "smsc.commands.look",
    "pdus": "smsc.commands.look",
    "personas": "smsc.commands.personas",
    "lint": "smsc.commands.lint",
    "proxy": "smsc.commands.capture",
    "replay": "smsc.commands.capture",
    "learn": "smsc.commands.capture",
    "pcap": "smsc.commands.capture",
}


class _Commands(click.RichGroup):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        module = _COMMANDS.get(cmd_name)
        return None if module is None else getattr(importlib.import_module(module), cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Completion for your shell: `eval "$(_SMSC_COMPLETE=bash_source smsc)"` (or zsh_source, fish_source).',
)
@click.version_option(package_name="carrierlab", prog_name="smsc")
def main() -> None:
    """Emulated mobile operators: an SMPP server whose behaviour a scenario file decides."""
