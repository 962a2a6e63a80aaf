"""The command line: ``sender send | serve | status | …``. Each command is imported when it is called."""

from __future__ import annotations

import io
import logging
import sys

import rich_click as click

from clikit.lazy import LazyGroup

# What only one command needs is imported by it: `sender --help` and shell completion are to be quick.
_COMMANDS = {
    "send": "sender.commands.send",
    "preview": "sender.commands.preview",
    "resume": "sender.commands.send",
    "serve": "sender.commands.serve",
    "config": "sender.commands.config",
    "report": "sender.commands.look",
    "tokens": "sender.commands.tokens",
    "balances": "sender.commands.balances",
    "status": "sender.commands.status",
    "top": "sender.commands.top",
    "binds": "sender.commands.binds",
    "messages": "sender.commands.messages",
    "campaigns": "sender.commands.look",
    "doubts": "sender.commands.settle",
    "settle": "sender.commands.settle",
    "receipts": "sender.commands.receipts",
    "dialects": "sender.commands.receipts",
    "pause": "sender.commands.campaign",
    "resume-campaign": "sender.commands.campaign",
    "cancel": "sender.commands.campaign",
    "numbering": "sender.commands.numbering",
    "routes": "sender.commands.numbering",
    "inbox": "sender.commands.inbox",
    "suppress": "sender.commands.suppress",
    "webhooks": "sender.commands.webhooks",
    "store": "sender.commands.store",
}


class _Commands(LazyGroup):
    modules = _COMMANDS


@click.group(
    cls=_Commands,
    epilog="Completion for your shell: `_SENDER_COMPLETE=bash_source sender` (or zsh_source, fish_source).",
)
@click.version_option(package_name="carrierlab", prog_name="sender")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def main(verbose: bool) -> None:
    """Send SMS campaigns to operators over SMPP.

    A campaign is stored before anything is sent, so that it survives interruptions of every kind:
    `sender resume` goes on where the last run stopped. Nothing is sent twice but what was in doubt, and that is
    counted.
    """
    logging.getLogger().setLevel(logging.INFO if verbose else logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # texts and tables have letters that not every terminal knows
            stream.reconfigure(errors="replace")
