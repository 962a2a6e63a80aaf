"""PDUs made from the declarations: hypothesis strategies for every class, and one rich example of each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.codec import CODECS, SMPP_34, SMPP_50, Codec
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
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
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
    MessageReference,
    Outbind,
    ParamRetrieve,
    ParamRetrieveResp,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QueryLastMsgs,
    QueryLastMsgsResp,
    QueryMsgDetails,
    QueryMsgDetailsResp,
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
from smppkit.states import Version
from smppkit.tlvs import TAGS, TAGS_50, Coded, Integer, Octets, Tag, Text, Tlv
from smppkit.versions import Layout

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
        case Coded(codes, lengths):
            return st.builds(
                lambda code, length, rest: bytes((code,)) + (rest * 102)[: length - 1],
                st.sampled_from(codes),
                st.sampled_from(lengths),
                st.binary(min_size=1, max_size=5),
            )
        case Octets(minimum, maximum):
            return st.binary(min_size=minimum, max_size=min(maximum, 300))
        case Text(limit):
            return st.text(LATIN_1, max_size=min(limit - 1, 80))
    raise AssertionError(f"no strategy for {tag}")


KNOWN_TLVS = st.one_of([tag_values(tag).map(tag.of) for tag in TAGS.values()])
UNKNOWN_TLVS = st.builds(Tlv, st.integers(0, 0xFFFF).filter(lambda number: number not in TAGS), st.binary(max_size=40))
TLVS = st.lists(st.one_of(KNOWN_TLVS, UNKNOWN_TLVS), max_size=5).map(tuple)


KNOWN_TLVS_50 = st.one_of([tag_values(tag).map(tag.of) for tag in TAGS_50.values()])
TLVS_50 = st.lists(st.one_of(KNOWN_TLVS_50, UNKNOWN_TLVS), max_size=5).map(tuple)
MISSING = {
    t.MESSAGE_PAYLOAD.number: t.MESSAGE_PAYLOAD.of(b"payload"),
    t.BROADCAST_AREA_IDENTIFIER.number: t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"),
    t.BROADCAST_CONTENT_TYPE.number: t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
    t.BROADCAST_REP_NUM.number: t.BROADCAST_REP_NUM.of(3),
    t.BROADCAST_FREQUENCY_INTERVAL.number: t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
}


def obedient(layout: Layout) -> Callable[[Pdu], Pdu]:
    """Changes the TLVs of a PDU so that the rules of its version hold."""

    def change(pdu: Pdu) -> Pdu:
        for rule in layout.rules:
            if rule.problem(pdu, {tlv.tag for tlv in pdu.tlvs}) is None:
                continue
            numbers = {tag.number for tag in rule.tags}
            if isinstance(rule, Exclusive):
                pdu.tlvs = tuple(tlv for tlv in pdu.tlvs if tlv.tag not in numbers)
            else:
                pdu.tlvs = (*pdu.tlvs, MISSING[rule.tags[0].number])
        return pdu

    return change


def pdus(
    kind: type[Pdu], tlvs: st.SearchStrategy[tuple[Tlv, ...]] | None = None, codec: Codec = SMPP_34
) -> st.SearchStrategy[Pdu]:
    """Every PDU of a class that a version can put on the wire and that has a body (an error response has none)."""
    layout = codec.layouts[kind.command_id]
    if tlvs is None:
        tlvs = st.just(()) if not codec.tlvs else TLVS_50 if codec is SMPP_50 else TLVS
    return st.builds(
        kind,
        command_status=st.just(0) if layout.is_response else WORDS,
        sequence_number=WORDS,
        tlvs=tlvs,
        **{name: values(spec) for name, spec in layout.fields},
    ).map(obedient(layout))


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
"""One of each class of 3.4, as it may be seen on a good day."""

_AREAS = (t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"), t.BROADCAST_AREA_IDENTIFIER.of(b"\0Astana"))

EXAMPLES_50: list[Pdu] = [
    *EXAMPLES,
    BroadcastSm(
        0,
        20,
        **_SOURCE,
        priority_flag=2,
        tlvs=(
            *_AREAS,
            t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
            t.BROADCAST_REP_NUM.of(3),
            t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
            t.MESSAGE_PAYLOAD.of(b"Storm warning"),
            t.ALERT_ON_MESSAGE_DELIVERY_50.of(b"\x03"),
        ),
    ),
    BroadcastSmResp(0, 20, message_id="b1", tlvs=(t.BROADCAST_ERROR_STATUS.of(0x109), _AREAS[1])),
    QueryBroadcastSm(0, 21, message_id="b1", **_SOURCE),
    QueryBroadcastSmResp(
        0, 21, message_id="b1", tlvs=(t.MESSAGE_STATE.of(1), *_AREAS, t.BROADCAST_AREA_SUCCESS.of(255))
    ),
    CancelBroadcastSm(0, 22, message_id="b1", **_SOURCE),
    CancelBroadcastSmResp(0, 22),
]

EXAMPLES_33: list[Pdu] = [
    *[
        msgspec.structs.replace(pdu, tlvs=())
        for pdu in EXAMPLES
        if not isinstance(pdu, DataSm | DataSmResp | Outbind | AlertNotification)
    ],
    ParamRetrieve(0, 30, param_name="smsc.name"),
    ParamRetrieveResp(0, 30, param_value="op"),
    QueryLastMsgs(0, 31, **_SOURCE, num_of_messages=2),
    QueryLastMsgsResp(0, 31, messages=(MessageReference("3039"), MessageReference("303a"))),
    QueryMsgDetails(0, 32, message_id="3039", **_SOURCE, sm_length=5),
    QueryMsgDetailsResp(
        0,
        32,
        **_SOURCE,
        dest_addresses=(SmeAddress(1, 1, "77051234567"), DistributionList("friends")),
        short_message=b"\0Your\xff",
        message_id="3039",
        message_state=2,
    ),
]

EXAMPLES_OF = {Version.V33: EXAMPLES_33, Version.V34: EXAMPLES, Version.V50: EXAMPLES_50}

for _version, _examples in EXAMPLES_OF.items():
    assert {type(pdu).command_id for pdu in _examples} == set(CODECS[_version].layouts)
assert {type(pdu) for examples in EXAMPLES_OF.values() for pdu in examples} == set(PDUS.values())
