"""command_status: every value that SMPP 3.4 (§5.1.3, table 5-2) and 5.0 (§4.7.6) define."""

import difflib
from enum import IntEnum

from smppkit.enums import at_hand


@at_hand
class CommandStatus(IntEnum):
    """The statuses by their names in the specification; `text` says in a few words what each means.

    5.0 has other names for 0xC0 to 0xC4; both are known, and the older are the ones shown.
    """

    text: str

    def __new__(cls, value: int, text: str) -> "CommandStatus":
        """A member is its number; its text goes beside."""
        status = int.__new__(cls, value)
        status._value_ = value
        status.text = text
        return status

    ESME_ROK = 0x00000000, "no error"
    ESME_RINVMSGLEN = 0x00000001, "message length is invalid"
    ESME_RINVCMDLEN = 0x00000002, "command length is invalid"
    ESME_RINVCMDID = 0x00000003, "command id is unknown"
    ESME_RINVBNDSTS = 0x00000004, "not allowed in this bind state"
    ESME_RALYBND = 0x00000005, "already bound"
    ESME_RINVPRTFLG = 0x00000006, "priority flag is invalid"
    ESME_RINVREGDLVFLG = 0x00000007, "registered delivery flag is invalid"
    ESME_RSYSERR = 0x00000008, "system error"
    ESME_RINVSRCADR = 0x0000000A, "source address is invalid"
    ESME_RINVDSTADR = 0x0000000B, "destination address is invalid"
    ESME_RINVMSGID = 0x0000000C, "message id is invalid"
    ESME_RBINDFAIL = 0x0000000D, "bind failed"
    ESME_RINVPASWD = 0x0000000E, "password is invalid"
    ESME_RINVSYSID = 0x0000000F, "system id is invalid"
    ESME_RCANCELFAIL = 0x00000011, "message could not be cancelled"
    ESME_RREPLACEFAIL = 0x00000013, "message could not be replaced"
    ESME_RMSGQFUL = 0x00000014, "message queue is full"
    ESME_RINVSERTYP = 0x00000015, "service type is invalid"
    ESME_RINVNUMDESTS = 0x00000033, "number of destinations is invalid"
    ESME_RINVDLNAME = 0x00000034, "distribution list name is invalid"
    ESME_RINVDESTFLAG = 0x00000040, "destination flag is invalid"
    ESME_RINVSUBREP = 0x00000042, "submit with replace is invalid"
    ESME_RINVESMCLASS = 0x00000043, "esm_class is invalid"
    ESME_RCNTSUBDL = 0x00000044, "distribution list cannot be submitted to"
    ESME_RSUBMITFAIL = 0x00000045, "submit failed"
    ESME_RINVSRCTON = 0x00000048, "source type of number is invalid"
    ESME_RINVSRCNPI = 0x00000049, "source numbering plan is invalid"
    ESME_RINVDSTTON = 0x00000050, "destination type of number is invalid"
    ESME_RINVDSTNPI = 0x00000051, "destination numbering plan is invalid"
    ESME_RINVSYSTYP = 0x00000053, "system type is invalid"
    ESME_RINVREPFLAG = 0x00000054, "replace-if-present flag is invalid"
    ESME_RINVNUMMSGS = 0x00000055, "number of messages is invalid"
    ESME_RTHROTTLED = 0x00000058, "message rate or window exceeded"
    ESME_RINVSCHED = 0x00000061, "scheduled delivery time is invalid"
    ESME_RINVEXPIRY = 0x00000062, "validity period is invalid"
    ESME_RINVDFTMSGID = 0x00000063, "predefined message is invalid or unknown"
    ESME_RX_T_APPN = 0x00000064, "receiving application: temporary error"
    ESME_RX_P_APPN = 0x00000065, "receiving application: permanent error"
    ESME_RX_R_APPN = 0x00000066, "receiving application: message refused"
    ESME_RQUERYFAIL = 0x00000067, "query failed"
    ESME_RINVOPTPARSTREAM = 0x000000C0, "optional parameters cannot be read"
    ESME_ROPTPARNOTALLWD = 0x000000C1, "optional parameter is not allowed"
    ESME_RINVPARLEN = 0x000000C2, "optional parameter has a wrong length"
    ESME_RMISSINGOPTPARAM = 0x000000C3, "an expected optional parameter is missing"
    ESME_RINVOPTPARAMVAL = 0x000000C4, "optional parameter has an invalid value"
    ESME_RDELIVERYFAILURE = 0x000000FE, "delivery failed"
    ESME_RUNKNOWNERR = 0x000000FF, "unknown error"

    # Since 5.0
    ESME_RSERTYPUNAUTH = 0x00000100, "service type is not open to this ESME"
    ESME_RPROHIBITED = 0x00000101, "operation is not open to this ESME"
    ESME_RSERTYPUNAVAIL = 0x00000102, "service type is unavailable"
    ESME_RSERTYPDENIED = 0x00000103, "service type is denied"
    ESME_RINVDCS = 0x00000104, "data coding is invalid or not supported"
    ESME_RINVSRCADDRSUBUNIT = 0x00000105, "source address subunit is invalid"
    ESME_RINVDSTADDRSUBUNIT = 0x00000106, "destination address subunit is invalid"
    ESME_RINVBCASTFREQINT = 0x00000107, "broadcast frequency interval is invalid"
    ESME_RINVBCASTALIAS_NAME = 0x00000108, "broadcast area alias is invalid"
    ESME_RINVBCASTAREAFMT = 0x00000109, "broadcast area format is invalid"
    ESME_RINVNUMBCAST_AREAS = 0x0000010A, "number of broadcast areas is invalid"
    ESME_RINVBCASTCNTTYPE = 0x0000010B, "broadcast content type is invalid"
    ESME_RINVBCASTMSGCLASS = 0x0000010C, "broadcast message class is invalid"
    ESME_RBCASTFAIL = 0x0000010D, "broadcast failed"
    ESME_RBCASTQUERYFAIL = 0x0000010E, "broadcast query failed"
    ESME_RBCASTCANCELFAIL = 0x0000010F, "broadcast could not be cancelled"
    ESME_RINVBCAST_REP = 0x00000110, "number of broadcast repetitions is invalid"
    ESME_RINVBCASTSRVGRP = 0x00000111, "broadcast service group is invalid"
    ESME_RINVBCASTCHANIND = 0x00000112, "broadcast channel indicator is invalid"

    # What 5.0 calls the five of optional parameters, which it calls TLVs
    ESME_RINVTLVSTREAM = 0x000000C0, "optional parameters cannot be read"
    ESME_RTLVNOTALLWD = 0x000000C1, "optional parameter is not allowed"
    ESME_RINVTLVLEN = 0x000000C2, "optional parameter has a wrong length"
    ESME_RMISSINGTLV = 0x000000C3, "an expected optional parameter is missing"
    ESME_RINVTLVVAL = 0x000000C4, "optional parameter has an invalid value"


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
