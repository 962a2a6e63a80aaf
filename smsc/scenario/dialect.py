"""What a receipt looks like on the wire: a plan and a fate as a deliver_sm or data_sm of this operator."""

from datetime import datetime
from typing import Any, Final

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import part_of
from smppkit.states import Version
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Tlv
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.model import Operator
from smsc.scenario.reading import text_of
from smsc.scenario.receipt_text import Said
from smsc.scenario.receipts import Carrier, ReceiptForm, Receipts
from smsc.scenario.tlv_values import extra_tlvs

MOST_SHORT: Final = 254  # octets of short_message (SMPP 3.4 §5.2.22)
_UCS2: Final = 0x08

# The characters that are the same octet in ASCII, Latin-1 and GSM 03.38: a receipt in them reads the same to every
# client, whatever it takes data_coding 0 for.
_COMMON = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?")


def receipt_pdu(
    operator: Operator,
    plan: Plan,
    fate: Fate,
    submit: SubmitSm,
    submitted_at: datetime,
    done_at: datetime,
    version: Version = Version.V34,
    esm_class: int | None = None,
) -> DeliverSm | DataSm:
    """Build the receipt that a fate earns: addresses swapped, its content as text, TLVs or both.

    The fate is the plan's own or that of a notice, which brings its `esm_class` too; without one it is as the
    operator's receipts have it. SMPP 3.3 has neither TLVs nor data_sm: to an ESME of it everything is text.
    Source: SMPP 3.4 §4.6.1, §5.3.2 and appendix B. The sequence_number is for whoever sends it.
    """
    look = plan.look or operator.receipts
    has_tlvs = version > Version.V33
    says = look.form is not ReceiptForm.TLV or not has_tlvs
    octets = b""
    if says:
        octets = _words(look, _said(operator, plan, fate, submit, submitted_at, done_at))
    tlvs: tuple[Tlv, ...] = ()
    if has_tlvs:
        tlvs = _tlvs(look, plan, fate)
    kind = int(look.esm_class) if esm_class is None else esm_class
    if has_tlvs and (len(octets) > MOST_SHORT or (says and look.carrier is Carrier.DATA_SM)):
        tlvs = (*tlvs, MESSAGE_PAYLOAD.of(octets))
        octets = b""
    addresses: dict[str, Any] = {
        "service_type": submit.service_type,
        "source_addr_ton": submit.dest_addr_ton,
        "source_addr_npi": submit.dest_addr_npi,
        "source_addr": submit.destination_addr,
        "dest_addr_ton": submit.source_addr_ton,
        "dest_addr_npi": submit.source_addr_npi,
        "destination_addr": submit.source_addr,
    }
    coding = int(look.data_coding)
    if look.carrier is Carrier.DATA_SM and has_tlvs:
        return DataSm(esm_class=kind, data_coding=coding, tlvs=tlvs, **addresses)
    return DeliverSm(esm_class=kind, data_coding=coding, short_message=octets[:MOST_SHORT], tlvs=tlvs, **addresses)


def _said(
    operator: Operator, plan: Plan, fate: Fate, submit: SubmitSm, submitted_at: datetime, done_at: datetime
) -> Said:
    text = plan.text or text_of(part_of(submit)[1], submit.data_coding, operator.submit.alphabet)
    return Said(
        id=plan.receipt_id,
        sub=1,
        dlvrd=1 if fate.state is MessageState.DELIVERED else 0,
        submit=submitted_at,
        done=done_at,
        stat=fate.stat,
        err=fate.err,
        text=text,
    )


def _words(look: Receipts, said: Said) -> bytes:
    if look.data_coding == _UCS2:
        return look.text.render(said).encode("utf-16-be", "replace")
    quoted = "".join([character if character in _COMMON else "?" for character in said.text])
    return look.text.render(said._replace(text=quoted)).encode("latin-1", "replace")


def _tlvs(look: Receipts, plan: Plan, fate: Fate) -> tuple[Tlv, ...]:
    tlvs: tuple[Tlv, ...] = ()
    if look.form is not ReceiptForm.TEXT:
        state = fate.state
        if look.conflict.state is not None:
            state = state_of(look.conflict.state) or MessageState.UNKNOWN
        tlvs = (RECEIPTED_MESSAGE_ID.of(plan.tlv_id or plan.receipt_id), MESSAGE_STATE.of(int(state)))
        if look.network_type is not None:
            code = _network_code(fate.err)
            tlvs = (*tlvs, NETWORK_ERROR_CODE.of(bytes([look.network_type]) + code.to_bytes(2, "big")))
    return (*tlvs, *extra_tlvs(look.tlvs, plan.receipt_id)) if look.tlvs else tlvs


def _network_code(err: str) -> int:
    """An error code as the number that a network would say: "069" is 69, "00B" is 11; a word is no number."""
    for base in (10, 16):
        try:
            return int(err, base) & 0xFFFF
        except ValueError:
            continue
    return 0
