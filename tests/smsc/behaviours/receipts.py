"""Receipts over time, on sibling binds, until they are acknowledged, and of long messages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from smppkit.pdus import DeliverSm, SubmitSmResp
from smppkit.segments import UDHI
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World


def stats(esme: Esme) -> list[str]:
    return [receipt.stat for receipt in esme.receipts]


def message_ids(esme: Esme) -> list[str]:
    return [response.message_id for response in esme.of(SubmitSmResp)]


# --- timing -------------------------------------------------------------------------------------------


@shows("receipts: timing")
def receipt_before_the_response(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(2)
    (receipt,), (response,) = esme.when(DeliverSm), esme.when(SubmitSmResp)
    assert receipt == pytest.approx(0.2, abs=0.003)
    assert response == pytest.approx(1.0, abs=0.003)
    assert [receipt.message_id for receipt in esme.receipts] == message_ids(esme)


@shows("receipts: timing")
def receipt_after_seconds(world: World) -> None:
    esme = world.bound()
    esme.submits(100)
    world.run(10)
    times = esme.when(DeliverSm)
    assert len(times) == 100
    assert min(times) >= 2
    assert max(times) <= 8.003
    assert max(times) - min(times) > 4


@shows("receipts: timing")
def receipt_after_72_hours(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.until(72 * 3600 - 1)
    assert esme.receipts == []
    world.until(72 * 3600 + 1)
    assert stats(esme) == ["DELIVRD"]
    (receipt,) = esme.receipts
    assert receipt.done_date is not None
    assert receipt.submit_date is not None
    assert (receipt.done_date - receipt.submit_date).days == 3


@shows("receipts: timing")
def receipt_never(world: World) -> None:
    esme = world.bound()
    esme.submits(200)
    world.until(30 * 86400)
    assert 70 < len(esme.receipts) < 130
    assert max(esme.when(DeliverSm)) < 2


@shows("receipts: timing")
def receipt_twice(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(60)
    first, second = esme.deliveries
    assert first.short_message == second.short_message
    assert first.sequence_number != second.sequence_number


@shows("receipts: timing")
def receipts_out_of_order(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(60)
    assert stats(esme) == ["DELIVRD", "ENROUTE"]
    assert esme.when(DeliverSm) == pytest.approx([1, 2], abs=0.005)


@shows("receipts: timing")
def receipts_on_the_way(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(2 * 86400)
    assert stats(esme) == ["ENROUTE", "EXPIRED"]
    assert esme.when(DeliverSm) == pytest.approx([2, 86400], abs=0.01)


# --- route --------------------------------------------------------------------------------------------


def two(world: World, kind: str = "transceiver") -> tuple[Esme, Esme]:
    """Ten messages on the first of two binds, and their receipts."""
    first, second = world.bound(), world.bound(kind=kind)
    first.submits(10)
    world.run(1.1)
    assert len(first.receipts) + len(second.receipts) == 10
    return first, second


@shows("receipts: route")
def route_same_bind(world: World) -> None:
    first, second = two(world)
    assert (len(first.receipts), len(second.receipts)) == (10, 0)


@shows("receipts: route")
def route_sibling(world: World) -> None:
    first, second = two(world)
    assert (len(first.receipts), len(second.receipts)) == (0, 10)


@shows("receipts: route")
def route_round_robin(world: World) -> None:
    first, second = two(world)
    assert (len(first.receipts), len(second.receipts)) == (5, 5)


@shows("receipts: route")
def route_receivers(world: World) -> None:
    first, second = two(world, "receiver")
    assert (len(first.receipts), len(second.receipts)) == (0, 10)


@shows("receipts: route")
def held_while_unbound(world: World) -> None:
    first = world.bound()
    first.submits(10)
    world.run(0.5)
    ids = message_ids(first)
    first.transport.loseConnection()
    world.run(3600)
    other, again = world.bound("other"), world.bound()
    assert other.receipts == []
    assert [receipt.message_id for receipt in again.receipts] == ids
    world.run(3600)
    assert len(again.receipts) == 10


# --- retry until acknowledged ---------------------------------------------------------------------------


@shows("receipts: retry")
def retry_until_acknowledged(world: World) -> None:
    esme = world.bound()
    passing = iter([0x58, 0x08, 0x14, 0x45, 0x67, 0xFE, 0xFF, 0])
    esme.acknowledge = lambda pdu: next(passing)
    esme.submit()
    world.run(600)
    waits = [later - earlier for earlier, later in pairwise(esme.when(DeliverSm))]
    assert waits == pytest.approx([1, 2, 4, 4, 4, 4, 4], abs=0.005)
    assert len({delivery.short_message for delivery in esme.deliveries}) == 1
    esme.acknowledge = lambda pdu: 0x0B  # any other is final
    esme.submit()
    world.run(600)
    assert len(esme.deliveries) == 9


@shows("receipts: retry")
def retry_on_chosen_statuses(world: World) -> None:
    esme = world.bound()
    esme.acknowledge = lambda pdu: 0x08
    esme.submit()
    world.run(600)
    assert len(esme.deliveries) == 1
    esme.acknowledge = lambda pdu: 0x58
    esme.submit()
    world.run(600)
    waits = [later - earlier for earlier, later in pairwise(esme.when(DeliverSm)[1:])]
    assert waits == pytest.approx([10, 20], abs=0.005)


@shows("receipts: retry")
def unacknowledged_sent_again(world: World) -> None:
    first = world.bound()
    first.acknowledge = lambda pdu: None
    first.submits(3)
    world.run(1.1)
    first.transport.abortConnection()
    world.run(5)
    second = world.bound()
    world.run(0.1)
    assert [pdu.short_message for pdu in second.deliveries] == [pdu.short_message for pdu in first.deliveries]
    assert len(second.deliveries) == 3


# --- long messages --------------------------------------------------------------------------------------


def long_message(esme: Esme, reference: int = 7, numbers: tuple[int, ...] = (1, 2, 3), to: str = "77050000001") -> None:
    for number in numbers:
        esme.submit(to, bytes((5, 0, 3, reference, 3, number)) + b"part", esm_class=UDHI)


def heard_of(world: World) -> list[str]:
    """Send a long message; the ids of its parts that have a receipt, as their places."""
    esme = world.bound()
    long_message(esme)
    world.run(1.1)
    ids = message_ids(esme)
    return [str(ids.index(receipt.message_id) + 1) for receipt in esme.receipts]


@shows("receipts: multipart")
def receipts_for_every_part(world: World) -> None:
    assert heard_of(world) == ["1", "2", "3"]


@shows("receipts: multipart")
def receipts_for_the_first_part(world: World) -> None:
    assert heard_of(world) == ["1"]


@shows("receipts: multipart")
def receipts_for_the_last_part(world: World) -> None:
    assert heard_of(world) == ["3"]


def fates(world: World) -> list[set[str]]:
    """What became of the parts of fifty long messages."""
    esme = world.bound()
    for number in range(50):
        long_message(esme, number, to=f"7705{number:07}")
    world.run(1.1)
    found: dict[str, set[str]] = {}
    for delivery, stat in zip(esme.deliveries, stats(esme), strict=True):
        found.setdefault(delivery.source_addr, set()).add(stat)
    return list(found.values())


@shows("receipts: multipart")
def parts_of_one_fate(world: World) -> None:
    found = fates(world)
    assert {len(fate) for fate in found} == {1}
    assert {"DELIVRD"} in found
    assert {"UNDELIV"} in found


@shows("receipts: multipart")
def parts_of_their_own_fates(world: World) -> None:
    assert {"DELIVRD", "UNDELIV"} in fates(world)


@shows("receipts: multipart")
def reassembly_expires(world: World) -> None:
    esme = world.bound()
    long_message(esme, numbers=(1, 2))
    world.until(119)
    assert esme.receipts == []
    world.until(121)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("UNDELIV", "408")] * 2
    long_message(esme, numbers=(3,))  # too late: it is the first of another message
    world.until(239)
    assert len(esme.receipts) == 2
    world.until(242)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("UNDELIV", "408")] * 3
