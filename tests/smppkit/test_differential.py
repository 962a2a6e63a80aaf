"""Our codec against smpp.pdu3, an independent one of SMPP 3.4: the same octets, both ways.

Wherever the two disagree, the disagreement is one of DISAGREEMENTS: named, explained, and shown by an example. Anything
else fails. They disagree often, because the other codec is one of meanings (it turns fields into enumerations and
refuses what has no name) and ours is one of the wire (unknown values and TLVs pass, as §3.3 asks).
"""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from smpp.pdu import constants, operations, pdu_encoding, smpp_time

from smppkit import tlvs as t
from smppkit.codec import SMPP_34, decode, encode
from smppkit.commands import RESPONSE_BIT
from smppkit.compiler import declared
from smppkit.fields import CString
from smppkit.kinds import NPI, TON
from smppkit.pdus import (
    BindReceiver,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    Pdu,
    QuerySmResp,
    ReplaceSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from smppkit.status import CommandStatus
from smppkit.tlvs import TAGS, Tlv
from tests.smppkit.generated import EXAMPLES, pdus
from tests.smppkit.octets import TO

PDUS = {number: layout.kind for number, layout in SMPP_34.layouts.items()}
KINDS = pytest.mark.parametrize("kind", PDUS.values(), ids=lambda kind: kind.name)
PAYLOAD = t.MESSAGE_PAYLOAD.of(b"a")
REFUSED = frozenset({"refused"})


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """The other codec prints a character of each time that it reads."""
    monkeypatch.setattr(smpp_time, "print", lambda *_: None, raising=False)


class Disagreement(NamedTuple):
    name: str
    why: str
    effect: frozenset[str]
    """The fields in which the two differ; REFUSED: the other codec takes our octets for an error."""
    holds: Callable[[Pdu], bool]
    example: Pdu


def their_optional(pdu: Pdu) -> list[str]:
    return operations.getPDUClass(their_command(pdu)).optionalParams or []


def their_command(pdu: Pdu) -> Any:
    return getattr(pdu_encoding.CommandId, constants.command_id_value_map[pdu.command_id])


def read_tlvs(pdu: Pdu) -> list[Tlv]:
    """The TLVs that the other codec looks at: of an operation for which it knows none, it skips them."""
    return list(pdu.tlvs) if their_optional(pdu) else []


def is_skipped(tag: int) -> bool:
    """The ranges that the other codec reads over (table 5-7: reserved, or vendors')."""
    return tag == 0 or 0x100 <= tag <= 0x1FF or 0x600 <= tag <= 0x11FF or tag >= 0x1400


def has_tlv(*tags: t.Tag[Any], value: Callable[[bytes], bool] = lambda _: True) -> Callable[[Pdu], bool]:
    numbers = {tag.number for tag in tags}
    return lambda pdu: any(tlv.tag in numbers and value(tlv.value) for tlv in read_tlvs(pdu))


def has(**conditions: Callable[[Any], bool]) -> Callable[[Pdu], bool]:
    """One of these fields is there and meets its condition."""
    return lambda pdu: any(hasattr(pdu, name) and test(getattr(pdu, name)) for name, test in conditions.items())


def has_time(test: Callable[[str], bool]) -> Callable[[Pdu], bool]:
    names = ("schedule_delivery_time", "validity_period", "final_date")
    return lambda pdu: any(getattr(pdu, name, "") and test(getattr(pdu, name)) for name in names)


def is_meaningless(text: str) -> bool:
    try:
        smpp_time.parse(text)
    except (ValueError, IndexError, TypeError):
        return True
    return False


WITHOUT_CODEC = (
    t.MS_MSG_WAIT_FACILITIES,
    t.CALLBACK_NUM_PRES_IND,
    t.CALLBACK_NUM_ATAG,
    t.DPF_RESULT,
    t.SET_DPF,
    t.MS_VALIDITY,
    t.ITS_REPLY_TYPE,
    t.ITS_SESSION_INFO,
    t.USSD_SERVICE_OP,
)

DISAGREEMENTS = [
    Disagreement(
        "lists",
        "It declares submit_multi and its response, but has no codec for their lists.",
        REFUSED,
        lambda pdu: isinstance(pdu, SubmitMulti | SubmitMultiResp),
        SubmitMulti(0, 1, dest_addresses=(DistributionList("a"),)),
    ),
    Disagreement(
        "replace_sm",
        "It declares sm_length of replace_sm as a field of its own and has no codec for that.",
        REFUSED,
        lambda pdu: isinstance(pdu, ReplaceSm),
        ReplaceSm(0, 1, message_id="1"),
    ),
    Disagreement(
        "error response",
        "It waits for a body in an error response (binds and submit_sm excepted); §4.4.2 has none.",
        REFUSED,
        lambda pdu: bool(pdu.command_status) and isinstance(pdu, DataSmResp | DeliverSmResp | QuerySmResp),
        DataSmResp(0xFE, 1),
    ),
    Disagreement(
        "sequence 0",
        "It reads sequence_number 0 as none. We echo what a peer sends.",
        frozenset({"sequence_number"}),
        lambda pdu: pdu.sequence_number == 0,
        EnquireLink(0, 0),
    ),
    Disagreement(
        "unnamed status",
        "It folds statuses without a name into four markers; we keep the number (vendors have theirs).",
        frozenset({"command_status"}),
        lambda pdu: pdu.command_status not in constants.command_status_value_map,
        SubmitSmResp(0x4A1, 1),
    ),
    Disagreement(
        "TLVs of an operation without any",
        "Where 3.4 lists no TLV, it skips what follows the fields; we keep it (§3.3: ignored, not refused).",
        frozenset({"tlvs"}),
        lambda pdu: bool(pdu.tlvs) and not their_optional(pdu),
        SubmitSmResp(0, 1, tlvs=(Tlv(0x1400, b"x"),)),
    ),
    Disagreement(
        "vendor TLV",
        "It reads over vendors' and reserved tags; we keep them.",
        frozenset({"tlvs"}),
        lambda pdu: any(is_skipped(tlv.tag) for tlv in read_tlvs(pdu)),
        SubmitSm(0, 1, **TO, tlvs=(Tlv(0x1400, b"x"),)),
    ),
    Disagreement(
        "unknown TLV",
        "It refuses tags in the ranges that 3.4 defines in part; §3.3 says that unknown ones are ignored.",
        REFUSED,
        lambda pdu: any(tlv.tag not in TAGS and not is_skipped(tlv.tag) for tlv in read_tlvs(pdu)),
        SubmitSm(0, 1, **TO, tlvs=(Tlv(0x0009, b"x"),)),
    ),
    Disagreement(
        "unexpected TLV",
        "It refuses a known TLV in an operation that does not list it; §3.3 says that it is ignored.",
        REFUSED,
        lambda pdu: any(tlv.tag in TAGS and TAGS[tlv.tag].name not in their_optional(pdu) for tlv in read_tlvs(pdu)),
        SubmitSm(0, 1, **TO, tlvs=(t.SC_INTERFACE_VERSION.of(0x34),)),
    ),
    Disagreement(
        "alert_on_message_delivery",
        "It lists this TLV under a misspelt name, so it refuses it everywhere.",
        REFUSED,
        has_tlv(t.ALERT_ON_MESSAGE_DELIVERY),
        SubmitSm(0, 1, **TO, tlvs=(t.ALERT_ON_MESSAGE_DELIVERY.of(b""),)),
    ),
    Disagreement(
        "TLV without a codec",
        "It names nine TLVs of §5.3 but cannot read them.",
        REFUSED,
        has_tlv(*WITHOUT_CODEC),
        SubmitSm(0, 1, **TO, tlvs=(t.USSD_SERVICE_OP.of(2),)),
    ),
    Disagreement(
        "repeated TLV",
        "It keeps the last of repeated TLVs; callback_num may be repeated (§5.3.2.36), and we keep all in order.",
        frozenset({"tlvs"}),
        lambda pdu: len({tlv.tag for tlv in read_tlvs(pdu)}) < len(read_tlvs(pdu)),
        SubmitSm(0, 1, **TO, tlvs=(t.USER_RESPONSE_CODE.of(1), t.USER_RESPONSE_CODE.of(2))),
    ),
    Disagreement(
        "source_telematics_id",
        "It reads two octets; §5.3.2.8 has one (and dest_telematics_id two).",
        REFUSED,
        has_tlv(t.SOURCE_TELEMATICS_ID),
        DataSm(0, 1, **TO, tlvs=(PAYLOAD, t.SOURCE_TELEMATICS_ID.of(1))),
    ),
    Disagreement(
        "language_indicator",
        "It refuses languages after Portuguese; §5.3.2.19 refers to another standard for those.",
        REFUSED,
        has_tlv(t.LANGUAGE_INDICATOR, value=lambda octets: octets > b"\x05"),
        SubmitSm(0, 1, **TO, tlvs=(t.LANGUAGE_INDICATOR.of(6),)),
    ),
    Disagreement(
        "message_state",
        "It refuses states that 3.4 does not name; a peer's state is for the receiver of a receipt to judge.",
        REFUSED,
        lambda pdu: (
            has_tlv(t.MESSAGE_STATE, value=lambda octets: not 1 <= octets[0] <= 8)(pdu)
            or has(message_state=lambda state: not 1 <= state <= 8)(pdu)
        ),
        DeliverSm(0, 1, tlvs=(t.MESSAGE_STATE.of(9),)),
    ),
    Disagreement(
        "callback_num",
        "It judges digit mode, TON and NPI inside callback_num; we keep its octets.",
        REFUSED,
        has_tlv(t.CALLBACK_NUM, value=lambda octets: octets[0] > 1 or octets[1] not in TON or octets[2] not in NPI),
        SubmitSm(0, 1, **TO, tlvs=(t.CALLBACK_NUM.of(b"\x09\x01\x011"),)),
    ),
    Disagreement(
        "subaddress",
        "It turns an unnamed subaddress type into 'reserved' and forgets its number; we keep the octets.",
        frozenset({"tlvs"}),
        has_tlv(
            t.SOURCE_SUBADDRESS,
            t.DEST_SUBADDRESS,
            value=lambda octets: octets[0] not in constants.subaddress_type_tag_value_map,
        ),
        SubmitSm(0, 1, **TO, tlvs=(t.DEST_SUBADDRESS.of(b"\x01a"),)),
    ),
    Disagreement(
        "reserved number types",
        "It refuses reserved TON and NPI everywhere; we where an ESME asks and a status says so (checks 44).",
        REFUSED,
        has(
            addr_ton=lambda ton: ton not in TON,
            source_addr_ton=lambda ton: ton not in TON,
            dest_addr_ton=lambda ton: ton not in TON,
            esme_addr_ton=lambda ton: ton not in TON,
            addr_npi=lambda npi: npi not in NPI,
            source_addr_npi=lambda npi: npi not in NPI,
            dest_addr_npi=lambda npi: npi not in NPI,
            esme_addr_npi=lambda npi: npi not in NPI,
        ),
        BindReceiver(0, 1, addr_ton=7),
    ),
    Disagreement(
        "values of a delivery",
        "It judges esm_class, priority, registered_delivery and replace flag of a deliver_sm; we take them.",
        REFUSED,
        lambda pdu: (
            isinstance(pdu, DeliverSm)
            and (
                pdu.esm_class & 0x3C not in constants.esm_class_type_value_map
                or pdu.priority_flag > 3
                or pdu.registered_delivery & 3 == 3
                or pdu.replace_if_present_flag > 1
            )
        ),
        DeliverSm(0, 1, esm_class=0x3C),
    ),
    Disagreement(
        "scheduled delivery",
        "It refuses a schedule_delivery_time in deliver_sm (NULL by §4.6.1); nothing depends on it, we read on.",
        REFUSED,
        lambda pdu: isinstance(pdu, DeliverSm) and bool(pdu.schedule_delivery_time),
        DeliverSm(0, 1, schedule_delivery_time="260101000000000+"),
    ),
    Disagreement(
        "message_id of a delivery response",
        "It refuses one (unused, NULL by §4.6.2); peers send it, and nothing depends on it.",
        REFUSED,
        lambda pdu: isinstance(pdu, DeliverSmResp) and bool(pdu.message_id),
        DeliverSmResp(0, 1, message_id="1"),
    ),
    Disagreement(
        "meaningless time",
        "It refuses times that are no dates; our codec counts their octets, and smppkit.times reads them.",
        REFUSED,
        has_time(is_meaningless),
        SubmitSm(0, 1, **TO, validity_period="260230000000000+"),
    ),
    Disagreement(
        "small print of a time",
        "It forgets the offset of a relative time and the sign of an offset of nought.",
        frozenset({"schedule_delivery_time", "validity_period", "final_date"}),
        has_time(lambda text: text[13:] == "00-" or (text[15:] == "R" and text[13:15] != "00")),
        SubmitSm(0, 1, **TO, validity_period="020610233429004R"),
    ),
    Disagreement(
        "reserved bits of registered_delivery",
        "It forgets bits 5 to 7; we keep the octet.",
        frozenset({"registered_delivery"}),
        has(registered_delivery=lambda octet: bool(octet & 0xE0)),
        SubmitSm(0, 1, **TO, registered_delivery=0x21),
    ),
    Disagreement(
        "reserved bit of a GSM data_coding",
        "It forgets bit 3 of 0xF0 to 0xFF; we keep the octet.",
        frozenset({"data_coding"}),
        has(data_coding=lambda octet: octet & 0xF8 == 0xF8),
        SubmitSm(0, 1, **TO, data_coding=0xF8),
    ),
]


class Theirs(NamedTuple):
    """What the other codec made of a PDU, in octets again by its own encoders, field by field."""

    fields: dict[str, Any]
    pdu: Any


def their_reading(octets: bytes) -> Theirs | None:
    """What the other codec reads; None when it takes the octets for an error of any kind."""
    encoder = pdu_encoding.PDUEncoder()
    try:
        pdu = encoder.decode(io.BytesIO(octets))
    except (pdu_encoding.PDUParseError, KeyError):  # KeyError: it declares fields that it has no codec for
        return None
    fields: dict[str, Any] = {
        "command_status": constants.command_status_name_map.get(pdu.status.name),
        "sequence_number": pdu.seqNum,
        "tlvs": {},
    }
    codecs = encoder.getRequiredParamEncoders(pdu)
    for name, value in pdu.params.items():
        if name in (pdu.mandatoryParams or []):
            fields[name] = codecs[name].encode(value)
        else:
            octets = pdu_encoding.OptionEncoder().encode(
                pdu_encoding.pdu_types.Option(getattr(pdu_encoding.pdu_types.Tag, name), value)
            )
            fields["tlvs"][int.from_bytes(octets[:2], "big")] = octets[4:]
    return Theirs(fields, pdu)


def our_fields(pdu: Pdu) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "command_status": pdu.command_status,
        "sequence_number": pdu.sequence_number,
        "tlvs": dict(pdu.tlvs),
    }
    if not (pdu.command_status and pdu.command_id & RESPONSE_BIT):
        fields |= {name: spec.write(name, getattr(pdu, name)) for name, spec in declared(type(pdu))}
    return fields


