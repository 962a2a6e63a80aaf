"""What the numbers in fields mean, in words for people: tables after SMPP 3.4 §5.2 and §5.3, SMPP 5.0 §4.7 and §4.8."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smppkit.commands import command_name
from smppkit.message_state import MessageState
from smppkit.status import CommandStatus, status_name
from smppkit.text import Alphabet, alphabet_of

_TON = {
    0: "unknown",
    1: "international",
    2: "national",
    3: "network specific",
    4: "subscriber number",
    5: "alphanumeric",
    6: "abbreviated",
}
_NPI = {
    0: "unknown",
    1: "ISDN (E.164)",
    3: "data (X.121)",
    4: "telex (F.69)",
    6: "land mobile (E.212)",
    8: "national",
    9: "private",
    10: "ERMES",
    14: "internet (IP)",
    18: "WAP client id",
}
_MODES = {0: "default mode", 1: "datagram", 2: "forward (transaction)", 3: "store and forward"}
_TYPES = {
    0x00: "default message type",
    0x04: "delivery receipt",
    0x08: "delivery acknowledgement",
    0x10: "user acknowledgement",
    0x18: "conversation abort",
    0x20: "intermediate notification",
}
_FEATURES = {0x00: "", 0x40: "UDHI: a user data header", 0x80: "reply path", 0xC0: "UDHI and reply path"}
_RECEIPTS = {0: "no receipt", 1: "receipt: success or failure", 2: "receipt: failure", 3: "receipt: success"}
_ACKS = {0: "", 4: "SME delivery acknowledgement", 8: "SME user acknowledgement", 12: "both SME acknowledgements"}
_PRIORITIES = {0: "lowest", 3: "highest"}
_STATUSES = {int(status): status for status in CommandStatus}
_STATES = {int(state): state.name for state in MessageState}
_NO_YES = {0: "no", 1: "yes"}


def _esm_class(value: int) -> str:
    kind = _TYPES.get(value & 0x3C, f"message type 0x{value & 0x3C:02x}, reserved")
    return ", ".join(word for word in (_MODES[value & 3], kind, _FEATURES[value & 0xC0]) if word)


def _registered_delivery(value: int) -> str:
    notice = "intermediate notification" if value & 0x10 else ""
    return ", ".join(word for word in (_RECEIPTS[value & 3], _ACKS[value & 0x0C], notice) if word)


def _data_coding(value: int) -> str:
    alphabet = alphabet_of(value)
    if value == 0:
        return "the SMSC's default alphabet, mostly gsm7"
    return "octets, or an alphabet that is not read" if alphabet is Alphabet.OCTETS else alphabet.value


def _version(value: int) -> str:
    return f"{value >> 4}.{value & 15}"


def _status(value: int) -> str:
    known = _STATUSES.get(value)
    return "of a vendor, or reserved" if known is None else f"{status_name(value)}: {known.text}"


def _of(table: Mapping[int, str]) -> Callable[[int], str | None]:
    return table.get


_MEANINGS: dict[str, Callable[[int], str | None]] = {
    "command_id": command_name,
    "command_status": _status,
    "error_status_code": _status,
    "esm_class": _esm_class,
    "registered_delivery": _registered_delivery,
    "data_coding": _data_coding,
    "interface_version": _version,
    "sc_interface_version": _version,
    "priority_flag": _of(_PRIORITIES),
    "replace_if_present_flag": _of(_NO_YES),
    "message_state": _of(_STATES),
    "more_messages_to_send": _of({0: "no", 1: "yes"}),
    "payload_type": _of({0: "default", 1: "WCMP"}),
    "dpf_result": _of(_NO_YES),
    "set_dpf": _of(_NO_YES),
    "ms_availability_status": _of({0: "available", 1: "denied", 2: "unavailable"}),
    "delivery_failure_reason": _of(
        {0: "destination unavailable", 1: "destination address invalid", 2: "permanent", 3: "temporary"}
    ),
    "privacy_indicator": _of({0: "not restricted", 1: "restricted", 2: "confidential", 3: "secret"}),
    "language_indicator": _of(
        {0: "unspecified", 1: "English", 2: "French", 3: "Spanish", 4: "German", 5: "Portuguese"}
    ),
    "ussd_service_op": _of(
        {0: "PSSD indication", 1: "PSSR indication", 2: "USSR request", 3: "USSN request"}
        | {16: "PSSD response", 17: "PSSR response", 18: "USSR confirm", 19: "USSN confirm"}
    ),
}
_BY_END: dict[str, Callable[[int], str | None]] = {"_ton": _of(_TON), "_npi": _of(_NPI)}


def meaning_of(field: str, value: int) -> str | None:
    """What a number in the field of that name means; None where it means itself, or nobody knows."""
    explain = _MEANINGS.get(field) or _BY_END.get(field[-4:])
    return None if explain is None else explain(value)
