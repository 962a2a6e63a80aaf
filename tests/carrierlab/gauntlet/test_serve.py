"""A client of somebody else's in the gauntlet: it is served, waited for, and scored from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from carrierlab.gauntlet.claims import Claims, read_claims
from carrierlab.gauntlet.plan import Course, select
from carrierlab.gauntlet.score import VariantScore, Verdict
from carrierlab.gauntlet.serve import Stay, score, serve
from smppkit.message_ids import key
from smppkit.message_state import MessageState
from smppkit.pdus import DeliverSm, Pdu, SubmitSmResp
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from tests.smsc.conftest import EPOCH, Esme, Lab

WAIT = 20.0


class Arena:
    """The operators of some variants in memory, and the clients that a test lets in."""

    def __init__(self, *patterns: str, results: Path | None = None) -> None:
        self.courses = select(patterns)
        self.lab = Lab()
        self.journal = Journal.open(":memory:", clock=self.lab.clock)
        self.ports: list[int] = []
        self.owed: list[dict[str, int]] = []
        self.serving = Deferred.fromCoroutine(
            serve(
                self.courses,
                Stay(WAIT, results),
                host="127.0.0.1",
                port=2775,
                clock=self.lab.clock,
                network=self.lab.network,
                epoch=EPOCH,
                journal=self.journal,
                on_ready=self.ports.extend,
            )
        )
        self.serving.addCallback(self.owed.append)

    def client(self, course: Course, acknowledge: Callable[[Pdu], int | None] = lambda pdu: 0, **submit: Any) -> Esme:
        """A client that binds and submits every message of a variant, each in one part."""
        esme = Esme(self.lab, self.ports[self.courses.index(course)])
        self.lab.esmes.append(esme)
        esme.acknowledge = acknowledge
        assert esme.bind() == 0
        for message in course.messages:
            esme.submit(message.number, **submit)
        return esme

    def scores(self, claims: Claims | None = None) -> list[VariantScore]:
        (owed,) = self.owed
        return list(score(self.courses, Inbox(self.journal.connection), owed, claims))


@pytest.fixture
def arena() -> Iterator[Callable[..., Arena]]:
    arenas: list[Arena] = []

    def make(*patterns: str, results: Path | None = None) -> Arena:
        arenas.append(Arena(*patterns, results=results))
        return arenas[-1]

    yield make
    for it in arenas:
        if not it.owed:
            it.serving.cancel()
            it.lab.run(10)
        assert it.lab.clock.getDelayedCalls() == [], "I8: timers return to the baseline"
        it.journal.close()


def written(directory: Path, states: dict[str, str], head: str = "number") -> Claims:
    file = directory / "results.csv"
    file.write_text("".join(f"{name},{state}\n" for name, state in {head: "state", **states}.items()))
    return read_claims(file)


def heard(esme: Esme) -> dict[str, str]:
    """What a client that takes everything the library says believes, by number."""
    receipts = {pdu.source_addr: parse_receipt(pdu) for pdu in esme.deliveries}
    return {number: receipt.stat for number, receipt in receipts.items() if receipt is not None}


def test_the_ports_follow_each_other(arena: Callable[..., Arena]) -> None:
    assert arena("dates").ports == [2775, 2776, 2777, 2778]


def test_a_client_that_says_what_the_receipts_say_has_matched(arena: Callable[..., Arena], tmp_path: Path) -> None:
    it = arena("canonical", "tlvs-only")
    clients = [it.client(course) for course in it.courses]
    it.lab.run(10)
    assert it.owed == [{"canonical": 0, "tlvs-only": 0}], "everything was said: nobody waits for more"
    claims = written(tmp_path, {number: state for client in clients for number, state in heard(client).items()})
    assert [(each.verdict, each.matched) for each in it.scores(claims)] == [(Verdict.MATCHED, 12)] * 2


def test_a_client_may_answer_by_message_id(arena: Callable[..., Arena], tmp_path: Path) -> None:
    it = arena("id-hex-then-decimal")
    client = it.client(it.courses[0])
    it.lab.run(10)
    ids = [pdu.message_id for pdu in client.responses if isinstance(pdu, SubmitSmResp)]
    states = [MessageState(int(message.number[-1])).stat for message in it.courses[0].messages]
    right = written(tmp_path, dict(zip(ids, states, strict=True)), "message_id")
    assert it.scores(right)[0].verdict is Verdict.MATCHED
    in_receipts = [parse_receipt(pdu) for pdu in client.deliveries]
    naive = {key(receipt.message_id): receipt.stat for receipt in in_receipts if receipt is not None}
    assert it.scores(written(tmp_path, naive, "message_id"))[0].matched == 0


def test_a_claim_that_is_wrong_is_shown_with_the_receipt(arena: Callable[..., Arena], tmp_path: Path) -> None:
    it = arena("canonical")
    states = heard_at_last(it)
    expired = next(number for number in states if number.endswith("3"))
    (found,) = it.scores(written(tmp_path, states | {expired: "DELIVRD"}))
    assert found.verdict is Verdict.FAILED
    (miss,) = found.misses
    assert (miss.number, miss.expected, miss.believed) == (expired, "expired", "delivered")
    assert b"stat:EXPIRED" in miss.receipts[0]
    assert re.fullmatch(r"\d+", miss.ids[0])


def heard_at_last(it: Arena) -> dict[str, str]:
    client = it.client(it.courses[0])
    it.lab.run(10)
    return heard(client)


def test_saying_what_nobody_can_know_is_wrong(arena: Callable[..., Arena], tmp_path: Path) -> None:
    it = arena("never")
    it.client(it.courses[0])
    it.lab.run(WAIT + 10)
    numbers = [message.number for message in it.courses[0].messages]
    assert it.scores(written(tmp_path, dict.fromkeys(numbers, "")))[0].verdict is Verdict.MATCHED
    assert it.scores(written(tmp_path, dict.fromkeys(numbers, "DELIVRD")))[0].matched == 0


def test_without_its_own_results_a_client_is_scored_by_its_answers(arena: Callable[..., Arena]) -> None:
    it = arena("canonical", "text-only", "twice")
    refuse: Callable[[Pdu], int] = lambda pdu: CommandStatus.ESME_RINVMSGLEN  # noqa: E731
    for course, answer in zip(it.courses, (lambda pdu: 0, refuse, lambda pdu: 0), strict=True):
        it.client(course, answer)
    it.lab.run(10)
    canonical, text_only, twice = it.scores()
    assert canonical.verdict is twice.verdict is Verdict.MATCHED
    assert text_only.matched == 0
    assert text_only.misses[0].believed == "a receipt answered with ESME_RINVMSGLEN"


def test_receipts_that_are_not_answered_are_told(arena: Callable[..., Arena]) -> None:
    it = arena("canonical")
    it.client(it.courses[0], lambda pdu: None if isinstance(pdu, DeliverSm) else 0)
    it.lab.run(WAIT + 80)
    (found,) = it.scores()
    assert found.matched == 0
    assert found.misses[0].believed == "a receipt not answered"
    assert found.trouble == ("12 receipts could not be delivered: nobody was bound to receive, or the time was over",)


def test_a_client_that_asks_for_no_receipt_is_told_so(arena: Callable[..., Arena]) -> None:
    it = arena("canonical")
    it.client(it.courses[0], registered=0)
    it.lab.run(10)
    assert it.scores()[0].trouble == ("no receipt was due: ask for them (registered_delivery 1)",)


def test_nobody_comes_and_the_wait_is_over(arena: Callable[..., Arena]) -> None:
    it = arena("canonical")
    it.lab.run(WAIT - 1)
    assert not it.owed
    it.lab.run(10)
    (found,) = it.scores()
    assert found.verdict is Verdict.UNTRIED


def test_the_results_are_waited_for(arena: Callable[..., Arena], tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text("of an earlier run")
    it = arena("canonical", results=file)
    it.client(it.courses[0])
    it.lab.run(10)
    assert not it.owed
    file.unlink()
    it.lab.run(1)
    assert not it.owed
    file.write_text("number,state\n")
    it.lab.run(8)
    assert it.owed


def test_being_cancelled_ends_the_wait_and_keeps_what_was_heard(arena: Callable[..., Arena]) -> None:
    it = arena("canonical")
    it.client(it.courses[0])
    it.lab.run(0.5)
    it.serving.cancel()
    it.lab.run(10)
    assert it.owed == [{"canonical": 12}]
    assert it.scores()[0].messages == 12
