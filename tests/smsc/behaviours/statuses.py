"""What responses say: statuses of vendors, bodies of errors, TLVs."""

from __future__ import annotations

from collections import Counter

from smppkit.pdus import DataSm, SmeAddress, SubmitMulti, SubmitSm
from smppkit.tlvs import MESSAGE_PAYLOAD, Tlv
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import World


@shows("vendor statuses")
def vendor_statuses(world: World) -> None:
    esme, poor = world.bound(), world.bound("poor")
    wanted = {
        esme.submit("770220000001"): 0x22,
        esme.submit("770ff0000001"): 0xFF,
        esme.submit("7704a1000001"): 0x4A1,
        esme.submit("774000000001"): 0x400,
        esme.submit("770400000001"): 0x40A,
        esme.submit(text="The CASINO is open"): 0x432,
        esme.submit(text="hello", data_coding=3): 0x433,
        esme.submit(): 0,
    }
    assert {sequence: esme.status(sequence) for sequence in wanted} == wanted
    assert poor.status(poor.submit()) == 0x401


@shows("vendor statuses")
def vendor_statuses_by_chance(world: World) -> None:
    esme = world.bound()
    shares = Counter(esme.statuses(esme.submits(2000)))
    assert set(shares) == {0, 0x22, 0xFF, 0x400}
    assert all(140 < shares[status] < 260 for status in (0x22, 0xFF, 0x400))


@shows("error response body")
def error_body_none(world: World) -> None:
    esme = world.bound()
    sequence = esme.submit()
    assert (esme.status(sequence), esme.body(sequence)) == (8, b"")


@shows("error response body")
def error_body_message_id(world: World) -> None:
    esme = world.bound()
    requests = (
        SubmitSm(destination_addr="77050000001"),
        DataSm(destination_addr="77050000001", tlvs=(MESSAGE_PAYLOAD.of(b"hello"),)),
        SubmitMulti(dest_addresses=(SmeAddress(1, 1, "77050000001"),)),
    )
    bodies = [esme.body(esme.send(request)) for request in requests]
    assert {body[-1] for body in bodies} == {0}
    ids = [int(body[:-1]) for body in bodies]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


@shows("error response body")
def error_body_nul(world: World) -> None:
    esme = world.bound()
    sequence = esme.submit()
    assert (esme.status(sequence), esme.body(sequence)) == (8, b"\0")


@shows("error response body")
def error_body_tlvs(world: World) -> None:
    esme = world.bound()
    sequence = esme.submit()
    assert (esme.status(sequence), esme.body(sequence)) == (8, b"\x06\x0d\x00\x06net-1\0")


@shows("TLVs in responses")
def response_tlvs(world: World) -> None:
    esme = world.bound()
    body = esme.body(esme.submit())
    message_id, _, tlvs = body.partition(b"\0")
    assert message_id.isdigit()
    assert tlvs == b"\x04\x28\x00\x01\x2a" + b"\x06\x0d\x00\x06net-1\0" + b"\x3f\xff\x00\x02\x00\xff"
    old = world.bound(interface_version=0x33)
    assert old.body(old.submit()).count(b"\0") == 1  # SMPP 3.3 has no TLVs


@shows("vendor TLVs collide")
def dlt_id_in_0x1400(world: World) -> None:
    esme = world.bound()
    given = [b"1107160000000000001", b"1107160000000000002", b"110716", b"ref-1"]
    assert [esme.status(esme.submit(tlvs=(Tlv(0x1400, octets),))) for octets in given] == [0, 0x45D, 0x45D, 0x45D]
    assert esme.status(esme.submit()) == 0x45C


@shows("vendor TLVs collide")
def customer_reference_in_0x1400(world: World) -> None:
    esme = world.bound()
    given = (Tlv(0x1400, b"order 4711\0"), Tlv(0x1401, b"\x01"))
    assert esme.answer(esme.submit(tlvs=given)).pdu.tlvs == given[:1]
    assert esme.answer(esme.submit()).pdu.tlvs == ()
    world.run(1.1)
    with_it, without = esme.deliveries
    assert given[0] in with_it.tlvs
    assert given[1] not in with_it.tlvs
    assert 0x1400 not in {tlv.tag for tlv in without.tlvs}


@shows("vendor TLVs collide")
def uuid_in_0x1502(world: World) -> None:
    esme = world.bound()
    assert esme.answer(esme.submit()).pdu.tlvs == (Tlv(0x1502, b"9b2d1f7e-0000-4000-8000-000000000000\0"),)


@shows("vendor TLVs collide")
def tac_in_0x1502(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(1.1)
    assert Tlv(0x1502, (35693803).to_bytes(4, "big")) in esme.deliveries[0].tlvs


@shows("vendor TLVs collide")
def wrong_length_in_0x1503(world: World) -> None:
    esme = world.bound()
    assert esme.body(esme.submit()).endswith(b"\0\x15\x03\x00\x03\x00\x00\x01")
    world.run(1.1)
    assert Tlv(0x1503, b"") in esme.deliveries[0].tlvs
