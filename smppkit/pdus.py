"""The PDUs of SMPP, declared as data.

A class is a PDU, an annotation is a field of its body: name and order as in the specification, with its limit and the
command_status that a bad value earns. The codec compiles encoders and decoders from these classes. They are those of
SMPP 3.4 (§ alone is a section of it), and one class serves all versions: what another version has otherwise is said in
smppkit.versions. Integers stay `int`, C-strings are `str` (octet for octet in Latin-1), user data is `bytes`.

Values are judged where an ESME asks something of an SMSC. What an SMSC delivers and what anyone responds is taken as it
comes (within what can be read at all): refusing a receipt for its type of number would lose it.
"""

from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from smppkit import tlvs as t
from smppkit.commands import CommandId, command_name
from smppkit.errors import LocalProtocolError
from smppkit.expected import (
    A_PAYLOAD,
    BROADCAST_NEEDS,
    BROADCAST_TLVS,
    DATA_TLVS,
    ONE_HEADER,
    ONE_USER_DATA,
    SUBMIT_MULTI_TLVS,
    SUBMIT_TLVS,
    Expected,
    in_34,
    in_50,
)
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.kinds import (
    AnyDestAddr,
    DataCoding,
    DataEsmClass,
    DestAddr,
    DestNpi,
    DestTon,
    LongSourceAddr,
    MessageId,
    Octet,
    Password,
    PriorityFlag,
    RegisteredDelivery,
    ReplaceIfPresentFlag,
    ResponseMessageId,
    ScheduleDeliveryTime,
    ServiceType,
    SmDefaultMsgId,
    SourceAddr,
    SourceNpi,
    SourceTon,
    SubmitEsmClass,
    SystemId,
    UserData,
    ValidityPeriod,
)
from smppkit.rules import Rule
from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tag, Tlv

T = TypeVar("T")


class Pdu(msgspec.Struct, gc=False, repr_omit_defaults=True, omit_defaults=True):
    """What all PDUs have: the header's fields (SMPP 3.4 §3.2.1) and TLVs, kept raw, in order, unknown ones too.

    `expected` are the TLVs whose length and value the codec judges: those that the specification lists for the
    operation, in the requests of an ESME. All others pass, as §3.3 asks. `rules` bind fields and TLVs together.
    """

    command_id: ClassVar[CommandId]
    name: ClassVar[str]
    response_class: ClassVar["type[Pdu] | None"] = None
    expected: ClassVar[Expected] = {}
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

    def response(self, command_status: int = 0, **fields: Any) -> "Pdu":
        """The response to this request, with its sequence number."""
        if self.response_class is None:
            raise LocalProtocolError(f"{self.name} has no response")
        return self.response_class(command_status, self.sequence_number, **fields)


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

    message_id: ResponseMessageId = ""


class SubmitSm(Pdu):
    """A message from an ESME to one mobile (§4.4.1)."""

    command_id = CommandId.SUBMIT_SM
    response_class = SubmitSmResp
    expected = in_34(SUBMIT_TLVS)
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
    data_coding: DataCoding = 0
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

    message_id: ResponseMessageId = ""
    unsuccess_smes: Annotated[tuple[UnsuccessSme, ...], Entries({None: UnsuccessSme})] = ()


class SubmitMulti(Pdu):
    """A message to up to 254 mobiles and lists (§4.5.1); number_of_dests is the length of the list."""

    command_id = CommandId.SUBMIT_MULTI
    response_class = SubmitMultiResp
    expected = in_34(SUBMIT_MULTI_TLVS)
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
    data_coding: DataCoding = 0
    sm_default_msg_id: SmDefaultMsgId = 0
    short_message: UserData = b""


class DeliverSmResp(Pdu):
    """§4.6.2; message_id is unused: one NUL."""

    command_id = CommandId.DELIVER_SM_RESP

    message_id: ResponseMessageId = ""


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

    message_id: ResponseMessageId = ""


class DataSm(Pdu):
    """A message either way, its user data in a TLV (§4.7.1).

    An SMSC may send a receipt so: types of number are taken as they come, and judged by who is asked to send.
    """

    command_id = CommandId.DATA_SM
    response_class = DataSmResp
    expected = in_34(DATA_TLVS)
    rules = (A_PAYLOAD, ONE_HEADER)

    service_type: ServiceType = ""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: LongSourceAddr = ""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: Annotated[str, CString(65, S.ESME_RINVDSTADR, empty=False)] = ""
    esm_class: DataEsmClass = 0
    registered_delivery: RegisteredDelivery = 0
    data_coding: DataCoding = 0


class QuerySmResp(Pdu):
    """§4.8.2."""

    command_id = CommandId.QUERY_SM_RESP

    message_id: ResponseMessageId = ""
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


# Only SMPP 5.0 (§4.4, §4.6) has these


class BroadcastSmResp(Pdu):
    """5.0 §4.4.1.2; TLVs say which areas failed, and why."""

    command_id = CommandId.BROADCAST_SM_RESP

    message_id: ResponseMessageId = ""


