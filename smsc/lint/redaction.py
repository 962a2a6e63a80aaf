"""PDUs without their secrets: passwords and people's numbers become asterisks, octet for octet.

What is left is as long as before and reads as the same PDU, so that both its hexadecimal form and its fields can be
shown to anybody.
"""

from __future__ import annotations

import re

from smppkit.commands import CommandId
from smppkit.masking import masked

_HEADER_SIZE = 16
_STAR = b"*"
_DIGITS = re.compile(rb"\+?[0-9]{7,}")
_BINDS = {
    int(command)
    for command in (
        CommandId.BIND_RECEIVER,
        CommandId.BIND_TRANSMITTER,
        CommandId.BIND_TRANSCEIVER,
        CommandId.OUTBIND,
    )
}
_ADDRESS = rb"..([^\0]*+)\0"
_STRING = rb"[^\0]*+\0"
# Where the addresses are; in other PDUs every run of digits that could be a number is masked.
_ADDRESSES = {
    int(command): re.compile(pattern, re.DOTALL)
    for command, pattern in (
        (CommandId.SUBMIT_SM, _STRING + _ADDRESS + _ADDRESS),
        (CommandId.DELIVER_SM, _STRING + _ADDRESS + _ADDRESS),
        (CommandId.DATA_SM, _STRING + _ADDRESS + _ADDRESS),
        (CommandId.QUERY_SM, _STRING + _ADDRESS),
        (CommandId.REPLACE_SM, _STRING + _ADDRESS),
        (CommandId.CANCEL_SM, _STRING + _STRING + _ADDRESS + _ADDRESS),
    )
}


def redacted(octets: bytes) -> bytes:
    """The PDU with its password and its numbers masked; as many octets."""
    command_id = int.from_bytes(octets[4:8], "big")
    if command_id in _BINDS:
        return _without_password(octets)
    pattern = _ADDRESSES.get(command_id)
    found = pattern.match(octets, _HEADER_SIZE) if pattern is not None else None
    if found is None:
        return octets[:_HEADER_SIZE] + _DIGITS.sub(lambda run: _masked(run[0]), octets[_HEADER_SIZE:])
    result = bytearray(octets)
    for group in range(1, found.re.groups + 1):
        begin, end = found.span(group)
        result[begin:end] = _masked(octets[begin:end])
    return bytes(result)


def _without_password(octets: bytes) -> bytes:
    begin = octets.find(b"\0", _HEADER_SIZE) + 1
    if not begin:  # the fields cannot be told apart, and one of them is the password
        return octets[:_HEADER_SIZE] + _STAR * (len(octets) - _HEADER_SIZE)
    end = octets.find(b"\0", begin)
    if end < 0:
        end = len(octets)
    # Of the same length it would still say how long the password is; the octets around it matter more here.
    return octets[:begin] + _STAR * (end - begin) + octets[end:]


def _masked(address: bytes) -> bytes:
    text = address.decode("latin-1")
    plus = "+" if text.startswith("+") else ""
    return (plus + masked(text).removeprefix("+")).encode("latin-1")
