"""What a request expects of its TLVs, as data: which it may have, and what binds them to its fields.

These are judged, in the requests of an ESME; every other TLV passes as it is (SMPP 3.4 §3.3).
"""

from collections.abc import Iterable
from typing import Any

from smppkit import tlvs as t
from smppkit.kinds import MESSAGE_TYPE, UDHI
from smppkit.rules import Exclusive, Required
from smppkit.status import CommandStatus as S
from smppkit.tlvs import TAGS, TAGS_50, Tag

Expected = dict[int, Tag[Any]]


def in_34(tags: Iterable[Tag[Any]]) -> Expected:
    """By their numbers, in the form of 3.4."""
    return {tag.number: TAGS[tag.number] for tag in tags}


def in_50(tags: Iterable[Tag[Any]]) -> Expected:
    """By their numbers, in the form of 5.0."""
    return {tag.number: TAGS_50[tag.number] for tag in tags}


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
BROADCAST_NEEDS = (
    Required((t.BROADCAST_AREA_IDENTIFIER,), S.ESME_RMISSINGOPTPARAM),
    Required((t.BROADCAST_CONTENT_TYPE,), S.ESME_RMISSINGOPTPARAM),
    # What is broadcast at once is broadcast once.
    Required((t.BROADCAST_REP_NUM,), S.ESME_RMISSINGOPTPARAM, field="priority_flag", mask=0x01),
    Required((t.BROADCAST_FREQUENCY_INTERVAL,), S.ESME_RMISSINGOPTPARAM),
)
"""SMPP 5.0 §4.4.1.1."""

# SMPP 3.4 §4.4.1, §4.5.1, §4.7.1: the TLVs of the three operations that submit.
SUBMIT_MULTI_TLVS = (
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
SUBMIT_TLVS = (
    *SUBMIT_MULTI_TLVS,
    t.MORE_MESSAGES_TO_SEND,
    t.USER_RESPONSE_CODE,
    t.NUMBER_OF_MESSAGES,
    t.ITS_REPLY_TYPE,
    t.ITS_SESSION_INFO,
    t.USSD_SERVICE_OP,
)
DATA_TLVS = (
    *SUBMIT_TLVS,
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

# SMPP 5.0 §4.2.4: one list for the three of them. It adds what tells of networks, portability and billing.
SUBMIT_TLVS_50 = (
    *DATA_TLVS,
    t.BILLING_IDENTIFICATION,
    t.SOURCE_NETWORK_ID,
    t.SOURCE_NODE_ID,
    t.DEST_NETWORK_ID,
    t.DEST_NODE_ID,
    t.DEST_ADDR_NP_RESOLUTION,
    t.DEST_ADDR_NP_INFORMATION,
    t.DEST_ADDR_NP_COUNTRY,
)
# SMPP 5.0 §4.4.1.1 and §4.4.2
BROADCAST_TLVS = (
    t.BROADCAST_AREA_IDENTIFIER,
    t.BROADCAST_CONTENT_TYPE,
    t.BROADCAST_REP_NUM,
    t.BROADCAST_FREQUENCY_INTERVAL,
    t.ALERT_ON_MESSAGE_DELIVERY,
    t.BROADCAST_CHANNEL_INDICATOR,
    t.BROADCAST_CONTENT_TYPE_INFO,
    t.BROADCAST_MESSAGE_CLASS,
    t.BROADCAST_SERVICE_GROUP,
    t.CALLBACK_NUM,
    t.CALLBACK_NUM_ATAG,
    t.CALLBACK_NUM_PRES_IND,
    t.DEST_ADDR_SUBUNIT,
    t.DEST_SUBADDRESS,
    t.DESTINATION_PORT,
    t.DISPLAY_TIME,
    t.LANGUAGE_INDICATOR,
    t.MESSAGE_PAYLOAD,
    t.MS_VALIDITY,
    t.PAYLOAD_TYPE,
    t.PRIVACY_INDICATOR,
    t.SMS_SIGNAL,
    t.SOURCE_ADDR_SUBUNIT,
    t.SOURCE_PORT,
    t.SOURCE_SUBADDRESS,
    t.USER_MESSAGE_REFERENCE,
)
