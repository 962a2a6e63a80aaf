"""Sessions of 3.3, 3.4 and 5.0: what a bind settles, what is legal then, and what is refused."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import pytest

from smppkit import tlvs as t
from smppkit.codec import CODECS, SMPP_34, SMPP_50, encode
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.errors import EncodeError, LocalProtocolError
from smppkit.events import BadPduReceived, Bound, Closing, Event, Request, Response
from smppkit.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    BroadcastSm,
    DataSm,
    DeliverSm,
    EnquireLink,
    Outbind,
    ParamRetrieve,
    Pdu,
    SubmitSm,
    Unbind,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import BindState, Role, Version
from smppkit.status import CommandStatus as S
from smppkit.tlvs import SC_INTERFACE_VERSION, Tlv
from tests.smppkit.octets import wire

V33, V34, V50 = Version
AREA = (
    t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"),
    t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
    t.BROADCAST_REP_NUM.of(3),
    t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
)


def session(role: Role, version: int = V34, **config: Any) -> Session:
    return Session(role, SessionConfig(interface_version=version, **config), 0.0)


def carry(sender: Session, receiver: Session) -> list[Event]:
    receiver.receive_bytes(sender.bytes_to_send(), 0.0)
    return receiver.events()


def bound(
    esme_version: int, smsc_version: int, *, asks: int | None = None, bind: Any = BindTransceiver, says: bool = True
) -> tuple[Session, Session]:
    """Both ends after a bind; `asks`: another interface_version in the bind; `says`: the SMSC names its version."""
    esme, smsc = session(Role.ESME, esme_version), session(Role.SMSC, smsc_version)
    esme.send(bind(system_id="shop", interface_version=esme_version if asks is None else asks), 0.0)
    (request,) = carry(esme, smsc)
    assert isinstance(request, Request)
    tlvs = (SC_INTERFACE_VERSION.of(smsc_version),) if says else ()
    smsc.respond(request.pdu.response(system_id="op", tlvs=tlvs), 0.0)
    smsc.events()
    carry(smsc, esme)
    assert esme.state is smsc.state
    assert esme.bound
    return esme, smsc


def header(octets: bytes) -> tuple[int, int, int]:
    """command_id, command_status and sequence_number of the one PDU."""
    length, *rest = struct.unpack_from(">IIII", octets)
    assert length == len(octets)
    return tuple(rest)  # type: ignore[return-value]


# What a bind settles


@pytest.mark.parametrize(("esme_version", "smsc_version"), list(itertools.product(Version, Version)))
def test_c24_c25_both_ends_speak_the_lower_of_their_versions(esme_version: Version, smsc_version: Version) -> None:
    bind = BindTransmitter if V33 in (esme_version, smsc_version) else BindTransceiver
    esme, smsc = bound(esme_version, smsc_version, bind=bind)
    lower = min(esme_version, smsc_version)
    assert smsc.version is lower
    assert smsc.peer_version is esme_version
    assert smsc.peer_speaks_tlvs == (esme_version >= V34)
    if esme_version is V33:
        assert (esme.version, esme.peer_version, esme.peer_speaks_tlvs) == (V33, None, False)
    elif smsc_version is not V33:
        assert (esme.version, esme.peer_version, esme.peer_speaks_tlvs) == (lower, smsc_version, True)


def test_c24_a_peer_of_3_3_gets_no_tlvs_and_what_was_left_out_is_counted() -> None:
    smsc = session(Role.SMSC, V34)
    smsc.receive_bytes(encode(BindReceiver(0, 1, system_id="shop", interface_version=0x00)), 0.0)
    (request,) = smsc.events()
    assert isinstance(request, Request)
    smsc.respond(request.pdu.response(system_id="op", tlvs=(SC_INTERFACE_VERSION.of(0x34),)), 0.0)
    assert smsc.bytes_to_send()[16:] == b"op\0"
    smsc.send(DeliverSm(esm_class=4, short_message=b"id:1", tlvs=(t.MESSAGE_STATE.of(2), t.SET_DPF.of(1))), 0.0)
    assert smsc.bytes_to_send().endswith(b"\x04id:1")
    assert smsc.counters.tlvs_left_out == 3
    with pytest.raises(EncodeError, match="message_payload cannot be left out"):
        smsc.send(DeliverSm(tlvs=(t.MESSAGE_PAYLOAD.of(b"text"),)), 0.0)
    assert (smsc.outstanding, smsc.bytes_to_send()) == (1, b"")


@pytest.mark.parametrize("octet", [0x00, 0x01, 0x33])
def test_c24_interface_versions_up_to_33_are_3_3(octet: int) -> None:
    _, smsc = bound(V34, V50, asks=octet)
    assert smsc.version is V33


@pytest.mark.parametrize("tlvs", [(), (Tlv(0x0210, b""),), (Tlv(0x0210, b"\0\x34"),)], ids=["none", "empty", "long"])
def test_c26_an_smsc_that_does_not_say_its_version_is_sent_no_tlvs(tlvs: tuple[Tlv, ...]) -> None:
    esme = session(Role.ESME, V50)
    bind = BindTransceiver(system_id="shop", interface_version=0x50)
    esme.send(bind, 0.0)
    esme.receive_bytes(encode(bind.response(system_id="op", tlvs=tlvs)), 0.0)
    assert (esme.version, esme.peer_version, esme.peer_speaks_tlvs) == (V34, None, False)


def test_c26_a_bind_as_3_3_promises_no_tlvs_whatever_the_smsc_says() -> None:
    esme, _ = bound(V34, V34, asks=0x33)
    assert (esme.version, esme.peer_version, esme.peer_speaks_tlvs) == (V33, None, False)


@pytest.mark.parametrize(("octet", "version"), [(0x35, V34), (0x4F, V34), (0x51, V50), (0xFF, V50)])
def test_c27_reserved_versions_are_clamped(octet: int, version: Version) -> None:
    esme, smsc = bound(V50, V50, asks=octet)
    assert esme.version is smsc.version is version
    esme = session(Role.ESME, V50)
    bind = BindTransceiver(system_id="shop", interface_version=0x50)
    esme.send(bind, 0.0)
    esme.receive_bytes(encode(bind.response(tlvs=(SC_INTERFACE_VERSION.of(octet),))), 0.0)
    assert esme.version is version


def test_a_refused_bind_settles_nothing() -> None:
    smsc = session(Role.SMSC, V50)
    smsc.receive_bytes(encode(BindTransceiver(0, 1, interface_version=0x34)), 0.0)
    (request,) = smsc.events()
    assert isinstance(request, Request)
    smsc.respond(request.pdu.response(S.ESME_RBINDFAIL), 0.0)
    assert (smsc.version, smsc.peer_version, smsc.state) == (V50, None, BindState.OPEN)


# What the version then makes of PDUs


def test_c37_the_length_of_a_message_is_judged_by_the_version_of_the_session() -> None:
    octets = SMPP_50.encode(SubmitSm(0, 7, destination_addr="1", short_message=bytes(255)))
    for esme_version, status in ((V34, S.ESME_RINVMSGLEN), (V50, None)):
        _, smsc = bound(esme_version, V50)
        smsc.receive_bytes(octets, 0.0)
        (event,) = smsc.events()
        if status is None:
            assert isinstance(event, Request)
        else:
            assert isinstance(event, BadPduReceived)
            assert header(smsc.bytes_to_send()) == (CommandId.SUBMIT_SM_RESP, status, 7)


def test_c48_success_only_receipts_are_of_5_0() -> None:
    octets = SMPP_50.encode(SubmitSm(0, 7, destination_addr="1", registered_delivery=3))
    _, smsc = bound(V34, V50)
    smsc.receive_bytes(octets, 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.SUBMIT_SM_RESP, S.ESME_RINVREGDLVFLG, 7)


@pytest.mark.parametrize(
    ("pdu", "versions"),
    [
        (DataSm(0, 7, destination_addr="1", tlvs=(t.MESSAGE_PAYLOAD.of(b"text"),)), {V34, V50}),
        (BroadcastSm(0, 7, tlvs=AREA), {V50}),
        (ParamRetrieve(0, 7, param_name="x"), {V33}),
    ],
    ids=lambda value: value.name if isinstance(value, Pdu) else "",
)
def test_c03_what_a_version_does_not_have_is_nacked(pdu: Pdu, versions: set[Version]) -> None:
    octets = CODECS[next(iter(versions))].encode(pdu)
    for version in Version:
        esme, smsc = bound(version, V50, bind=BindTransmitter)
        smsc.receive_bytes(octets, 0.0)
        if version in versions:
            assert [type(event) for event in smsc.events()] == [Request]
            assert esme.may_send(pdu.command_id)
        else:
            assert header(smsc.bytes_to_send()) == (CommandId.GENERIC_NACK, S.ESME_RINVCMDID, 7)
            with pytest.raises(LocalProtocolError, match=f"ESME may not send {pdu.name}"):
                esme.send(pdu, 0.0)


@pytest.mark.parametrize("bind", [BindTransmitter, BindTransceiver, BindReceiver])
def test_c79_broadcasts_are_for_transmitters_and_transceivers(bind: Any) -> None:
    esme, smsc = bound(V50, V50, bind=bind)
    for command in (CommandId.BROADCAST_SM, CommandId.QUERY_BROADCAST_SM, CommandId.CANCEL_BROADCAST_SM):
        assert esme.may_send(command) == (bind is not BindReceiver)
        assert not smsc.may_send(command)
    smsc.receive_bytes(SMPP_50.encode(BroadcastSm(0, 7, tlvs=AREA)), 0.0)
    if bind is BindReceiver:
        assert header(smsc.bytes_to_send()) == (CommandId.BROADCAST_SM_RESP, S.ESME_RINVBNDSTS, 7)
    else:
        assert [type(event) for event in smsc.events()] == [Request]


def test_c79_a_broadcast_without_an_area_earns_c3() -> None:
    _, smsc = bound(V50, V50)
    smsc.receive_bytes(wire(BroadcastSm(0, 7, tlvs=AREA[1:])), 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.BROADCAST_SM_RESP, S.ESME_RMISSINGOPTPARAM, 7)


@pytest.mark.parametrize("version", [V34, V50])
def test_c36_deliveries_and_alerts_are_for_receivers(version: Version) -> None:
    for bind, allowed in ((BindTransmitter, False), (BindReceiver, True), (BindTransceiver, True)):
        esme, smsc = bound(version, version, bind=bind)
        for pdu in (DeliverSm(), AlertNotification(source_addr="1", esme_addr="2")):
            assert smsc.may_send(pdu.command_id) == allowed
            if allowed:
                smsc.send(pdu, 0.0)
                assert [type(event) for event in carry(smsc, esme)] == [Request]


# Before the bind


def broken(pdu: Pdu) -> bytes:
    """The PDU cut in the middle of its body."""
    octets = CODECS[V50].encode(pdu)[:-1]
    return struct.pack(">I", len(octets)) + octets[4:]


@pytest.mark.parametrize(
    "octets", [encode(SubmitSm(0, 7, destination_addr="1")), broken(SubmitSm(0, 7, destination_addr="1"))]
)
def test_c15_a_submit_before_bind_is_answered_04_whatever_its_body(octets: bytes) -> None:
    smsc = session(Role.SMSC)
    smsc.receive_bytes(octets, 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.SUBMIT_SM_RESP, S.ESME_RINVBNDSTS, 7)
    assert smsc.events() == []
    assert (smsc.counters.illegal_requests, smsc.counters.bad_pdus) == (1, 0)


def test_c16_c17_the_state_is_judged_before_the_body_also_when_bound() -> None:
    _, smsc = bound(V34, V34, bind=BindReceiver)
    smsc.receive_bytes(broken(SubmitSm(0, 7, destination_addr="1")), 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.SUBMIT_SM_RESP, S.ESME_RINVBNDSTS, 7)
    smsc.receive_bytes(broken(BindTransmitter(0, 8, system_id="shop")), 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.BIND_TRANSMITTER_RESP, S.ESME_RALYBND, 8)
    smsc.receive_bytes(broken(AlertNotification(0, 9, source_addr="1", esme_addr="2")), 0.0)
    assert smsc.bytes_to_send() == b""
    assert smsc.counters.illegal_requests == 3


def test_c23_a_transceiver_is_refused_by_its_own_response_in_3_3() -> None:
    smsc = session(Role.SMSC, V33)
    smsc.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")), 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.BIND_TRANSCEIVER_RESP, S.ESME_RINVCMDID, 1)
    assert smsc.events() == []
    esme = session(Role.ESME, V33)
    with pytest.raises(LocalProtocolError, match="may not send bind_transceiver"):
        esme.send(BindTransceiver(), 0.0)


@pytest.mark.parametrize("version", Version)
def test_c29_enquire_link_before_bind_is_answered_in_5_0(version: Version) -> None:
    smsc = session(Role.SMSC, version)
    smsc.receive_bytes(encode(EnquireLink(0, 3)), 0.0)
    status = S.ESME_ROK if version is V50 else S.ESME_RINVBNDSTS
    assert header(smsc.bytes_to_send()) == (CommandId.ENQUIRE_LINK_RESP, status, 3)


@pytest.mark.parametrize("version", Version)
def test_c33_unbind_before_bind_is_answered_04(version: Version) -> None:
    smsc = session(Role.SMSC, version)
    smsc.receive_bytes(encode(Unbind(0, 3)), 0.0)
    assert header(smsc.bytes_to_send()) == (CommandId.UNBIND_RESP, S.ESME_RINVBNDSTS, 3)


@pytest.mark.parametrize("bind", [BindReceiver, BindTransceiver])
@pytest.mark.parametrize("version", [V34, V50])
def test_c34_an_outbind_makes_the_esme_bind(version: Version, bind: Any) -> None:
    esme, smsc = session(Role.ESME, version), session(Role.SMSC, version)
    smsc.send(Outbind(system_id="op", password="secret"), 0.0)
    assert smsc.outstanding == 0
    (asked,) = carry(smsc, esme)
    assert isinstance(asked, Request)
    assert asked.pdu == Outbind(0, 1, system_id="op", password="secret")
    assert esme.state is smsc.state is BindState.OUTBOUND
    assert esme.bytes_to_send() == b""  # there is no outbind_resp
    esme.send(bind(system_id="shop", interface_version=version), 0.0)
    (request,) = carry(esme, smsc)
    assert isinstance(request, Request)
    smsc.respond(request.pdu.response(), 0.0)
    assert [type(event) for event in carry(smsc, esme)] == [Response, Bound]


def test_c34_an_esme_that_does_not_care_for_an_outbind_disconnects() -> None:
    esme = session(Role.ESME)
    esme.receive_bytes(encode(Outbind(0, 1, system_id="op")), 0.0)
    esme.events()
    esme.unbind(0.0)
    assert [type(event) for event in esme.events()] == [Closing]


def test_c34_a_second_outbind_is_not_legal() -> None:
    esme, smsc = session(Role.ESME), session(Role.SMSC)
    smsc.send(Outbind(), 0.0)
    with pytest.raises(LocalProtocolError, match="may not send outbind in state OUTBOUND"):
        smsc.send(Outbind(), 0.0)
    for _ in range(2):
        esme.receive_bytes(encode(Outbind(0, 1)), 0.0)
    assert len(esme.events()) == 1
    assert esme.counters.illegal_requests == 1


# The moment of the bind


def test_what_follows_a_bind_resp_in_the_same_segment_is_read_as_bound() -> None:
    esme = session(Role.ESME, V50)
    bind = BindTransceiver(system_id="shop", interface_version=0x50)
    esme.send(bind, 0.0)
    long_delivery = SMPP_34.encode(DeliverSm(0, 1, tlvs=(t.MESSAGE_PAYLOAD.of(bytes(5000)),)))
    esme.receive_bytes(encode(bind.response(system_id="op")) + long_delivery + encode(EnquireLink(0, 2)), 0.0)
    assert [type(event) for event in esme.events()] == [Response, Bound, Request]
    assert header(esme.bytes_to_send()[-16:]) == (CommandId.ENQUIRE_LINK | RESPONSE_BIT, 0, 2)


def test_c02_the_cap_before_the_bind_holds_for_each_pdu_of_a_segment() -> None:
    smsc = session(Role.SMSC)
    long_submit = encode(SubmitSm(0, 2, destination_addr="1", tlvs=(t.MESSAGE_PAYLOAD.of(bytes(5000)),)))
    smsc.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")) + long_submit, 0.0)
    assert [type(event) for event in smsc.events()] == [Request, Closing]
