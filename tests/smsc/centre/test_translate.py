"""Messages of one shape turned into another."""

from __future__ import annotations

from random import Random

import pytest

from smppkit.pdus import DataSm, SmeAddress, SubmitMulti, SubmitSm
from smppkit.segments import LongMessage, part_of
from smppkit.status import CommandStatus
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.centre.translate import as_delivery, as_submit, for_destination, mo_pdus
from smsc.scenario.mobile import MoMessage, MoShape, PartOrder
from smsc.scenario.reading import ALPHABETS, read
from smsc.scenario.scalars import Number
from yamlmodel.scalars import Percent


def test_a_data_sm_is_judged_like_a_submit_sm() -> None:
    payload = MESSAGE_PAYLOAD.of(b"hello")
    request = DataSm(tlvs=(payload,), source_addr="SHOP", destination_addr="7705", data_coding=8, registered_delivery=1)
    submit = as_submit(request)
    assert not isinstance(submit, CommandStatus)
    assert (submit.tlvs, submit.source_addr, submit.destination_addr) == ((payload,), "SHOP", "7705")
    assert (submit.data_coding, submit.registered_delivery, submit.short_message) == (8, 1, b"")


@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [("S" * 21, "7705", CommandStatus.ESME_RINVSRCADR), ("SHOP", "7" * 21, CommandStatus.ESME_RINVDSTADR)],
)
def test_addresses_that_no_receipt_could_carry_are_refused(source: str, destination: str, status: int) -> None:
    assert as_submit(DataSm(source_addr=source, destination_addr=destination)) == status


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("source_addr_ton", CommandStatus.ESME_RINVSRCTON),
        ("source_addr_npi", CommandStatus.ESME_RINVSRCNPI),
        ("dest_addr_ton", CommandStatus.ESME_RINVDSTTON),
        ("dest_addr_npi", CommandStatus.ESME_RINVDSTNPI),
    ],
)
def test_c44_reserved_types_of_number_are_refused_in_a_data_sm_too(field: str, status: int) -> None:
    assert as_submit(DataSm(source_addr="SHOP", destination_addr="7705", **{field: 7})) == status


@pytest.mark.parametrize(
    ("written", "address"),
    [("+77051234567", (1, 1, "77051234567")), ("1414", (0, 1, "1414")), ("SHOP", (5, 0, "SHOP"))],
)
def test_addresses_get_their_type_of_number(written: str, address: tuple[int, int, str]) -> None:
    (pdu,) = mo_pdus(MoMessage(from_=written, to="1414", text="hello"), MoShape(), 1, Random(0))
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == address


def test_long_texts_become_numbered_segments() -> None:
    pdus = mo_pdus(MoMessage(from_="77051234567", to="1414", text="x" * 200), MoShape(), 7, Random(0))
    assert [pdu.short_message[:6] for pdu in pdus] == [bytes((5, 0, 3, 7, 2, number)) for number in (1, 2)]
    assert {pdu.esm_class for pdu in pdus} == {0x40}


def parts(shape: MoShape, seed: int = 0) -> list[int]:
    pdus = mo_pdus(MoMessage(from_="77051234567", to="1414", text="x" * 700), shape, 7, Random(seed))
    return [info.number for pdu in pdus for info in [part_of(pdu)[0]] if info is not None]


def test_parts_come_in_the_order_that_the_shape_says() -> None:
    assert parts(MoShape()) == [1, 2, 3, 4, 5]
    assert parts(MoShape(order=PartOrder.REVERSED)) == [5, 4, 3, 2, 1]
    shuffled = [parts(MoShape(order=PartOrder.SHUFFLED), seed) for seed in range(5)]
    assert all(sorted(order) == [1, 2, 3, 4, 5] for order in shuffled)
    assert len({tuple(order) for order in shuffled}) > 1
    assert shuffled[0] == parts(MoShape(order=PartOrder.SHUFFLED), 0)


def test_parts_are_lost_and_repeated_by_their_shares() -> None:
    assert parts(MoShape(lose_part=Percent(1.0))) == []
    assert parts(MoShape(repeat_part=Percent(1.0))) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert 0 < len(parts(MoShape(lose_part=Percent(0.5)))) < 5


