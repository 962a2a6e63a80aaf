"""The PDUs of SMPP 3.4 (§4), declared as data.

A class is a PDU, an annotation is a field of its body: name and order as in the specification, with its limit and the
command_status that a bad value earns. The codec compiles encoders and decoders from these classes; nothing else
describes the wire format. Integers stay `int`, C-strings are `str` (octet for octet in Latin-1), user data is `bytes`.

Values are judged where an ESME asks something of an SMSC. What an SMSC delivers and what anyone responds is taken as it
comes (within what can be read at all): refusing a receipt for its type of number would lose it.
"""

from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from smppkit import tlvs as t
from smppkit.commands import CommandId, command_name
from smppkit.errors import LocalProtocolError, PduError
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.rules import Exclusive, Required, Rule
from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tag, Tlv

T = TypeVar("T")

TON = frozenset(range(7))
"""Types of number (SMPP 3.4 §5.2.5)."""
NPI = frozenset({0, 1, 3, 4, 6, 8, 9, 10, 14, 18})
"""Numbering plans (SMPP 3.4 §5.2.6)."""
UDHI = 0x40
"""esm_class: the user data begins with a header (SMPP 3.4 §5.2.12)."""
MESSAGE_TYPE = 0x3C
"""esm_class: the bits of the message type (SMPP 3.4 §5.2.12)."""


def _message_types(*types: int) -> frozenset[int]:
    return frozenset(octet for octet in range(256) if octet & MESSAGE_TYPE in types)


# Fields that several PDUs share.
Octet = Annotated[int, Unsigned()]
ServiceType = Annotated[str, CString(6, S.ESME_RINVSERTYP)]
SystemId = Annotated[str, CString(16, S.ESME_RINVSYSID)]
Password = Annotated[str, CString(9, S.ESME_RINVPASWD)]
MessageId = Annotated[str, CString(65, S.ESME_RINVMSGID)]
SourceTon = Annotated[int, Unsigned(S.ESME_RINVSRCTON, TON)]
SourceNpi = Annotated[int, Unsigned(S.ESME_RINVSRCNPI, NPI)]
SourceAddr = Annotated[str, CString(21, S.ESME_RINVSRCADR)]
LongSourceAddr = Annotated[str, CString(65, S.ESME_RINVSRCADR)]
DestTon = Annotated[int, Unsigned(S.ESME_RINVDSTTON, TON)]
DestNpi = Annotated[int, Unsigned(S.ESME_RINVDSTNPI, NPI)]
DestAddr = Annotated[str, CString(21, S.ESME_RINVDSTADR, empty=False)]
AnyDestAddr = Annotated[str, CString(21, S.ESME_RINVDSTADR)]
SubmitEsmClass = Annotated[int, Unsigned(S.ESME_RINVESMCLASS, _message_types(0x00, 0x08, 0x10))]
DataEsmClass = Annotated[int, Unsigned(S.ESME_RINVESMCLASS, _message_types(0x00, 0x04, 0x08, 0x10, 0x18, 0x20))]
PriorityFlag = Annotated[int, Unsigned(S.ESME_RINVPRTFLG, frozenset(range(4)))]
ScheduleDeliveryTime = Annotated[str, CString(17, S.ESME_RINVSCHED, exact=True)]
ValidityPeriod = Annotated[str, CString(17, S.ESME_RINVEXPIRY, exact=True)]
RegisteredDelivery = Annotated[
    int, Unsigned(S.ESME_RINVREGDLVFLG, frozenset(octet for octet in range(256) if octet & 0b11 != 0b11))
]
ReplaceIfPresentFlag = Annotated[int, Unsigned(S.ESME_RINVREPFLAG, frozenset(range(2)))]
SmDefaultMsgId = Annotated[int, Unsigned(S.ESME_RINVDFTMSGID, frozenset(range(255)))]
UserData = Annotated[bytes, ShortMessage(254, S.ESME_RINVMSGLEN)]


ONE_USER_DATA = Exclusive("short_message", (t.MESSAGE_PAYLOAD,), S.ESME_RINVMSGLEN)
"""SMPP 3.4 §4.4.1: user data is in short_message or in message_payload."""
ONE_HEADER = Exclusive(
    "esm_class",
    (t.SAR_MSG_REF_NUM, t.SAR_TOTAL_SEGMENTS, t.SAR_SEGMENT_SEQNUM, t.SOURCE_PORT, t.DESTINATION_PORT),
    S.ESME_RINVESMCLASS,
    UDHI,
)
"""SMPP 3.4 §5.2.12: concatenation and ports are said by a user data header or by TLVs."""
A_PAYLOAD = Required(
    (t.MESSAGE_PAYLOAD, t.RECEIPTED_MESSAGE_ID), S.ESME_RMISSINGOPTPARAM, field="esm_class", mask=MESSAGE_TYPE
)
"""SMPP 3.4 §4.7.1: data_sm has no short_message. A receipt may have no user data at all."""


