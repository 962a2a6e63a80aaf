"""What is learned does not depend on how the recording was made, nor on what it hides."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

from twisted.internet.task import Clock

from smsc.capture.pcap_import import import_frames
from smsc.capture.pcap_read import read_frames
from smsc.capture.pcap_write import write_pcap
from smsc.capture.recording import Recording
from smsc.capture.redact import Redact, Redactor
from smsc.journal.journal import Journal
from smsc.learn.fit import Fit
from smsc.learn.learn import learn
from smsc.learn.twin import write_twin
from smsc.scenario.model import Scenario
from tests.smsc.capture.test_proxy import Stand
from tests.smsc.capture.world import World
from tests.smsc.learn.test_round_trip import habits
from yamlmodel.loader import loads

SCENARIO = """
operators:
  op:
    listen: tcp:2775
    ids: hex lower 10
    accounts: [{system_id: shop, password: secret, binds: 1}]
    timers: {inactivity: 50s}
    submit: {latency: lognormal 40ms p99 400ms}
    receipts:
      ids: decimal
      delay: lognormal 3s p99 30s
      outcome: {DELIVRD: 90%, UNDELIV: 10%}
      err: {UNDELIV: "0069", DELIVRD: "0000"}
      text: 'id:{id} done date:{done:YYYYMMDDhhmmss} stat:{stat} err:{err} text:{text:10}'
"""


def load(world: World, port: int, rounds: int = 1) -> None:
    draw = random.Random(3)
    for at in range(rounds):
        client = world.client(port)
        assert client.bind() == 0
        world.client(port).bind()
        for number in range(300):
            client.submit(at * 1000 + number, text=f"Order {number} is on its way to you")
            world.clock.advance(draw.expovariate(20))
        world.clock.advance(150)


def proxied(redactor: Redactor) -> tuple[Fit, World, Stand]:
    world = World()
    world.serve(SCENARIO)
    stand = Stand(world, redactor)
    load(world, 2780, rounds=2)
    (fit,) = learn(stand.recording())
    return fit, world, stand


def close(world: World, stand: Stand) -> None:
    world.clock.wait_for(stand.proxy.stop())
    world.close()


def test_a_redacted_recording_teaches_the_same_but_the_password() -> None:
    clear, *rest = proxied(Redactor(keep_passwords=True))
    close(*rest)
    hidden, *rest = proxied(Redactor(frozenset({Redact.ADDRESSES, Redact.TEXTS}), key=b"key"))
    close(*rest)
    assert habits(hidden) == habits(clear)
    assert clear.receipts.text is not None
    assert clear.receipts.text.value.endswith("text:{text:10}")
    (account,) = hidden.session.accounts
    assert (account.value.password, account.value.binds) == ("******", 1)
    text = write_twin([hidden], "operator.sqlite")
    assert "its password is hidden in the recording" in text
    (operator,) = loads(text, Scenario).operators.values()
    assert operator.accounts[0].password == "******"  # type: ignore[union-attr]


def test_the_end_of_idle_sessions_is_learned() -> None:
    fit, *rest = proxied(Redactor())
    close(*rest)
    inactivity = fit.session.inactivity
    assert inactivity is not None
    assert inactivity.value.ends == "unbind"
    assert abs(inactivity.value.seconds - 50) < 2
    (operator,) = loads(write_twin([fit], "x"), Scenario).operators.values()
    assert operator.timers.inactivity == inactivity.value.seconds


def test_a_packet_capture_teaches_the_same() -> None:
    fit, world, stand = proxied(Redactor())
    out = BytesIO()
    write_pcap(stand.recording(), out, Redactor())
    journal = Journal.open(":memory:", clock=Clock())
    import_frames(read_frames(BytesIO(out.getvalue())), journal, Redactor())
    journal.flush()
    (again,) = learn(Recording(journal.connection))
    assert habits(again) == habits(fit)
    same: dict[str, Any] = {"limits": again.submit.limits, "refused": again.submit.refused}
    assert same == {"limits": fit.submit.limits, "refused": fit.submit.refused}
    assert again.receipts.outcome == fit.receipts.outcome
    journal.close()
    close(world, stand)
