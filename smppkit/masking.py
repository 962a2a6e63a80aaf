"""Numbers of people in logs: enough to recognise, not enough to call."""

from __future__ import annotations

_SHORTEST_NUMBER = 7  # short codes and alphanumeric senders belong to services, not to people


def masked(address: str) -> str:
    """An address as logs show it: "77051234567" as "7705*****67", "SHOP" as it is."""
    digits = address.removeprefix("+")
    if len(digits) < _SHORTEST_NUMBER or not digits.isdigit():
        return address
    return digits[:4] + "*" * (len(digits) - 6) + digits[-2:]
