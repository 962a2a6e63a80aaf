"""The parts of a blast: histogram, pacing, book, caps."""

from __future__ import annotations

import random

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from carrierlab.blast.book import Book, Outcome, outcome_of
from carrierlab.blast.command import blast_command
from carrierlab.blast.histogram import Histogram
from carrierlab.blast.meters import processor_time
from carrierlab.blast.pacing import Closed, Open
from carrierlab.blast.plan import Plan
from carrierlab.blast.submits import Submits
from smppkit.pdus import SubmitSm
from smppkit.status import CommandStatus
from smppkit.stream import StreamDecoder


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_within_a_step_of_the_true_one(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    ranked = sorted(values)
    true = ranked[max(0, -int(-(share * len(ranked)) // 1) - 1)]
    found = histogram.quantile(share)
    assert found is not None
    assert true - 2e-6 <= found <= max(true * 1.0165 + 2e-6, 0)


def test_many_alike_are_as_many_single_ones() -> None:
    one, many = Histogram(), Histogram()
    draw = random.Random(1)
    for _ in range(100):
        value, count = draw.expovariate(100), draw.randint(1, 5)
        many.add(value, count)
        for _ in range(count):
            one.add(value)
    assert one.count == many.count
    assert [one.quantile(q) for q in (0.5, 0.99)] == [many.quantile(q) for q in (0.5, 0.99)]
    assert one.mean == pytest.approx(many.mean)


def test_nothing_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is Histogram().mean is None


def test_a_closed_loop_ends_by_number_or_by_time() -> None:
    pacing = Closed(5, None)
    assert pacing.take(3, 1.0) == [1.0] * 3
    assert pacing.take(3, 2.0) == [2.0] * 2
    assert pacing.over(2.0)
    timed = Closed(1_000, until=10.0)
    assert len(timed.take(4, 9.9)) == 4
    assert not timed.over(9.9)
    assert timed.take(4, 10.0) == []
    assert timed.over(10.0)


def test_an_open_loop_gives_the_times_that_were_meant() -> None:
    pacing = Open(10, 100.0, 5.0)
    assert pacing.take(10, 5.0) == [5.0]
    assert pacing.next_at(5.0) == pytest.approx(5.01)
    assert pacing.behind(5.035) == 3
    assert pacing.take(2, 5.035) == pytest.approx([5.01, 5.02])
    assert pacing.take(100, 99.0) == pytest.approx([5.03 + n / 100 for n in range(7)])
    assert pacing.over(99.0)
    assert pacing.next_at(99.0) is None


def test_receipts_are_matched_once_in_any_order() -> None:
    book = Book(match=True)
    book.receipt(b"early", 1.0)
    book.name(b"early", 2.0)
    book.name(b"late", 2.0)
    book.receipt(b"late", 3.0)
    book.receipt(b"late", 4.0)
    book.receipt(b"nobody", 4.0)
    book.receipt(None, 4.0)
    assert (book.receipts, book.matched, book.repeated, book.unmatched, book.nameless) == (5, 2, 1, 1, 1)


def test_statuses_have_classes() -> None:
    assert outcome_of(CommandStatus.ESME_ROK) is Outcome.ACCEPTED
    assert outcome_of(CommandStatus.ESME_RMSGQFUL) is Outcome.THROTTLED
    assert outcome_of(CommandStatus.ESME_RSYSERR) is Outcome.TEMPORARY
    assert outcome_of(0x400) is Outcome.REFUSED


def plan(**changed: object) -> Plan:
    settings = {"host": "127.0.0.1", "port": 1, "system_id": "a", "password": "b", "messages": 1}
    return Plan(**settings | changed)  # type: ignore[arg-type]


def test_the_octets_are_submits_with_consecutive_numbers_and_addresses_in_turn() -> None:
    submits = Submits(plan(source_range=2, destination_range=3, destination=99), 5)
    assert submits.count >= 1024
    assert submits.count % 6 == 0
    found = StreamDecoder().feed(submits.octets(0, 7))
    assert all(isinstance(pdu, SubmitSm) for pdu in found)
    assert [pdu.sequence_number for pdu in found] == list(range(5, 12))  # type: ignore[union-attr]
    pairs = [(pdu.source_addr, pdu.destination_addr) for pdu in found if isinstance(pdu, SubmitSm)]
    assert pairs == [(source, to) for source in ("1000", "1001") for to in ("99", "100", "101")] + [("1000", "99")]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"messages": 10**9}, "--messages is 1,000,000,000"),
        ({"messages": None}, "one of --messages and --seconds"),
        ({"seconds": 5.0}, "one of --messages and --seconds"),
        ({"connections": 5000}, "--connections is 5,000; expected 1,000 at most"),
        ({"connections": 1000, "window": 1000}, "--connections times --window"),
        ({"rate": 1e9}, "--rate"),
        ({"destination_range": 10**6}, "--source-range times --destination-range"),
    ],
)
def test_there_are_caps(changed: dict[str, object], problem: str) -> None:
    assert any(problem in each for each in plan(**changed).problems())


def refused(*arguments: str) -> str:
    def never(main: object) -> None:
        raise AssertionError("something was sent")

    result = CliRunner().invoke(blast_command(never), list(arguments))  # type: ignore[arg-type]
    assert result.exit_code == 2, result.output
    return " ".join(result.output.replace("│", " ").split())


def test_who_is_not_this_machine_has_to_be_named_again() -> None:
    assert "--send-to" in refused("smsc.example:2775", "--password", "x", "-n", "1")
    assert "--send-to" in refused("smsc.example:2775", "--password", "x", "-n", "1", "--send-to", "other.example")
    assert "--messages" in refused("smsc.example:2775", "--password", "x", "--send-to", "smsc.example")


def test_a_process_that_is_not_there_is_told() -> None:
    assert "is not known" in refused("127.0.0.1:2775", "--password", "x", "-n", "1", "--pid", "999999999")
    with pytest.raises(ValueError, match="not known"):
        processor_time(999_999_999)


def test_without_a_terminal_the_password_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMPP_PASSWORD", raising=False)
    assert "no password: give --password or SMPP_PASSWORD" in refused("127.0.0.1:2775", "-n", "1")


def test_a_variable_that_is_empty_is_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMPP_PASSWORD", "")
    assert "is not known" in refused("127.0.0.1:2775", "-n", "1", "--pid", "999999999")