def differences(pdu: Pdu) -> frozenset[str]:
    """The fields in which the other codec, given our octets, sees something else."""
    theirs = their_reading(encode(pdu))
    if theirs is None:
        return REFUSED
    ours = our_fields(pdu)
    repeated = len(dict(pdu.tlvs)) < len(pdu.tlvs)
    differing = {name for name in ours.keys() | theirs.fields.keys() if ours.get(name) != theirs.fields.get(name)}
    return frozenset(differing | ({"tlvs"} if repeated else set()))


def explained(pdu: Pdu) -> frozenset[str]:
    """The fields in which the two may differ for this PDU."""
    return frozenset().union(*(known.effect for known in DISAGREEMENTS if known.holds(pdu)))


def test_both_know_the_same_operations_statuses_and_tags():
    assert set(constants.command_id_value_map) == set(PDUS)
    assert {number for number in constants.command_status_value_map if 0 <= number <= 0xFF} == {
        status for status in CommandStatus if status <= 0xFF
    }
    theirs = {number: name for number, name in constants.tag_value_map.items() if number >= 0}
    since_50 = {number for number in TAGS if number == t.CONGESTION_STATE.number or 0x0600 <= number <= 0x0613}
    assert theirs == {number: tag.name for number, tag in TAGS.items() if number not in since_50}


