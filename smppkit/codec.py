"""Octets to PDUs and back, by functions compiled at import from the declarations in smppkit.pdus.

A compiled function knows only whether all is well. What it refuses is gone through again by the plain form of the same
declarations (smppkit.fields), which is slower and names the field at fault.
"""

import functools
import re
import struct
from collections.abc import Callable, Iterable
from typing import TypeAlias

from smppkit.commands import RESPONSE_BIT, command_name
from smppkit.compiler import Reader, Source, Writer, declared
from smppkit.errors import EncodeError, PduError, SmppError
from smppkit.pdus import PDUS, Pdu
from smppkit.rules import Required
from smppkit.status import CommandStatus
from smppkit.tlvs import MAX_VALUE, Tlv

HEADER = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (SMPP 3.4 §3.2)."""
HEADER_SIZE = HEADER.size
read_header = HEADER.unpack_from
_TLV_HEADER = struct.Struct(">HH")
_TLV_HEADER_SIZE = _TLV_HEADER.size
_new_tlv = functools.partial(tuple.__new__, Tlv)  # half the price of Tlv(tag, value), which goes through Python

Decoder: TypeAlias = Callable[[bytes, int, int, int, int], Pdu]
"""(octets, start, end, command_status, sequence_number) → PDU, or PduError; start is that of the header."""
Encoder: TypeAlias = Callable[[Pdu], bytes]
"""PDU → octets, or EncodeError."""


class Codec:
    """The encoders and decoders of one version of SMPP. What tells one version from another is in its declarations."""

    def __init__(self, pdus: Iterable[type[Pdu]]) -> None:
        kinds = list(pdus)
        self.decoders: dict[int, Decoder] = {int(kind.command_id): compile_decoder(kind) for kind in kinds}
        self.encoders: dict[type[Pdu], Encoder] = {kind: compile_encoder(kind) for kind in kinds}

    def encode(self, pdu: Pdu) -> bytes:
        """The octets of a PDU; EncodeError when a value does not fit.

        What encodes also decodes, to an equal PDU; but a response with an error status is its header alone (SMPP 3.4
        §4.4.2), whatever fields it has here.
        """
        encoder = self.encoders.get(type(pdu))
        if encoder is None:
            raise EncodeError(type(pdu).__name__, "is not a PDU of this version of SMPP")
        return encoder(pdu)

    def decode(self, octets: bytes | memoryview, start: int = 0, end: int | None = None) -> Pdu:
        """The PDU that occupies octets[start:end]; PduError with the status it earns."""
        if end is None:
            end = len(octets)
        if type(octets) is not bytes:
            octets, start, end = bytes(octets[start:end]), 0, end - start
        try:
            length, command_id, command_status, sequence_number = read_header(octets, start)
        except struct.error:
            raise PduError(CommandStatus.ESME_RINVCMDLEN, f"{end - start} octets are less than a header") from None
        if length != end - start or length < HEADER_SIZE:
            reason = f"command_length is {length}, but there are {end - start} octets"
            raise PduError(CommandStatus.ESME_RINVCMDLEN, reason)
        decoder = self.decoders.get(command_id)
        if decoder is None:
            raise unknown_command(command_id)
        return decoder(octets, start, end, command_status, sequence_number)


def unknown_command(command_id: int) -> PduError:
    """What a PDU with this command_id earns (SMPP 3.4 §3.3, §4.3)."""
    return PduError(CommandStatus.ESME_RINVCMDID, f"{command_name(command_id)} is not a known command_id")


def read_tlvs(octets: bytes, at: int, end: int, salvage: bool = False) -> tuple[Tlv, ...]:
    """The TLVs in octets[at:end], raw and in order; PduError ESME_RINVOPTPARSTREAM when they do not fill it exactly.

    `salvage`: keep those before the first that cannot be read. So are responses read: nobody can be told what is wrong
    with one, and the message_id is worth more than the tail behind it (padding has been seen in the field).
    """
    tlvs = []
    while end - at >= _TLV_HEADER_SIZE:
        tag, length = _TLV_HEADER.unpack_from(octets, at)
        stop = at + _TLV_HEADER_SIZE + length
        if stop > end:
            break
        tlvs.append(_new_tlv((tag, octets[at + _TLV_HEADER_SIZE : stop])))
        at = stop
    if at > end:
        raise PduError(CommandStatus.ESME_RINVCMDLEN, "the PDU ends inside its fields")
    if at < end and not salvage:
        raise PduError(CommandStatus.ESME_RINVOPTPARSTREAM, f"the last {end - at} octets are not a TLV")
    return tuple(tlvs)


def write_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    """The octets of TLVs; EncodeError."""
    octets = bytearray()
    for tag, value in tlvs:
        if not 0 <= tag <= 0xFFFF:
            raise EncodeError("tlvs", f"the tag {tag} does not fit in two octets")
        if len(value) > MAX_VALUE:
            raise EncodeError("tlvs", f"0x{tag:04x} has {len(value)} octets, at most {MAX_VALUE}")
        octets += _TLV_HEADER.pack(tag, len(value))
        octets += value
    return bytes(octets)


def read_plainly(
    kind: type[Pdu], octets: bytes, start: int, end: int, command_status: int, sequence_number: int
) -> Pdu:
    """What the compiled decoder does, field by field: slowly, but it says what is wrong."""
    if kind.command_id & RESPONSE_BIT and (command_status or end - start == HEADER_SIZE):
        return kind(command_status, sequence_number)
    at = start + HEADER_SIZE
    values = {}
    for name, spec in declared(kind):
        values[name], at = spec.read(name, octets, at, end)
    tlvs = read_tlvs(octets, at, end, salvage=bool(kind.command_id & RESPONSE_BIT))
    pdu = kind(command_status, sequence_number, tlvs, **values)
    pdu.check()
    return pdu


def write_plainly(pdu: Pdu) -> bytes:
    """What the compiled encoder does, field by field: slowly, but it says what is wrong."""
    for name in ("command_status", "sequence_number"):
        value = getattr(pdu, name)
        if not isinstance(value, int) or not 0 <= value <= 0xFFFFFFFF:
            raise EncodeError(f"{pdu.name}.{name}", f"expected an integer of four octets, found {value!r}")
    body = b""
    if not (pdu.command_id & RESPONSE_BIT and pdu.command_status):
        for name, spec in declared(type(pdu)):
            body += spec.write(f"{pdu.name}.{name}", getattr(pdu, name))
        try:
            body += write_tlvs(pdu.tlvs)
            pdu.check()
        except PduError as error:
            raise EncodeError(pdu.name, error.reason) from None
        except EncodeError as error:
            raise EncodeError(f"{pdu.name}.{error.field}", error.problem) from None
        except (TypeError, ValueError):
            raise EncodeError(f"{pdu.name}.tlvs", f"expected pairs of a tag and octets, found {pdu.tlvs!r}") from None
    return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.command_status, pdu.sequence_number) + body


def _emit_check(kind: type[Pdu], source: Source, prefix: str) -> None:
    """Add what Pdu.check does: of the local variable `tlvs`, and the fields behind `prefix`."""
    if not kind.expected and not kind.rules:
        return
    always = any(isinstance(rule, Required) for rule in kind.rules)
    patterns = {number: re.compile(tag.form.pattern(), re.DOTALL) for number, tag in kind.expected.items()}
    source.bind("expected", {number: pattern.fullmatch for number, pattern in patterns.items()}.get)
    if not always:
        source.line("if tlvs:")
    margin = "" if always else "    "
    source.line(f"{margin}for tag, value in tlvs:")
    source.line(f"{margin}    fits = expected(tag)")
    source.line(f"{margin}    if fits is not None and fits(value) is None:")
    source.line(f"{margin}        raise ValueError")
    if kind.rules:
        source.line(f"{margin}present = dict(tlvs)")
        source.line(f"{margin}if {' or '.join(rule.emit(prefix, source) for rule in kind.rules)}:")
        source.line(f"{margin}    raise ValueError")


def compile_decoder(kind: type[Pdu]) -> Decoder:
    """The decoder of one class of PDU."""
    reader = Reader()
    reader.scope.update(kind=kind, read_tlvs=read_tlvs, read_plainly=read_plainly)
    is_response = bool(kind.command_id & RESPONSE_BIT)
    if is_response:
        reader.line(f"if command_status or end - start == {HEADER_SIZE}:")
        reader.line("    return kind(command_status, sequence_number)")
    reader.line(f"at = start + {HEADER_SIZE}")
    for name, spec in declared(kind):
        spec.emit_read(name, reader)
    reader.match()
    reader.line(f"tlvs = () if at == end else read_tlvs(octets, at, end, {is_response})")
    _emit_check(kind, reader, prefix="")
    reader.line(f"return kind({', '.join(kind.__struct_fields__)})")
    return reader.function(
        f"decode_{kind.name}",
        arguments="octets, start, end, command_status, sequence_number",
        refused=(SmppError, ValueError, LookupError),
        otherwise="read_plainly(kind, octets, start, end, command_status, sequence_number)",
    )


def compile_encoder(kind: type[Pdu]) -> Encoder:
    """The encoder of one class of PDU."""
    writer = Writer()
    writer.scope.update(pack=HEADER.pack, write_tlvs=write_tlvs, write_plainly=write_plainly)
    command_id = int(kind.command_id)
    header = f"{command_id}, pdu.command_status, pdu.sequence_number"
    if command_id & RESPONSE_BIT:
        writer.line("if pdu.command_status:")
        writer.line(f"    return pack({HEADER_SIZE}, {header})")
    for name, spec in declared(kind):
        spec.emit_write(name, f"pdu.{name}", writer)
    writer.line(f"body = {writer.joined()}.encode('latin-1')")
    if writer.tail:
        writer.line(f"body += {writer.tail}")
    writer.line("tlvs = pdu.tlvs")
    writer.line("if tlvs:")
    writer.line("    body += write_tlvs(tlvs)")
    _emit_check(kind, writer, prefix="pdu.")
    writer.line(f"return pack({HEADER_SIZE} + len(body), {header}) + body")
    return writer.function(
        f"encode_{kind.name}",
        arguments="pdu",
        refused=(SmppError, ValueError, LookupError, TypeError, AttributeError, struct.error),
        otherwise="write_plainly(pdu)",
    )


SMPP_34 = Codec(PDUS.values())
"""SMPP 3.4, and 3.3 as far as it is a part of it."""

encode = SMPP_34.encode
decode = SMPP_34.decode
