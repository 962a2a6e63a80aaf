"""What a message waits for: a window, or the generator."""

from __future__ import annotations

from carrierlab.loadtest.room import Room


def test_before_anybody_is_bound_nobody_has_room() -> None:
    assert Room(10.0).without(12.5) == 2.5


def test_only_time_in_which_nobody_has_room_counts() -> None:
    room = Room(0.0)
    room.found(1.0)
    room.found(1.5)
    assert room.without(5.0) == 1.0
    room.gone(5.0)  # the other one still has
    assert room.without(6.0) == 1.0
    room.gone(6.0)
    assert room.without(6.5) == 1.5
    room.found(8.0)
    assert room.without(20.0) == 3.0
