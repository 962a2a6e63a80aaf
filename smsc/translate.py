"""Messages of one shape turned into another: what the engine judges, what an ESME is sent."""

from __future__ import annotations

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import UDHI, segment
from smppkit.status import CommandStatus
from smsc.scenario.model import MoMessage

_LONGEST_SHORT_CODE = 8  # digits
_LONGEST_ADDRESS = 20  # of a deliver_sm; data_sm allows 64


def as_submit(request: DataSm) -> SubmitSm | CommandStatus:
    """A data_sm as the engine sees messages; the status it earns when an address does not fit a receipt."""
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


def mo_pdus(message: MoMessage, reference: int) -> list[DeliverSm]:
    """What a subscriber wrote, one deliver_sm per segment; `reference` tells long messages apart."""
    text = segment(message.text, reference=reference)
    source_ton, source_npi, source = _address(message.from_)
    dest_ton, dest_npi, destination = _address(message.to)
    return [
        DeliverSm(
            tlvs=part.tlvs,
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=source,
            dest_addr_ton=dest_ton,
            dest_addr_npi=dest_npi,
            destination_addr=destination,
            esm_class=UDHI if part.udhi else 0,
            data_coding=text.data_coding,
            short_message=part.short_message,
        )
        for part in text.segments
    ]


def _address(written: str) -> tuple[int, int, str]:
    """TON, NPI and address of a name, a short code or an international number (SMPP 3.4 §5.2.5, §5.2.6)."""
    digits = written.removeprefix("+")
    if not digits.isdigit():
        return 5, 0, written
    return (1, 1, digits) if len(digits) > _LONGEST_SHORT_CODE else (0, 1, digits)
