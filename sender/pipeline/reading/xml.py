"""XML as a stream of events, without the constructs by which a small document grows."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final
from xml.parsers import expat
from zipfile import BadZipFile

from sender.domain.rows import HeaderError

_CHUNK: Final = 1 << 16

Start = Callable[[str, dict[str, str]], Any]
End = Callable[[str], Any]
Text = Callable[[str], Any]


class Reader:
    """Feeds a parser with a member of an archive, chunk by chunk.

    Handlers are those of ``xml.parsers.expat``; names come without namespace prefix handling, as written. A document
    type declaration, and with it every entity but the five of XML, is refused.
    """

    def __init__(self, name: str, start: Start | None = None, end: End | None = None, text: Text | None = None) -> None:
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self.handle(start, end, text)

    def handle(self, start: Start | None, end: End | None, text: Text | None) -> None:
        """From now on these handlers are called."""
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = text

    def _refuse(self, *_: object) -> None:
        raise HeaderError(f"{self._name} has a document type declaration, which no spreadsheet writes")

    def feed(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse the stream; comes back after every chunk, for what the handlers have gathered."""
        try:
            while chunk := stream.read(_CHUNK):
                self._parser.Parse(chunk, False)
                yield
            self._parser.Parse(b"", True)
        except (expat.ExpatError, BadZipFile, zlib.error, EOFError) as error:
            raise HeaderError(f"the workbook is damaged: {self._name}: {error}") from None
        yield

    def all(self, stream: IO[bytes]) -> None:
        """Parse the whole stream."""
        for _ in self.feed(stream):
            pass


def local(name: str) -> str:
    """A name without its namespace prefix."""
    return name.rpartition(":")[2]
