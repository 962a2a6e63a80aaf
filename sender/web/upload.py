"""Multipart forms, read piece by piece: files go to the disk within bounds, under names of ours."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from webkit.problem import Problem

MOST_FIELD_OCTETS: Final = 64 * 1024
_KINDS: Final = (".csv", ".txt", ".tsv", ".xlsx", ".ods")
_SYNC_ERROR: Final = "the upload cannot be kept at present"


class Form(msgspec.Struct):
    """What a form held: small fields as octets, and one file."""

    fields: dict[str, bytes]
    file: Path | None
    digest: bytes
    """SHA-256 of the file."""


async def read_form(stream: AsyncIterator[bytes], content_type: str, *, file_field: str, stem: Path, most: int) -> Form:
    """Read a form to its end; its file is durable at `stem` with one of a few suffixes, readable by us alone.

    The name that the client gives is never part of a path. Problem 400, 413, 415, 503; then no file is left.
    """
    media, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if media != "multipart/form-data" or not boundary:
        raise Problem(415, "expected application/json, or multipart/form-data with a boundary")
    reading = _Reading(file_field, stem, most)
    try:
        parser = PushMultipartParser(boundary, max_segment_count=20, strict=True)
        with parser:
            async for chunk in stream:
                for event in parser.parse(chunk):
                    reading.take(event)
        await asyncio.to_thread(reading.finish)  # a disk takes its time for a large file
    except MultipartError as error:
        reading.discard()
        raise Problem(400, f"the form cannot be read: {error}", kind="invalid") from None
    except OSError as error:
        reading.discard()
        raise Problem(503, f"{_SYNC_ERROR}: {error.strerror}", kind="store") from None
    except BaseException:
        reading.discard()
        raise
    return Form({name: bytes(value) for name, value in reading.fields.items()}, reading.path, reading.digest.digest())


class _Reading:
    """A form of which some has come."""

    def __init__(self, file_field: str, stem: Path, most: int) -> None:
        self.fields: dict[str, bytearray] = {}
        self.path: Path | None = None
        self.octets = 0
        self.digest = hashlib.sha256()
        self._file_field = file_field
        self._stem = stem
        self._most = most
        self._file: Any = None
        self._name = ""

    def take(self, event: MultipartSegment | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is not None and self._name == self._file_field:
            self.octets += len(event)
            if self.octets > self._most:
                raise Problem(413, f"the file has more than {self._most:,} octets", field=self._file_field)
            self._file.write(event)
            self.digest.update(event)
        elif event is not None:
            field = self.fields[self._name]
            field += event
            if len(field) > MOST_FIELD_OCTETS:
                raise Problem(413, f"more than {MOST_FIELD_OCTETS:,} octets", field=self._name)

    def _begin(self, segment: MultipartSegment) -> None:
        self._name = segment.name[:100]
        if self._name != self._file_field:
            self.fields.setdefault(self._name, bytearray())
            return
        if self.path is not None:
            raise Problem(400, "a second file; expected one", field=self._file_field)
        suffix = PurePosixPath(segment.filename or "").suffix.lower()
        path = self._stem.with_name(self._stem.name + (suffix if suffix in _KINDS else ".csv"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.path = path
        self._file = os.fdopen(descriptor, "wb")

    def finish(self) -> None:
        """The form has ended: make its file durable."""
        if self._file is not None and self.path is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sync_directory(self.path.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
