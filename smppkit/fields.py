"""The kinds of fields that PDU bodies are made of (SMPP 3.4 §3.1), with limits and the status a bad value earns.

Each kind says what it is twice: in plain Python (`read`, `write`), which knows every way to fail and names it, and as a
part of the functions that are compiled for each PDU (`emit_read`, `emit_write`). The compiled form is fast and only
says "no"; the plain form then says why. The tests hold the two to the same answers.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from smppkit.compiler import Reader, Writer, declared
from smppkit.errors import EncodeError, PduError
from smppkit.status import CommandStatus

ANY_OCTET = frozenset(range(256))


class Field(Protocol):
    """One kind of field, configured."""

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[Any, int]:
        """Value and the position after it; PduError with the status that the value earns."""

    def write(self, name: str, value: Any) -> bytes:
        """The octets; EncodeError."""

    def emit_read(self, name: str, reader: Reader) -> None:
        """Add what sets the variable `name`."""

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """Add what puts the value of the expression `value` on the wire."""


def truncated(name: str) -> PduError:
    """The PDU ends inside this field."""
    return PduError(CommandStatus.ESME_RINVCMDLEN, f"the PDU ends inside {name}")


class Unsigned(msgspec.Struct, frozen=True):
    """An integer of one octet, of the values `allowed`."""

    status: int = CommandStatus.ESME_RUNKNOWNERR
    allowed: frozenset[int] = ANY_OCTET

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[int, int]:
        """See Field."""
        if at >= end:
            raise truncated(name)
        if octets[at] not in self.allowed:
            raise PduError(self.status, f"{name} is {octets[at]}, which is reserved")
        return octets[at], at + 1

    def write(self, name: str, value: Any) -> bytes:
        """See Field."""
        if not isinstance(value, int):
            raise EncodeError(name, f"expected an integer, found {value!r}")
        if not 0 <= value <= 255:
            raise EncodeError(name, f"{value} does not fit in one octet")
        if value not in self.allowed:
            raise EncodeError(name, f"{value} is a reserved value")
        return bytes((value,))

    def emit_read(self, name: str, reader: Reader) -> None:
        """See Field."""
        reader.octet(name, self.allowed)

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """See Field: one look-up judges the value and gives its octet."""
        table = writer.bind(f"{name}_octet", {octet: chr(octet) for octet in self.allowed})
        writer.pieces.append(f"{table}[{value}]")


class Status(msgspec.Struct, frozen=True):
    """A command_status of four octets within a body (SMPP 3.4 §4.5.2.1, error_status_code)."""

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[int, int]:
        """See Field."""
        if at + 4 > end:
            raise truncated(name)
        return int.from_bytes(octets[at : at + 4], "big"), at + 4

    def write(self, name: str, value: Any) -> bytes:
        """See Field."""
        if not isinstance(value, int) or not 0 <= value <= 0xFFFFFFFF:
            raise EncodeError(name, f"expected an integer of four octets, found {value!r}")
        return value.to_bytes(4, "big")

    def emit_read(self, name: str, reader: Reader) -> None:
        """See Field."""
        reader.group(name, rb"(.{4})", f"int.from_bytes({name}, 'big')")

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """See Field."""
        writer.pieces.append(f"{value}.to_bytes(4, 'big').decode('latin-1')")


def _is_secret(name: str) -> bool:
    """Whether the value of this field is never shown."""
    return name.rpartition(".")[2] == "password"


class CString(msgspec.Struct, frozen=True):
    """A string closed by NUL, at most `limit` octets with the NUL (SMPP 3.4 §3.1, C-Octet String).

    In Python a `str`, octet for octet in Latin-1. `exact`: empty or full (the times of §7.1.1); `empty`: may be empty;
    `read_limit`: when a peer's may be longer than ours.
    """

    limit: int
    status: int = CommandStatus.ESME_RUNKNOWNERR
    exact: bool = False
    empty: bool = True
    read_limit: int = 0

    def problem(self, value: str, limit: int) -> str | None:
        """Why the value is not one of this kind, or None."""
        if not value and not self.empty:
            return "is empty"
        if len(value) >= limit:
            return f"has {len(value)} characters, at most {limit - 1}"
        if self.exact and value and len(value) != self.limit - 1:
            return f"has {len(value)} characters, not {self.limit - 1}"
        return None

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[str, int]:
        """See Field."""
        limit = self.read_limit or self.limit
        stop = octets.find(b"\0", at, min(end, at + limit))
        if stop < 0:
            if end - at < limit:
                raise truncated(name)
            raise PduError(self.status, f"{name} has more than {limit - 1} characters")
        value = octets[at:stop].decode("latin-1")
        problem = self.problem(value, limit)
        if problem is not None:
            raise PduError(self.status, f"{name} {problem}")
        return value, stop + 1

    def write(self, name: str, value: Any) -> bytes:
        """See Field."""
        if not isinstance(value, str):
            raise EncodeError(name, f"expected a string, found {value!r}")
        problem = self.problem(value, self.limit)
        if problem is None and "\0" in value:
            problem = "holds a NUL"
        if problem is not None:
            raise EncodeError(name, f"{problem}" + ("" if _is_secret(name) else f" ({value!r})"))
        try:
            return value.encode("latin-1") + b"\0"
        except UnicodeEncodeError as error:
            if _is_secret(name):
                raise EncodeError(name, "holds what is not in Latin-1") from None
            outside = value[error.start : error.end]
            raise EncodeError(name, f"holds {outside!r}, which is not in Latin-1 ({value!r})") from None

    def emit_read(self, name: str, reader: Reader) -> None:
        """See Field: possessive, since nothing but the NUL can follow."""
        longest = (self.read_limit or self.limit) - 1
        if self.exact:
            pattern = rb"((?:[^\0]{%d})?+)\0" % longest
        else:
            pattern = rb"([^\0]{%d,%d}+)\0" % (0 if self.empty else 1, longest)
        # Most strings of most PDUs are empty, and a test is cheaper than decoding nothing.
        reader.group(name, pattern, f"{name}.decode('latin-1')" + (f" if {name} else ''" if self.empty else ""))

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """See Field."""
        longest = self.limit - 1
        wrong_length = f"len({name}) != {longest}" if self.exact else f"len({name}) > {longest}"
        writer.line(f"{name} = {value}")
        if self.empty:
            writer.refuse_if(f"{name} and ({wrong_length} or '\\0' in {name})")
        else:
            writer.refuse_if(f"not {name} or {wrong_length} or '\\0' in {name}")
        writer.pieces += [name, "'\\0'"]


class ShortMessage(msgspec.Struct, frozen=True):
    """sm_length and as many octets of user data (SMPP 3.4 §5.2.21, §5.2.22): the length is not a field of its own.

    `last`: nothing but TLVs follows in the body, which is so in every body but one.
    """

    limit: int = 254
    status: int = CommandStatus.ESME_RINVMSGLEN
    last: bool = True

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[bytes, int]:
        """See Field."""
        if at >= end:
            raise truncated("sm_length")
        length = octets[at]
        if length > self.limit:
            raise PduError(self.status, f"sm_length is {length}, at most {self.limit}")
        stop = at + 1 + length
        if stop > end:
            raise PduError(self.status, f"sm_length is {length}, but {end - at - 1} octets are left in the PDU")
        return octets[at + 1 : stop], stop

    def write(self, name: str, value: Any) -> bytes:
        """See Field."""
        if not isinstance(value, bytes):
            raise EncodeError(name, f"expected bytes, found {value!r}")
        if len(value) > self.limit:
            raise EncodeError(name, f"{len(value)} octets, at most {self.limit}")
        return bytes((len(value),)) + value

    def emit_read(self, name: str, reader: Reader) -> None:
        """See Field."""
        reader.octet("sm_length", range(self.limit + 1))
        reader.match()
        reader.line("begin = at")
        reader.line("at += sm_length")
        reader.line(f"{name} = octets[begin:at]")

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """See Field: the octets of a last field follow the joined text as they are."""
        lengths = writer.bind("sm_length", [chr(length) for length in range(self.limit + 1)])
        writer.line(f"{name} = {value}")
        writer.pieces.append(f"{lengths}[len({name})]")
        if self.last:
            writer.tail = name
        else:
            writer.pieces.append(f"{name}.decode('latin-1')")


class Entries(msgspec.Struct, frozen=True):
    """A count and as many entries (submit_multi, SMPP 3.4 §4.5.1.1 and §4.5.2.1): the count is not a field of its own.

    `kinds` maps the flag before each entry to its class; the flag None stands for "one kind, no flag on the wire".
    """

    kinds: dict[int | None, type[msgspec.Struct]]
    minimum: int = 0
    maximum: int = 255
    status: int = CommandStatus.ESME_RINVNUMDESTS
    flag_status: int = CommandStatus.ESME_RINVDESTFLAG

    def read(self, name: str, octets: bytes, at: int, end: int) -> tuple[tuple[Any, ...], int]:
        """See Field."""
        if at >= end:
            raise truncated(f"the count of {name}")
        count, at = octets[at], at + 1
        if not self.minimum <= count <= self.maximum:
            raise PduError(self.status, f"{count} {name}, not {self.minimum} to {self.maximum}")
        entries = []
        for number in range(count):
            entry, at = self._read_entry(f"{name}[{number}]", octets, at, end)
            entries.append(entry)
        return tuple(entries), at

    def _read_entry(self, name: str, octets: bytes, at: int, end: int) -> tuple[Any, int]:
        flag = None
        if None not in self.kinds:
            if at >= end:
                raise truncated(name)
            flag, at = octets[at], at + 1
            if flag not in self.kinds:
                raise PduError(self.flag_status, f"{name} has the flag {flag}")
        kind = self.kinds[flag]
        values = {}
        for field, spec in declared(kind):
            values[field], at = spec.read(f"{name}.{field}", octets, at, end)
        return kind(**values), at

    def write(self, name: str, value: Any) -> bytes:
        """See Field."""
        if not isinstance(value, tuple):
            raise EncodeError(name, f"expected a tuple, found {value!r}")
        if not self.minimum <= len(value) <= self.maximum:
            raise EncodeError(name, f"{len(value)} entries, not {self.minimum} to {self.maximum}")
        flags = {kind: flag for flag, kind in self.kinds.items()}
        octets = bytearray((len(value),))
        for number, entry in enumerate(value):
            if type(entry) not in flags:
                raise EncodeError(f"{name}[{number}]", f"not an entry of this list: {entry!r}")
            flag = flags[type(entry)]
            if flag is not None:
                octets.append(flag)
            kind: type[msgspec.Struct] = type(entry)
            for field, spec in declared(kind):
                octets += spec.write(f"{name}[{number}].{field}", getattr(entry, field))
        return bytes(octets)

    def emit_read(self, name: str, reader: Reader) -> None:
        """See Field: a loop over the compiled readers of the entries."""
        readers = reader.bind(f"{name}_readers", {flag: entry_reader(kind) for flag, kind in self.kinds.items()})
        reader.octet("count", range(self.minimum, self.maximum + 1))
        reader.match()
        reader.line(f"{name} = []")
        reader.line("for _ in range(count):")
        if None in self.kinds:
            reader.line(f"    entry, at = {readers}[None](octets, at, end)")
        else:
            reader.line(f"    entry, at = {readers}[octets[at]](octets, at + 1, end)")
        reader.line(f"    {name}.append(entry)")
        reader.line(f"{name} = tuple({name})")

    def emit_write(self, name: str, value: str, writer: Writer) -> None:
        """See Field."""
        kinds = {kind: entry_writer(flag, kind) for flag, kind in self.kinds.items()}
        writers = writer.bind(f"{name}_writers", kinds)
        writer.line(f"{name} = {value}")
        writer.refuse_if(f"not {self.minimum} <= len({name}) <= {self.maximum}")
        writer.refuse_if(f"type({name}) is not tuple")
        writer.pieces.append(f"chr(len({name}))")
        writer.pieces.append(f"*[{writers}[type(entry)](entry) for entry in {name}]")


def entry_reader(kind: type[msgspec.Struct]) -> Callable[..., Any]:
    """Compiled: (octets, at, end) → (entry, position after it)."""
    reader = Reader()
    reader.bind("kind", kind)
    for name, spec in declared(kind):
        spec.emit_read(name, reader)
    reader.match()
    reader.line(f"return kind({', '.join(kind.__struct_fields__)}), at")
    return reader.function(f"read_{kind.__name__}", "octets, at, end")


def entry_writer(flag: int | None, kind: type[msgspec.Struct]) -> Callable[..., Any]:
    """Compiled: entry → its octets as Latin-1 text, the flag in front."""
    writer = Writer()
    if flag is not None:
        writer.pieces.append(repr(chr(flag)))
    for name, spec in declared(kind):
        spec.emit_write(name, f"entry.{name}", writer)
    writer.line(f"return {writer.joined()}")
    return writer.function(f"write_{kind.__name__}", "entry")
