"""From the configuration to what the store has to know about receipts."""

from __future__ import annotations

from sender.config.file import SenderConfig
from sender.domain.dialect import Settings


def receipt_settings(config: SenderConfig) -> dict[str, Settings]:
    """The settings of each account. Accounts at one host and port are of one operator unless they say otherwise."""
    return {
        name: operator.receipts.settings(f"{operator.host}:{operator.port}")
        for name, operator in config.operators.items()
    }
