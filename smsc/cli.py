"""The command line: ``smsc serve | messages | pdus | …``. Each command is imported when it is called."""

from __future__ import annotations

import io
import sys

import rich_click as click

from clikit.lazy import LazyGroup

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


class _Commands(LazyGroup):
    modules = _COMMANDS


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Completion for your shell: `eval "$(_SMSC_COMPLETE=bash_source smsc)"` (or zsh_source, fish_source).',
)
@click.version_option(package_name="carrierlab", prog_name="smsc")
def main() -> None:
    """Emulated mobile operators: an SMPP server whose behaviour a scenario file decides."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # messages have letters that not every terminal knows
            stream.reconfigure(errors="replace")
