"""What subscribers send: messages, answers, USSD."""

from __future__ import annotations

from collections import Counter

import pytest

from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.segments import UDHI, part_of
from smppkit.tlvs import ITS_SESSION_INFO, USER_MESSAGE_REFERENCE, USSD_SERVICE_OP, Tlv
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

LONG = " ".join(f"word {number:03}" for number in range(33))
PSSR_INDICATION, USSR_REQUEST, PSSR_RESPONSE, USSR_CONFIRM = 1, 2, 17, 18


def numbers(pdus: list[DeliverSm]) -> list[int]:
    """Which parts they are."""
    parts = [part_of(pdu)[0] for pdu in pdus]
    return [part.number for part in parts if part is not None]


@shows("MO")
def mo_plain(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    (mo,) = esme.deliveries
    assert (mo.source_addr, mo.source_addr_ton, mo.source_addr_npi) == ("77010000001", 1, 1)
    assert (mo.destination_addr, mo.esm_class, mo.data_coding) == ("SHOP", 0, 0)
    assert (mo.short_message, mo.tlvs) == (b"Where is my order?", ())


@shows("MO")
def mo_unicode(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    (mo,) = esme.deliveries
    assert (mo.data_coding, mo.short_message) == (8, "Қайда?".encode("utf-16-be"))


@shows("MO")
def mo_header_in_the_text(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    first, second = esme.deliveries
    assert (first.esm_class, second.esm_class) == (0, 0)
    assert [pdu.short_message[:3] for pdu in (first, second)] == [b"\x05\x00\x03"] * 2
    assert [pdu.short_message[4:6] for pdu in (first, second)] == [b"\x02\x01", b"\x02\x02"]
    assert first.short_message[6:] + second.short_message[6:] == LONG.encode()


@shows("MO")
def mo_long_messages(world: World) -> None:
    esme = world.bound()
    world.until(5)
    *udh, sar1, sar2, payload = esme.deliveries
    assert [pdu.short_message[:3] for pdu in udh] == [b"\x05\x00\x03"] * 2 + [b"\x06\x08\x04"] * 2
    assert {pdu.esm_class for pdu in udh} == {UDHI}
    assert [[tlv.tag for tlv in pdu.tlvs] for pdu in (sar1, sar2)] == [[0x020C, 0x020E, 0x020F]] * 2
    assert (payload.short_message, payload.tlvs) == (b"", (Tlv(0x0424, LONG.encode()),))
    for pair in (udh[:2], udh[2:], [sar1, sar2]):
        assert numbers(pair) == [1, 2]
        assert b"".join(part_of(pdu)[1] for pdu in pair) == LONG.encode()


@shows("MO")
def mo_parts_out_of_order(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    assert numbers(esme.deliveries) == [2, 1]
    world.until(2.1)
    assert sorted(numbers(esme.deliveries[2:])) == [1, 2]


@shows("MO")
def mo_parts_lost_and_repeated(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    assert numbers(esme.deliveries) == [1, 1, 2, 2]
    world.until(2.1)
    assert len(esme.deliveries) == 4
    world.until(3.1)
    assert len(esme.deliveries) <= 6


@shows("MO")
def mo_keyword_replies(world: World) -> None:
    esme = world.bound()
    esme.submits(1000, text="How likely are you to recommend us, 0 to 10?", registered_delivery=0)
    esme.submits(1000, text="Thank you", registered_delivery=0)
    world.until(5.9)
    assert esme.deliveries == []
    world.until(62)
    said = Counter(mo.short_message for mo in esme.deliveries)
    assert set(said) <= {b"%d" % mark for mark in range(11)} | {b"YES", b"STOP"}
    assert 650 < said.total() < 850
    assert 150 < said[b"10"] < 250
    assert 30 < said[b"STOP"] < 75
    assert {mo.destination_addr for mo in esme.deliveries} == {"SHOP"}
    assert len({mo.source_addr for mo in esme.deliveries}) == said.total()
    assert len(set(esme.when(DeliverSm))) > 500


@shows("MO")
def mo_to_short_codes(world: World) -> None:
    shop, vote = world.bound("shop"), world.bound("vote")
    world.until(1.1)
    assert [(mo.destination_addr, mo.short_message) for mo in shop.deliveries] == [("1414", b"STOP")]
    assert [(mo.destination_addr, mo.short_message) for mo in vote.deliveries] == [("8080", b"7")]


@shows("MO")
def mo_at_a_rate(world: World) -> None:
    esme = world.bound()
    world.until(60)
    assert len(esme.deliveries) == pytest.approx(1200, rel=0.1)
    assert {mo.short_message for mo in esme.deliveries} == {b"STOP", b"YES", b"10"}


# --- USSD -----------------------------------------------------------------------------------------------


def session_tlv(pdu: DeliverSm) -> Tlv:
    (tlv,) = [tlv for tlv in pdu.tlvs if tlv.tag in (ITS_SESSION_INFO.number, USER_MESSAGE_REFERENCE.number)]
    return tlv


def screen(esme: Esme, text: str, operation: int) -> None:
    last = esme.deliveries[-1]
    tlvs = (USSD_SERVICE_OP.of(operation), session_tlv(last))
    fields = {"service_type": "USSD", "source_addr": "*100#", "destination_addr": last.source_addr}
    assert esme.status(esme.send(SubmitSm(short_message=text.encode(), tlvs=tlvs, **fields))) == 0


def dialogue(world: World) -> list[DeliverSm]:
    """What the subscriber says, from dialling to the last screen."""
    esme = world.bound()
    world.until(1.1)
    for text in ("1 balance, 2 more", "1 back, 2 out"):
        screen(esme, text, USSR_REQUEST)
        count = len(esme.deliveries)
        world.run(1.9)
        assert len(esme.deliveries) == count
        world.run(0.2)
    screen(esme, "Goodbye", PSSR_RESPONSE)
    world.run(600)
    said = esme.deliveries
    assert {pdu.service_type for pdu in said} == {"USSD"}
    assert [pdu.short_message for pdu in said] == [b"*100#", b"1", b"2"]
    assert [pdu.tlv(USSD_SERVICE_OP) for pdu in said] == [PSSR_INDICATION, USSR_CONFIRM, USSR_CONFIRM]
    return said


@shows("USSD")
def ussd_its_session_info(world: World) -> None:
    assert [session_tlv(pdu) for pdu in dialogue(world)] == [
        Tlv(0x1383, b"\x01\x00"),
        Tlv(0x1383, b"\x01\x02"),
        Tlv(0x1383, b"\x01\x04"),
    ]


@shows("USSD")
def ussd_user_message_reference(world: World) -> None:
    assert {session_tlv(pdu) for pdu in dialogue(world)} == {Tlv(0x0204, b"\x00\x01")}
