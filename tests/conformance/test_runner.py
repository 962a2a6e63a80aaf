"""The checks can fail: against SMSCs that agree to everything, say nothing, close, or refuse all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from twisted.internet.defer import Deferred

from carrierlab.clock import SimClock
from carrierlab.conformance import octets as o
from carrierlab.conformance.catalogue import CHECKS, select
from carrierlab.conformance.check import ALL, V33, V34, V50, Check, Choice, Failed, NotApplicable, Passed, Verdict
from carrierlab.conformance.octets import Frame
from carrierlab.conformance.runner import Result, Tally, Unusable, messages, run, run_check
from carrierlab.conformance.target import Surroundings, Target
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from smppkit.states import Version
from tests.conformance.raw_smsc import PORT, Answer, Line, RawSmsc

K = TypeVar("K", bound=Verdict)
TARGET = Target(
    host="127.0.0.1",
    port=PORT,
    system_id="shop",
    password="secret",
    source="12345",
    destination="77051234567",
    failing="77050000001",
    refused="77050000002",
    unavailable="77050000003",
    session_init=3.0,
    enquire_link=3.0,
    response=2.0,
    inactivity=5.0,
    receipts=1.0,
    timeout=0.5,
)


class World:
    def __init__(self) -> None:
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, 1, Conditions.perfect(0.001))
        self.smsc = RawSmsc(self.clock, self.network)
        self.surroundings = Surroundings(self.clock, self.network, 0.0)

    def answer(self, answer: Answer) -> World:
        """Answer every PDU like this."""
        self.smsc.answer = answer  # type: ignore[method-assign]
        return self

    def judge(self, check: Check, version: Version = V34, target: Target = TARGET) -> Verdict:
        work = run_check(check, target, version, self.surroundings)
        return self.clock.wait_for(Deferred.fromCoroutine(work), 10_000.0).verdict

    def verdicts(self, kind: type[K], version: Version = V34) -> list[int]:
        """The checks that come to this verdict."""
        checks = [check for check in CHECKS if version in check.versions and not check.esme]
        found = [check.number for check in checks if isinstance(self.judge(check, version), kind)]
        self.clock.advance(1.0)  # what is on the wire arrives
        assert self.clock.getDelayedCalls() == []
        return found

    def run(self, *numbers: int, versions: tuple[Version, ...] = ALL) -> list[Result]:
        work = run(select(numbers), versions, TARGET, self.surroundings)
        return self.clock.wait_for(Deferred.fromCoroutine(work), 10_000.0)


def agree(line: Line, frame: Frame) -> None:
    """ESME_ROK to everything, with a body that suits most."""
    if not frame.command_id & o.RESPONSE:
        line.respond(frame, b"1\0")


def mute(line: Line, frame: Frame) -> None:
    pass


def close(line: Line, frame: Frame) -> None:
    line.transport.abortConnection()  # type: ignore[union-attr]


def refuse(line: Line, frame: Frame) -> None:
    """Let in, and refuse everything else with one status."""
    line.respond(frame, b"smsc\0" if frame.command_id in o.BINDS else b"", 0 if frame.command_id in o.BINDS else 0x08)


def test_who_agrees_to_everything_passes_only_what_asks_for_tolerance() -> None:
    # An empty message, unknown TLVs and the like; liveness; and deliveries that must not come.
    assert World().answer(agree).verdicts(Passed) == [12, 36, 40, 62, 65, 66, 67]


@pytest.mark.parametrize("answer", [mute, close])
@pytest.mark.parametrize("version", ALL)
def test_who_says_nothing_passes_nothing(answer: Answer, version: Version) -> None:
    # To close is right after an outbind of an ESME, which 3.3 does not have.
    closing = [34] if answer is close and version > V33 else []
    assert World().answer(answer).verdicts(Passed, version) == closing


def test_who_refuses_everything_passes_nothing() -> None:
    assert World().answer(refuse).verdicts(Passed) == []


def test_garbage_is_shown_and_ends_nothing_else() -> None:
    world = World().answer(lambda line, frame: line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    verdict = world.judge(select({3})[0])
    assert isinstance(verdict, Failed)
    assert verdict.seen.startswith(b"HTTP/1.1")


@pytest.mark.parametrize(
    ("number", "wrong", "why"),
    [
        (3, lambda f: o.pdu(o.GENERIC_NACK, 0, status=3), "sequence number 0x77"),
        (3, lambda f: o.pdu(o.GENERIC_NACK, f.sequence, status=8), "expected generic_nack 0x03"),
        (41, lambda f: o.pdu(o.RESPONSE | f.command_id, f.sequence, status=0x45), "expected 0x15, found 0x45"),
        (41, lambda f: o.pdu(o.GENERIC_NACK, f.sequence, status=0x15), "expected submit_sm_resp, found generic_nack"),
        (41, lambda f: o.pdu(o.RESPONSE | f.command_id, f.sequence + 1, status=0x15), "expected sequence number"),
        (13, lambda f: o.pdu(o.RESPONSE | f.command_id, f.sequence, b"1\0", status=0x15), "expected 16 octets"),
    ],
)
def test_a_wrong_answer_is_told_with_what_was_expected(number: int, wrong: Callable[[Frame], bytes], why: str) -> None:
    world = World()
    for command in (0x00000F00, o.SUBMIT_SM):
        world.smsc.on[command] = lambda line, frame: line.send(wrong(frame))
    verdict = world.judge(select({number})[0])
    assert isinstance(verdict, Failed)
    assert why in verdict.reason
    assert verdict.sent
    assert verdict.seen


def test_what_is_not_given_is_not_judged() -> None:
    bare = Target(host="127.0.0.1", port=PORT, system_id="shop", password="secret", timeout=0.5)
    world = World()
    for number, name in ((28, "--session-init"), (30, "--enquire-link"), (40, "--destination"), (76, "--unavailable")):
        verdict = world.judge(select({number})[0], target=bare)
        assert isinstance(verdict, NotApplicable)
        assert name in verdict.why


def test_an_operation_that_is_not_performed_is_not_judged() -> None:
    world = World()
    world.smsc.on[o.QUERY_SM] = lambda line, frame: line.send(o.pdu(o.GENERIC_NACK, frame.sequence, status=3))
    verdict = world.judge(select({69})[0])
    assert verdict == NotApplicable("it does not perform query_sm: generic_nack 0x03")


def test_receipts_that_are_late_are_not_judged_by_what_was_asked_for() -> None:
    world = World()
    ids = iter(range(1, 10))
    world.smsc.on[o.SUBMIT_SM] = lambda line, frame: line.respond(frame, b"%d\0" % next(ids))
    assert world.judge(select({50})[0]) == NotApplicable("no receipt came in time")


def test_a_version_that_is_not_spoken_is_not_judged_and_the_esme_part_never() -> None:
    results = World().run(12, 26)
    assert [(result.id, type(result.verdict)) for result in results] == [
        ("C12-3.3", Passed),
        ("C12-3.4", Passed),
        ("C12-5.0", NotApplicable),
        ("C26-3.4", NotApplicable),
        ("C26-5.0", NotApplicable),
    ]
    assert results[2].verdict == NotApplicable("it says that it speaks 0x34")
    assert Tally.of(results) == Tally(passed=2, failed=0, choices=0, not_applicable=3)


def test_nobody_there_is_unusable() -> None:
    world = World()
    elsewhere = msgspec.structs.replace(TARGET, port=4)
    with pytest.raises(Unusable, match=r"cannot connect to 127\.0\.0\.1:4"):
        world.clock.wait_for(Deferred.fromCoroutine(run(CHECKS, ALL, elsewhere, world.surroundings)))


def test_nobody_let_in_is_unusable() -> None:
    world = World().answer(lambda line, frame: line.respond(frame, status=0x0E))
    with pytest.raises(Unusable, match=r"3\.3: the bind is answered bind_transmitter_resp 0x0E"):
        world.run(1, versions=(V33,))


@pytest.mark.parametrize(("status", "option"), [(0x0A, "--source"), (0x0B, "--destination"), (0x51, "--destination")])
def test_addresses_that_are_refused_are_unusable_and_no_failure_of_the_smsc(status: int, option: str) -> None:
    world = World()
    world.smsc.on[o.SUBMIT_SM] = lambda line, frame: line.respond(frame, status=status)
    with pytest.raises(Unusable, match=f"from 12345 to 77051234567 is refused: .*; {option} names"):
        world.run(40, versions=(V34,))
    assert len(world.run(12, versions=(V34,))) == 1  # which submits nothing


def test_a_message_that_is_refused_for_another_reason_is_left_to_the_checks() -> None:
    world = World()
    world.smsc.on[o.SUBMIT_SM] = lambda line, frame: line.respond(frame, status=0x58)
    (result,) = world.run(40, versions=(V34,))
    assert isinstance(result.verdict, Failed)


def test_one_that_dies_fails_the_checks_that_follow() -> None:
    world = World()
    listener = world.network.listener("127.0.0.1", PORT)
    assert listener is not None

    def die(line: Line, frame: Frame) -> None:
        close(line, frame)
        listener.stopListening()

    world.smsc.on[0x00000F00] = die
    (_, after) = world.run(3, 12, versions=(V34,))
    assert isinstance(after.verdict, Failed)
    assert "cannot connect" in after.verdict.reason


def test_choices_are_told_in_a_word() -> None:
    world = World()
    world.smsc.on[o.GENERIC_NACK] = lambda line, frame: line.send(o.pdu(o.GENERIC_NACK, frame.sequence, status=3))
    assert world.judge(select({5})[0]) == Choice("generic_nack 0x03")
    world.smsc.on[o.ENQUIRE_LINK] = lambda line, frame: line.respond(frame, status=0x08)
    assert world.judge(select({7})[0]) == Choice("0x0: expected ESME_ROK, found 0x08")
    world.smsc.on[o.ENQUIRE_LINK] = world.smsc.on[o.GENERIC_NACK] = close
    assert world.judge(select({7})[0]) == Choice("0x0: the connection was closed without an answer")
    assert world.judge(select({5})[0]) == Choice("closed")


def test_the_messages_are_counted() -> None:
    assert messages(select({40}), ALL) == 3
    assert messages(select({29}), (V50,)) == 0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_no_check_submits_more_than_it_says(check: Check) -> None:
    for version in check.versions:
        world = World().answer(agree)
        world.judge(check, version)
        submits = [
            frame
            for line in world.smsc.lines
            for frame in line.frames
            if frame.command_id in (o.SUBMIT_SM, o.DATA_SM, o.SUBMIT_MULTI, o.BROADCAST_SM)
        ]
        # Those that an SMSC must refuse do not count: this one refuses none, so the check ends at the first of them.
        assert len(submits) <= check.messages + 1
