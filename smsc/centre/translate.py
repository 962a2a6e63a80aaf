"""Messages of one shape turned into another: what the engine judges, what an ESME is sent."""

from __future__ import annotations

from random import Random

from smppkit.kinds import NPI, TON
from smppkit.pdus import DataSm, DeliverSm, SmeAddress, SubmitMulti, SubmitSm
from smppkit.segments import UDHI, pack_segment, segment
from smppkit.status import CommandStatus
from smppkit.text import Alphabet
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.scenario.dialect import MOST_SHORT
from smsc.scenario.mobile import MoMessage, MoShape, PartOrder
from smsc.scenario.reading import ALPHABETS, PACKED, write

MESSAGING_MODE = 0x03
"""esm_class: the bits of the messaging mode (SMPP 3.4 §5.2.12)."""
TRANSACTION = 0x02
"""Messaging mode: answered when the outcome is known (SMPP 3.4 §2.10.3)."""

_LONGEST_SHORT_CODE = 8  # digits
_LONGEST_ADDRESS = 20  # of a deliver_sm; data_sm allows 64


# What earns a data_sm of an ESME a status, as it does a submit_sm (SMPP 3.4 §5.2.5, §5.2.6).
_DEFINED = (
    ("source_addr_ton", TON, CommandStatus.ESME_RINVSRCTON),
    ("source_addr_npi", NPI, CommandStatus.ESME_RINVSRCNPI),
    ("dest_addr_ton", TON, CommandStatus.ESME_RINVDSTTON),
    ("dest_addr_npi", NPI, CommandStatus.ESME_RINVDSTNPI),
)


def as_submit(request: DataSm) -> SubmitSm | CommandStatus:
    """A data_sm as the engine sees messages; the status it earns when an address is none or does not fit a receipt."""
    for name, defined, status in _DEFINED:
        if getattr(request, name) not in defined:
            return status
    if len(request.source_addr) > _LONGEST_ADDRESS:
        return CommandStatus.ESME_RINVSRCADR
    if len(request.destination_addr) > _LONGEST_ADDRESS:
        return CommandStatus.ESME_RINVDSTADR
    return SubmitSm(
        tlvs=request.tlvs,
        service_type=request.service_type,
        source_addr_ton=request.source_addr_ton,
        source_addr_npi=request.source_addr_npi,
        source_addr=request.source_addr,
        dest_addr_ton=request.dest_addr_ton,
        dest_addr_npi=request.dest_addr_npi,
        destination_addr=request.destination_addr,
        esm_class=request.esm_class,
        registered_delivery=request.registered_delivery,
        data_coding=request.data_coding,
    )


def for_destination(request: SubmitMulti, destination: SmeAddress) -> SubmitSm:
    """A submit_multi as the submit_sm that one of its destinations gets."""
    return SubmitSm(
        tlvs=request.tlvs,
        service_type=request.service_type,
        source_addr_ton=request.source_addr_ton,
        source_addr_npi=request.source_addr_npi,
        source_addr=request.source_addr,
        dest_addr_ton=destination.dest_addr_ton,
        dest_addr_npi=destination.dest_addr_npi,
        destination_addr=destination.destination_addr,
        esm_class=request.esm_class,
        protocol_id=request.protocol_id,
        priority_flag=request.priority_flag,
        schedule_delivery_time=request.schedule_delivery_time,
        validity_period=request.validity_period,
        registered_delivery=request.registered_delivery,
        data_coding=request.data_coding,
        sm_default_msg_id=request.sm_default_msg_id,
        short_message=request.short_message,
    )


def as_delivery(submit: SubmitSm, source_addr: str = "", text: str = "", alphabet: str = "gsm7") -> DeliverSm:
    """A message as the ESME that it is for gets it; times are NULL (SMPP 3.4 §4.6.1).

    `source_addr` and `text`, when given, stand for what was submitted; `alphabet` is what the operator means by
    data_coding 0.
    """
    words = write(text, alphabet) if text else None
    octets, tlvs = submit.short_message, submit.tlvs
    if words is not None:
        octets, tlvs = words[1], tuple(tlv for tlv in tlvs if tlv.tag != MESSAGE_PAYLOAD.number)
    if len(octets) > MOST_SHORT:  # SMPP 5.0 has room for one octet more, and not every ESME speaks that
        octets, tlvs = b"", (*tlvs, MESSAGE_PAYLOAD.of(octets))
    return DeliverSm(
        service_type=submit.service_type,
        source_addr_ton=submit.source_addr_ton,
        source_addr_npi=submit.source_addr_npi,
        source_addr=source_addr or submit.source_addr,
        dest_addr_ton=submit.dest_addr_ton,
        dest_addr_npi=submit.dest_addr_npi,
        destination_addr=submit.destination_addr,
        esm_class=submit.esm_class & ~MESSAGING_MODE & (0xFF if words is None else ~UDHI),
        protocol_id=submit.protocol_id,
        priority_flag=submit.priority_flag,
        data_coding=submit.data_coding if words is None else words[0],
        short_message=octets,
        tlvs=tlvs,
    )


def mo_pdus(
    message: MoMessage, shape: MoShape, reference: int, chance: Random, alphabet: str = "gsm7"
) -> list[DeliverSm]:
    """What a subscriber wrote, one deliver_sm per segment, as the operator puts it on the wire.

    `reference` tells long messages apart, `chance` says which parts are lost or repeated and how they are shuffled,
    `alphabet` is what the operator means by data_coding 0. SegmentError when the text is too long for this way of
    cutting it.
    """
    shape = message.shape or shape
    default = ALPHABETS[alphabet]
    text = segment(message.text, reference=reference, method=shape.long_message, allowed=(default, Alphabet.UCS2))
    coding, parts = text.data_coding, text.segments
    if text.alphabet is default:
        coding = 0
        parts = tuple(map(pack_segment, parts)) if alphabet == PACKED else parts
    source_ton, source_npi, source = address(message.from_)
    dest_ton, dest_npi, destination = address(message.to)
    pdus = [
        DeliverSm(
            tlvs=part.tlvs,
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=source,
            dest_addr_ton=dest_ton,
            dest_addr_npi=dest_npi,
            destination_addr=destination,
            esm_class=UDHI if part.udhi and not shape.hide_udhi else 0,
            data_coding=coding if shape.data_coding is None else int(shape.data_coding),
            short_message=part.short_message,
        )
        for part in parts
    ]
    return pdus if len(pdus) == 1 else _misled(pdus, shape, chance)


def _misled(parts: list[DeliverSm], shape: MoShape, chance: Random) -> list[DeliverSm]:
    """The parts of a long message in the order they come, some of them never, some twice."""
    if shape.order is PartOrder.REVERSED:
        parts = parts[::-1]
    elif shape.order is PartOrder.SHUFFLED:
        chance.shuffle(parts)
    coming: list[DeliverSm] = []
    for part in parts:
        lost, repeated = chance.random() < shape.lose_part, chance.random() < shape.repeat_part
        coming += [] if lost else [part, part] if repeated else [part]
    return coming


def address(written: str) -> tuple[int, int, str]:
    """TON, NPI and address of a name, a short code or an international number (SMPP 3.4 §5.2.5, §5.2.6)."""
    digits = written.removeprefix("+")
    if not digits.isdigit():
        return 5, 0, written
    return (1, 1, digits) if len(digits) > _LONGEST_SHORT_CODE else (0, 1, digits)
