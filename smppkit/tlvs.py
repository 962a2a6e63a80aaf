"""Optional parameters (TLVs) of SMPP 3.4 §5.3: raw on the wire, typed through their tag.

A PDU carries `Tlv` pairs exactly as they came, also those nobody knows (§3.3: unknown ones are ignored, not refused).
`Tag.of` makes one from a value, `Tag.parse` and `Pdu.tlv` read one.
"""

from collections.abc import Container
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from smppkit.errors import EncodeError, PduError
from smppkit.status import CommandStatus

T = TypeVar("T")
MAX_VALUE = 0xFFFF
"""The length field of a TLV has two octets (SMPP 3.4 §3.2.4.1)."""


class Tlv(NamedTuple):
    """One optional parameter as it is on the wire."""

    tag: int
    value: bytes


class Form(Protocol[T]):
    """How the octets of a TLV hold a value of one type."""

    def problem(self, value: T) -> str | None:
        """Why this value does not fit, or None."""

    def write(self, value: T) -> bytes:
        """The octets of a value that fits."""

    def read(self, octets: bytes) -> T:
        """The value; PduError ESME_RINVPARLEN or ESME_RINVOPTPARAMVAL."""

    def pattern(self) -> bytes:
        """A regular expression of exactly those octets that can be read: what the codec compiles."""


class Integer(msgspec.Struct, frozen=True):
    """A big-endian integer of `size` octets, of the values `allowed` (None: any)."""

    size: int
    allowed: Container[int] | None = None

    def problem(self, value: int) -> str | None:
        """See Form."""
        if not isinstance(value, int):
            return f"expected an integer, found {value!r}"
        if not 0 <= value < 1 << 8 * self.size:
            return f"{value} does not fit in {self.size} octets"
        if self.allowed is not None and value not in self.allowed:
            return f"{value} is not a defined value"
        return None

    def write(self, value: int) -> bytes:
        """See Form."""
        return value.to_bytes(self.size, "big")

    def read(self, octets: bytes) -> int:
        """See Form."""
        if len(octets) != self.size:
            raise PduError(CommandStatus.ESME_RINVPARLEN, f"{len(octets)} octets instead of {self.size}")
        value = int.from_bytes(octets, "big")
        if self.allowed is not None and value not in self.allowed:
            raise PduError(CommandStatus.ESME_RINVOPTPARAMVAL, f"{value} is not a defined value")
        return value

    def pattern(self) -> bytes:
        """See Form: a closed list of values is always one of single octets."""
        if self.allowed is None:
            return b".{%d}" % self.size
        return b"[" + b"".join(b"\\x%02x" % value for value in range(256) if value in self.allowed) + b"]"


class Octets(msgspec.Struct, frozen=True):
    """`minimum` to `maximum` octets of anything."""

    minimum: int
    maximum: int

    def problem(self, value: bytes) -> str | None:
        """See Form."""
        if not isinstance(value, bytes):
            return f"expected bytes, found {value!r}"
        if not self.minimum <= len(value) <= self.maximum:
            return f"{len(value)} octets, not {self.minimum} to {self.maximum}"
        return None

    def write(self, value: bytes) -> bytes:
        """See Form."""
        return value

    def read(self, octets: bytes) -> bytes:
        """See Form."""
        if not self.minimum <= len(octets) <= self.maximum:
            reason = f"{len(octets)} octets, not {self.minimum} to {self.maximum}"
            raise PduError(CommandStatus.ESME_RINVPARLEN, reason)
        return octets

    def pattern(self) -> bytes:
        """See Form."""
        return b".{%d,%d}" % (self.minimum, self.maximum)


class Text(msgspec.Struct, frozen=True):
    """A NUL-terminated Latin-1 string of at most `limit` octets, NUL included; a peer may leave the NUL out."""

    limit: int

    def problem(self, value: str) -> str | None:
        """See Form."""
        if not isinstance(value, str):
            return f"expected a string, found {value!r}"
        if len(value) >= self.limit:
            return f"{len(value)} characters, at most {self.limit - 1}"
        if "\0" in value or not all(character <= "\xff" for character in value):
            return f"{value!r} holds NUL or characters outside Latin-1"
        return None

    def write(self, value: str) -> bytes:
        """See Form."""
        return value.encode("latin-1") + b"\0"

    def read(self, octets: bytes) -> str:
        """See Form."""
        value, _, _ = octets.partition(b"\0")
        if len(value) >= self.limit:
            raise PduError(CommandStatus.ESME_RINVPARLEN, f"{len(value)} octets, at most {self.limit - 1}")
        return value.decode("latin-1")

    def pattern(self) -> bytes:
        """See Form."""
        return rb"[^\0]{0,%d}+(?:\0.*)?" % (self.limit - 1)


class Tag(msgspec.Struct, Generic[T], frozen=True):
    """What the specification says of one TLV: its number, name and form."""

    number: int
    name: str
    form: Form[T]

    def of(self, value: T) -> Tlv:
        """The TLV that carries `value`; EncodeError when the value does not fit."""
        problem = self.form.problem(value)
        if problem is not None:
            raise EncodeError(self.name, problem)
        return Tlv(self.number, self.form.write(value))

    def parse(self, octets: bytes) -> T:
        """The value of a received TLV; PduError (ESME_RINVPARLEN, ESME_RINVOPTPARAMVAL) names the tag."""
        try:
            return self.form.read(octets)
        except PduError as error:
            raise PduError(error.status, f"{self.name}: {error.reason}") from None