def test_both_have_the_same_limits_of_strings():
    encoder = pdu_encoding.PDUEncoder()
    for kind in PDUS.values():
        theirs = operations.getPDUClass(their_command(kind()))
        codecs = encoder.getRequiredParamEncoders(theirs(1))
        for name, spec in declared(kind):
            if isinstance(spec, CString) and hasattr(codecs.get(name), "maxSize"):
                limit = codecs[name].maxSize
                assert limit == spec.limit or (kind is DeliverSmResp and limit is None), (kind, name)


@pytest.mark.parametrize("known", DISAGREEMENTS, ids=lambda known: known.name)
def test_every_disagreement_is_a_real_one(known):
    assert known.holds(known.example)
    seen = differences(known.example)
    assert seen
    assert seen <= known.effect
    assert decode(encode(known.example)) == known.example


@pytest.mark.parametrize("pdu", EXAMPLES, ids=lambda pdu: pdu.name)
def test_the_usual_pdus_are_the_same_to_both_but_for_the_lists(pdu):
    listed = isinstance(pdu, SubmitMulti | SubmitMultiResp | ReplaceSm)
    assert differences(pdu) == (REFUSED if listed else frozenset())


@KINDS
def test_each_reads_what_the_other_writes(kind):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(pdus(kind))
    def holds(pdu):
        they_read_what_we_write(pdu)
        we_read_what_they_write(pdu)

    holds()


def they_read_what_we_write(pdu: Pdu) -> None:
    seen = differences(pdu)
    assert seen <= explained(pdu), f"unexplained: {sorted(seen - explained(pdu))} of {pdu!r}"


def we_read_what_they_write(pdu: Pdu) -> None:
    theirs = their_reading(encode(pdu))
    if theirs is None or theirs.pdu.seqNum is None:
        return  # explained above
    if constants.command_status_name_map[theirs.pdu.status.name] < 0:
        theirs.pdu.status = pdu_encoding.pdu_types.CommandStatus.ESME_ROK  # a marker cannot be written
    octets = pdu_encoding.PDUEncoder().encode(theirs.pdu)
    read = decode(octets)
    seen = {name for name, value in our_fields(read).items() if our_fields(pdu)[name] != value}
    assert seen <= explained(pdu), f"unexplained: {sorted(seen - explained(pdu))} of {pdu!r}"
    if not seen and len(pdu.tlvs) < 2:  # they write TLVs in an order of their own
        assert octets == encode(pdu)
