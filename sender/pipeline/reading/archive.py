"""The archive that a workbook is, with a limit on everything that it could grow to."""

from __future__ import annotations

import zipfile
from types import TracebackType
from typing import IO, BinaryIO, Final, Self

from sender.domain.rows import HeaderError

MAX_MEMBERS: Final = 10_000
MAX_SHEET: Final = 4 << 30
"""Octets of one member unpacked: a full sheet of a million rows takes some hundred megabytes."""
MAX_PART: Final = 16 << 20
"""Octets of a member that is read whole: relations, styles."""
MAX_RATIO: Final = 400
"""Unpacked to packed, of members beyond `MAX_PART`. Sheets reach 5 to 60; deflate itself 1,032."""


class Archive:
    """A ZIP file whose members are streams. HeaderError when it is none, is encrypted, or would grow beyond limits."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OverflowError) as error:
            raise HeaderError(f"the workbook is damaged: {error}") from None
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise HeaderError(f"the workbook has {len(infos)} members; at most {MAX_MEMBERS}")
        self.names = frozenset(info.filename for info in infos)

    def open(self, name: str) -> IO[bytes]:
        """A member as a stream; it never gives more than the limit. HeaderError."""
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            raise HeaderError(f"the workbook is damaged: it has no {name}") from None
        if info.flag_bits & 1:
            raise HeaderError("the workbook has a password; save it without one")
        if info.file_size > MAX_SHEET:
            raise HeaderError(f"{name} would unpack to {info.file_size} octets; at most {MAX_SHEET}")
        if info.file_size > MAX_PART and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise HeaderError(f"{name} unpacks to {info.file_size} octets from {info.compress_size}: it is a bomb")
        try:
            return self._zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise HeaderError(f"the workbook is damaged: {error}") from None

    def read(self, name: str) -> bytes:
        """A small member, whole. HeaderError."""
        with self.open(name) as stream:
            octets = stream.read(MAX_PART + 1)
        if len(octets) > MAX_PART:
            raise HeaderError(f"{name} has more than {MAX_PART} octets")
        return octets

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._zip.close()
