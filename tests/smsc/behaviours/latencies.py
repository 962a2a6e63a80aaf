"""How long responses take."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, median, quantiles, stdev

from smppkit.pdus import SubmitSmResp
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import World

TICK = 0.0021  # times are kept in steps of 2 ms


def times(world: World, count: int = 1000) -> list[float]:
    """When so many submits at once are answered, each from its submit."""
    esme = world.bound()
    began = world.now
    sequences = esme.submits(count)
    world.run(20)
    return [esme.answer(sequence).at - began for sequence in sequences]


@shows("latency")
def latency_fixed(world: World) -> None:
    assert all(0.04 - 1e-6 <= time <= 0.04 + TICK for time in times(world))


@shows("latency")
def latency_uniform(world: World) -> None:
    took = times(world)
    assert min(took) >= 0.1 - 1e-6
    assert max(took) <= 0.5 + TICK
    assert all(abs(found - wanted) < 0.03 for found, wanted in zip(quantiles(took), (0.2, 0.3, 0.4), strict=True))


@shows("latency")
def latency_normal(world: World) -> None:
    took = times(world)
    assert abs(mean(took) - 0.4) < 0.01
    assert abs(stdev(took) - 0.05) < 0.01


@shows("latency")
def latency_lognormal(world: World) -> None:
    took = sorted(times(world, 3000))
    assert abs(median(took) - 0.04) < 0.005
    assert 0.3 < took[2970] < 0.55


@shows("latency")
def latency_spike(world: World) -> None:
    took = times(world)
    spikes = [time for time in took if time > 1]
    assert 20 < len(spikes) < 85
    assert all(2 - 1e-6 <= time <= 2 + TICK for time in spikes)
    assert all(time <= 0.04 + TICK for time in took if time < 1)


@shows("latency")
def latency_never(world: World) -> None:
    esme = world.bound()
    sequences = esme.submits(3)
    world.run(3600)
    assert [esme.answers(sequence) for sequence in sequences] == [[], [], []]
    assert [receipt.stat for receipt in esme.receipts] == ["DELIVRD"] * 3


@shows("latency")
def latency_dribble(world: World) -> None:
    esme = world.bound()
    before = len(esme.pieces)
    sequence = esme.submit(registered_delivery=0)
    world.run(5)
    pieces = esme.pieces[before:]
    assert {len(octets) for _, octets in pieces[:-1]} == {2}
    assert all(abs(later - earlier - 0.1) < 1e-6 for (earlier, _), (later, _) in pairwise(pieces))
    assert esme.status(sequence) == 0
    assert esme.answer(sequence).at >= 1.0


@shows("latency")
def latency_by_seed(world: World) -> None:
    again = World(world.name)
    took = times(world, 200)
    assert times(again, 200) == took
    assert len(set(took)) > 30
    again.stop()
    assert world.bound().of(SubmitSmResp) == []
