"""Long messages of ESMEs: in all the ways they are cut, whole and in disorder."""

from __future__ import annotations

from collections.abc import Sequence

from smppkit.segments import UDHI
from smppkit.tlvs import MESSAGE_PAYLOAD, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS
from smsc.journal.inbox import Inbox
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

PARTS = ("part one, ", "part two, ", "part three")


def listed(world: World) -> list[tuple[int | None, int, int, str]]:
    """Reference, number, total and text of what was submitted, as it is listed."""
    world.journal.flush()
    return [(row.reference, row.part, row.parts, row.text) for row in Inbox(world.journal.connection).messages()]


def by_header(esme: Esme, header: bytes, numbers: Sequence[int] = (1, 2, 3)) -> list[int]:
    """Submit parts behind a header of concatenation, whose last octet is the number."""
    return [
        esme.submit(text=header + bytes([number]) + PARTS[number - 1].encode(), esm_class=UDHI) for number in numbers
    ]


def errs(world: World, esme: Esme) -> list[str | None]:
    world.run(1.1)
    return [receipt.err for receipt in esme.receipts]


@shows("long messages")
def long_udh8(world: World) -> None:
    esme = world.bound()
    assert esme.statuses(by_header(esme, b"\x05\x00\x03\xab\x03")) == [0, 0, 0]
    assert errs(world, esme) == ["000", "777", "000"]
    assert listed(world) == [(0xAB, number, 3, text) for number, text in enumerate(PARTS, 1)]
    assert [receipt.text for receipt in esme.receipts] == [part.strip() for part in PARTS]


@shows("long messages")
def long_udh16(world: World) -> None:
    esme = world.bound()
    assert esme.statuses(by_header(esme, b"\x06\x08\x04\xab\xcd\x03")) == [0, 0, 0]
    assert errs(world, esme) == ["000", "777", "000"]
    assert listed(world) == [(0xABCD, number, 3, text) for number, text in enumerate(PARTS, 1)]


@shows("long messages")
def long_sar(world: World) -> None:
    esme = world.bound()
    for number, text in enumerate(PARTS, 1):
        tlvs = (SAR_MSG_REF_NUM.of(0xABCD), SAR_TOTAL_SEGMENTS.of(3), SAR_SEGMENT_SEQNUM.of(number))
        assert esme.status(esme.submit(text=text, tlvs=tlvs)) == 0
    assert errs(world, esme) == ["000", "777", "000"]
    assert listed(world) == [(0xABCD, number, 3, text) for number, text in enumerate(PARTS, 1)]


@shows("long messages")
def long_payload(world: World) -> None:
    esme = world.bound()
    whole = ("x" * 300) + "".join(PARTS)
    assert esme.status(esme.submit(text="", tlvs=(MESSAGE_PAYLOAD.of(whole.encode()),))) == 0
    assert errs(world, esme) == ["777"]
    assert listed(world) == [(None, 1, 1, whole)]


HEADER = b"\x05\x00\x03\x2a\x03"


@shows("long messages")
def parts_out_of_order(world: World) -> None:
    esme = world.bound()
    by_header(esme, HEADER, (3, 1))
    world.run(60)
    assert esme.receipts == []
    by_header(esme, HEADER, (2,))
    world.run(2.1)
    assert [receipt.stat for receipt in esme.receipts] == ["DELIVRD"] * 3


@shows("long messages")
def part_missing(world: World) -> None:
    esme = world.bound()
    by_header(esme, HEADER, (1, 3))
    world.until(299)
    assert esme.receipts == []
    world.until(301)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("UNDELIV", "408")] * 2


@shows("long messages")
def part_duplicated(world: World) -> None:
    esme = world.bound()
    assert esme.statuses(by_header(esme, HEADER, (1, 2, 2))) == [0, 0, 0]
    world.run(60)
    assert esme.receipts == []
    by_header(esme, HEADER, (3,))
    world.run(2.1)
    assert [receipt.stat for receipt in esme.receipts] == ["DELIVRD"] * 4  # every submit has its own
    world.until(400)
    assert len(esme.receipts) == 4


@shows("content rules")
def template_of_a_long_message(world: World) -> None:
    esme = world.bound()
    assert esme.statuses(by_header(esme, HEADER, (3, 1, 2))) == [0, 0, 0]
    world.run(1.1)
    assert [receipt.stat for receipt in esme.receipts] == ["DELIVRD"] * 3
    other = b"\x05\x00\x03\x2b\x02"
    assert esme.statuses(by_header(esme, other, (1, 2, 2))) == [0, 600, 600]
    world.run(121)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts[3:]] == [("UNDELIV", "408")]


@shows("content rules")
def spam_across_parts(world: World) -> None:
    esme = world.bound()
    assert esme.statuses(by_header(esme, HEADER, (1, 3, 2))) == [0, 0, 0x432]
    assert esme.statuses(by_header(esme, b"\x05\x00\x03\x2b\x02", (1, 1))) == [0, 0]
