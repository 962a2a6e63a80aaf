"""Optional parameters (TLVs) of SMPP 3.4 §5.3 and 5.0 §4.8: raw on the wire, typed through their tag.

A PDU carries `Tlv` pairs exactly as they came, also those nobody knows (§3.3: unknown ones are ignored, not refused).
`Tag.of` makes one from a value, `Tag.parse` and `Pdu.tlv` read one.
"""

from collections.abc import Container, Iterable
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
        if "\0" in value or not (value.isascii() or all(character <= "\xff" for character in value)):
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


class Coded(msgspec.Struct, frozen=True):
    """Octets of one of these `lengths`, of which the first is a code of the values `codes`."""

    codes: tuple[int, ...]
    lengths: range | tuple[int, ...]

    def problem(self, value: bytes) -> str | None:
        """See Form."""
        if not isinstance(value, bytes):
            return f"expected bytes, found {value!r}"
        if len(value) not in self.lengths:
            return self._wrong_length(value)
        if value[0] not in self.codes:
            return self._wrong_code(value)
        return None

    def write(self, value: bytes) -> bytes:
        """See Form."""
        return value

    def read(self, octets: bytes) -> bytes:
        """See Form."""
        if len(octets) not in self.lengths:
            raise PduError(CommandStatus.ESME_RINVPARLEN, self._wrong_length(octets))
        if octets[0] not in self.codes:
            raise PduError(CommandStatus.ESME_RINVOPTPARAMVAL, self._wrong_code(octets))
        return octets

    def pattern(self) -> bytes:
        """See Form."""
        codes = b"".join(b"\\x%02x" % code for code in self.codes)
        if isinstance(self.lengths, range):
            return b"[%s].{%d,%d}" % (codes, self.lengths[0] - 1, self.lengths[-1] - 1)
        return b"[%s](?:%s)" % (codes, b"|".join(b".{%d}" % (length - 1) for length in self.lengths))

    def _wrong_length(self, octets: bytes) -> str:
        between = "to" if isinstance(self.lengths, range) else "or"
        wanted = dict.fromkeys((self.lengths[0], self.lengths[-1]))
        return f"{len(octets)} octets, not {f' {between} '.join(map(str, wanted))}"

    def _wrong_code(self, octets: bytes) -> str:
        return f"the first octet, {octets[0]}, is not a defined value"


class Tag(msgspec.Struct, Generic[T], frozen=True):
    """What the specification says of one TLV: its number, name and form.

    `status`: what a bad value earns; a wrong length earns ESME_RINVPARLEN always.
    """

    number: int
    name: str
    form: Form[T]
    status: int = CommandStatus.ESME_RINVOPTPARAMVAL

    def of(self, value: T) -> Tlv:
        """The TLV that carries `value`; EncodeError when the value does not fit."""
        problem = self.form.problem(value)
        if problem is not None:
            raise EncodeError(self.name, problem)
        return Tlv(self.number, self.form.write(value))

    def parse(self, octets: bytes) -> T:
        """The value of a received TLV; PduError (ESME_RINVPARLEN, or `status`) names the tag."""
        try:
            return self.form.read(octets)
        except PduError as error:
            status = self.status if error.status == CommandStatus.ESME_RINVOPTPARAMVAL else error.status
            raise PduError(status, f"{self.name}: {error.reason}") from None


_BAD_VALUE = CommandStatus.ESME_RINVOPTPARAMVAL


def _integer(
    number: int, name: str, size: int, allowed: Container[int] | None = None, status: int = _BAD_VALUE
) -> Tag[int]:
    return Tag(number, name, Integer(size, allowed), status)


def _octets(number: int, name: str, minimum: int, maximum: int) -> Tag[bytes]:
    return Tag(number, name, Octets(minimum, maximum))


def _coded(
    number: int, name: str, codes: Iterable[int], lengths: range | tuple[int, ...], status: int = _BAD_VALUE
) -> Tag[bytes]:
    return Tag(number, name, Coded(tuple(codes), lengths), status)


def _text(number: int, name: str, limit: int) -> Tag[str]:
    return Tag(number, name, Text(limit))


