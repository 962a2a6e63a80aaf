"""Faults as a scenario writes them: in a timeline, and as an operator's habit."""

from __future__ import annotations

from typing import Any

import pytest

from carrierlab.clock import SimClock
from smsc.faults.active import ActiveFaults
from smsc.faults.base import WireFault
from smsc.faults.registry import ENTRIES, FAULTS, STANDING
from smsc.faults.reset import ResetFault
from smsc.timeline import Timeline
from tests.smsc.faults.bench import File
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads


class Operator:
    """What a timeline knows of a message centre; keeps what is asked of it."""

    def __init__(self, clock: SimClock, name: str = "one") -> None:
        self.clock = clock
        self.name = name
        self.faults: ActiveFaults | None = ActiveFaults(1, name)
        self.centre = self
        self.state: Any = None
        self.log: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        self.log.append((self.clock.seconds(), what))

    def bound_connections(self) -> list[Any]:
        return list(range(10))

    def reset(self, connections: Any) -> None:
        self.note(f"reset {connections}")

    def unbind_all(self, binds: Any, *, at_once: bool = False) -> None:
        self.note(f"unbind {binds}{' at once' * at_once}")

    def outbind(self, host: str, port: int, system_id: str, password: str) -> None:
        self.note(f"outbind {host} {port} {system_id} {password}")

    def begin_outage(self) -> None:
        self.note("away")

    def end_outage(self) -> None:
        self.note("back")

    def forget(self) -> None:
        self.note("forgot")

    def mobile_originated(self, message: Any) -> None:
        raise NotImplementedError

    ussd = alert = mobile_originated

    @property
    def on(self) -> list[str]:
        assert self.faults is not None
        return [running.fault.words() for running in self.faults.on]


def play(timeline: str = "[]", faults: str = "[]", seed: int = 1) -> tuple[SimClock, Operator]:
    file = loads(f"timeline: {timeline}\nfaults: {faults}", File)
    clock = SimClock()
    operator = Operator(clock)
    entries: Any = file.timeline
    Timeline(entries, {"one": operator}, clock=clock, seed=seed, standing={"one": file.faults}).begin()
    return clock, operator


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loads(text, File)
    return str(caught.value)


@pytest.mark.parametrize("tag", FAULTS)
def test_every_example_is_an_entry_of_a_timeline_and_is_played(tag: str) -> None:
    (entry,) = loads(f"timeline: [{FAULTS[tag].example}]", File).timeline
    assert type(entry) is ENTRIES[tag]
    assert entry.tag == tag
    assert entry.at == 30
    clock, operator = play(f"[{FAULTS[tag].example}]")
    clock.advance(31)
    assert operator.on == [entry.words()] if isinstance(entry, WireFault) else operator.log
    clock.advance(300)
    assert operator.on == []
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("tag", FAULTS)
def test_every_fault_says_of_itself_what_a_page_needs(tag: str) -> None:
    kind = FAULTS[tag]
    assert kind.__doc__
    assert kind.__doc__.rstrip().endswith(".")
    assert f"fault: {tag}" in kind.example


@pytest.mark.parametrize("tag", STANDING)
def test_every_fault_of_connections_may_be_a_habit(tag: str) -> None:
    words = FAULTS[tag].example.replace("at: 30s, for: 10s", "from: 1s, until: 5s").replace("at: 30s, for: 60s, ", "")
    (fault,) = loads(f"faults: [{words}]", File).faults
    assert isinstance(fault, FAULTS[tag])
    assert fault.standing


def test_a_habit_holds_from_the_start_or_in_its_window() -> None:
    clock, operator = play(faults="[{fault: slice}, {fault: delay, from: 2s, until: 5s}]")
    assert operator.on == ["slice"]
    clock.advance(2)
    assert operator.on == ["slice", "delay"]
    clock.advance(3)
    assert operator.on == ["slice"]


def test_faults_of_one_kind_may_overlap() -> None:
    clock, operator = play("[{at: 1s, for: 5s, fault: slice}, {at: 2s, for: 1s, fault: slice}]")
    clock.advance(2)
    assert operator.on == ["slice", "slice"]
    clock.advance(1)
    assert operator.on == ["slice"]
    clock.advance(3)
    assert operator.on == []


