"""What a receipt looks like on the wire: a plan and a fate as a deliver_sm or data_sm of this operator."""

from datetime import datetime
from typing import Final

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import UDHI
from smppkit.states import Version
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Tlv
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.model import Operator
from smsc.scenario.reading import PACKED, Reading, read
from smsc.scenario.receipt_text import Said
from smsc.scenario.receipts import Carrier, ReceiptForm, Receipts
from smsc.scenario.template import Request
from smsc.scenario.tlv_values import extra_tlvs

MOST_SHORT: Final = 254  # octets of short_message (SMPP 3.4 §5.2.22)
_UCS2: Final = 0x08
_SAYS_ITS_ALPHABET: Final = (0x03, _UCS2)  # Latin-1 and UCS-2: there a text is quoted as it is

# The characters that are the same octet in ASCII, Latin-1 and GSM 03.38: a receipt in them reads the same to every
# client, whatever it takes data_coding 0 for.
_COMMON = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?"
_QUOTED: Final = bytes(octet if octet in _COMMON else ord("?") for octet in range(256))
ESCAPE: Final = b"\x1b"
"""Announces a character of the extension table, in data_coding 0."""
QUOTED_OCTETS: Final = _QUOTED[:0x1B] + ESCAPE + _QUOTED[0x1C:]
"""Translates a text in data_coding 0 into what ``quoted_text`` has, an octet a character, where it has no ESCAPE."""
_STATES: Final = {state: MESSAGE_STATE.of(int(state)) for state in MessageState}


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
        text = quoted_text(operator, look, plan, submit) if look.text.quotes else ""
        said = said_of(plan, fate, submitted_at, done_at, text)
        request = None if look.text.is_usual else _request(operator, plan, submit, text)
        octets = look.text.say(said, request).encode(encoding_of(look), "replace")
    tlvs: tuple[Tlv, ...] = ()
    if has_tlvs:
        tlvs = _tlvs(look, plan, fate)
        if look.tlvs:
            tlvs = (*tlvs, *extra_tlvs(look.tlvs, _request(operator, plan, submit), submit.tlvs))
    kind = int(look.esm_class) if esm_class is None else esm_class
    if has_tlvs and (len(octets) > MOST_SHORT or (says and look.carrier is Carrier.DATA_SM)):
        tlvs = (*tlvs, MESSAGE_PAYLOAD.of(octets))
        octets = b""
    if look.carrier is Carrier.DATA_SM and has_tlvs:
        return DataSm(
            tlvs=tlvs,
            service_type=submit.service_type,
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=kind,
            data_coding=int(look.data_coding),
        )
    return DeliverSm(
        tlvs=tlvs,
        service_type=submit.service_type,
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=kind,
        data_coding=int(look.data_coding),
        short_message=octets[:MOST_SHORT],
    )


def quotes_octets(operator: Operator) -> bool:
    """Whether an octet of a text is a character in the receipts of an operator."""
    return operator.submit.alphabet != PACKED and operator.receipts.data_coding not in _SAYS_ITS_ALPHABET


def said_of(plan: Plan, fate: Fate, submitted_at: datetime, done_at: datetime, text: str) -> Said:
    """What a receipt says, if it says everything."""
    delivered = 1 if fate.state is MessageState.DELIVERED else 0
    return Said(plan.receipt_id, 1, delivered, submitted_at, done_at, fate.stat, fate.err, text)


def quoted_text(operator: Operator, look: Receipts, plan: Plan, submit: SubmitSm) -> str:
    """The text of the message in the characters of a receipt."""
    alphabet = operator.submit.alphabet
    if (
        not (plan.text or submit.data_coding or submit.tlvs or submit.esm_class & UDHI)
        and alphabet != PACKED
        and look.data_coding not in _SAYS_ITS_ALPHABET
        and ESCAPE not in submit.short_message
    ):
        return submit.short_message.translate(_QUOTED).decode("ascii")
    text = plan.text or read(submit, alphabet)
    if look.data_coding in _SAYS_ITS_ALPHABET:
        return text
    return text.encode("ascii", "replace").translate(_QUOTED).decode("ascii")


def encoding_of(look: Receipts) -> str:
    """Python's name of the encoding of receipts."""
    return "utf-16-be" if look.data_coding == _UCS2 else "latin-1"


def _tlvs(look: Receipts, plan: Plan, fate: Fate) -> tuple[Tlv, ...]:
    tlvs: tuple[Tlv, ...] = ()
    if look.form is not ReceiptForm.TEXT:
        state = fate.state
        if look.conflict.state is not None:
            state = state_of(look.conflict.state) or MessageState.UNKNOWN
        tlvs = (RECEIPTED_MESSAGE_ID.of(plan.tlv_id or plan.receipt_id), _STATES[state])
        if look.network_type is not None:
            code = _network_code(fate.err)
            tlvs = (*tlvs, NETWORK_ERROR_CODE.of(bytes([look.network_type]) + code.to_bytes(2, "big")))
    return tlvs


def _request(operator: Operator, plan: Plan, submit: SubmitSm, text: str | None = None) -> Request:
    """The message as templates in receipts speak of it."""
    reading = Reading(submit, operator.submit.alphabet, plan.text or None)
    return Request(reading, plan.receipt_id, plan.words, text)


def _network_code(err: str) -> int:
    """An error code as the number that a network would say: "069" is 69, "00B" is 11; a word is no number."""
    for base in (10, 16):
        try:
            return int(err, base) & 0xFFFF
        except ValueError:
            continue
    return 0
