"""Operators by prefix as phonenumbers (Google libphonenumber's data) knows them: before porting, and with gaps."""

from __future__ import annotations

from collections.abc import Iterator

# Not part of the package's documented interface, but what its carrier module is made of; `name_for_number` itself
# costs a parse of the number and some twenty microseconds.
from phonenumbers.carrierdata import CARRIER_DATA


def operators() -> Iterator[tuple[str, str]]:
    """Every prefix (E.164 digits) with the name of its operator in English, where there is one."""
    for prefix, names in CARRIER_DATA.items():
        name = names.get("en") or next((it for it in names.values() if it), "")
        if name:
            yield prefix, name
