"""PDUs made from the declarations: hypothesis strategies for every class, and one rich example of each."""

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.compiler import declared
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.pdus import (
    PDUS,
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    UnsuccessSme,
)
from smppkit.rules import Exclusive
from smppkit.tlvs import TAGS, Integer, Octets, Tag, Text, Tlv

LATIN_1 = st.characters(min_codepoint=1, max_codepoint=255)
WORDS = st.integers(0, 0xFFFFFFFF)
TIMES = st.builds(
    lambda moment, tenths, quarters, sign: f"{moment:%y%m%d%H%M%S}{tenths}{quarters:02}{sign}",
    st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001 - the zone is in the text
    st.integers(0, 9),
    st.integers(0, 48),
    st.sampled_from("+-R"),
)


def values(spec: Any) -> st.SearchStrategy[Any]:
    """Every value that the declaration of a field allows."""
    match spec:
        case Unsigned():
            return st.sampled_from(sorted(spec.allowed))
        case Status():
            return WORDS
        case CString(exact=True):
            return st.one_of(st.just(""), TIMES, st.text(LATIN_1, min_size=spec.limit - 1, max_size=spec.limit - 1))
        case CString():
            return st.text(LATIN_1, min_size=0 if spec.empty else 1, max_size=spec.limit - 1)
        case ShortMessage():
            return st.binary(max_size=spec.limit)
        case Entries():
            entries = st.one_of([entry(kind) for kind in spec.kinds.values()])
            return st.lists(entries, min_size=spec.minimum, max_size=4).map(tuple)
    raise AssertionError(f"no strategy for {spec}")


def entry(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: values(spec) for name, spec in declared(kind)})


def tag_values(tag: Tag[Any]) -> st.SearchStrategy[Any]:
    """Every value that a TLV of the specification may have, but for the length of a payload."""
    match tag.form:
        case Integer(size, None):
            return st.integers(0, (1 << 8 * size) - 1)
        case Integer(_, allowed):
            return st.sampled_from(list(allowed))
        case Octets(minimum, maximum):
            return st.binary(min_size=minimum, max_size=min(maximum, 300))
        case Text(limit):
            return st.text(LATIN_1, max_size=min(limit - 1, 80))
    raise AssertionError(f"no strategy for {tag}")


KNOWN_TLVS = st.one_of([tag_values(tag).map(tag.of) for tag in TAGS.values()])
UNKNOWN_TLVS = st.builds(Tlv, st.integers(0, 0xFFFF).filter(lambda number: number not in TAGS), st.binary(max_size=40))
TLVS = st.lists(st.one_of(KNOWN_TLVS, UNKNOWN_TLVS), max_size=5).map(tuple)


def obedient(pdu: Pdu) -> Pdu:
    """The PDU with its TLVs changed so that its rules hold."""
    for rule in pdu.rules:
        if rule.problem(pdu, {tlv.tag for tlv in pdu.tlvs}) is None:
            continue
        numbers = {tag.number for tag in rule.tags}
        if isinstance(rule, Exclusive):
            pdu.tlvs = tuple(tlv for tlv in pdu.tlvs if tlv.tag not in numbers)
        else:
            pdu.tlvs = (*pdu.tlvs, rule.tags[0].of(b"payload"))
    return pdu


def pdus(kind: type[Pdu], tlvs: st.SearchStrategy[tuple[Tlv, ...]] = TLVS) -> st.SearchStrategy[Pdu]:
    """Every PDU of a class that can be put on the wire and has a body (a response with an error has none)."""
    return st.builds(
        kind,
        command_status=st.just(0) if kind.command_id & 0x80000000 else WORDS,
        sequence_number=WORDS,
        tlvs=tlvs,
        **{name: values(spec) for name, spec in declared(kind)},
    ).map(obedient)


_BIND: dict[str, Any] = {
    "system_id": "shop",
    "password": "secret",
    "system_type": "VMA",
    "addr_ton": 1,
    "addr_npi": 1,
    "address_range": "^7705",
}
_SOURCE: dict[str, Any] = {"source_addr_ton": 5, "source_addr": "SHOP"}
_DESTINATION: dict[str, Any] = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "77051234567"}
_SAR = (t.SAR_MSG_REF_NUM.of(513), t.SAR_TOTAL_SEGMENTS.of(3), t.SAR_SEGMENT_SEQNUM.of(2))

EXAMPLES: list[Pdu] = [
    GenericNack(3, 11),
    BindReceiver(0, 1, **_BIND),
    BindReceiverResp(0, 1, system_id="smsc", tlvs=(t.SC_INTERFACE_VERSION.of(0x34),)),
    BindTransmitter(0, 1, **_BIND),
    BindTransmitterResp(0, 1, system_id="smsc", tlvs=(t.SC_INTERFACE_VERSION.of(0x34),)),
    BindTransceiver(0, 1, **_BIND),
    BindTransceiverResp(0, 1, system_id="smsc", tlvs=(t.SC_INTERFACE_VERSION.of(0x34),)),
    Outbind(0, 1, system_id="smsc", password="secret"),
    Unbind(0, 2),
    UnbindResp(0, 2),
    EnquireLink(0, 3),
    EnquireLinkResp(0, 3),
    SubmitSm(
        0,
        4,
        service_type="CMT",
        **_SOURCE,
        **_DESTINATION,
        priority_flag=1,
        validity_period="000001000000000R",
        registered_delivery=1,
        short_message=b"Your order 42 is ready",
        tlvs=(*_SAR, t.USER_MESSAGE_REFERENCE.of(7)),
    ),
    SubmitSmResp(0, 4, message_id="3039"),
    SubmitMulti(
        0,
        5,
        **_SOURCE,
        dest_addresses=(SmeAddress(1, 1, "77051234567"), DistributionList("friends"), SmeAddress(1, 1, "77057654321")),
        registered_delivery=1,
        short_message=b"To many",
    ),
    SubmitMultiResp(0, 5, message_id="303a", unsuccess_smes=(UnsuccessSme(1, 1, "77051234567", 0x0B),)),
    DeliverSm(
        0,
        6,
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="77051234567",
        dest_addr_ton=5,
        destination_addr="SHOP",
        esm_class=4,
        short_message=b"id:3039 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000",
        tlvs=(t.RECEIPTED_MESSAGE_ID.of("3039"), t.MESSAGE_STATE.of(2), t.NETWORK_ERROR_CODE.of(b"\x03\0\0")),
    ),
    DeliverSmResp(0, 6),
    DataSm(0, 7, **_SOURCE, **_DESTINATION, registered_delivery=1, tlvs=(t.MESSAGE_PAYLOAD.of(b"a payload"),)),
    DataSmResp(0, 7, message_id="303b"),
    QuerySm(0, 8, message_id="3039", **_SOURCE),
    QuerySmResp(0, 8, message_id="3039", final_date="260101000100000+", message_state=2),
    CancelSm(0, 9, message_id="3039", **_SOURCE, **_DESTINATION),
    CancelSmResp(0, 9),
    ReplaceSm(0, 10, message_id="3039", **_SOURCE, registered_delivery=1, short_message=b"Another text"),
    ReplaceSmResp(0, 10),
    AlertNotification(
        0,
        11,
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="77051234567",
        esme_addr="SHOP",
        tlvs=(t.MS_AVAILABILITY_STATUS.of(0),),
    ),
]
"""One of each class, as it may be seen on a good day."""

assert {type(pdu) for pdu in EXAMPLES} == set(PDUS.values())
