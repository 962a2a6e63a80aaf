"""Receipts that are written together are those that are written one by one."""

from datetime import timedelta
from itertools import product

import pytest

from smppkit.alike import Pieces
from smppkit.codec import encode
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import SubmitSm
from smppkit.runs import SubmitRun, submit_reader
from smppkit.states import Version
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.receipt_run import address, press_all
from smsc.scenario.receipt_writer import ReceiptWriter
from tests.smsc.scenario.test_receipt_writer import LOOKS, START, operator

FATES = [Fate(stat, "000", state_of(stat) or MessageState.UNKNOWN) for stat in ("DELIVRD", "UNDELIV", "EXPIRED")]
TOGETHER = (
    "{}",
    "{form: text}",
    "{text: '100% of {id} {stat} {text}'}",
    "{text: '{id} {done:hhmmss} {text:4} %s', form: text}",
)
"""Looks that say the id and then the text."""


def submits(**changes: object) -> list[SubmitSm]:
    fields: dict[str, object] = {
        "source_addr_ton": 5,
        "source_addr": "SHOP",
        "short_message": b"Hello 50% [off], \xe9\0 and much more",
    }
    return [
        SubmitSm(sequence_number=number, destination_addr=f"4477000{number:03}", **{**fields, **changes})  # type: ignore[arg-type]
        for number in range(7)
    ]


def both_ways(
    look: str, messages: list[SubmitSm], ids: list[str] | None = None
) -> tuple[list[tuple[bytes, str]], list[tuple[bytes, str]] | None]:
    """The receipts of messages, each by itself with its address, and together."""
    writer = ReceiptWriter(operator(look))
    found = submit_reader(Version.V34, lambda: None)(b"".join(map(encode, messages)), 0)
    assert found is not None
    run = found[0]
    assert isinstance(run, SubmitRun)
    ids = ids or [f"{number:06}" for number in range(len(messages))]
    ways = [(FATES[n % 3], START, START + timedelta(seconds=n % 2)) for n in range(len(messages))]
    each = [
        (
            writer.write(Plan(way[0], 1.0, receipt_id=message_id), way[0], message, way[1], way[2], 0x34),
            message.source_addr,
        )
        for way, message_id, message in zip(ways, ids, messages, strict=True)
    ]
    forms = [form for way in ways if (form := writer.form(*way)) is not None]
    if len(forms) < len(ways):
        return each, None
    addressed = run.addressed()
    sources = addressed.sources * (len(run) if len(addressed.sources) == 1 else 1)
    said = [one.encode() for one in ids]
    pressed = press_all(forms, dict(zip(forms, forms, strict=True)), said, addressed)
    if len(set(map(len, said))) == 1:
        assert list(
            press_all(forms, dict(zip(forms, forms, strict=True)), Pieces(b"".join(said), len(said[0])), addressed)
            or ()
        ) == list(pressed or ())
    return each, None if pressed is None else list(zip(pressed, map(address, sources), strict=True))


@pytest.mark.parametrize("look", [*LOOKS, *TOGETHER])
@pytest.mark.parametrize("text", [b"", b"short", b"Hello 50% [off], \xe9\0 and much more"])
def test_receipts_are_the_same_octets_together(look: str, text: bytes) -> None:
    each, together = both_ways(look, submits(short_message=text))
    assert (together is not None) or look not in TOGETHER
    if together is not None:
        assert together == each


def test_what_all_have_in_common_is_written_once_and_what_differs_in_its_place() -> None:
    """Whatever it is: service types, sources and texts."""
    for services, sources, texts in product((1, 2), repeat=3):
        messages = [
            submits(service_type="ABC"[number % services], source_addr=f"SHO{number % sources}")[number]
            for number in range(7)
        ]
        for number, message in enumerate(messages):
            message.short_message = b"text %d" % (number % texts)
        each, together = both_ways("{}", messages)
        assert together == each


def test_one_that_differs_is_written_with_all_others_by_itself() -> None:
    usual = submits()
    assert both_ways("{}", usual)[1] is not None
    for changes in (
        {"source_addr": "1000", "service_type": "CMT"},
        {"source_addr": "SHOPS"},
        {"short_message": b"short"},
        {"short_message": b"[\x1b]" + bytes(30)},
        {"data_coding": 8},
    ):
        assert both_ways("{}", [*usual, submits(**changes)[0]])[1] is None
    assert both_ways("{}", usual, ["9", *(f"{number:06}" for number in range(6))])[1] is None
    assert both_ways("{form: text}", usual, ["x" * 65] * 7)[1] is None
    assert both_ways("{text: '" + "long " * 50 + "{id} {text}'}", usual)[1] is None