class Pdu(msgspec.Struct, gc=False, repr_omit_defaults=True):
    """What all PDUs have: the header's fields (SMPP 3.4 §3.2.1) and TLVs, kept raw, in order, unknown ones too.

    `expected` are the TLVs whose length and value the codec judges: those that the specification lists for the
    operation, in the requests of an ESME. All others pass, as §3.3 asks. `rules` bind fields and TLVs together.
    """

    command_id: ClassVar[CommandId]
    name: ClassVar[str]
    response_class: ClassVar["type[Pdu] | None"] = None
    expected: ClassVar[dict[int, Tag[Any]]] = {}
    rules: ClassVar[tuple[Rule, ...]] = ()

    command_status: int = 0
    sequence_number: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "command_id"):
            cls.name = command_name(cls.command_id)

    def tlv(self, tag: Tag[T]) -> T | None:
        """The value of the first TLV with this tag; None without one, PduError when it is malformed."""
        for number, octets in self.tlvs:
            if number == tag.number:
                return tag.parse(octets)
        return None

    def check(self) -> None:
        """Judge the expected TLVs, and the rules; PduError."""
        expected = self.expected
        for number, octets in self.tlvs:
            if number in expected:
                expected[number].parse(octets)
        if self.rules:
            present = {number for number, _ in self.tlvs}
            for rule in self.rules:
                problem = rule.problem(self, present)
                if problem is not None:
                    raise PduError(rule.status, problem)

    def response(self, command_status: int = 0, **fields: Any) -> "Pdu":
        """The response to this request, with its sequence number."""
        if self.response_class is None:
            raise LocalProtocolError(f"{self.name} has no response")
        return self.response_class(command_status, self.sequence_number, **fields)


def _tags(*tags: Tag[Any]) -> dict[int, Tag[Any]]:
    return {tag.number: tag for tag in tags}


# SMPP 3.4 §4.4.1, §4.5.1, §4.7.1: the TLVs of the three operations that submit.
_SUBMIT_MULTI_TLVS = (
    t.USER_MESSAGE_REFERENCE,
    t.SOURCE_PORT,
    t.SOURCE_ADDR_SUBUNIT,
    t.DESTINATION_PORT,
    t.DEST_ADDR_SUBUNIT,
    t.SAR_MSG_REF_NUM,
    t.SAR_TOTAL_SEGMENTS,
    t.SAR_SEGMENT_SEQNUM,
    t.PAYLOAD_TYPE,
    t.MESSAGE_PAYLOAD,
    t.PRIVACY_INDICATOR,
    t.CALLBACK_NUM,
    t.CALLBACK_NUM_PRES_IND,
    t.CALLBACK_NUM_ATAG,
    t.SOURCE_SUBADDRESS,
    t.DEST_SUBADDRESS,
    t.DISPLAY_TIME,
    t.SMS_SIGNAL,
    t.MS_VALIDITY,
    t.MS_MSG_WAIT_FACILITIES,
    t.ALERT_ON_MESSAGE_DELIVERY,
    t.LANGUAGE_INDICATOR,
)
_SUBMIT_TLVS = (
    *_SUBMIT_MULTI_TLVS,
    t.MORE_MESSAGES_TO_SEND,
    t.USER_RESPONSE_CODE,
    t.NUMBER_OF_MESSAGES,
    t.ITS_REPLY_TYPE,
    t.ITS_SESSION_INFO,
    t.USSD_SERVICE_OP,
)
_DATA_TLVS = (
    *_SUBMIT_TLVS,
    t.SOURCE_NETWORK_TYPE,
    t.SOURCE_BEARER_TYPE,
    t.SOURCE_TELEMATICS_ID,
    t.DEST_NETWORK_TYPE,
    t.DEST_BEARER_TYPE,
    t.DEST_TELEMATICS_ID,
    t.QOS_TIME_TO_LIVE,
    t.SET_DPF,
    t.RECEIPTED_MESSAGE_ID,
    t.MESSAGE_STATE,
    t.NETWORK_ERROR_CODE,
)


class GenericNack(Pdu):
    """The answer to what could not be read at all (§4.3.1)."""

    command_id = CommandId.GENERIC_NACK


class _BindResp(Pdu):
    system_id: SystemId = ""


class _Bind(Pdu):
    system_id: SystemId = ""
    password: Password = ""
    system_type: Annotated[str, CString(13, S.ESME_RINVSYSTYP)] = ""
    interface_version: Octet = 0x34
    addr_ton: Octet = 0
    addr_npi: Octet = 0
    address_range: Annotated[str, CString(41, S.ESME_RBINDFAIL)] = ""


