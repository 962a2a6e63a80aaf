"""What a client may say of a message."""

from __future__ import annotations

import pytest

from carrierlab.gauntlet.judge import Part, allowed, folded
from sender.domain.message import State

DELIVERED, EXPIRED, REJECTED, UNDELIVERED = State.DELIVERED, State.EXPIRED, State.REJECTED, State.UNDELIVERED
NOTHING = None


def part(*ends: State | None, told: bool = True) -> Part:
    return Part(1, "A", ends=frozenset(ends), told=told)


REFUSED = Part(1, "", refused=True)


@pytest.mark.parametrize(
    ("parts", "states"),
    [
        ([part(DELIVERED)], {DELIVERED}),
        ([part(EXPIRED)], {EXPIRED}),
        ([part(NOTHING)], {NOTHING}),  # ACCEPTD, and never anything more
        ([part(DELIVERED, told=False)], {NOTHING}),
        ([part(DELIVERED), part(DELIVERED)], {DELIVERED}),
        ([part(DELIVERED), part(EXPIRED)], {EXPIRED}),
        ([part(UNDELIVERED), part(EXPIRED)], {UNDELIVERED, EXPIRED}),
        ([part(DELIVERED), part(DELIVERED, told=False)], {DELIVERED, NOTHING}),
        ([part(EXPIRED), part(EXPIRED, told=False)], {EXPIRED, NOTHING}),
        ([part(DELIVERED, EXPIRED)], {EXPIRED}),
        ([REFUSED], {REJECTED, UNDELIVERED}),
        ([part(EXPIRED), REFUSED], {REJECTED, UNDELIVERED, EXPIRED}),
        ([part(DELIVERED), REFUSED], {REJECTED, UNDELIVERED}),
        ([], {NOTHING}),
    ],
)
def test_the_states_that_a_client_may_know(parts: list[Part], states: set[State | None]) -> None:
    assert allowed(parts) == states


@pytest.mark.parametrize(
    ("states", "parts", "state"),
    [
        ([DELIVERED], 1, DELIVERED),
        ([DELIVERED, None], 2, NOTHING),
        ([DELIVERED, EXPIRED], 2, EXPIRED),
        ([None, REJECTED], 2, REJECTED),
        ([], 1, NOTHING),
    ],
)
def test_a_claim_about_parts_is_one_about_the_message(
    states: list[State | None], parts: int, state: State | None
) -> None:
    assert folded(states, parts) is state
