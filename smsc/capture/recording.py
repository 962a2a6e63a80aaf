"""Reading a recording: its connections with their PDUs, in the order they were on the wire.

Any journal is a recording: of `smsc proxy`, of `smsc serve`, or made of a packet capture.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from smppkit.pdus import Pdu
from smsc.capture.frames import is_frame
from smsc.capture.layout import read_pdu
from smsc.journal.file import open_readonly

_WANTED = "expected a recording of smsc proxy or smsc pcap, or a journal"


class RecordedConnection(msgspec.Struct, frozen=True):
    """One connection; times are unix seconds, None for what was not seen."""

    number: int
    operator: str
    peer: str
    opened_at: float
    system_id: str | None
    bind: str | None
    bound_at: float | None
    closed_at: float | None
    reason: str | None


class RecordedPdu(msgspec.Struct, frozen=True):
    """One PDU of a connection, or octets that were none; `direction` is "in" (from the ESME) or "out"."""

    row: int
    at: float
    connection: int
    direction: str
    octets: bytes

    @property
    def framed(self) -> bool:
        """Whether these are the octets of one PDU."""
        return is_frame(self.octets)

    @property
    def command_id(self) -> int:
        """The command of a PDU."""
        return int.from_bytes(self.octets[4:8])

    @property
    def status(self) -> int:
        """The command_status of a PDU."""
        return int.from_bytes(self.octets[8:12])

    @property
    def sequence(self) -> int:
        """The sequence_number of a PDU."""
        return int.from_bytes(self.octets[12:16])

    def decoded(self) -> Pdu | None:
        """The PDU, or None when it cannot be read."""
        return read_pdu(self.octets)


_OURS = "(:operator IS NULL OR operator = :operator) AND (:system_id IS NULL OR system_id = :system_id)"


class Recording:
    """Reads the connections and PDUs of a journal file."""

    def __init__(
        self, source: Path | str | sqlite3.Connection, operator: str | None = None, system_id: str | None = None
    ) -> None:
        """`source`: a file, or the connection of an inline journal (flush it before).

        `operator`, `system_id`: only the connections of this operator, of this account. JournalError.
        """
        self.operator = operator
        self.system_id = system_id
        self._owned = not isinstance(source, sqlite3.Connection)
        self.path = "recording" if isinstance(source, sqlite3.Connection) else str(source)
        self._connection = source if isinstance(source, sqlite3.Connection) else open_readonly(Path(source), _WANTED)

    def close(self) -> None:
        """Close the file, when this opened it."""
        if self._owned:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def connections(self) -> list[RecordedConnection]:
        """All connections, in the order they were opened."""
        columns = "connection, operator, peer, opened_at, system_id, bind, bound_at, closed_at, reason"
        rows = self._connection.execute(
            f"SELECT {columns} FROM connections WHERE {_OURS} ORDER BY connection",  # noqa: S608 - ours
            {"operator": self.operator, "system_id": self.system_id},
        )
        return [RecordedConnection(*row) for row in rows]

    def operators(self) -> list[str]:
        """The operators in the file, by name."""
        return [name for (name,) in self._connection.execute("SELECT DISTINCT operator FROM connections ORDER BY 1")]

    def pdus(self, connection: int | None = None, *, by_time: bool = False) -> Iterator[RecordedPdu]:
        """The PDUs of one connection or of all, in the order they were recorded, or by time."""
        order = "at, row" if by_time else "row"
        rows = self._connection.execute(
            "SELECT row, at, connection, direction, octets FROM pdus"  # noqa: S608 - our names
            " WHERE (:connection IS NULL OR connection = :connection)"
            " AND (coalesce(:operator, :system_id) IS NULL"
            f" OR connection IN (SELECT connection FROM connections WHERE {_OURS}))"
            f" ORDER BY {order}",
            {"connection": connection, "operator": self.operator, "system_id": self.system_id},
        )
        for row in rows:
            yield RecordedPdu(*row)