class BindReceiverResp(_BindResp):
    """§4.1.4; a TLV may say sc_interface_version."""

    command_id = CommandId.BIND_RECEIVER_RESP


class BindReceiver(_Bind):
    """An ESME that wants to be delivered to (§4.1.3)."""

    command_id = CommandId.BIND_RECEIVER
    response_class = BindReceiverResp


class BindTransmitterResp(_BindResp):
    """§4.1.2; a TLV may say sc_interface_version."""

    command_id = CommandId.BIND_TRANSMITTER_RESP


class BindTransmitter(_Bind):
    """An ESME that wants to submit (§4.1.1)."""

    command_id = CommandId.BIND_TRANSMITTER
    response_class = BindTransmitterResp


class BindTransceiverResp(_BindResp):
    """§4.1.6; a TLV may say sc_interface_version."""

    command_id = CommandId.BIND_TRANSCEIVER_RESP


class BindTransceiver(_Bind):
    """An ESME that wants both (§4.1.5)."""

    command_id = CommandId.BIND_TRANSCEIVER
    response_class = BindTransceiverResp


class Outbind(Pdu):
    """An SMSC asks an ESME to bind as a receiver (§4.1.7); no response."""

    command_id = CommandId.OUTBIND

    system_id: SystemId = ""
    password: Password = ""


class UnbindResp(Pdu):
    """§4.2.2."""

    command_id = CommandId.UNBIND_RESP


class Unbind(Pdu):
    """The end of a session, asked for by either side (§4.2.1)."""

    command_id = CommandId.UNBIND
    response_class = UnbindResp


class EnquireLinkResp(Pdu):
    """§4.11.2."""

    command_id = CommandId.ENQUIRE_LINK_RESP


class EnquireLink(Pdu):
    """Is the other side alive (§4.11.1)."""

    command_id = CommandId.ENQUIRE_LINK
    response_class = EnquireLinkResp


class SubmitSmResp(Pdu):
    """§4.4.2."""

    command_id = CommandId.SUBMIT_SM_RESP

    message_id: MessageId = ""


class SubmitSm(Pdu):
    """A message from an ESME to one mobile (§4.4.1)."""

    command_id = CommandId.SUBMIT_SM
    response_class = SubmitSmResp
    expected = _tags(*_SUBMIT_TLVS)
    rules = (ONE_USER_DATA, ONE_HEADER)

    service_type: ServiceType = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    dest_addr_ton: DestTon = 0
    dest_addr_npi: DestNpi = 0
    destination_addr: DestAddr = ""
    esm_class: SubmitEsmClass = 0
    protocol_id: Octet = 0
    priority_flag: PriorityFlag = 0
    schedule_delivery_time: ScheduleDeliveryTime = ""
    validity_period: ValidityPeriod = ""
    registered_delivery: RegisteredDelivery = 0
    replace_if_present_flag: ReplaceIfPresentFlag = 0
    data_coding: Octet = 0
    sm_default_msg_id: SmDefaultMsgId = 0
    short_message: UserData = b""


class SmeAddress(msgspec.Struct, frozen=True):
    """One mobile among the destinations of a submit_multi (§4.5.1.1, flag 1)."""

    dest_addr_ton: DestTon = 0
    dest_addr_npi: DestNpi = 0
    destination_addr: DestAddr = ""


class DistributionList(msgspec.Struct, frozen=True):
    """A list, known to the SMSC, among the destinations of a submit_multi (§4.5.1.1, flag 2)."""

    dl_name: Annotated[str, CString(21, S.ESME_RINVDLNAME, empty=False)] = ""


class UnsuccessSme(msgspec.Struct, frozen=True):
    """A destination that a submit_multi did not reach, and why (§4.5.2.1)."""

    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: AnyDestAddr = ""
    error_status_code: Annotated[int, Status()] = 0


class SubmitMultiResp(Pdu):
    """§4.5.2; no_unsuccess is the length of the list."""

    command_id = CommandId.SUBMIT_MULTI_RESP

    message_id: MessageId = ""
    unsuccess_smes: Annotated[tuple[UnsuccessSme, ...], Entries({None: UnsuccessSme})] = ()