class BroadcastSm(Pdu):
    """A message to every mobile in some areas; areas and repetition are in TLVs, and so is the text (5.0 §4.4.1.1)."""

    command_id = CommandId.BROADCAST_SM
    response_class = BroadcastSmResp
    expected = in_50(BROADCAST_TLVS)
    rules = BROADCAST_NEEDS

    service_type: ServiceType = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    message_id: MessageId = ""
    priority_flag: Annotated[int, Unsigned(S.ESME_RINVPRTFLG, frozenset(range(5)))] = 0
    schedule_delivery_time: ScheduleDeliveryTime = ""
    validity_period: ValidityPeriod = ""
    replace_if_present_flag: ReplaceIfPresentFlag = 0
    data_coding: DataCoding = 0
    sm_default_msg_id: SmDefaultMsgId = 0


class QueryBroadcastSmResp(Pdu):
    """5.0 §4.6.1.3; TLVs say the state, the areas, and how far each was reached."""

    command_id = CommandId.QUERY_BROADCAST_SM_RESP

    message_id: ResponseMessageId = ""


class QueryBroadcastSm(Pdu):
    """What became of a broadcast (5.0 §4.6.1.1)."""

    command_id = CommandId.QUERY_BROADCAST_SM
    response_class = QueryBroadcastSmResp
    expected = in_50((t.USER_MESSAGE_REFERENCE,))

    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""


class CancelBroadcastSmResp(Pdu):
    """5.0 §4.6.2.3."""

    command_id = CommandId.CANCEL_BROADCAST_SM_RESP


class CancelBroadcastSm(Pdu):
    """Cancel one broadcast by its id, or a group by service type, source and content type (5.0 §4.6.2.1)."""

    command_id = CommandId.CANCEL_BROADCAST_SM
    response_class = CancelBroadcastSmResp
    expected = in_50((t.BROADCAST_CONTENT_TYPE, t.USER_MESSAGE_REFERENCE))

    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""


# Only SMPP 3.3 has these


class ParamRetrieveResp(Pdu):
    """The value of a parameter (3.3)."""

    command_id = CommandId.PARAM_RETRIEVE_RESP

    param_value: Annotated[str, CString(101)] = ""


class ParamRetrieve(Pdu):
    """What is the value of a parameter of the message centre (3.3)."""

    command_id = CommandId.PARAM_RETRIEVE
    response_class = ParamRetrieveResp

    param_name: Annotated[str, CString(32)] = ""


class MessageReference(msgspec.Struct, frozen=True):
    """One message among the last ones of a source (3.3)."""

    message_id: Annotated[str, CString(9, read_limit=65)] = ""


class QueryLastMsgsResp(Pdu):
    """The ids of the last messages of a source (3.3); their number is the length of the list."""

    command_id = CommandId.QUERY_LAST_MSGS_RESP

    messages: Annotated[tuple[MessageReference, ...], Entries({None: MessageReference})] = ()


class QueryLastMsgs(Pdu):
    """Which were the last messages of a source (3.3)."""

    command_id = CommandId.QUERY_LAST_MSGS
    response_class = QueryLastMsgsResp

    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    num_of_messages: Annotated[int, Unsigned(S.ESME_RINVNUMMSGS, frozenset(range(1, 101)))] = 1


class QueryMsgDetailsResp(Pdu):
    """Everything that is known of a message (3.3)."""

    command_id = CommandId.QUERY_MSG_DETAILS_RESP

    service_type: ServiceType = ""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddr = ""
    dest_addresses: Annotated[
        tuple[SmeAddress | DistributionList, ...], Entries({1: SmeAddress, 2: DistributionList})
    ] = ()
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    schedule_delivery_time: Annotated[str, CString(17)] = ""
    validity_period: Annotated[str, CString(17)] = ""
    registered_delivery: Octet = 0
    data_coding: Octet = 0
    short_message: Annotated[bytes, ShortMessage(254, S.ESME_RINVMSGLEN, last=False)] = b""
    message_id: ResponseMessageId = ""
    final_date: Annotated[str, CString(17)] = ""
    message_state: Octet = 0
    error_code: Octet = 0


class QueryMsgDetails(Pdu):
    """Everything about a message, with as many octets of its text as `sm_length` says (3.3)."""

    command_id = CommandId.QUERY_MSG_DETAILS
    response_class = QueryMsgDetailsResp

    message_id: MessageId = ""
    source_addr_ton: SourceTon = 0
    source_addr_npi: SourceNpi = 0
    source_addr: SourceAddr = ""
    sm_length: Octet = 0


PDUS: dict[int, type[Pdu]] = {
    kind.command_id: kind
    for kind in list(vars().values())
    if isinstance(kind, type) and issubclass(kind, Pdu) and hasattr(kind, "command_id")
}
"""Every PDU of any version by its command_id."""
