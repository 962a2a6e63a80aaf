"""How much is taken: throttles, windows, queues."""

from __future__ import annotations

from collections import Counter

from smppkit.status import CommandStatus as S
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

THROTTLED, FULL = int(S.ESME_RTHROTTLED), int(S.ESME_RMSGQFUL)


def counted(esme: Esme, count: int, **more: object) -> dict[int, int]:
    """How many of so many submits at once get which status."""
    sequences = esme.submits(count, **more)
    esme.world.run(0.01)
    return dict(Counter(esme.statuses(sequences)))


@shows("throttle")
def throttle_per_bind(world: World) -> None:
    first, second = world.bound(), world.bound()
    assert counted(first, 40) == {0: 30, THROTTLED: 10}
    assert counted(second, 40) == {0: 30, THROTTLED: 10}
    world.run(0.5)
    assert counted(first, 20) == {0: 15, THROTTLED: 5}


@shows("throttle")
def throttle_per_system_id(world: World) -> None:
    first, second, other = world.bound(), world.bound(), world.bound("other")
    assert counted(first, 20) == {0: 20}
    assert counted(second, 20) == {0: 10, THROTTLED: 10}
    assert counted(other, 20) == {0: 20}


@shows("throttle")
def throttle_per_sender(world: World) -> None:
    esme, sibling = world.bound(), world.bound()
    assert counted(esme, 3, source_addr="12025550001", source_addr_ton=1) == {0: 1, THROTTLED: 2}
    assert counted(sibling, 1, source_addr="12025550001", source_addr_ton=1) == {THROTTLED: 1}
    assert counted(esme, 3, source_addr="12025550002", source_addr_ton=1) == {0: 1, THROTTLED: 2}


@shows("throttle")
def throttle_of_the_account(world: World) -> None:
    assert counted(world.bound("shop"), 25) == {0: 5, THROTTLED: 20}
    assert counted(world.bound("bank"), 25) == {0: 20, THROTTLED: 5}


@shows("throttle")
def throttle_by_another_status(world: World) -> None:
    esme = world.bound()
    assert counted(esme, 3) == {0: 1, FULL: 2}
    world.run(0.1)
    assert counted(esme, 1) == {0: 1}


def over_window(world: World, status: int) -> None:
    """Ten wait; the eleventh is refused at once; when one of the ten is answered there is room."""
    esme = world.bound()
    sequences = esme.submits(12)
    refused = sequences[10:]
    assert [len(esme.answers(sequence)) for sequence in sequences] == [0] * 10 + [1, 1]
    assert esme.statuses(refused) == [status, status]
    world.run(1.01)
    assert esme.statuses(sequences[:10]) == [0] * 10
    late = esme.submit()
    world.run(1.01)
    assert esme.status(late) == 0


@shows("throttle")
def over_window_throttled(world: World) -> None:
    over_window(world, 0x58)


@shows("throttle")
def over_window_queue_full(world: World) -> None:
    over_window(world, 0x14)


@shows("throttle")
def over_window_submit_failed(world: World) -> None:
    over_window(world, 0x45)


@shows("window")
def windows(world: World) -> None:
    for system_id, window in (("one", 1), ("ten", 10), ("twenty", 20)):
        esme = world.bound(system_id)
        sequences = esme.submits(25)
        refused = [sequence for sequence in sequences if esme.answers(sequence)]
        assert refused == sequences[window:]
        world.run(0.51)
        assert esme.statuses(sequences[:window]) == [0] * window


@shows("queue full")
def queue_full(world: World) -> None:
    esme = world.bound()
    assert counted(esme, 25) == {0: 20, FULL: 5}
    world.run(0.5)
    assert counted(esme, 10) == {0: 5, FULL: 5}


@shows("queue full")
def queue_full_sticky(world: World) -> None:
    esme = world.bound()
    assert counted(esme, 25) == {0: 20, FULL: 5}
    world.until(29.9)
    assert counted(esme, 5) == {FULL: 5}
    world.until(30.1)
    assert counted(esme, 5) == {0: 5}
