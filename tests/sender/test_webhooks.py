"""A sender that tells of what happens: signed, once each in good times, at least once in all others."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sender.app import Sender
from sender.config.file import SenderConfig
from sender.store.outbox import Fate
from sender.store.suppression import Suppressed
from tests.sender.peer import message_from_subscriber
from tests.sender.receivers import OK, SECRET, Web
from tests.sender.world import EPOCH, Process, World, config_text
from yamlmodel.loader import loads

HOOK = "  {name}: {{url: 'https://{name}.example/hook', secret: {secret}, events: [{events}]{more}}}\n"


def hooks(events: str = "message.delivered", more: str = "", *names: str) -> str:
    return "webhooks:\n" + "".join(
        HOOK.format(name=name, secret=SECRET, events=events, more=more) for name in names or ("crm",)
    )


class Telling(World):
    """A world with webhooks."""

    def __init__(self, path: Path, extra: str) -> None:
        super().__init__(path)
        self.web = Web(self.clock)
        self.config = config_text() + extra
        self.stop_and_start()

    def stop_and_start(self) -> None:
        super().stop_and_start()
        self._equip()

    def restart(self) -> None:
        super().restart()
        self._equip()

    def _equip(self) -> None:
        process: Process = self.process
        process.sender = Sender(
            loads(self.config, SenderConfig), clock=self.clock, network=self.network, writer=process.writer,
            store=process.store, epoch=EPOCH, seed=1, post=self.web.post,
        )  # fmt: skip

    def go(self) -> None:
        self.wait(self.sender.start())
        self.clock.advance(1)

    def end(self) -> None:
        self.wait(self.sender.stop(), 1e9)
        self.clock.advance(20)
        assert not self.clock.getDelayedCalls()  # I8

    def fates(self, fate: Fate) -> int:
        return len(self.process.store.outbox.deliveries(None, fate, 10_000))

    def suppress(self, count: int, first: int = 77050000000) -> None:
        """Make so many events."""
        self.ask_late(
            self.process.store.suppression.add, [Suppressed(first + i, "all", "person", at=EPOCH) for i in range(count)]
        )

    def ask_late(self, verb: Callable[..., Any], *args: Any) -> Any:
        return self.wait(self.process.writer.call(verb, *args), 1e9)


def test_deliveries_are_told_and_signed(tmp_path: Path) -> None:
    world = Telling(tmp_path, hooks("message.delivered, campaign.finished"))
    world.go()
    world.load(5)
    world.send()
    world.clock.advance(5)
    requests = world.web.of("crm")
    assert Counter(json.loads(it.body)["type"] for it in requests) == {"message.delivered": 5, "campaign.finished": 1}
    assert len({it.headers["webhook-id"] for it in requests}) == 6
    for at, request in world.web.requests:
        assert request.url == "https://crm.example/hook"
        stamp = request.headers["webhook-timestamp"]
        assert int(stamp) == int(EPOCH + at)
        signed = f"{request.headers['webhook-id']}.{stamp}.".encode() + request.body
        digest = hmac.new(b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        assert request.headers["webhook-signature"] == f"v1,{b64encode(digest).decode()}"
    assert world.fates(Fate.DELIVERED) == 6
    world.end()


def test_what_subscribers_write_is_told_before_it_is_acknowledged_at_the_latest_after_a_crash(tmp_path: Path) -> None:
    world = Telling(tmp_path, hooks("message.incoming"))
    world.go()
    world.beeline.deliver(world.beeline.links[0], message_from_subscriber("Hello"))
    while not world.beeline.acknowledged:
        world.clock.advance(0.001)
    world.restart()
    assert world.web.requests == []
    world.go()
    assert [json.loads(it.body)["data"]["text"] for it in world.web.of("crm")] == ["Hello"]
    world.end()


def test_a_slow_consumer_delays_neither_another_nor_the_sending(tmp_path: Path) -> None:
    world = Telling(tmp_path, hooks("message.delivered", "", "slow", "quick"))
    world.web.decide = lambda request: None if request.pool == "slow" else OK
    world.go()
    world.load(100)
    began = world.clock.seconds()
    report = world.send()
    took = world.clock.seconds() - began
    world.clock.advance(2)
    assert report.states["delivered"] == 100
    assert took < 10
    assert len(world.web.of("quick")) == 100
    assert world.web.most_open["slow"] == 4
    world.end()


def test_a_stop_delivers_what_it_can_and_the_rest_goes_out_after_the_next_start(tmp_path: Path) -> None:
    world = Telling(tmp_path, hooks("suppression.added"))
    world.go()
    world.web.latency = 0.5
    world.suppress(200)
    world.clock.advance(0.3)
    began = world.clock.seconds()
    world.wait(world.sender.stop(), 1e9)
    assert world.clock.seconds() - began < 8
    sent = len(world.web.requests)
    assert 8 < sent < 100
    world.wait(world.process.writer.close(), 1e9)
    world.process.close()
    world.process = Process(world)
    world._equip()
    world.web.latency = 0.01
    world.wait(world.sender.start(), 1e9)
    world.clock.advance(60)
    assert world.fates(Fate.DELIVERED) == 200
    assert len({it.headers["webhook-id"] for it in world.web.of("crm")}) == 200
    world.end()
