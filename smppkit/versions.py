"""What tells the versions of SMPP apart, as data: which operations each has, and what its PDUs have otherwise.

The declarations in smppkit.pdus are those of 3.4. A version puts other kinds of fields in the place of some (wherever
they are used), expects other TLVs, and has rules of its own. Nothing else in the package asks for the version of a PDU.

3.3 is read leniently: where it leaves values open that 3.4 defines, the peer may use those of 3.4.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from smppkit import kinds
from smppkit import tlvs as t
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.compiler import declared
from smppkit.errors import PduError
from smppkit.expected import ONE_USER_DATA, SUBMIT_TLVS_50, Expected, in_50
from smppkit.fields import ANY_OCTET, CString, Field, ShortMessage, Unsigned
from smppkit.pdus import PDUS, DataSm, Pdu, ReplaceSm, SubmitMulti, SubmitSm
from smppkit.rules import Rule
from smppkit.states import Version
from smppkit.status import CommandStatus as S

_C = CommandId
_ONLY_33 = frozenset({_C.PARAM_RETRIEVE, _C.QUERY_LAST_MSGS, _C.QUERY_MSG_DETAILS})
_SINCE_34 = frozenset({_C.OUTBIND, _C.ALERT_NOTIFICATION, _C.DATA_SM})
_SINCE_50 = frozenset({_C.BROADCAST_SM, _C.QUERY_BROADCAST_SM, _C.CANCEL_BROADCAST_SM})

DATA_CODINGS_50 = frozenset((*range(0x0B), 0x0D, 0x0E, *range(0xC0, 0xE0), *range(0xF0, 0x100)))
"""SMPP 5.0 §4.7.7; all others are reserved."""
ESM_CLASSES_50 = kinds.message_types(0x00, 0x04, 0x08, 0x10, 0x18, 0x20)
"""SMPP 5.0 §4.7.12: one definition for all PDUs."""
NEEDED_TLVS = frozenset(
    tag.number
    for tag in (
        t.MESSAGE_PAYLOAD,
        t.SAR_MSG_REF_NUM,
        t.SAR_TOTAL_SEGMENTS,
        t.SAR_SEGMENT_SEQNUM,
        t.SOURCE_PORT,
        t.DESTINATION_PORT,
    )
)
"""Without these a message is another one; all others can be left out for a peer that has no TLVs."""


class Differences(msgspec.Struct, frozen=True):
    """What one version has otherwise than the declarations say.

    `without`: the requests it does not have. `instead`: kinds of fields that stand in the place of others. `expected`,
    `rules`: those of the PDUs that have others. `tlvs`: whether it has TLVs at all: without, what comes is kept and
    not judged, and none are written.
    """

    without: frozenset[CommandId]
    instead: tuple[tuple[Field, Field], ...] = ()
    expected: Mapping[type[Pdu], Expected] = {}
    rules: Mapping[type[Pdu], tuple[Rule, ...]] = {}
    tlvs: bool = True


DIFFERENCES: dict[Version, Differences] = {
    Version.V33: Differences(
        # bind_transceiver is not there because it can be read: its refusal is its own response.
        without=_SINCE_34 | _SINCE_50,
        instead=(
            # SMPP 3.4 §3.4: eight characters. Longer ones of a peer are read, for a lost id is a lost message.
            (kinds.MESSAGE_ID, CString(9, S.ESME_RINVMSGID)),
            (kinds.RESPONSE_MESSAGE_ID, CString(9, read_limit=65)),
        ),
        tlvs=False,
    ),
    Version.V34: Differences(without=_ONLY_33 | _SINCE_50),
    Version.V50: Differences(
        without=_ONLY_33,
        instead=(
            (kinds.USER_DATA, ShortMessage(255, S.ESME_RINVMSGLEN)),  # §4.7.28
            (kinds.REGISTERED_DELIVERY, Unsigned(S.ESME_RINVREGDLVFLG, ANY_OCTET)),  # §4.7.21: 0b11 is success only
            (kinds.DATA_CODING, Unsigned(S.ESME_RINVDCS, DATA_CODINGS_50)),
            (kinds.SUBMIT_ESM_CLASS, Unsigned(S.ESME_RINVESMCLASS, ESM_CLASSES_50)),
        ),
        expected={
            SubmitSm: in_50(SUBMIT_TLVS_50),
            SubmitMulti: in_50(SUBMIT_TLVS_50),
            DataSm: in_50(SUBMIT_TLVS_50),
            ReplaceSm: in_50((t.MESSAGE_PAYLOAD,)),
        },
        rules={ReplaceSm: (ONE_USER_DATA,)},
    ),
}


class Layout(msgspec.Struct, frozen=True):
    """One PDU as one version has it: its fields in order, and how its TLVs are judged."""

    kind: type[Pdu]
    version: Version
    fields: tuple[tuple[str, Field], ...]
    expected: Expected
    rules: tuple[Rule, ...]
    tlvs: bool = True

    @property
    def is_response(self) -> bool:
        """Whether it answers a request: then errors have no body, and nobody is told what is wrong with it."""
        return bool(self.kind.command_id & RESPONSE_BIT)

    def check(self, pdu: Any) -> None:
        """Judge the expected TLVs, and the rules; PduError."""
        for number, octets in pdu.tlvs:
            if number in self.expected:
                self.expected[number].parse(octets)
        if self.rules:
            present = {number for number, _ in pdu.tlvs}
            for rule in self.rules:
                problem = rule.problem(pdu, present)
                if problem is not None:
                    raise PduError(rule.status, problem)


def layout(kind: type[Pdu], version: Version = Version.V34) -> Layout:
    """A class of PDU as a version has it."""
    differences = DIFFERENCES[version]
    fields = tuple((name, _instead(spec, differences)) for name, spec in declared(kind))
    if not differences.tlvs:
        return Layout(kind, version, fields, {}, (), tlvs=False)
    expected = differences.expected.get(kind, kind.expected)
    return Layout(kind, version, fields, expected, differences.rules.get(kind, kind.rules))


def _instead(spec: Field, differences: Differences) -> Field:
    return next((new for old, new in differences.instead if old == spec), spec)


def pdus_of(version: Version) -> tuple[type[Pdu], ...]:
    """The PDUs that a version has."""
    without = DIFFERENCES[version].without
    return tuple(kind for kind in PDUS.values() if kind.command_id & ~RESPONSE_BIT not in without)
