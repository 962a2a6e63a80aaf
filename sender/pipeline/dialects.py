"""From the configuration to what the store has to know about receipts."""

from __future__ import annotations

from sender.config.file import SenderConfig
from sender.domain.dialect import Settings


def receipt_settings(config: SenderConfig) -> dict[str, Settings]:
    """The settings of each account. Those at one address are of one operator unless they say otherwise."""
    return {name: account.receipts.settings(str(account.places[0])) for name, account in config.accounts().items()}
