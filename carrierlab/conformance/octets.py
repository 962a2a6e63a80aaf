"""PDUs written and read octet by octet, without the codec: a check must be able to say what no codec would.

Every builder takes the fields of its operation by their names in the specification and returns the whole PDU.
Values are not judged in any way.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import msgspec

HEADER = 16

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
ALERT_NOTIFICATION = 0x00000102
DATA_SM = 0x00000103
BROADCAST_SM = 0x00000111
QUERY_BROADCAST_SM = 0x00000112
CANCEL_BROADCAST_SM = 0x00000113
RESPONSE = 0x80000000
GENERIC_NACK = 0x80000000
BINDS = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})

TAG_NETWORK_ERROR_CODE = 0x0423
TAG_MESSAGE_STATE = 0x0427
TAG_RECEIPTED_MESSAGE_ID = 0x001E
TAG_MESSAGE_PAYLOAD = 0x0424
TAG_SC_INTERFACE_VERSION = 0x0210
TAG_CONGESTION_STATE = 0x0428

Value = int | str | bytes | tuple[bytes, ...]
Fields = tuple[tuple[str, Value], ...]

_ADDRESSES: Fields = (
    ("source_addr_ton", 0),
    ("source_addr_npi", 0),
    ("source_addr", ""),
    ("dest_addr_ton", 0),
    ("dest_addr_npi", 0),
    ("destination_addr", ""),
)
_SOURCE = _ADDRESSES[:3]
_TIMES: Fields = (("schedule_delivery_time", ""), ("validity_period", ""))
_MESSAGE: Fields = (
    ("esm_class", 0),
    ("protocol_id", 0),
    ("priority_flag", 0),
    *_TIMES,
    ("registered_delivery", 0),
    ("replace_if_present_flag", 0),
    ("data_coding", 0),
    ("sm_default_msg_id", 0),
    ("sm_length", 0),
    ("short_message", b""),
)
_BIND: Fields = (
    ("system_id", ""),
    ("password", ""),
    ("system_type", ""),
    ("interface_version", 0x34),
    ("addr_ton", 0),
    ("addr_npi", 0),
    ("address_range", ""),
)

BODIES: Mapping[int, Fields] = {
    BIND_RECEIVER: _BIND,
    BIND_TRANSMITTER: _BIND,
    BIND_TRANSCEIVER: _BIND,
    OUTBIND: (("system_id", ""), ("password", "")),
    SUBMIT_SM: (("service_type", ""), *_ADDRESSES, *_MESSAGE),
    DELIVER_SM: (("service_type", ""), *_ADDRESSES, *_MESSAGE),
    SUBMIT_MULTI: (
        ("service_type", ""),
        *_SOURCE,
        ("number_of_dests", 0),
        ("dest_addresses", b""),
        *_MESSAGE,
    ),
    DATA_SM: (
        ("service_type", ""),
        *_ADDRESSES,
        ("esm_class", 0),
        ("registered_delivery", 0),
        ("data_coding", 0),
    ),
    QUERY_SM: (("message_id", ""), *_SOURCE),
    CANCEL_SM: (("service_type", ""), ("message_id", ""), *_ADDRESSES),
    REPLACE_SM: (
        ("message_id", ""),
        *_SOURCE,
        *_TIMES,
        ("registered_delivery", 0),
        ("sm_default_msg_id", 0),
        ("sm_length", 0),
        ("short_message", b""),
    ),
    ALERT_NOTIFICATION: (*_SOURCE, ("esme_addr_ton", 0), ("esme_addr_npi", 0), ("esme_addr", "")),
    BROADCAST_SM: (
        ("service_type", ""),
        *_SOURCE,
        ("message_id", ""),
        ("priority_flag", 0),
        *_TIMES,
        ("replace_if_present_flag", 0),
        ("data_coding", 0),
        ("sm_default_msg_id", 0),
    ),
    QUERY_BROADCAST_SM: (("message_id", ""), *_SOURCE),
    CANCEL_BROADCAST_SM: (("service_type", ""), ("message_id", ""), *_SOURCE),
    RESPONSE | BIND_RECEIVER: (("system_id", ""),),
    RESPONSE | BIND_TRANSMITTER: (("system_id", ""),),
    RESPONSE | BIND_TRANSCEIVER: (("system_id", ""),),
    RESPONSE | SUBMIT_SM: (("message_id", ""),),
    RESPONSE | DELIVER_SM: (("message_id", ""),),
    RESPONSE | DATA_SM: (("message_id", ""),),
    RESPONSE | SUBMIT_MULTI: (("message_id", ""), ("no_unsuccess", 0), ("unsuccess_smes", b"")),
    RESPONSE | QUERY_SM: (("message_id", ""), ("final_date", ""), ("message_state", 0), ("error_code", 0)),
    RESPONSE | BROADCAST_SM: (("message_id", ""),),
    RESPONSE | QUERY_BROADCAST_SM: (("message_id", ""),),
}
"""The fields of an operation, in order, with the value of one that is not given; the type says how it is written."""


def pdu(command_id: int, sequence: int = 1, body: bytes = b"", *, status: int = 0, length: int | None = None) -> bytes:
    """A PDU; `length` is what its command_length claims, true when omitted."""
    claimed = HEADER + len(body) if length is None else length
    return struct.pack(">IIII", claimed, command_id, status, sequence) + body


def operation(command_id: int, sequence: int, /, **fields: Value) -> bytes:
    """A PDU of a known operation. sm_length is that of short_message unless it is given; `tlvs` (octets) go last."""
    tlvs = fields.pop("tlvs", ())
    body = b"".join(_written(value) for _, value in _filled(command_id, fields))
    return pdu(command_id, sequence, body + _written(tlvs))


def _filled(command_id: int, fields: Mapping[str, Value]) -> Fields:
    declared = BODIES[command_id]
    unknown = set(fields) - {name for name, _ in declared}
    if unknown:
        raise TypeError(f"0x{command_id:08x} has no {', '.join(sorted(unknown))}")
    values = dict(declared) | dict(fields)
    if "short_message" in values and "sm_length" not in fields:
        message = values["short_message"]
        values["sm_length"] = len(message) if isinstance(message, bytes) else 0
    return tuple((name, values[name]) for name, _ in declared)


def _written(value: Value) -> bytes:
    match value:
        case int():
            return bytes((value & 0xFF,))
        case str():
            return value.encode("latin-1") + b"\0"
        case bytes():
            return value
        case tuple():
            return b"".join(value)


def tlv(tag: int, value: bytes = b"", length: int | None = None) -> bytes:
    """A TLV; `length` is what it claims, true when omitted."""
    return struct.pack(">HH", tag, len(value) if length is None else length) + value


def sme(number: str, ton: int = 1, npi: int = 1, flag: int = 1) -> bytes:
    """A mobile among the destinations of a submit_multi."""
    return bytes((flag, ton, npi)) + _written(number)


def distribution_list(name: str) -> bytes:
    """A list among the destinations of a submit_multi."""
    return b"\x02" + _written(name)


# --- reading -----------------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A body that is not what its operation has."""


