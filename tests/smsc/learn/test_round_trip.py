"""A known operator, recorded and learned: every parameter comes back, and the twin's twin is the same again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smppkit.message_ids import IdBase
from smppkit.status import CommandStatus
from smppkit.tlvs import Tlv
from smsc.capture.recording import Recording
from smsc.learn.fit import Fit
from smsc.learn.learn import learn
from smsc.learn.twin import write_persona, write_twin
from smsc.scenario.model import Scenario
from smsc.scenario.personas import Persona, personas
from tests.smsc.capture.world import World
from yamlmodel.loader import load, loads

BUSY = """
seed: 3
operators:
  beeline-kz:
    listen: tcp:2775
    version: 3.4
    system_id: BLN
    ids: hex lower 10
    accounts: [{system_id: shop, password: secret, binds: 1}]
    timers: {enquire_link: 20s}
    submit:
      latency: lognormal 40ms p99 400ms
      throttles: [{rate: 20/s, per: account}]
      refuse: {ESME_RSUBMITFAIL: 3%}
      error_body: nul
      tlvs: [{tag: 0x1400, text: 'op {id}'}, {tag: 0x1502, octets: 0a0b}]
    receipts:
      delay: lognormal 3s p99 30s
      ids: decimal
      outcome: {DELIVRD: 88%, UNDELIV: 6%, EXPIRED: 4%, none: 2%}
      err: {UNDELIV: "0069", DELIVRD: "0000", EXPIRED: "0004"}
      text: 'id:{id} done date:{done:YYYYMMDDhhmmss} Stat:{stat} err:{err} text:{text:10}'
      form: both
      esm_class: 0x04
      network_type: 3
      tlvs: [{tag: 0x1503, number: 7, size: 2}]
"""

PLAIN = """
seed: 5
operators:
  kcell:
    listen: tcp:2775
    ids: decimal
    says_version: false
    timers: {enquire_link: null}
    submit: {latency: uniform 20ms 120ms}
    receipts:
      delay: 2s
      ids: hex
      carrier: data_sm
      form: text
      data_coding: 3
      text: >-
        id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit:YYMMDDhhmmss} done date:{done:YYMMDDhhmmss}
        stat:{stat} err:null text:
"""


def run(
    scenario: str, count: int, *, second_bind: bool = True, old: bool = False, tlvs: tuple[Tlv, ...] = ()
) -> tuple[Fit, str]:
    """An operator under load, and what is learned from its recording; `old`: of clients that speak SMPP 3.3."""
    world = World()
    journal = world.journal()
    world.serve(scenario, journal)
    client = world.client()
    if old:
        world.client().bind()
        assert world.client().bind(kind="receiver", interface_version=0x33) == 0
        assert client.bind(kind="transmitter", interface_version=0x33) == 0
    else:
        assert client.bind() == 0
    if second_bind:
        world.client().bind()
    draw = random.Random(count)
    for number in range(count):
        client.submit(number, text=f"Order {number} is on its way to you now", tlvs=tlvs)
        world.clock.advance(draw.expovariate(15 if number % 400 < 300 else 60))
    world.clock.advance(400)
    client.link.unbind()
    world.clock.advance(1)
    journal.flush()
    recording = Recording(journal.connection)
    fits = learn(recording)
    text = write_twin(fits, "busy.sqlite")
    world.close()
    (fit,) = fits
    return fit, text


@pytest.fixture(scope="module")
def busy() -> tuple[Fit, str]:
    return run(BUSY, 2500)


def near(value: float, true: float, share: float = 0.1) -> bool:
    return abs(value - true) <= share * true


def within_error(share: float, true: float, samples: int) -> bool:
    return abs(share - true) <= 4 * (true * (1 - true) / samples) ** 0.5 + 1e-9


def check_busy(fit: Fit) -> None:
    submit, receipts, session = fit.submit, fit.receipts, fit.session
    latency = submit.latency
    assert latency is not None
    assert latency.value.shape == "lognormal"
    assert near(latency.value.first, 0.04)
    assert near(latency.value.second, 0.4, 0.2)
    (limit,) = submit.limits
    assert near(limit.value.rate, 20, 0.05)
    assert limit.value.status == CommandStatus.ESME_RTHROTTLED
    assert list(submit.refused) == [CommandStatus.ESME_RSUBMITFAIL]
    assert within_error(submit.refused[CommandStatus.ESME_RSUBMITFAIL].value, 0.03, fit.submits)
    assert submit.error_body is not None
    assert submit.error_body.value == "nul"
    assert submit.ids is not None
    assert (submit.ids.value.base, submit.ids.value.width, submit.ids.value.case) == (IdBase.HEX, 10, "lower")
    told = sum(share.samples for share in receipts.outcome.values())
    for stat, true in {"DELIVRD": 0.88, "UNDELIV": 0.06, "EXPIRED": 0.04, "none": 0.02}.items():
        assert within_error(receipts.outcome[stat].value, true, told)
    assert receipts.delay is not None
    assert near(receipts.delay.value.first, 3)
    assert {stat: code.value for stat, code in receipts.err.items()} == {
        "DELIVRD": "0000",
        "UNDELIV": "0069",
        "EXPIRED": "0004",
    }
    assert receipts.ids is not None
    assert (receipts.ids.value.base, receipts.ids.value.width) == (IdBase.DECIMAL, 0)
    assert receipts.text is not None
    assert receipts.text.value == "id:{id} done date:{done:YYYYMMDDhhmmss} Stat:{stat} err:{err} text:{text:10}"
    looks: dict[str, Any] = {"form": "both", "esm_class": 4, "network_type": 3, "carrier": "deliver_sm"}
    for name, value in looks.items():
        assert getattr(receipts, name).value == value
    assert [(tlv.value.tag, tlv.value.octets) for tlv in receipts.tlvs] == [(0x1503, b"\0\x07")]
    assert [(tlv.value.tag, tlv.value.text or tlv.value.octets) for tlv in submit.tlvs] == [
        (0x1400, "op {id}"),
        (0x1502, b"\x0a\x0b"),
    ]
    assert session.version is not None
    assert session.version.value == 0x34
    assert session.system_id is not None
    assert session.system_id.value == "BLN"
    assert session.enquire_link is not None
    assert near(session.enquire_link.value or 0, 20)
    (account,) = session.accounts
    assert (account.value.system_id, account.value.password, account.value.binds) == ("shop", "secret", 1)


def test_every_parameter_is_learned(busy: tuple[Fit, str]) -> None:
    check_busy(busy[0])


def test_the_twin_loads_and_says_how_much_speaks_for_it(busy: tuple[Fit, str]) -> None:
    _, text = busy
    twin = loads(text, Scenario).operators["beeline-kz"]
    assert twin.receipts.text == "id:{id} done date:{done:YYYYMMDDhhmmss} Stat:{stat} err:{err} text:{text:10}"
    assert str(twin.receipts.err["UNDELIV"]) == "0069"
    assert "# n=" in text
    assert "median" in text


def test_the_twin_of_the_twin_is_the_same_again(busy: tuple[Fit, str]) -> None:
    fit, _ = run(busy[1], 2500)
    check_busy(fit)


def test_a_twin_is_a_persona_too(busy: tuple[Fit, str], tmp_path: Path) -> None:
    fit, text = busy
    (tmp_path / "twin.yaml").write_text(write_persona(fit, "twin", "busy.sqlite"))
    assert load(tmp_path / "twin.yaml", Persona).persona == "twin"
    (tmp_path / "scenario.yaml").write_text("operators: {op: {persona: ./twin.yaml, listen: tcp:2999}}")
    (taken,) = load(tmp_path / "scenario.yaml", Scenario).operators.values()
    (written,) = loads(text, Scenario).operators.values()
    assert msgspec.structs.replace(taken, persona="", listen=written.listen) == written


def test_another_dialect_is_learned_exactly() -> None:
    fit, text = run(PLAIN, 300, second_bind=False)
    receipts = fit.receipts
    assert fit.submit.latency is not None
    latency = fit.submit.latency.value
    assert latency.shape == "uniform"
    assert near(latency.first, 0.02)
    assert near(latency.second, 0.12)
    assert receipts.delay is not None
    assert receipts.delay.value.shape == "fixed"
    assert near(receipts.delay.value.first, 2, 0.02)
    assert receipts.text is not None
    assert receipts.text.value == (
        "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit:YYMMDDhhmmss} done date:{done:YYMMDDhhmmss}"
        " stat:{stat} err:null text:"
    )
    assert fit.submit.ids is not None
    assert receipts.ids is not None
    assert (fit.submit.ids.value.base, receipts.ids.value.base) == (IdBase.DECIMAL, IdBase.HEX)
    for name, value in {"carrier": "data_sm", "form": "text", "data_coding": 3}.items():
        assert getattr(receipts, name).value == value
    assert fit.session.says_version is not None
    assert not fit.session.says_version.value
    assert fit.session.enquire_link is not None
    assert fit.session.enquire_link.value is None
    twin = loads(text, Scenario).operators["kcell"]
    assert twin.accounts == "any"
    assert twin.timers.enquire_link is None
    assert not twin.says_version


EXACT = ("text", "form", "esm_class", "data_coding", "carrier", "network_type", "ids", "copies")
EXACT += ("before_response", "conflict_state", "conflict_ids")


def habits(fit: Fit) -> dict[str, Any]:
    """What is exact about an operator: its dialect, its ids, its TLVs, its version."""
    receipts, submit, session = fit.receipts, fit.submit, fit.session
    exact: dict[str, Any] = {name: getattr(receipts, name) and getattr(receipts, name).value for name in EXACT}
    exact["err"] = {stat: code.value for stat, code in receipts.err.items()}
    exact["notices"] = [(notice.value.stat, notice.value.esm_class) for notice in receipts.notices]
    exact["receipt tlvs"] = [tlv.value for tlv in receipts.tlvs]
    exact["response ids"] = submit.ids and submit.ids.value
    exact["response tlvs"] = [tlv.value for tlv in submit.tlvs]
    exact["version"] = session.version and session.version.value
    exact["says version"] = session.says_version and session.says_version.value
    return exact


@pytest.mark.parametrize("name", [persona.persona for persona in personas()])
def test_every_persona_is_learned_and_its_twin_has_its_habits(name: str) -> None:
    scenario = f"operators: {{op: {{persona: {name}, listen: 'tcp:2775', accounts: any}}}}"
    more: dict[str, Any] = {"second_bind": False, "old": name == "strict-3.3"}
    if name == "dlt-india":
        more["tlvs"] = tuple(Tlv(tag, b"1" * 19) for tag in (0x1400, 0x1401))
    fit, text = run(scenario, 400, **more)
    again, _ = run(text, 400, **more)
    assert habits(again) == habits(fit)
    assert fit.submit.ids is not None
    assert fit.receipts.text is not None or fit.receipts.form is None or fit.receipts.form.value == "tlv"


ODD = {
    "before the response": "receipts: {before_response: true, delay: 10ms}, submit: {latency: 300ms}",
    "another state in the TLVs": "receipts: {conflict: {state: ACCEPTD}}",
    "another id in the TLVs": "ids: hex, receipts: {ids: decimal, conflict: {id: hex lower 12}}",
    "a notice that comes late": "receipts: {notices: [{stat: ENROUTE, after: 2s, late: true, asked: false}]}",
    "UCS-2": "receipts: {data_coding: 8}",
    "an id that is cut in the text": "ids: uuid, receipts: {text: 'id:{id:10} stat:{stat} err:{err}'}",
    "ids in words": "ids: 'decimal SMS-{}', receipts: {ids: 'hex lower SMS-{}'}",
    "a sibling that receives": "receipts: {route: receivers, copies: 3}",
    "error bodies": "submit: {refuse: {ESME_RINVDSTADR: 30%}, error_body: message_id}",
}


@pytest.mark.parametrize("what", ODD)
def test_odd_habits_are_learned_and_the_twin_has_them(what: str) -> None:
    fit, text = run(f"operators: {{op: {{listen: 'tcp:2775', {ODD[what]}}}}}", 200)
    again, twice = run(text, 200)
    assert habits(again) == habits(fit)
    body = fit.submit.error_body
    assert (again.submit.error_body and again.submit.error_body.value) == (body and body.value)
    true = loads(f"operators: {{op: {{listen: 'tcp:2775', {ODD[what]}}}}}", Scenario).operators["op"]
    for twin in (loads(text, Scenario).operators["op"], loads(twice, Scenario).operators["op"]):
        for name in ("before_response", "conflict", "data_coding", "copies", "carrier", "esm_class", "form", "text"):
            assert getattr(twin.receipts, name) == getattr(true.receipts, name), name
        assert twin.ids == true.ids
        assert (twin.receipts.ids or twin.ids) == (true.receipts.ids or true.ids)
        assert twin.submit.error_body == true.submit.error_body
        assert [(n.stat, n.late, n.asked) for n in twin.receipts.notices] == [
            (n.stat, n.late, n.asked) for n in true.receipts.notices
        ]
