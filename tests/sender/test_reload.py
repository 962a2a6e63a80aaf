"""Another configuration for a sender that runs: all of it or nothing, no bind dropped that need not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sender.config.file import SenderConfig
from sender.config.reload import Change
from sender.domain.dialect import IdRule
from sender.pipeline.reloading import ReloadRefused
from smppkit.status import CommandStatus
from tests.sender.peer import Answer, ScriptedSmsc, message_from_subscriber
from tests.sender.world import World
from yamlmodel.loader import loads


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, rate="50/s", window=10, binds=2)
    made.wait(made.sender.start())
    made.clock.advance(0.5)
    yield made
    made.process.kill()


def changed(world: World, *pairs: tuple[str, str]) -> SenderConfig:
    text = world.config
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return loads(text, SenderConfig)


def reload(world: World, *pairs: tuple[str, str]) -> list[str]:
    changes: list[Change] = world.wait(world.sender.reload(changed(world, *pairs)), 100.0)
    return [str(change) for change in changes]


def test_a_rate_changes_at_once_and_no_bind_is_dropped(world: World) -> None:
    world.load(400)
    world.clock.advance(2)
    before = len(world.beeline.submits)
    assert reload(world, ("rate: 50/s", "rate: 100/s")) == ["~ account beeline: rate: 50.0 → 100.0 (at once)"]
    world.clock.advance(2)
    assert len(world.beeline.submits) - before >= 170
    assert len(world.beeline.binds) == 2
    assert world.send().delivered == 400


def test_the_same_configuration_changes_nothing(world: World) -> None:
    assert reload(world) == []
    assert len(world.beeline.binds) == 2


def test_new_credentials_are_taken_one_bind_at_a_time_and_nothing_is_in_doubt(world: World) -> None:
    world.beeline.decide = lambda _: Answer(after=0.3)
    world.load(200)
    world.clock.advance(1)
    lines = reload(world, ("password: secret\n    rate", "password: newer\n    rate"))
    assert lines == ["~ account beeline: password: a secret → another one (binds are made anew, one at a time)"]
    passwords = [bind.password for bind in world.beeline.binds]  # type: ignore[attr-defined]
    assert passwords == ["secret", "secret", "newer", "newer"]
    assert not [bind for bind in world.kcell.binds if bind.password != "secret"]  # type: ignore[attr-defined]
    report = world.send()
    assert (report.delivered, report.in_doubt, report.submits) == (200, 0, 200)


def test_credentials_that_the_operator_refuses_leave_everything_as_it_was(world: World) -> None:
    world.beeline.refuse_password = "wrong"
    with pytest.raises(ReloadRefused, match="beeline/1: the operator refuses our credentials"):
        reload(world, ("password: secret\n    rate: 50/s", "password: wrong\n    rate: 500/s"))
    world.clock.advance(1)
    passwords = [bind.password for bind in world.beeline.binds]  # type: ignore[attr-defined]
    assert passwords == ["secret", "secret", "wrong", "secret"]  # the second bind never was touched
    status = next(it for it in world.sender.figures().accounts if it.account == "beeline")
    assert (status.bound, status.rate) == (2, 50.0)
    world.load(20)
    assert world.send().delivered == 20
    assert reload(world, ("rate: 50/s", "rate: 60/s"))


def test_an_account_that_fails_takes_back_the_accounts_before_it(world: World) -> None:
    kcell = "port: 2776\n    system_id: shop\n    password: secret"
    world.kcell.refuse_password = "wrong"
    with pytest.raises(ReloadRefused, match="kcell"):
        reload(world, ("rate: 50/s", "rate: 80/s"), (kcell, kcell.replace("secret", "wrong")))
    status = next(it for it in world.sender.figures().accounts if it.account == "beeline")
    assert status.rate == 50.0


def test_an_account_is_added_and_routes_lead_to_it(world: World) -> None:
    third = ScriptedSmsc(world.clock, world.network, port=2777)
    new = "  third: {host: 127.0.0.1, port: 2777, system_id: shop, password: secret}\nroutes:\n"
    lines = reload(world, ("routes:\n", new), ("operator: kcell", "operator: third"))
    assert lines[0] == "+ account third: connects"
    assert lines[1].startswith("~ routes: [")
    world.load(rows=["+77011112233,A", "+77051112233,B"])
    report = world.send()
    assert report.delivered == 2
    assert third.destinations == ["77011112233"]
    assert not world.kcell.submits


def test_an_account_is_drained_before_it_goes(world: World) -> None:
    world.kcell.decide = lambda _: Answer(after=1.0)
    world.load(rows=["+77011112233,A"])
    world.clock.advance(0.5)
    start = world.config.index("  kcell:")
    kcell = world.config[start : world.config.index("routes:")]
    lines = reload(world, (kcell, ""), ('  - {prefix: "7701", operator: kcell}\n', "  - {operator: beeline}\n"))
    assert lines[0].startswith("- account kcell: no new message")
    world.clock.advance(10)
    assert not world.kcell.links
    report = world.send()
    assert (len(world.kcell.submits), report.queued, report.in_doubt) == (1, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("country: KZ", "country: TR", "! country: KZ → TR (needs a restart)"),
        ("store: campaign", "store: other", "! store"),
    ],
)
def test_what_needs_a_restart_is_refused_with_all_the_rest(world: World, old: str, new: str, said: str) -> None:
    with pytest.raises(ReloadRefused) as caught:
        reload(world, (old, new), ("rate: 50/s", "rate: 10/s"))
    assert said in str(caught.value)
    status = next(it for it in world.sender.figures().accounts if it.account == "beeline")
    assert status.rate == 50.0


def test_how_receipts_and_texts_are_read_changes_at_once(world: World) -> None:
    keys = ("receipts: {ids: hex-decimal}", "default_alphabet: latin1", "price: 2.8 RUB", "alphabets: [latin1, ucs2]")
    lines = reload(world, ("rate: 50/s", "\n    ".join(("rate: 50/s", *keys))))
    assert {line.partition(": ")[2].partition(":")[0] for line in lines} == {
        "receipts.ids", "default_alphabet", "price", "alphabets"
    }  # fmt: skip
    assert all(line.endswith("(at once)") for line in lines)
    assert world.process.store.dialects()["beeline"].settings.ids is IdRule.HEX_DECIMAL
    assert len(world.beeline.binds) == 2
    pdu = message_from_subscriber("?")
    world.beeline.deliver(world.beeline.links[0], msgspec.structs.replace(pdu, short_message="Ünal".encode("latin-1")))
    world.clock.advance(1)
    assert [it.text for it in world.process.store.incoming.latest(limit=1)] == ["Ünal"]


def test_binds_are_added_and_taken_away(world: World) -> None:
    reload(world, ("binds: 2", "binds: 3"))
    world.clock.advance(0.5)
    assert len(world.beeline.links) == 3
    reload(world, ("binds: 2", "binds: {transmitters: 1, receivers: 1}"))
    world.clock.advance(2)
    assert len(world.beeline.links) == 2
    world.load(10)
    assert world.send().delivered == 10


def test_an_operator_that_is_down_does_not_stop_a_reload(world: World) -> None:
    world.beeline.accept_connections = False
    for link in list(world.beeline.links):
        link.reset()
    world.clock.advance(1)
    assert reload(world, ("password: secret\n    rate", "password: newer\n    rate"))
    world.beeline.accept_connections = True
    world.clock.advance(120)
    assert world.beeline.binds[-1].password == "newer"  # type: ignore[attr-defined]


def test_a_sender_that_stops_takes_no_configuration(world: World) -> None:
    world.wait(world.sender.stop())
    with pytest.raises(ReloadRefused, match="does not run"):
        reload(world, ("rate: 50/s", "rate: 10/s"))


def test_what_is_applied_is_kept_without_its_secrets(world: World) -> None:
    row = world.process.store.applied.read()
    assert row is not None
    assert '"rate":50.0' in row.document
    assert "secret" not in row.document
    reload(world, ("rate: 50/s", "rate: 60/s"))
    after = world.process.store.applied.read()
    assert after is not None
    assert '"rate":60.0' in after.document


def test_a_retry_policy_holds_for_the_next_refusal(world: World) -> None:
    world.beeline.decide = lambda _: Answer(CommandStatus.ESME_RSYSERR)
    reload(world, ("routes:\n", "retry: {first: 100ms, longest: 100ms, give_up: 1s}\nroutes:\n"))
    world.load(3)
    report = world.send()
    assert report.failed == 3
    assert world.clock.seconds() < 30
