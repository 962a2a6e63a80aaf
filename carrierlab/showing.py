"""Values as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from carrierlab.metrics import Finding, Unit


def show(value: float | Decimal, unit: Unit, currency: str = "") -> str:
    """Write a value as people do: ``9,412``, ``1.3 s``, ``41 ms``, ``118/s``, ``1,204.50 KZT``."""
    if isinstance(value, Decimal) or unit is Unit.MONEY:
        return f"{_plain(Decimal(value)):,f} {currency}".rstrip()
    if unit is Unit.SECONDS:
        return show_duration(value)
    if unit is Unit.PER_SECOND:
        return f"{value:,.1f}/s" if value < 100 else f"{value:,.0f}/s"
    return f"{value:,.0f}"


def show_share(value: float | Decimal, unit: Unit, findings: Mapping[str, Finding]) -> str:
    """Write a value, with its share of the recipients where that says more."""
    total = float(findings["recipients"].value)
    text = show(value, unit)
    if unit is Unit.MESSAGES and value and total and value != total:
        return f"{text} ({show_percent(float(value) / total)})"
    return text


def show_percent(share: float) -> str:
    """Write a share: ``94.1 %``; one that is not nothing never reads as nothing."""
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def show_duration(seconds: float) -> str:
    """Write a time span: ``41 ms``, ``1.3 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds < 0.0005:
        return "0 s" if seconds < 5e-7 else f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _plain(amount: Decimal) -> Decimal:
    """An amount with six places at most: a quotient may have no end."""
    exponent = amount.as_tuple().exponent
    return round(amount, 6).normalize() if isinstance(exponent, int) and exponent < -6 else amount
