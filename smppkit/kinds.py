"""The kinds of fields that several PDUs share, each with the command_status that a bad value earns.

The constants are what a version may replace (smppkit.versions); the aliases are what declarations are written with.
"""

from typing import Annotated

from smppkit.fields import CString, ShortMessage, Unsigned
from smppkit.status import CommandStatus as S

TON = frozenset(range(7))
"""Types of number (SMPP 3.4 §5.2.5)."""
NPI = frozenset({0, 1, 3, 4, 6, 8, 9, 10, 14, 18})
"""Numbering plans (SMPP 3.4 §5.2.6)."""
UDHI = 0x40
"""esm_class: the user data begins with a header (SMPP 3.4 §5.2.12)."""
MESSAGE_TYPE = 0x3C
"""esm_class: the bits of the message type (SMPP 3.4 §5.2.12)."""


def message_types(*types: int) -> frozenset[int]:
    """Every esm_class of these message types."""
    return frozenset(octet for octet in range(256) if octet & MESSAGE_TYPE in types)


MESSAGE_ID = CString(65, S.ESME_RINVMSGID)
RESPONSE_MESSAGE_ID = CString(65)  # the one that a response gives: there is nobody to be refused
SUBMIT_ESM_CLASS = Unsigned(S.ESME_RINVESMCLASS, message_types(0x00, 0x08, 0x10))
DATA_ESM_CLASS = Unsigned(S.ESME_RINVESMCLASS, message_types(0x00, 0x04, 0x08, 0x10, 0x18, 0x20))
REGISTERED_DELIVERY = Unsigned(S.ESME_RINVREGDLVFLG, frozenset(octet for octet in range(256) if octet & 0b11 != 0b11))
DATA_CODING = Unsigned(S.ESME_RINVDCS)
USER_DATA = ShortMessage(254, S.ESME_RINVMSGLEN)

Octet = Annotated[int, Unsigned()]
ServiceType = Annotated[str, CString(6, S.ESME_RINVSERTYP)]
SystemId = Annotated[str, CString(16, S.ESME_RINVSYSID)]
Password = Annotated[str, CString(9, S.ESME_RINVPASWD)]
MessageId = Annotated[str, MESSAGE_ID]
ResponseMessageId = Annotated[str, RESPONSE_MESSAGE_ID]
SourceTon = Annotated[int, Unsigned(S.ESME_RINVSRCTON, TON)]
SourceNpi = Annotated[int, Unsigned(S.ESME_RINVSRCNPI, NPI)]
SourceAddr = Annotated[str, CString(21, S.ESME_RINVSRCADR)]
LongSourceAddr = Annotated[str, CString(65, S.ESME_RINVSRCADR)]
DestTon = Annotated[int, Unsigned(S.ESME_RINVDSTTON, TON)]
DestNpi = Annotated[int, Unsigned(S.ESME_RINVDSTNPI, NPI)]
DestAddr = Annotated[str, CString(21, S.ESME_RINVDSTADR, empty=False)]
AnyDestAddr = Annotated[str, CString(21, S.ESME_RINVDSTADR)]
SubmitEsmClass = Annotated[int, SUBMIT_ESM_CLASS]
DataEsmClass = Annotated[int, DATA_ESM_CLASS]
PriorityFlag = Annotated[int, Unsigned(S.ESME_RINVPRTFLG, frozenset(range(4)))]
ScheduleDeliveryTime = Annotated[str, CString(17, S.ESME_RINVSCHED, exact=True)]
ValidityPeriod = Annotated[str, CString(17, S.ESME_RINVEXPIRY, exact=True)]
RegisteredDelivery = Annotated[int, REGISTERED_DELIVERY]
ReplaceIfPresentFlag = Annotated[int, Unsigned(S.ESME_RINVREPFLAG, frozenset(range(2)))]
DataCoding = Annotated[int, DATA_CODING]
SmDefaultMsgId = Annotated[int, Unsigned(S.ESME_RINVDFTMSGID, frozenset(range(255)))]
UserData = Annotated[bytes, USER_DATA]