class SubmitMulti(Pdu):
    """A message to up to 254 mobiles and lists (§4.5.1); number_of_dests is the length of the list."""

    command_id = CommandId.SUBMIT_MULTI
    response_class = SubmitMultiResp
    expected = _tags(*_SUBMIT_MULTI_TLVS)
    rules = (ONE_USER_DATA, ONE_HEADER)

    service_type: ServiceType = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    dest_addresses: Annotated[
        tuple[SmeAddress | DistributionList, ...],
        Entries({1: SmeAddress, 2: DistributionList}, 1, 254, S.ESME_RINVNUMDESTS, S.ESME_RINVDESTFLAG),
    ] = ()
    esm_class: SubmitEsmClass = 0
    protocol_id: Octet = 0
    priority_flag: PriorityFlag = 0
    schedule_delivery_time: ScheduleDeliveryTime = ""
    validity_period: ValidityPeriod = ""
    registered_delivery: RegisteredDelivery = 0
    replace_if_present_flag: Annotated[int, Unsigned(S.ESME_RINVREPFLAG, frozenset({0}))] = 0
    data_coding: Octet = 0
    sm_default_msg_id: SmDefaultMsgId = 0
    short_message: UserData = b""


class DeliverSmResp(Pdu):
    """§4.6.2; message_id is unused: one NUL."""

    command_id = CommandId.DELIVER_SM_RESP

    message_id: MessageId = ""


class DeliverSm(Pdu):
    """A message or receipt from an SMSC to an ESME (§4.6.1)."""

    command_id = CommandId.DELIVER_SM
    response_class = DeliverSmResp

    service_type: ServiceType = ""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddr = ""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: AnyDestAddr = ""
    esm_class: Octet = 0
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    schedule_delivery_time: Annotated[str, CString(17, S.ESME_RINVSCHED)] = ""
    validity_period: Annotated[str, CString(17, S.ESME_RINVEXPIRY)] = ""
    registered_delivery: Octet = 0
    replace_if_present_flag: Octet = 0
    data_coding: Octet = 0
    sm_default_msg_id: Octet = 0
    short_message: UserData = b""


class DataSmResp(Pdu):
    """§4.7.2."""

    command_id = CommandId.DATA_SM_RESP

    message_id: MessageId = ""


class DataSm(Pdu):
    """A message either way, its user data in a TLV (§4.7.1)."""

    command_id = CommandId.DATA_SM
    response_class = DataSmResp
    expected = _tags(*_DATA_TLVS)
    rules = (A_PAYLOAD, ONE_HEADER)

    service_type: ServiceType = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: LongSourceAddr = ""
    dest_addr_ton: DestTon = 0
    dest_addr_npi: DestNpi = 0
    destination_addr: Annotated[str, CString(65, S.ESME_RINVDSTADR, empty=False)] = ""
    esm_class: DataEsmClass = 0
    registered_delivery: RegisteredDelivery = 0
    data_coding: Octet = 0


class QuerySmResp(Pdu):
    """§4.8.2."""

    command_id = CommandId.QUERY_SM_RESP

    message_id: MessageId = ""
    final_date: Annotated[str, CString(17)] = ""
    message_state: Octet = 0
    error_code: Octet = 0


class QuerySm(Pdu):
    """What became of a message (§4.8.1)."""

    command_id = CommandId.QUERY_SM
    response_class = QuerySmResp

    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""


class CancelSmResp(Pdu):
    """§4.9.2."""

    command_id = CommandId.CANCEL_SM_RESP


class CancelSm(Pdu):
    """Cancel one message by its id, or a group by its addresses (§4.9.1)."""

    command_id = CommandId.CANCEL_SM
    response_class = CancelSmResp

    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    dest_addr_ton: DestTon = 0
    dest_addr_npi: DestNpi = 0
    destination_addr: AnyDestAddr = ""


class ReplaceSmResp(Pdu):
    """§4.10.2."""

    command_id = CommandId.REPLACE_SM_RESP


class ReplaceSm(Pdu):
    """A new text or new times for a message that is still held (§4.10.1)."""

    command_id = CommandId.REPLACE_SM
    response_class = ReplaceSmResp

    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    schedule_delivery_time: ScheduleDeliveryTime = ""
    validity_period: ValidityPeriod = ""
    registered_delivery: RegisteredDelivery = 0
    sm_default_msg_id: SmDefaultMsgId = 0
    short_message: UserData = b""


class AlertNotification(Pdu):
    """A mobile has become available (§4.12.1); no response."""

    command_id = CommandId.ALERT_NOTIFICATION

    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: LongSourceAddr = ""
    esme_addr_ton: Octet = 0
    esme_addr_npi: Octet = 0
    esme_addr: Annotated[str, CString(65, S.ESME_RINVDSTADR)] = ""


PDUS: dict[int, type[Pdu]] = {
    kind.command_id: kind
    for kind in list(vars().values())
    if isinstance(kind, type) and issubclass(kind, Pdu) and hasattr(kind, "command_id")
}
"""Every PDU of SMPP 3.4 by its command_id."""
