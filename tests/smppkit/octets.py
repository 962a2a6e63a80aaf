"""Octets that our encoder would refuse, and what they earn."""

import struct
from typing import Any

import pytest

from smppkit.codec import HEADER_SIZE, SMPP_34, Codec
from smppkit.errors import PduError
from smppkit.pdus import Pdu
from smppkit.status import CommandStatus

TO: dict[str, Any] = {"destination_addr": "77051234567"}


def wire(pdu: Pdu, **changed: Any) -> bytes:
    """The octets of a PDU with values that our encoder refuses, written in the plain form with all limits taken off."""
    body = b""
    values = {name: getattr(pdu, name) for name in pdu.__struct_fields__} | changed
    for name, value in values.items():
        if name in ("command_status", "sequence_number", "tlvs", "trailing"):
            continue
        match value:
            case int():
                body += bytes((value,))
            case str():
                body += value.encode("latin-1") + b"\0"
            case bytes() if name == "short_message":
                body += bytes((len(value),)) + value
            case bytes():
                body += value
    for tag, octets in values["tlvs"]:
        body += struct.pack(">HH", tag, len(octets)) + octets
    body += values.get("trailing", b"")
    header = struct.pack(">IIII", HEADER_SIZE + len(body), pdu.command_id, pdu.command_status, pdu.sequence_number)
    return header + body


def status_of(octets: bytes, codec: Codec = SMPP_34) -> tuple[CommandStatus, str]:
    """The status that these octets earn of a version, and the reason."""
    with pytest.raises(PduError) as error:
        codec.decode(octets)
    return CommandStatus(error.value.status), error.value.reason
