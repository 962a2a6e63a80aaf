"""Reading what a client submits, also where it is wrong.

The codec refuses a PDU that breaks the specification, and such PDUs are what the lint is about: this reader takes
any octets in which the fields can be told apart, whatever their values, and says how far it got.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from smppkit.codec import read_tlvs
from smppkit.commands import CommandId
from smppkit.segments import UDHI, InformationElement, split_header
from smppkit.tlvs import MESSAGE_PAYLOAD, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, Tlv

SUBMITS = frozenset({int(CommandId.SUBMIT_SM), int(CommandId.SUBMIT_MULTI), int(CommandId.DATA_SM)})
"""The requests that carry a message from a client."""

_BODY = 16
_SME, _LIST = 1, 2
_MESSAGE_PAYLOAD = MESSAGE_PAYLOAD.number
_SAR = (SAR_MSG_REF_NUM.number, SAR_TOTAL_SEGMENTS.number, SAR_SEGMENT_SEQNUM.number)
_CONCATENATION = {(0x00, 3): "8-bit header", (0x08, 4): "16-bit header"}


def _octets_in(octets: Iterable[int]) -> bytes:
    """The inside of a character class."""
    return b"".join(b"\\x%02x" % octet for octet in octets)


_NUMBER = rb"(..)([^\0]*+)\0"
_TIMES = rb"([^\0]*+)\0([^\0]*+)\0"
_SUBMIT_SM = re.compile(rb"[^\0]*+\0" + _NUMBER + _NUMBER + rb"(...)" + _TIMES + rb"(.....)", re.DOTALL)
# The same within the limits of SMPP 3.4 §4.4.1, reserved values left out: nearly all PDUs are such.
_LAWFUL_NUMBER = rb"([\x00-\x06][\x00\x01\x03\x04\x06\x08\x09\x0a\x0e\x12])([^\0]{0,20}+)\0"
_LAWFUL_SUBMIT_SM = re.compile(
    rb"[^\0]{0,5}+\0"
    + _LAWFUL_NUMBER
    + _LAWFUL_NUMBER.replace(b"{0,20}", b"{1,20}")
    + rb"([%s].[\x00-\x03])((?:[^\0]{16})?+)\0((?:[^\0]{16})?+)\0([%s][\x00\x01]..[\x00-\xfe])"
    % (
        _octets_in(octet for octet in range(256) if octet & 0x3C in (0x00, 0x08, 0x10)),
        _octets_in(octet for octet in range(256) if octet & 0b11 != 0b11),
    ),
    re.DOTALL,
)
_SUBMIT_MULTI_HEAD = re.compile(rb"[^\0]*+\0" + _NUMBER + rb"(.)", re.DOTALL)
_SUBMIT_MULTI_TAIL = re.compile(rb"(...)" + _TIMES + rb"(.....)", re.DOTALL)
_DATA_SM = re.compile(rb"[^\0]*+\0" + _NUMBER + _NUMBER + rb"(...)", re.DOTALL)
_DESTINATION = re.compile(_NUMBER, re.DOTALL)
_LIST_NAME = re.compile(rb"[^\0]*+\0")


class Part(msgspec.Struct, frozen=True, gc=False):
    """Which part of a long message this is, and how that is said."""

    by: str
    reference: int
    total: int
    number: int


class Address(msgspec.Struct, frozen=True, gc=False):
    """An address field with its type of number; `value` without its NUL."""

    ton: int
    npi: int
    value: bytes


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A submit_sm, submit_multi or data_sm. `lawful`: every field is within the limits of the specification."""

    source: Address
    destinations: tuple[Address, ...]
    esm_class: int
    registered_delivery: int
    data_coding: int
    schedule: bytes
    validity: bytes
    declared: int | None
    """sm_length; data_sm has none."""
    short_message: bytes
    tlvs: tuple[Tlv, ...]
    rest: bytes
    """Octets at the end that are not a TLV."""
    elements: tuple[InformationElement, ...]
    """Of the user data header, when esm_class announces one."""
    user_data: bytes
    text: bytes
    """The user data without its header."""
    part: Part | None
    lawful: bool


def read_submission(command_id: int, octets: bytes) -> Submission | None:
    """The fields of a PDU of SUBMITS, given whole; None when they cannot be told apart. Never raises."""
    if command_id == CommandId.SUBMIT_SM:
        lawful = True
        found = _LAWFUL_SUBMIT_SM.match(octets, _BODY)
        if found is None:
            lawful = False
            found = _SUBMIT_SM.match(octets, _BODY)
            if found is None:
                return None
        source, source_value, dest, dest_value, classes, schedule, validity, last = found.groups()
        return _submission(
            Address(source[0], source[1], source_value),
            (Address(dest[0], dest[1], dest_value),),
            classes[0],
            schedule,
            validity,
            last,
            octets,
            found.end(),
            lawful,
        )
    return _read_data(octets) if command_id == CommandId.DATA_SM else _read_multi(octets)


