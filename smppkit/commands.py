"""The operations of SMPP 3.3, 3.4 (§5.1.2.1, table 5-1) and 5.0 (§4.7.5).

Which of them a version has is said in smppkit.versions.
"""

from enum import IntEnum

from smppkit.enums import at_hand

RESPONSE_BIT = 0x80000000
"""Set in the command_id of every response (SMPP 3.4 §5.1.2)."""


@at_hand
class CommandId(IntEnum):
    """command_id of every operation of any version; the rest of the range is reserved, or a vendor's."""

    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    QUERY_SM = 0x00000003
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    REPLACE_SM = 0x00000007
    CANCEL_SM = 0x00000008
    BIND_TRANSCEIVER = 0x00000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    SUBMIT_MULTI = 0x00000021
    PARAM_RETRIEVE = 0x00000022  # this and the next two: 3.3 only
    QUERY_LAST_MSGS = 0x00000023
    QUERY_MSG_DETAILS = 0x00000024
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    BROADCAST_SM = 0x00000111  # this and the next two: 5.0
    QUERY_BROADCAST_SM = 0x00000112
    CANCEL_BROADCAST_SM = 0x00000113

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM_RESP = 0x80000005
    UNBIND_RESP = 0x80000006
    REPLACE_SM_RESP = 0x80000007
    CANCEL_SM_RESP = 0x80000008
    BIND_TRANSCEIVER_RESP = 0x80000009
    ENQUIRE_LINK_RESP = 0x80000015
    SUBMIT_MULTI_RESP = 0x80000021
    PARAM_RETRIEVE_RESP = 0x80000022
    QUERY_LAST_MSGS_RESP = 0x80000023
    QUERY_MSG_DETAILS_RESP = 0x80000024
    DATA_SM_RESP = 0x80000103
    BROADCAST_SM_RESP = 0x80000111
    QUERY_BROADCAST_SM_RESP = 0x80000112
    CANCEL_BROADCAST_SM_RESP = 0x80000113


_NAMES = {command.value: command.name.lower() for command in CommandId}


def command_name(command_id: int) -> str:
    """The specification's name, "submit_sm"; for an id that it does not define, the number: "0x0000000a"."""
    return _NAMES.get(command_id) or f"0x{command_id:08x}"
