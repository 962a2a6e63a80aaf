"""What a receipt looks like on the wire: the plan as a deliver_sm."""

from datetime import datetime

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.receipts import RECEIPT_TYPE, Receipt, format_receipt, receipt_tlvs
from smppkit.segments import part_of
from smppkit.text import decode_text
from smsc.scenario.decisions import ReceiptPlan
from smsc.scenario.model import ReceiptForm

TEXT_LENGTH = 20  # characters of the message that appendix B quotes

# The characters that are the same octet in ASCII, Latin-1 and GSM 03.38: a receipt in them reads the same to every
# client, whatever it takes data_coding 0 for.
_COMMON = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?")


def receipt_pdu(plan: ReceiptPlan, submit: SubmitSm, submitted_at: datetime, done_at: datetime) -> DeliverSm:
    """Build the receipt of a message: addresses swapped, esm_class 0x04, content as text, TLVs or both.

    Source: SMPP 3.4 §4.6.1, §5.3.2 and appendix B. The sequence_number is for whoever sends it.
    """
    receipt = _receipt(plan, submit, submitted_at, done_at)
    text = plan.form is not ReceiptForm.TLV
    tlvs = plan.form is not ReceiptForm.TEXT
    return DeliverSm(
        service_type=submit.service_type,
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=RECEIPT_TYPE,
        short_message=format_receipt(receipt).encode("ascii", "replace") if text else b"",
        tlvs=receipt_tlvs(receipt) if tlvs else (),
    )


def _receipt(plan: ReceiptPlan, submit: SubmitSm, submitted_at: datetime, done_at: datetime) -> Receipt:
    state = state_of(plan.stat) or MessageState.UNKNOWN
    quoted = decode_text(part_of(submit)[1], submit.data_coding)[:TEXT_LENGTH]
    return Receipt(
        message_id=plan.message_id,
        state=state,
        stat=plan.stat,
        err=plan.err,
        sub=1,
        dlvrd=1 if state is MessageState.DELIVERED else 0,
        submit_date=submitted_at,
        done_date=done_at,
        text="".join(character if character in _COMMON else "?" for character in quoted),
    )