def test_draws_follow_the_entry_and_not_what_was_begun_before() -> None:
    clock, operator = play("[{at: 1s, for: 1s, fault: slice}, {at: 2s, fault: garbage}]")
    clock.advance(3)
    assert operator.faults is not None
    assert operator.faults.on[0].key == "entry 1"


def test_a_reset_without_a_stage_is_at_once_and_chooses_by_the_seed() -> None:
    clock, operator = play("[{at: 1s, fault: reset, binds: 2}]", seed=3)
    clock.advance(2)
    assert operator.on == []
    clock2, other = play("[{at: 1s, fault: reset, binds: 2}]", seed=3)
    clock2.advance(2)
    assert operator.log == other.log
    assert operator.log[0][1].count(",") == 1


def test_unbind_and_outbind_are_asked_of_the_operator() -> None:
    clock, operator = play(
        "[{at: 1s, fault: unbind, binds: 2, at_once: true},"
        " {at: 2s, fault: outbind, to: 'tcp:127.0.0.1:2780', system_id: smsc}]"
    )
    clock.advance(3)
    assert operator.log == [(1, "unbind 2 at once"), (2, "outbind 127.0.0.1 2780 smsc ")]


def test_a_restart_forgets_only_when_it_has_no_memory() -> None:
    clock, operator = play("[{at: 1s, fault: restart}, {at: 20s, for: 3s, fault: restart, memory: false}]")
    clock.advance(60)
    assert operator.log == [(1, "away"), (6, "back"), (20, "away"), (20, "forgot"), (23, "back")]


def test_an_operator_without_faults_says_so() -> None:
    clock, operator = play("[{at: 1s, fault: slice}]")
    operator.faults = None
    with pytest.raises(LookupError, match="one was made without faults"):
        clock.advance(2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeline: [{at: 1s, fault: slise}]", 'did you mean "slice"?'),
        ("timeline: [{fault: slice}]", "nothing says when it begins; expected at, after, every or when"),
        (
            "timeline: [{at: 1s, fault: slice, stage: accept}]",
            "slice strikes at one of bind, submit, response, receipt",
        ),
        (
            "timeline: [{at: 1s, fault: slice, stage: submit, direction: out}]",
            "at submit everything goes the other way; expected in, or no key",
        ),
        ("timeline: [{at: 1s, fault: reset, stage: bind, binds: 2}]", "counts connections that are reset at once"),
        ("timeline: [{at: 1s, fault: wrong-length, length: huge}]", "expected one of short, long, 4GiB"),
        ("timeline: [{at: 1s, fault: slow-close, stage: bind}]", "slow-close strikes at one of close"),
        ("timeline: [{at: 1s, fault: slice, until: 3s}]", 'unknown key "until"'),
        ("faults: [{fault: reset}]", 'the key "stage" is missing; expected one of accept, bind'),
        ("faults: [{fault: slice, at: 1s}]", 'unknown key "at"'),
        ("faults: [{fault: unbind}]", 'found "unbind"; expected one of'),
        ("faults: [{fault: slice, from: 5s, until: 2s}]", "ends before it begins"),
        ("faults: [{fault: coalesce, pdus: 1}]", "expected at least 2"),
    ],
)
def test_mistakes_are_named(text: str, expected: str) -> None:
    assert expected in problems(text)


def test_a_reset_at_once_cannot_be_on() -> None:
    with pytest.raises(ValueError, match="reset cannot be on: it strikes at no stage"):
        ActiveFaults(1, "one").begin(ResetFault())


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("outbind", "outbind (to tcp:127.0.0.1:2780, system_id smsc)"),
        ("reset", "reset (stage response, probability 5%)"),
        ("bandwidth", "bandwidth (rate 1000/s)"),
        ("delay", "delay (direction both, by lognormal median 0.2 sigma 0.989785)"),
        ("duplicate-response", "duplicate-response (probability 10%, delay 1s)"),
    ],
)
def test_words_say_what_is_special_and_leave_secrets_and_times_out(tag: str, words: str) -> None:
    (entry,) = loads(f"timeline: [{FAULTS[tag].example}]", File).timeline
    assert entry.words() == words
