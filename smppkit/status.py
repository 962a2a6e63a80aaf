"""command_status: every value that SMPP 3.4 (§5.1.3, table 5-2) and 5.0 (§4.7.6) define."""

import difflib
from enum import IntEnum

from smppkit.enums import at_hand


@at_hand
class CommandStatus(IntEnum):
    """The statuses by their names in the specification; `text` is its description in the table there.

    5.0 has other names for 0xC0 to 0xC4; both are known, and the older are the ones shown.
    """

    text: str

    def __new__(cls, value: int, text: str) -> "CommandStatus":
        """A member is its number; its text goes beside."""
        status = int.__new__(cls, value)
        status._value_ = value
        status.text = text
        return status

    ESME_ROK = 0x00000000, "No Error"
    ESME_RINVMSGLEN = 0x00000001, "Message Length is invalid"
    ESME_RINVCMDLEN = 0x00000002, "Command Length is invalid"
    ESME_RINVCMDID = 0x00000003, "Invalid Command ID"
    ESME_RINVBNDSTS = 0x00000004, "Incorrect BIND Status for given command"
    ESME_RALYBND = 0x00000005, "ESME Already in Bound State"
    ESME_RINVPRTFLG = 0x00000006, "Invalid Priority Flag"
    ESME_RINVREGDLVFLG = 0x00000007, "Invalid Registered Delivery Flag"
    ESME_RSYSERR = 0x00000008, "System Error"
    ESME_RINVSRCADR = 0x0000000A, "Invalid Source Address"
    ESME_RINVDSTADR = 0x0000000B, "Invalid Dest Addr"
    ESME_RINVMSGID = 0x0000000C, "Message ID is invalid"
    ESME_RBINDFAIL = 0x0000000D, "Bind Failed"
    ESME_RINVPASWD = 0x0000000E, "Invalid Password"
    ESME_RINVSYSID = 0x0000000F, "Invalid System ID"
    ESME_RCANCELFAIL = 0x00000011, "Cancel SM Failed"
    ESME_RREPLACEFAIL = 0x00000013, "Replace SM Failed"
    ESME_RMSGQFUL = 0x00000014, "Message Queue Full"
    ESME_RINVSERTYP = 0x00000015, "Invalid Service Type"
    ESME_RINVNUMDESTS = 0x00000033, "Invalid number of destinations"
    ESME_RINVDLNAME = 0x00000034, "Invalid Distribution List name"
    ESME_RINVDESTFLAG = 0x00000040, "Destination flag is invalid (submit_multi)"
    ESME_RINVSUBREP = 0x00000042, "Invalid 'submit with replace' request"
    ESME_RINVESMCLASS = 0x00000043, "Invalid esm_class field data"
    ESME_RCNTSUBDL = 0x00000044, "Cannot Submit to Distribution List"
    ESME_RSUBMITFAIL = 0x00000045, "submit_sm or submit_multi failed"
    ESME_RINVSRCTON = 0x00000048, "Invalid Source address TON"
    ESME_RINVSRCNPI = 0x00000049, "Invalid Source address NPI"
    ESME_RINVDSTTON = 0x00000050, "Invalid Destination address TON"
    ESME_RINVDSTNPI = 0x00000051, "Invalid Destination address NPI"
    ESME_RINVSYSTYP = 0x00000053, "Invalid system_type field"
    ESME_RINVREPFLAG = 0x00000054, "Invalid replace_if_present flag"
    ESME_RINVNUMMSGS = 0x00000055, "Invalid number of messages"
    ESME_RTHROTTLED = 0x00000058, "Throttling error (ESME has exceeded allowed message limits)"
    ESME_RINVSCHED = 0x00000061, "Invalid Scheduled Delivery Time"
    ESME_RINVEXPIRY = 0x00000062, "Invalid message validity period (Expiry time)"
    ESME_RINVDFTMSGID = 0x00000063, "Predefined Message Invalid or Not Found"
    ESME_RX_T_APPN = 0x00000064, "ESME Receiver Temporary App Error Code"
    ESME_RX_P_APPN = 0x00000065, "ESME Receiver Permanent App Error Code"
    ESME_RX_R_APPN = 0x00000066, "ESME Receiver Reject Message Error Code"
    ESME_RQUERYFAIL = 0x00000067, "query_sm request failed"
    ESME_RINVOPTPARSTREAM = 0x000000C0, "Error in the optional part of the PDU Body"
    ESME_ROPTPARNOTALLWD = 0x000000C1, "Optional Parameter not allowed"
    ESME_RINVPARLEN = 0x000000C2, "Invalid Parameter Length"
    ESME_RMISSINGOPTPARAM = 0x000000C3, "Expected Optional Parameter missing"
    ESME_RINVOPTPARAMVAL = 0x000000C4, "Invalid Optional Parameter Value"
    ESME_RDELIVERYFAILURE = 0x000000FE, "Delivery Failure (used for data_sm_resp)"
    ESME_RUNKNOWNERR = 0x000000FF, "Unknown Error"

    # Since 5.0
    ESME_RSERTYPUNAUTH = 0x00000100, "ESME Not authorised to use specified service_type"
    ESME_RPROHIBITED = 0x00000101, "ESME Prohibited from using specified operation"
    ESME_RSERTYPUNAVAIL = 0x00000102, "Specified service_type is unavailable"
    ESME_RSERTYPDENIED = 0x00000103, "Specified service_type is denied"
    ESME_RINVDCS = 0x00000104, "Invalid Data Coding Scheme"
    ESME_RINVSRCADDRSUBUNIT = 0x00000105, "Source Address Sub unit is Invalid"
    ESME_RINVDSTADDRSUBUNIT = 0x00000106, "Destination Address Sub unit is Invalid"
    ESME_RINVBCASTFREQINT = 0x00000107, "Broadcast Frequency Interval is invalid"
    ESME_RINVBCASTALIAS_NAME = 0x00000108, "Broadcast Alias Name is invalid"
    ESME_RINVBCASTAREAFMT = 0x00000109, "Broadcast Area Format is invalid"
    ESME_RINVNUMBCAST_AREAS = 0x0000010A, "Number of Broadcast Areas is invalid"
    ESME_RINVBCASTCNTTYPE = 0x0000010B, "Broadcast Content Type is invalid"
    ESME_RINVBCASTMSGCLASS = 0x0000010C, "Broadcast Message Class is invalid"
    ESME_RBCASTFAIL = 0x0000010D, "broadcast_sm operation failed"
    ESME_RBCASTQUERYFAIL = 0x0000010E, "query_broadcast_sm operation failed"
    ESME_RBCASTCANCELFAIL = 0x0000010F, "cancel_broadcast_sm operation failed"
    ESME_RINVBCAST_REP = 0x00000110, "Number of Repeated Broadcasts is invalid"
    ESME_RINVBCASTSRVGRP = 0x00000111, "Broadcast Service Group is invalid"
    ESME_RINVBCASTCHANIND = 0x00000112, "Broadcast Channel Indicator is invalid"

    # What 5.0 calls the five of optional parameters, which it calls TLVs
    ESME_RINVTLVSTREAM = 0x000000C0, "Error in the optional part of the PDU Body"
    ESME_RTLVNOTALLWD = 0x000000C1, "Optional Parameter not allowed"
    ESME_RINVTLVLEN = 0x000000C2, "Invalid Parameter Length"
    ESME_RMISSINGTLV = 0x000000C3, "Expected Optional Parameter missing"
    ESME_RINVTLVVAL = 0x000000C4, "Invalid Optional Parameter Value"