def _submission(
    source: Address,
    destinations: tuple[Address, ...],
    esm_class: int,
    schedule: bytes,
    validity: bytes,
    last: bytes,
    octets: bytes,
    at: int,
    lawful: bool,
) -> Submission:
    """`last` are registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id, sm_length."""
    declared = last[4]
    end = at + declared
    body = octets[at:end]
    if end == len(octets) and not esm_class & UDHI:  # most of them
        return Submission(
            source, destinations, esm_class, last[0], last[2], schedule, validity, declared,
            body, (), b"", (), body, body, None, lawful,
        )  # fmt: skip
    return _with_extras(
        source, destinations, esm_class, last[0], last[2], schedule, validity, declared, body, octets, end, lawful
    )


def _with_extras(
    source: Address,
    destinations: tuple[Address, ...],
    esm_class: int,
    registered_delivery: int,
    data_coding: int,
    schedule: bytes,
    validity: bytes,
    declared: int | None,
    body: bytes,
    octets: bytes,
    at: int,
    lawful: bool,
) -> Submission:
    """With TLVs from octets[at:], and a user data header where one is announced."""
    tlvs: tuple[Tlv, ...] = ()
    rest = b""
    if at < len(octets):
        tlvs = read_tlvs(octets, at, len(octets), salvage=True)
        rest = octets[at + sum(4 + len(tlv.value) for tlv in tlvs) :]
    user_data = body or next((tlv.value for tlv in tlvs if tlv.tag == _MESSAGE_PAYLOAD), b"")
    elements: tuple[InformationElement, ...] = ()
    text = user_data
    if esm_class & UDHI:
        elements, text = split_header(user_data)
    part = _concatenated(elements) or _sar(tlvs)
    return Submission(
        source, destinations, esm_class, registered_delivery, data_coding, schedule, validity, declared,
        body, tlvs, rest, elements, user_data, text, part, lawful,
    )  # fmt: skip


def _read_data(octets: bytes) -> Submission | None:
    found = _DATA_SM.match(octets, _BODY)
    if found is None:
        return None
    source, source_value, dest, dest_value, classes = found.groups()
    return _with_extras(
        Address(source[0], source[1], source_value),
        (Address(dest[0], dest[1], dest_value),),
        classes[0],
        classes[1],
        classes[2],
        b"",
        b"",
        None,
        b"",
        octets,
        found.end(),
        False,
    )


def _read_multi(octets: bytes) -> Submission | None:
    head = _SUBMIT_MULTI_HEAD.match(octets, _BODY)
    if head is None:
        return None
    source, source_value, count = head.groups()
    at = head.end()
    destinations = []
    for _ in range(count[0]):
        flag = octets[at : at + 1]
        pattern = _DESTINATION if flag == bytes((_SME,)) else _LIST_NAME if flag == bytes((_LIST,)) else None
        found = pattern.match(octets, at + 1) if pattern is not None else None
        if found is None:
            return None
        if pattern is _DESTINATION:
            numbers, value = found.groups()
            destinations.append(Address(numbers[0], numbers[1], value))
        at = found.end()
    tail = _SUBMIT_MULTI_TAIL.match(octets, at)
    if tail is None:
        return None
    classes, schedule, validity, last = tail.groups()
    return _submission(
        Address(source[0], source[1], source_value),
        tuple(destinations),
        classes[0],
        schedule,
        validity,
        last,
        octets,
        tail.end(),
        False,
    )


def _concatenated(elements: tuple[InformationElement, ...]) -> Part | None:
    for identifier, data in reversed(elements):
        by = _CONCATENATION.get((identifier, len(data)))
        if by is not None and 1 <= data[-1] <= data[-2]:
            return Part(by, int.from_bytes(data[:-2], "big"), data[-2], data[-1])
    return None


def _sar(tlvs: tuple[Tlv, ...]) -> Part | None:
    if not tlvs:
        return None
    values = dict(tlvs)
    reference, total, number = (values.get(tag) for tag in _SAR)
    if reference is None or total is None or number is None or len(total) != 1 or len(number) != 1:
        return None
    if not 1 <= number[0] <= total[0]:
        return None
    return Part("sar_* TLVs", int.from_bytes(reference, "big"), total[0], number[0])
