"""Limits of the rate, found in refusals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from smppkit.rate import Gcra
from smsc.learn.limits import Asked, fit_limit

STATUS = 0x58


def traffic(group: Callable[[int, str], object], rate: float, *, burst: float = 0.0, binds: int = 3) -> list[Asked]:
    """Submits on several binds, faster and slower in turn, under one limiter per group."""
    draw = random.Random(11)
    limiters: dict[object, Gcra] = {}
    asked, now = [], 0.0
    for number in range(4000):
        now += draw.expovariate(3 * rate if number % 1000 < 500 else 0.5 * rate)
        bind, sender = draw.randrange(binds), draw.choice(["A", "A", "B"])
        limiter = limiters.setdefault(group(bind, sender), Gcra(rate, burst=burst or max(1.0, rate)))
        asked.append(Asked(now, bind, "shop" if bind else "news", sender, not limiter.take(now)))
    return asked


@pytest.mark.parametrize(
    ("per", "group"),
    [
        ("operator", lambda bind, sender: None),
        ("account", lambda bind, sender: bool(bind)),
        ("bind", lambda bind, sender: bind),
        ("sender", lambda bind, sender: sender),
    ],
)
def test_the_rate_and_what_it_is_counted_by_are_found(per: str, group: Callable[[int, str], object]) -> None:
    fitted = fit_limit(traffic(group, 20.0), STATUS)
    assert fitted is not None
    assert fitted.value.per == per
    assert math.isclose(fitted.value.rate, 20, rel_tol=0.05)
    assert abs(fitted.value.burst - 20) <= 2
    assert fitted.value.status == STATUS


def test_a_small_burst_is_found() -> None:
    fitted = fit_limit(traffic(lambda bind, sender: None, 20.0, burst=3.0), STATUS)
    assert fitted is not None
    assert abs(fitted.value.burst - 3) <= 1


def test_one_bind_leaves_open_what_is_counted() -> None:
    fitted = fit_limit(traffic(lambda bind, sender: None, 20.0, binds=1), STATUS)
    assert fitted is not None
    assert fitted.value.per == "account"
    assert "guess" in fitted.note


@pytest.mark.parametrize("share", [0.01, 0.03, 0.2, 0.5])
def test_refusals_by_chance_are_no_limit(share: float) -> None:
    draw = random.Random(3)
    asked = [one.__class__(one.at, 0, "shop", "A", draw.random() < share) for one in traffic(lambda b, s: 0, 20.0)]
    assert fit_limit(asked, STATUS, strict=True) is None


def test_without_refusals_there_is_no_limit() -> None:
    assert fit_limit([Asked(float(at), 0, "shop", "A", False) for at in range(100)], STATUS) is None
    assert fit_limit([], STATUS) is None
