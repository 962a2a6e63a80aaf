"""Octets to PDUs and back, one codec for each version, by functions compiled from the declarations in smppkit.pdus.

A function is compiled when it is first needed, so that a program pays for the PDUs it meets, of the versions it meets.
A compiled function knows only whether all is well. What it refuses is gone through again by the plain form of the same
declarations (smppkit.fields), which is slower and names the field at fault.
"""

import functools
import re
import struct
from collections.abc import Callable, Iterable
from typing import TypeAlias

from smppkit.commands import command_name
from smppkit.compiler import Reader, Source, Writer
from smppkit.errors import EncodeError, PduError, SmppError
from smppkit.pdus import Pdu
from smppkit.rules import Required
from smppkit.states import Version
from smppkit.status import CommandStatus
from smppkit.tlvs import MAX_VALUE, TAGS, Tlv
from smppkit.versions import NEEDED_TLVS, Layout, layout, pdus_of

HEADER = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (SMPP 3.4 §3.2)."""
HEADER_SIZE = HEADER.size
read_header = HEADER.unpack_from
MOST_TLVS = 500
"""In one PDU. An empty TLV takes four octets and many times the work of any others: 70 KiB of them would take 9 ms."""
_TLV_HEADER = struct.Struct(">HH")
_TLV_HEADER_SIZE = _TLV_HEADER.size
_new_tlv = functools.partial(tuple.__new__, Tlv)  # half the price of Tlv(tag, value), which goes through Python

Decoder: TypeAlias = Callable[[bytes, int, int, int, int], Pdu]
"""(octets, start, end, command_status, sequence_number) → PDU, or PduError; start is that of the header."""
Encoder: TypeAlias = Callable[[Pdu], bytes]
"""PDU → octets, or EncodeError."""


class Decoders(dict[int, Decoder]):
    """Decoders by command_id, each compiled at its first use; PduError ESME_RINVCMDID for an unknown one."""

    def __init__(self, layouts: dict[int, Layout]) -> None:
        super().__init__()
        self._layouts = layouts

    def __missing__(self, command_id: int) -> Decoder:
        if command_id not in self._layouts:
            raise unknown_command(command_id)
        decoder = self[command_id] = compile_decoder(self._layouts[command_id])
        return decoder


class Encoders(dict[type[Pdu], Encoder]):
    """Encoders by class, each compiled at its first use; EncodeError for a class that is not of this version."""

    def __init__(self, layouts: dict[int, Layout]) -> None:
        super().__init__()
        self._layouts = {layout.kind: layout for layout in layouts.values()}

    def __missing__(self, kind: type[Pdu]) -> Encoder:
        if kind not in self._layouts:
            raise EncodeError(kind.__name__, "is not a PDU of this version of SMPP")
        encoder = self[kind] = compile_encoder(self._layouts[kind])
        return encoder


class Codec:
    """The encoders and decoders of one version of SMPP."""

    def __init__(self, layouts: Iterable[Layout]) -> None:
        self.layouts: dict[int, Layout] = {int(layout.kind.command_id): layout for layout in layouts}
        """Every PDU that this version has, by its command_id."""
        self.tlvs = all(layout.tlvs for layout in self.layouts.values())
        """Whether this version has TLVs."""
        self.decoders = Decoders(self.layouts)
        self.encoders = Encoders(self.layouts)

    @classmethod
    def of(cls, version: Version) -> "Codec":
        """The codec of a version, from the declarations and smppkit.versions."""
        return cls(layout(kind, version) for kind in pdus_of(version))

    def encode(self, pdu: Pdu) -> bytes:
        """The octets of a PDU; EncodeError when a value does not fit.

        What encodes also decodes, to an equal PDU; with two exceptions, in which something stays at home. A response
        with an error status is its header alone (SMPP 3.4 §4.4.2). And 3.3 has no TLVs: they are left out, unless the
        message would be another one without them (its text, its segments), which is an EncodeError.
        """
        return self.encoders[type(pdu)](pdu)

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
        return self.decoders[command_id](octets, start, end, command_status, sequence_number)


def unknown_command(command_id: int) -> PduError:
    """What a PDU with this command_id earns (SMPP 3.4 §3.3, §4.3)."""
    return PduError(CommandStatus.ESME_RINVCMDID, f"{command_name(command_id)} is not a known command_id")


def read_tlvs(octets: bytes, at: int, end: int, salvage: bool = False) -> tuple[Tlv, ...]:
    """The TLVs in octets[at:end], raw and in order; PduError ESME_RINVOPTPARSTREAM when they do not fill it exactly.

    More than MOST_TLVS are not read, as if they were none.

    `salvage`: keep those before the first that cannot be read. So are responses read: nobody can be told what is wrong
    with one, and the message_id is worth more than the tail behind it (padding has been seen in the field).
    """
    tlvs = []
    for _ in range(MOST_TLVS):
        if end - at < _TLV_HEADER_SIZE:
            break
        tag, length = _TLV_HEADER.unpack_from(octets, at)
        stop = at + _TLV_HEADER_SIZE + length
        if stop > end:
            break
        tlvs.append(_new_tlv((tag, octets[at + _TLV_HEADER_SIZE : stop])))
        at = stop
    if at > end:
        raise PduError(CommandStatus.ESME_RINVCMDLEN, "the PDU ends inside its fields")
    if at < end and not salvage:
        what = "are not a TLV" if len(tlvs) < MOST_TLVS else f"stand behind {MOST_TLVS} TLVs; more are not read"
        raise PduError(CommandStatus.ESME_RINVOPTPARSTREAM, f"the last {end - at} octets {what}")
    return tuple(tlvs)


def write_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    """The octets of TLVs; EncodeError."""
    if len(tlvs) > MOST_TLVS:
        raise EncodeError("tlvs", f"there are {len(tlvs)}, at most {MOST_TLVS} are read")
    octets = bytearray()
    for tag, value in tlvs:
        if not 0 <= tag <= 0xFFFF:
            raise EncodeError("tlvs", f"the tag {tag} does not fit in two octets")
        if len(value) > MAX_VALUE:
            raise EncodeError("tlvs", f"0x{tag:04x} has {len(value)} octets, at most {MAX_VALUE}")
        octets += _TLV_HEADER.pack(tag, len(value))
        octets += value
    return bytes(octets)


def leave_out(tlvs: tuple[Tlv, ...]) -> None:
    """See Codec.encode: what a version without TLVs does with them; EncodeError when one is needed."""
    for tag, _ in tlvs:
        if tag in NEEDED_TLVS:
            raise EncodeError("tlvs", f"{TAGS[tag].name} cannot be left out, and this version of SMPP has no TLVs")


def read_plainly(layout: Layout, octets: bytes, start: int, end: int, command_status: int, sequence_number: int) -> Pdu:
    """What the compiled decoder does, field by field: slowly, but it says what is wrong."""
    kind = layout.kind
    if layout.is_response and (command_status or end - start == HEADER_SIZE):
        return kind(command_status, sequence_number)
    at = start + HEADER_SIZE
    values = {}
    for name, spec in layout.fields:
        values[name], at = spec.read(name, octets, at, end)
    tlvs = read_tlvs(octets, at, end, salvage=layout.is_response or not layout.tlvs)
    pdu = kind(command_status, sequence_number, tlvs, **values)
    layout.check(pdu)
    return pdu


def write_plainly(layout: Layout, pdu: Pdu) -> bytes:
    """What the compiled encoder does, field by field: slowly, but it says what is wrong."""
    for name in ("command_status", "sequence_number"):
        value = getattr(pdu, name)
        if not isinstance(value, int) or not 0 <= value <= 0xFFFFFFFF:
            raise EncodeError(f"{pdu.name}.{name}", f"expected an integer of four octets, found {value!r}")
    body = b""
    if not (layout.is_response and pdu.command_status):
        for name, spec in layout.fields:
            body += spec.write(f"{pdu.name}.{name}", getattr(pdu, name))
        try:
            octets = write_tlvs(pdu.tlvs)
            if layout.tlvs:
                body += octets
            else:
                leave_out(pdu.tlvs)
            layout.check(pdu)
        except PduError as error:
            raise EncodeError(pdu.name, error.reason) from None
        except EncodeError as error:
            raise EncodeError(f"{pdu.name}.{error.field}", error.problem) from None
        except (TypeError, ValueError):
            raise EncodeError(f"{pdu.name}.tlvs", f"expected pairs of a tag and octets, found {pdu.tlvs!r}") from None
    return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.command_status, pdu.sequence_number) + body


def _emit_check(layout: Layout, source: Source, prefix: str) -> None:
    """Add what Layout.check does: of the local variable `tlvs`, and the fields behind `prefix`."""
    if not layout.expected and not layout.rules:
        return
    always = any(isinstance(rule, Required) for rule in layout.rules)
    margin = "" if always else "    "
    if not always:
        source.line("if tlvs:")
    if layout.expected:
        patterns = {number: re.compile(tag.form.pattern(), re.DOTALL) for number, tag in layout.expected.items()}
        source.bind("expected", {number: pattern.fullmatch for number, pattern in patterns.items()}.get)
        source.line(f"{margin}for tag, value in tlvs:")
        source.line(f"{margin}    fits = expected(tag)")
        source.line(f"{margin}    if fits is not None and fits(value) is None:")
        source.line(f"{margin}        raise ValueError")
    if layout.rules:
        source.line(f"{margin}present = dict(tlvs)")
        source.line(f"{margin}if {' or '.join(rule.emit(prefix, source) for rule in layout.rules)}:")
        source.line(f"{margin}    raise ValueError")


def compile_decoder(layout: Layout) -> Decoder:
    """The decoder of one PDU of one version."""
    kind = layout.kind
    reader = Reader()
    reader.scope.update(kind=kind, layout=layout, read_tlvs=read_tlvs, read_plainly=read_plainly)
    if layout.is_response:
        reader.line(f"if command_status or end - start == {HEADER_SIZE}:")
        reader.line("    return kind(command_status, sequence_number)")
    reader.line(f"at = start + {HEADER_SIZE}")
    for name, spec in layout.fields:
        spec.emit_read(name, reader)
    reader.match()
    salvage = layout.is_response or not layout.tlvs
    reader.line(f"tlvs = () if at == end else read_tlvs(octets, at, end, {salvage})")
    _emit_check(layout, reader, prefix="")
    reader.line(f"return kind({', '.join(kind.__struct_fields__)})")
    return reader.function(
        f"decode_{kind.name}",
        arguments="octets, start, end, command_status, sequence_number",
        refused=(SmppError, ValueError, LookupError),
        otherwise="read_plainly(layout, octets, start, end, command_status, sequence_number)",
        variant=f" of {layout.version.name}",
    )


def compile_encoder(layout: Layout) -> Encoder:
    """The encoder of one PDU of one version."""
    writer = Writer()
    writer.scope.update(
        pack=HEADER.pack, layout=layout, write_tlvs=write_tlvs, write_plainly=write_plainly, leave_out=leave_out
    )
    command_id = int(layout.kind.command_id)
    header = f"{command_id}, pdu.command_status, pdu.sequence_number"
    if layout.is_response:
        writer.line("if pdu.command_status:")
        writer.line(f"    return pack({HEADER_SIZE}, {header})")
    for name, spec in layout.fields:
        spec.emit_write(name, f"pdu.{name}", writer)
    writer.line(f"body = {writer.joined()}.encode('latin-1')")
    if writer.tail:
        writer.line(f"body += {writer.tail}")
    writer.line("tlvs = pdu.tlvs")
    writer.line("if tlvs:")
    if layout.tlvs:
        writer.line("    body += write_tlvs(tlvs)")
    else:
        writer.line("    write_tlvs(tlvs)")
        writer.line("    leave_out(tlvs)")
    _emit_check(layout, writer, prefix="pdu.")
    writer.line(f"return pack({HEADER_SIZE} + len(body), {header}) + body")
    return writer.function(
        f"encode_{layout.kind.name}",
        arguments="pdu",
        refused=(SmppError, ValueError, LookupError, TypeError, AttributeError, struct.error),
        otherwise="write_plainly(layout, pdu)",
        variant=f" of {layout.version.name}",
    )


SMPP_33 = Codec.of(Version.V33)
SMPP_34 = Codec.of(Version.V34)
SMPP_50 = Codec.of(Version.V50)
CODECS: dict[Version, Codec] = {Version.V33: SMPP_33, Version.V34: SMPP_34, Version.V50: SMPP_50}

encode = SMPP_34.encode
decode = SMPP_34.decode