def _integer(number: int, name: str, size: int, allowed: Container[int] | None = None) -> Tag[int]:
    return Tag(number, name, Integer(size, allowed))


def _octets(number: int, name: str, minimum: int, maximum: int) -> Tag[bytes]:
    return Tag(number, name, Octets(minimum, maximum))


def _text(number: int, name: str, limit: int) -> Tag[str]:
    return Tag(number, name, Text(limit))


# In the order of their numbers (SMPP 3.4 §5.3.2.1 – §5.3.2.44). A closed list of values is given only
# where the specification reserves all others; lists it leaves open, or refers elsewhere for, stay open.
DEST_ADDR_SUBUNIT = _integer(0x0005, "dest_addr_subunit", 1, range(5))
DEST_NETWORK_TYPE = _integer(0x0006, "dest_network_type", 1, range(9))
DEST_BEARER_TYPE = _integer(0x0007, "dest_bearer_type", 1, range(9))
DEST_TELEMATICS_ID = _integer(0x0008, "dest_telematics_id", 2)
SOURCE_ADDR_SUBUNIT = _integer(0x000D, "source_addr_subunit", 1, range(5))
SOURCE_NETWORK_TYPE = _integer(0x000E, "source_network_type", 1, range(9))
SOURCE_BEARER_TYPE = _integer(0x000F, "source_bearer_type", 1, range(9))
SOURCE_TELEMATICS_ID = _integer(0x0010, "source_telematics_id", 1)
QOS_TIME_TO_LIVE = _integer(0x0017, "qos_time_to_live", 4)
PAYLOAD_TYPE = _integer(0x0019, "payload_type", 1, range(2))
ADDITIONAL_STATUS_INFO_TEXT = _text(0x001D, "additional_status_info_text", 256)
RECEIPTED_MESSAGE_ID = _text(0x001E, "receipted_message_id", 65)
MS_MSG_WAIT_FACILITIES = _integer(0x0030, "ms_msg_wait_facilities", 1)
PRIVACY_INDICATOR = _integer(0x0201, "privacy_indicator", 1, range(4))
SOURCE_SUBADDRESS = _octets(0x0202, "source_subaddress", 2, 23)
DEST_SUBADDRESS = _octets(0x0203, "dest_subaddress", 2, 23)
USER_MESSAGE_REFERENCE = _integer(0x0204, "user_message_reference", 2)
USER_RESPONSE_CODE = _integer(0x0205, "user_response_code", 1)
SOURCE_PORT = _integer(0x020A, "source_port", 2)
DESTINATION_PORT = _integer(0x020B, "destination_port", 2)
SAR_MSG_REF_NUM = _integer(0x020C, "sar_msg_ref_num", 2)
LANGUAGE_INDICATOR = _integer(0x020D, "language_indicator", 1)
SAR_TOTAL_SEGMENTS = _integer(0x020E, "sar_total_segments", 1, range(1, 256))
SAR_SEGMENT_SEQNUM = _integer(0x020F, "sar_segment_seqnum", 1, range(1, 256))
SC_INTERFACE_VERSION = _integer(0x0210, "sc_interface_version", 1)
CALLBACK_NUM_PRES_IND = _integer(0x0302, "callback_num_pres_ind", 1)
CALLBACK_NUM_ATAG = _octets(0x0303, "callback_num_atag", 0, 65)
NUMBER_OF_MESSAGES = _integer(0x0304, "number_of_messages", 1, range(100))
CALLBACK_NUM = _octets(0x0381, "callback_num", 4, 19)
DPF_RESULT = _integer(0x0420, "dpf_result", 1, range(2))
SET_DPF = _integer(0x0421, "set_dpf", 1, range(2))
MS_AVAILABILITY_STATUS = _integer(0x0422, "ms_availability_status", 1, range(3))
NETWORK_ERROR_CODE = _octets(0x0423, "network_error_code", 3, 3)
MESSAGE_PAYLOAD = _octets(0x0424, "message_payload", 0, MAX_VALUE)
DELIVERY_FAILURE_REASON = _integer(0x0425, "delivery_failure_reason", 1, range(4))
MORE_MESSAGES_TO_SEND = _integer(0x0426, "more_messages_to_send", 1, range(2))
MESSAGE_STATE = _integer(0x0427, "message_state", 1)
USSD_SERVICE_OP = _integer(0x0501, "ussd_service_op", 1)
DISPLAY_TIME = _integer(0x1201, "display_time", 1, range(3))
SMS_SIGNAL = _integer(0x1203, "sms_signal", 2)
MS_VALIDITY = _integer(0x1204, "ms_validity", 1, range(4))
ALERT_ON_MESSAGE_DELIVERY = _octets(0x130C, "alert_on_message_delivery", 0, 0)
ITS_REPLY_TYPE = _integer(0x1380, "its_reply_type", 1, range(9))
ITS_SESSION_INFO = _octets(0x1383, "its_session_info", 2, 2)

TAGS: dict[int, Tag[Any]] = {tag.number: tag for tag in list(vars().values()) if isinstance(tag, Tag)}
"""Every TLV of SMPP 3.4 §5.3 by its number."""
