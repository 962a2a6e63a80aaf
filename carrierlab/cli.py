"""The ``carrierlab`` command: play scenarios, judge them, check their files."""

from __future__ import annotations

import io
import sys

import rich_click as click

from carrierlab.exit_codes import exit_codes_text
from clikit.lazy import LazyGroup

# What only one command needs is imported by it: `carrierlab --help` and shell completion are to be quick.
_COMMANDS = {
    "run": "carrierlab.commands.run",
    "check": "carrierlab.commands.check",
    "trace": "carrierlab.commands.trace",
    "compare": "carrierlab.commands.compare",
    "conformance": "carrierlab.commands.conformance",
    "gauntlet": "carrierlab.commands.gauntlet",
    "load": "carrierlab.commands.load",
    "blast": "carrierlab.commands.blast",
    "schema": "carrierlab.commands.schema",
}

_SUMMARIES = {
    "conformance": "Run the conformance checks against the SMSC at ADDRESS (HOST:PORT).",
    "gauntlet": "Send a client every kind of receipt there is, and score how many it matched to their messages.",
    "blast": "Send the SMSC at ADDRESS (HOST:PORT) as many messages as it takes, and say what was measured.",
}


class _Commands(LazyGroup):
    modules = _COMMANDS
    summaries = _SUMMARIES


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=exit_codes_text(),
)
@click.version_option(package_name="carrierlab", message="%(prog)s %(version)s")
def main() -> None:
    """Rehearse SMS traffic: emulated operators, a workload, faults, expectations, a verdict."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no "✓" gets a "?", and not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
