"""The running process says once a second how it stands, into the store."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sender.channels.results import Answered, Later, Taken, Unanswered, Unwritten, Withheld
from sender.domain.message import DoubtCause, MessageClass
from sender.pipeline.live import Live, LiveStatus
from sender.pipeline.tally import Meter, Tally
from sender.store.intake import NewApiMessage
from tests.sender.world import EPOCH, World


def live_of(world: World) -> Live:
    process = world.process
    return Live(process.store, process.writer, world.clock, world.sender.figures, epoch=EPOCH, pid=7)


def word(world: World) -> LiveStatus:
    row = world.ask(world.process.store.live.read)
    assert row is not None
    assert row.pid == 7
    return msgspec.json.decode(row.status, type=LiveStatus)


def test_it_tells_every_second_how_accounts_stand(tmp_path: Path) -> None:
    world = World(tmp_path, rate="100/s")
    live = live_of(world)
    world.load(50)
    world.wait(world.sender.start())
    live.start()
    world.clock.advance(10)
    status = word(world)
    beeline, kcell = status.accounts
    assert status.at > EPOCH + 8
    assert (beeline.account, beeline.bound, beeline.binds, beeline.rate) == ("beeline", 1, 1, 100.0)
    assert beeline.statuses == {"ESME_ROK": 50}
    assert beeline.submits == 50
    assert beeline.submit_rate > 0
    assert kcell.submits == 0
    assert status.writer_lag > 0
    live.stop()
    world.wait(world.sender.stop())


def test_it_tells_since_when_messages_wait(tmp_path: Path) -> None:
    world = World(tmp_path)
    live = live_of(world)
    new = NewApiMessage("77051234567", "SHOP", "hi", {}, "beeline", MessageClass.SERVICE, 5, 1, EPOCH)
    world.ask(world.process.store.accept_messages, 1, [new], EPOCH)
    started = live.start()
    assert not started.called
    world.wait(started)
    assert not word(world).over
    world.clock.advance(3)
    assert word(world).accounts[0].oldest_due == EPOCH
    live.stop()
    world.clock.advance(5)
    assert word(world).at < EPOCH + 5, "who has stopped tells no more"
    assert word(world).over


def test_a_rate_is_taken_over_some_seconds() -> None:
    meter = Meter()
    assert [meter.look(float(second), second * 5) for second in range(4)] == [0.0, 5.0, 5.0, 5.0]
    assert [meter.look(4.0 + second, 15) for second in range(11)][-1] == 0.0


def test_results_are_counted_by_what_they_are() -> None:
    tally = Tally()
    submit = None
    tally.add(
        [
            Answered(submit, 0, "a"),  # type: ignore[arg-type]
            Answered(submit, 0x58, ""),  # type: ignore[arg-type]
            Unanswered(submit, DoubtCause.TIMEOUT),  # type: ignore[arg-type]
            Unwritten(submit),  # type: ignore[arg-type]
            Taken([submit, submit], ["b", "c"]),  # type: ignore[list-item]
            Withheld(submit, Later(1.0, "quiet")),  # type: ignore[arg-type]
        ]
    )
    assert tally.statuses == {0: 3, 0x58: 1}
    assert tally.doubts == {"response timeout": 1}
    assert (tally.unwritten, tally.held) == (1, 1)