_NAMES = {status.value: status.name for status in CommandStatus}
_VALUES = {name: status.value for name, status in CommandStatus.__members__.items()}


def status_name(status: int) -> str:
    """The specification's name, "ESME_RTHROTTLED"; a reserved or vendor's status as "0x00000400"."""
    return _NAMES.get(status) or f"0x{status:08x}"


def parse_status(status: str | int) -> int:
    """A status as a person writes it: "ESME_RTHROTTLED", "RTHROTTLED", 88, "88" or "0x58".

    Any number of four octets is a status, since vendors have their own. ValueError names the nearest known one.
    """
    if isinstance(status, str):
        name = status.strip().upper()
        for candidate in (name, f"ESME_{name}"):
            if candidate in _VALUES:
                return _VALUES[candidate]
        try:
            number = int(name, 0)
        except ValueError:
            raise ValueError(f"no status is called {status!r}{_nearest(name)}") from None
    else:
        number = int(status)
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(f"a status is a number from 0 to 0xffffffff, not {status!r}")
    return number


def _nearest(name: str) -> str:
    known = [status.removeprefix("ESME_") for status in _VALUES]
    close = difflib.get_close_matches(name.removeprefix("ESME_"), known, n=1)
    return f"; did you mean ESME_{close[0]}?" if close else "; statuses are names such as ESME_RTHROTTLED, or numbers"
