"""One consumer and its troubles, over days of virtual time."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carrierlab.clock import SimClock
from sender.config.webhooks import WebhookConfig
from sender.pipeline.webhooks.consumer import ConsumerWork
from sender.pipeline.webhooks.posting import Response
from sender.store.outbox import Fate
from sender.store.suppression import Suppressed
from sender.store.writer import InlineWriter
from tests.sender.receivers import OK, SECRET, Web
from tests.sender.store.kit import open_quick
from tests.sender.world import EPOCH
from yamlmodel.loader import loads


class Bench:
    """A consumer called crm, and a store with its events."""

    def __init__(self, path: Path, more: str = "", seed: int = 1) -> None:
        self.clock = SimClock()
        self.store = open_quick(path / "campaign.sqlite")
        self.writer = InlineWriter(self.store, self.clock)
        self.web = Web(self.clock)
        text = f"url: https://crm.example/hook\nsecret: {SECRET}\nevents: [suppression.added]\n{more}"
        wanted = {"crm": ("https://crm.example/hook", ["suppression.added"])}
        self.ident = self.ask(self.store.outbox.configure, wanted, EPOCH)["crm"]
        self.consumer = ConsumerWork(
            "crm", self.ident, "tag", loads(text, WebhookConfig), self.web.post, store=self.store, writer=self.writer,
            clock=self.clock, epoch=EPOCH, rng=random.Random(seed),
        )  # fmt: skip

    def ask(self, verb: Callable[..., Any], *args: Any) -> Any:
        return self.clock.wait_for(self.writer.call(verb, *args), None)

    def suppress(self, count: int, first: int = 77050000000) -> None:
        """Make so many events."""
        entries = [Suppressed(first + i, "all", "person", at=EPOCH) for i in range(count)]
        self.ask(self.store.suppression.add, entries)
        self.consumer.poke()

    def fates(self, fate: Fate) -> int:
        return len(self.store.outbox.deliveries(None, fate, 10_000))

    def end(self) -> None:
        self.clock.wait_for(self.consumer.stop(), None)
        self.clock.wait_for(self.writer.close(), None)
        assert not self.clock.getDelayedCalls()  # I8
        self.store.close()


@pytest.fixture
def world(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_it_is_tried_for_days_and_then_kept_for_a_person(world: Bench) -> None:
    world.web.decide = lambda _: Response(500, text="  <h1>oops</h1> ")
    world.suppress(1)
    world.clock.advance(5 * 86_400)
    times = world.web.times()
    assert len(times) == 11
    assert 3 * 86_400 < times[-1] - times[0] < 4.5 * 86_400
    (dead,) = world.store.outbox.deliveries(None, Fate.DEAD, 10)
    assert (dead.attempts, dead.outcome) == (11, "500: <h1>oops</h1>")
    assert len({request.headers["webhook-id"] for _, request in world.web.requests}) == 1
    world.web.decide = lambda _: OK
    crm = world.store.outbox.consumers()[0].id
    world.ask(lambda: world.store.outbox.replay(crm, EPOCH + world.clock.seconds()))
    world.consumer.poke()
    world.clock.advance(400)
    assert world.fates(Fate.DELIVERED) == 1
    world.end()


def test_a_consumer_that_is_down_is_left_alone_and_nothing_is_lost(world: Bench) -> None:
    world.web.decide = lambda _: "cannot connect"
    world.suppress(500)
    world.clock.advance(3600)
    assert len(world.web.requests) < 40  # and not 500 × attempts
    assert max(Counter(it.headers["webhook-id"] for it in world.web.of("crm")).values()) < 6
    world.web.decide = lambda _: OK
    world.clock.advance(4 * 3600)
    assert world.fates(Fate.DELIVERED) == 500
    world.end()


def test_requests_at_once_and_a_second_are_bounded(tmp_path: Path) -> None:
    world = Bench(tmp_path, "rate: 10/s\nconcurrency: 2\n")
    world.suppress(50)
    world.clock.advance(20)
    times = world.web.times()
    assert len(times) == 50
    assert world.web.most_open["crm"] <= 2
    assert all(later - earlier > 0.0999 for earlier, later in pairwise(times))
    world.end()


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    for text, wait in (("120", 120.0), ("Thu, 01 Jan 2026 00:10:00 GMT", 590.0), ("soon", 1.0)):
        directory = tmp_path / str(wait)
        directory.mkdir()
        world = Bench(directory)
        world.web.decide = lambda _, text=text: Response(429, text)  # type: ignore[misc]
        world.suppress(3)
        world.clock.advance(5)
        world.web.decide = lambda _: OK
        world.clock.advance(2000)
        times = world.web.times()
        assert times[-1] - times[0] >= wait
        assert not [at for at in times[4:] if at - times[0] < wait - 10], text
        assert world.fates(Fate.DELIVERED) == 3
        world.end()


def test_gone_disables_until_a_person_enables(world: Bench) -> None:
    world.web.decide = lambda _: Response(410)
    world.suppress(20)
    world.clock.advance(100)
    asked = len(world.web.requests)
    assert asked <= 4
    (crm,) = world.store.outbox.consumers()
    assert (crm.state, crm.reason) == ("disabled", "it answered 410 Gone")
    world.suppress(20, 77060000000)
    world.web.decide = lambda _: OK
    world.clock.advance(86_400)
    assert len(world.web.requests) == asked
    world.ask(world.store.outbox.enable, crm.id, EPOCH + world.clock.seconds())
    world.consumer.poke()
    world.clock.advance(86_400)
    assert world.fates(Fate.DELIVERED) == 40
    world.end()


def test_what_is_said_of_one_event_holds_up_no_other(tmp_path: Path) -> None:
    world = Bench(tmp_path, "concurrency: 1\n")
    world.web.decide = lambda request: Response(400) if b"77050000000" in request.body else OK
    world.suppress(100)
    world.clock.advance(10)
    assert world.fates(Fate.DELIVERED) == 99
    world.end()


def test_redirects_are_not_followed(world: Bench) -> None:
    world.web.decide = lambda _: Response(302, text="elsewhere")
    world.suppress(1)
    world.clock.advance(2)
    assert {request.url for _, request in world.web.requests} == {"https://crm.example/hook"}
    assert world.fates(Fate.WAITING) == 1
    world.end()


def test_a_hundred_thousand_events_wait_in_the_store_and_not_in_memory(world: Bench) -> None:
    world.web.decide = lambda _: None
    world.suppress(5000)
    world.clock.advance(60)
    assert len(world.consumer._queue) + world.consumer.in_flight <= 200
    world.end()


def test_a_seed_makes_the_same_requests(tmp_path: Path) -> None:
    def play(name: str) -> list[tuple[float, bytes]]:
        directory = tmp_path / name
        directory.mkdir()
        world = Bench(directory)
        world.web.decide = lambda request: Response(500) if len(world.web.requests) % 3 else OK
        world.suppress(30)
        world.clock.advance(3600)
        world.end()
        return [(at, request.body) for at, request in world.web.requests]

    assert play("one") == play("two")