@pytest.mark.parametrize("method", LongMessage)
def test_long_messages_are_cut_as_the_shape_says(method: LongMessage) -> None:
    message = MoMessage(from_="77051234567", to="1414", text="x" * 300)
    pdus = mo_pdus(message, MoShape(long_message=method), 258, Random(0))
    assert b"".join(part_of(pdu)[1] for pdu in pdus) == b"x" * 300
    references = {info.reference for pdu in pdus for info in [part_of(pdu)[0]] if info is not None}
    assert references == {LongMessage.UDH8: {2}, LongMessage.PAYLOAD: set()}.get(method, {258})


def test_the_messages_own_shape_counts_before_the_operators() -> None:
    message = MoMessage(from_="77051234567", to="1414", text="x" * 300, shape=MoShape(hide_udhi=True))
    pdus = mo_pdus(message, MoShape(data_coding=Number(8)), 7, Random(0))
    assert [(pdu.esm_class, pdu.data_coding, pdu.short_message[:5]) for pdu in pdus] == [(0, 0, b"\5\0\3\7\2")] * 2
    (short,) = mo_pdus(MoMessage(from_="7705", to="1", text="hi"), MoShape(data_coding=Number(8)), 7, Random(0))
    assert short.data_coding == 8


def test_a_message_for_another_esme_keeps_what_it_says_and_has_no_times() -> None:
    """C61."""
    payload = MESSAGE_PAYLOAD.of(b"hello")
    submit = SubmitSm(
        source_addr="SHOP",
        destination_addr="1234",
        esm_class=0x43,
        schedule_delivery_time="000000010000000R",
        validity_period="000000010000000R",
        registered_delivery=1,
        data_coding=8,
        tlvs=(payload,),
    )
    pdu = as_delivery(submit)
    assert (pdu.source_addr, pdu.destination_addr, pdu.data_coding, pdu.tlvs) == ("SHOP", "1234", 8, (payload,))
    assert (pdu.schedule_delivery_time, pdu.validity_period, pdu.registered_delivery) == ("", "", 0)
    assert pdu.esm_class == 0x40
    renamed = as_delivery(submit, "INFO", "ready")
    assert (renamed.source_addr, renamed.short_message, renamed.data_coding) == ("INFO", b"ready", 0)


def test_every_destination_of_a_submit_multi_gets_a_submit_of_its_own() -> None:
    request = SubmitMulti(
        source_addr="SHOP",
        dest_addresses=(SmeAddress(1, 1, "7705"),),
        registered_delivery=2,
        priority_flag=3,
        short_message=b"hello",
    )
    submit = for_destination(request, SmeAddress(1, 1, "7705"))
    shared = set(SubmitSm.__struct_fields__) & set(SubmitMulti.__struct_fields__)
    assert all(getattr(submit, name) == getattr(request, name) for name in shared)
    assert (submit.dest_addr_ton, submit.dest_addr_npi, submit.destination_addr) == (1, 1, "7705")


@pytest.mark.parametrize("method", LongMessage)
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_subscribers_write_in_the_default_alphabet(method: LongMessage, alphabet: str) -> None:
    text = "a@b_c, and once more: " * 20
    message = MoMessage(from_="7705", to="1414", text=text, shape=MoShape(long_message=method))
    pdus = mo_pdus(message, MoShape(), 7, Random(0), alphabet)
    assert {pdu.data_coding for pdu in pdus} == {0}
    assert "".join(read(pdu, alphabet) for pdu in pdus) == text


def test_a_delivery_has_one_text_of_at_most_254_octets() -> None:
    """What SMPP 5.0 has room for in short_message goes to every ESME; a predefined text stands for the payload too."""
    longest = as_delivery(SubmitSm(destination_addr="1414", short_message=b"x" * 255))
    assert (longest.short_message, longest.tlvs) == (b"", (MESSAGE_PAYLOAD.of(b"x" * 255),))
    predefined = as_delivery(SubmitSm(destination_addr="1414", tlvs=(MESSAGE_PAYLOAD.of(b"other"),)), text="ready")
    assert (predefined.short_message, predefined.tlvs) == (b"ready", ())