def unsuccessful(octets: bytes) -> list[tuple[str, int]]:
    """The destinations that a submit_multi_resp lists, with their statuses; Unreadable."""
    found = []
    while octets:
        end = octets.find(b"\0", 2)
        if end < 0 or len(octets) < end + 5:
            raise Unreadable("the list of failed destinations ends too early")
        found.append((octets[2:end].decode("latin-1"), int.from_bytes(octets[end + 1 : end + 5], "big")))
        octets = octets[end + 5 :]
    return found


def _unsuccessful_size(octets: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        end = octets.find(b"\0", at + 2)
        if end < 0 or len(octets) < end + 5:
            raise Unreadable(f"no_unsuccess is {count}, and the list is shorter")
        at = end + 5
    return at


def _destinations_size(octets: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        flag = octets[at : at + 1]
        end = octets.find(b"\0", at + (3 if flag == b"\x01" else 1))
        if flag not in (b"\x01", b"\x02") or end < 0:
            raise Unreadable(f"number_of_dests is {count}, and the list is none of so many")
        at = end + 1
    return at


def _text_size(octets: bytes, count: int) -> int:
    if count > len(octets):
        raise Unreadable(f"sm_length is {count}, and {len(octets)} octets are left")
    return count


_COUNTED: Mapping[str, tuple[str, Callable[[bytes, int], int]]] = {
    "short_message": ("sm_length", _text_size),
    "dest_addresses": ("number_of_dests", _destinations_size),
    "unsuccess_smes": ("no_unsuccess", _unsuccessful_size),
}
"""The fields whose length another one says: its name, and how many octets they have."""


class Content(msgspec.Struct, frozen=True):
    """What a body says: mandatory fields by name, and TLVs in order."""

    fields: dict[str, Value]
    tlvs: tuple[tuple[int, bytes], ...]

    def text(self, name: str) -> str:
        """A C-octet string; "" when there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """An integer; -1 when there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, int) else -1

    def data(self, name: str) -> bytes:
        """Octets; empty when there are none."""
        value = self.fields.get(name)
        return value if isinstance(value, bytes) else b""

    def tlv(self, tag: int) -> bytes | None:
        """The value of the first TLV with this tag."""
        return next((value for number, value in self.tlvs if number == tag), None)


class Frame(msgspec.Struct, frozen=True):
    """One PDU as it came: its octets, and the time (seconds of the clock)."""

    octets: bytes
    at: float

    @property
    def readable(self) -> bool:
        """Whether it has a whole header, and the length that it claims."""
        return len(self.octets) >= HEADER and self.length == len(self.octets)

    @property
    def length(self) -> int:
        """The command_length."""
        return self._number(0)

    @property
    def command_id(self) -> int:
        """The command_id."""
        return self._number(4)

    @property
    def status(self) -> int:
        """The command_status."""
        return self._number(8)

    @property
    def sequence(self) -> int:
        """The sequence_number."""
        return self._number(12)

    def _number(self, at: int) -> int:
        return int.from_bytes(self.octets[at : at + 4], "big")

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.octets[HEADER:]

    def content(self) -> Content:
        """Mandatory fields and TLVs; Unreadable."""
        fields, rest = self._split()
        found: list[tuple[int, bytes]] = []
        while rest:
            if len(rest) < 4:
                raise Unreadable(f"{len(rest)} octets behind the last TLV")
            tag, length = struct.unpack_from(">HH", rest)
            if len(rest) < 4 + length:
                raise Unreadable(f"TLV 0x{tag:04x} claims {length} octets, {len(rest) - 4} are left")
            found.append((tag, rest[4 : 4 + length]))
            rest = rest[4 + length :]
        return Content(fields, tuple(found))

    def _split(self) -> tuple[dict[str, Value], bytes]:
        rest, found = self.body, dict[str, Value]()
        if self.status and not rest:
            return found, rest
        for name, kind in BODIES.get(self.command_id, ()):
            if name in _COUNTED:
                counter, measure = _COUNTED[name]
                count = found[counter]
                size = measure(rest, count if isinstance(count, int) else 0)
                found[name], rest = rest[:size], rest[size:]
            elif isinstance(kind, int):
                if not rest:
                    raise Unreadable(f"{name} is missing")
                found[name], rest = rest[0], rest[1:]
            elif isinstance(kind, str):
                value, nul, rest = rest.partition(b"\0")
                if not nul:
                    raise Unreadable(f"{name} has no end")
                found[name] = value.decode("latin-1")
        return found, rest


def split(buffered: bytes, most: int, at: float) -> tuple[list[Frame], bytes]:
    """The frames at the beginning of what was received, and the rest.

    What cannot be a PDU (a length below 16 or above `most`) ends the stream: all of it is one frame, not readable.
    """
    frames: list[Frame] = []
    while len(buffered) >= 4:
        length = int.from_bytes(buffered[:4], "big")
        if not HEADER <= length <= most:
            return [*frames, Frame(buffered, at)], b""
        if len(buffered) < length:
            break
        frames.append(Frame(buffered[:length], at))
        buffered = buffered[length:]
    return frames, buffered