# In the order of their numbers (SMPP 3.4 §5.3.2.1 – §5.3.2.44, 5.0 §4.8.4). A closed list of values is given only
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
CONGESTION_STATE = _integer(0x0428, "congestion_state", 1, range(101))
USSD_SERVICE_OP = _integer(0x0501, "ussd_service_op", 1)
BROADCAST_CHANNEL_INDICATOR = _integer(
    0x0600, "broadcast_channel_indicator", 1, range(2), CommandStatus.ESME_RINVBCASTCHANIND
)
BROADCAST_CONTENT_TYPE = _coded(
    0x0601, "broadcast_content_type", range(4), (3,), CommandStatus.ESME_RINVBCASTCNTTYPE
)  # a network type and a service of two octets
BROADCAST_CONTENT_TYPE_INFO = _octets(0x0602, "broadcast_content_type_info", 0, 255)
BROADCAST_MESSAGE_CLASS = _integer(0x0603, "broadcast_message_class", 1, range(4), CommandStatus.ESME_RINVBCASTMSGCLASS)
BROADCAST_REP_NUM = _integer(0x0604, "broadcast_rep_num", 2, status=CommandStatus.ESME_RINVBCAST_REP)
BROADCAST_FREQUENCY_INTERVAL = _coded(
    0x0605, "broadcast_frequency_interval", (0, *range(8, 15)), (3,), CommandStatus.ESME_RINVBCASTFREQINT
)  # a unit of time and a number of two octets
BROADCAST_AREA_IDENTIFIER = _coded(
    0x0606, "broadcast_area_identifier", range(3), range(1, 102), CommandStatus.ESME_RINVBCASTAREAFMT
)  # a format (alias, ellipsoid arc, polygon) and its details
BROADCAST_ERROR_STATUS = _integer(0x0607, "broadcast_error_status", 4)
BROADCAST_AREA_SUCCESS = _integer(0x0608, "broadcast_area_success", 1, frozenset((*range(101), 255)))
BROADCAST_END_TIME = _text(0x0609, "broadcast_end_time", 17)
BROADCAST_SERVICE_GROUP = _octets(0x060A, "broadcast_service_group", 0, 255)
BILLING_IDENTIFICATION = _octets(0x060B, "billing_identification", 1, 1024)
SOURCE_NETWORK_ID = _text(0x060D, "source_network_id", 65)
DEST_NETWORK_ID = _text(0x060E, "dest_network_id", 65)
SOURCE_NODE_ID = _octets(0x060F, "source_node_id", 6, 6)
DEST_NODE_ID = _octets(0x0610, "dest_node_id", 6, 6)
DEST_ADDR_NP_RESOLUTION = _integer(0x0611, "dest_addr_np_resolution", 1, range(3))
DEST_ADDR_NP_INFORMATION = _octets(0x0612, "dest_addr_np_information", 10, 10)
DEST_ADDR_NP_COUNTRY = _octets(0x0613, "dest_addr_np_country", 1, 5)
DISPLAY_TIME = _integer(0x1201, "display_time", 1, range(3))
SMS_SIGNAL = _integer(0x1203, "sms_signal", 2)
MS_VALIDITY = _integer(0x1204, "ms_validity", 1, range(4))
ALERT_ON_MESSAGE_DELIVERY = _octets(0x130C, "alert_on_message_delivery", 0, 0)
ITS_REPLY_TYPE = _integer(0x1380, "its_reply_type", 1, range(9))
ITS_SESSION_INFO = _octets(0x1383, "its_session_info", 2, 2)

TAGS: dict[int, Tag[Any]] = {tag.number: tag for tag in list(vars().values()) if isinstance(tag, Tag)}
"""Every TLV of 3.4 and 5.0 by its number, in the form of 3.4 where that has it."""

# Where 5.0 allows more than 3.4, or has a status of its own for a bad value (§4.8.4.2, §4.8.4.39, §4.7.6).
DEST_ADDR_SUBUNIT_50 = _integer(0x0005, "dest_addr_subunit", 1, range(5), CommandStatus.ESME_RINVDSTADDRSUBUNIT)
SOURCE_ADDR_SUBUNIT_50 = _integer(0x000D, "source_addr_subunit", 1, range(5), CommandStatus.ESME_RINVSRCADDRSUBUNIT)
MS_VALIDITY_50 = _coded(0x1204, "ms_validity", range(5), (1, 4))  # 4: with a unit and a number
ALERT_ON_MESSAGE_DELIVERY_50 = _octets(0x130C, "alert_on_message_delivery", 0, 1)

TAGS_50: dict[int, Tag[Any]] = TAGS | {
    tag.number: tag
    for tag in (DEST_ADDR_SUBUNIT_50, SOURCE_ADDR_SUBUNIT_50, MS_VALIDITY_50, ALERT_ON_MESSAGE_DELIVERY_50)
}
"""Every TLV of 5.0 by its number, in the form of 5.0."""
