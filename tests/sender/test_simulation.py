"""Campaigns under every kind of trouble at once, many seeds: what must hold, holds whatever happens.

Checked against the operator's own books, which the sender cannot see.
"""

import logging
import random
from collections import Counter
from pathlib import Path

import pytest

from carrierlab.wires import Conditions
from sender.domain.message import MessageClass, State
from smppkit.pdus import SubmitSm
from smppkit.segments import part_of
from smppkit.status import CommandStatus
from tests.sender.peer import Answer, most_in_a_second
from tests.sender.world import World, reset

TROUBLE = (
    (0.05, Answer(CommandStatus.ESME_RTHROTTLED)),
    (0.07, Answer(CommandStatus.ESME_RMSGQFUL)),
    (0.09, Answer(CommandStatus.ESME_RSYSERR)),
    (0.11, Answer(after=None)),
)


@pytest.mark.parametrize("seed", range(16))
def test_the_invariants_hold_in_trouble(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "sender")
    draw = random.Random(seed)
    rate = draw.choice((None, 20, 100))
    window, binds = draw.choice((1, 3, 10, 50)), draw.choice((1, 2, 3))
    settings: dict[str, object] = {"window": window, "binds": binds, "response_timeout": "5s"}
    settings["bind"] = draw.choice(("transceiver", "transmitter+receiver"))
    if rate is not None:
        settings["rate"] = f"{rate}/s"
    world = World(tmp_path, conditions=Conditions(), **settings)

    def decide(_: SubmitSm) -> Answer:
        chance = draw.random()
        for share, answer in TROUBLE:
            if chance < share:
                return answer
        return Answer(after=draw.uniform(0.001, 0.5), receipt_after=draw.uniform(-0.4, 3.0))

    world.beeline.decide = decide
    messages, parts = draw.randint(20, 120), draw.choice((1, 1, 2))
    message_class = draw.choice(tuple(MessageClass))
    template = "Dear {name|client}, hello" + " a long text" * (20 if parts == 2 else 0)
    world.load(messages, message_class=message_class, template=template)
    world.wait(world.sender.start())
    for _ in range(draw.randint(2, 8)):
        world.clock.advance(draw.uniform(0.05, 2.5))
        chance = draw.random()
        if chance < 0.5:
            reset(world.beeline.links)
            continue
        world.restart() if chance < 0.8 else world.stop_and_start()
        world.wait(world.sender.start())
        assert sum(world.counts().values()) == messages  # I4, at any instant
    world.beeline.decide = lambda _: Answer(after=0.05)  # all trouble ends
    report = world.send(receipt_wait=20.0)

    counts = world.counts()
    assert sum(counts.values()) == messages  # I4
    assert set(counts) <= {State.DELIVERED, State.IN_DOUBT}
    assert report.submits == report.segments + report.retries + report.resends  # I2
    assert len(world.beeline.submits) <= report.submits
    if message_class is MessageClass.ADVERTISING:
        assert report.resends == 0
        assert most_accepted(world) == 1
    assert world.beeline.most_outstanding <= window  # I5
    if rate is not None:
        assert most_in_a_second(world.beeline.times) <= rate  # I5, at the operator
    world.wait(world.sender.stop())
    world.clock.advance(10)
    assert not world.beeline.links
    assert not world.clock.getDelayedCalls()  # I8


def most_accepted(world: World) -> int:
    """How often the operator accepted the segment that it accepted most often."""
    accepted: Counter[tuple[str, int]] = Counter()
    for pdu in world.beeline.accepted:
        info, _ = part_of(pdu)
        accepted[pdu.destination_addr, info.number if info is not None else 1] += 1
    return max(accepted.values(), default=1)
