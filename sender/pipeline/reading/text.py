"""Octets to text: which character set a file is in."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, Final

from sender.domain.rows import HeaderError

_SAMPLE: Final = 1 << 18

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)

_EIGHT_BIT: Final = [
    "cp1251", "koi8_r", "cp866", "mac_cyrillic", "kz1048", "cp1254", "cp1250", "iso8859_5",
]  # fmt: skip
"""Where files of these markets come from; an open list would find Arabic in a short Russian one.

windows-1254 stands for windows-1252 too: they differ in six Icelandic letters, which are Turkish here.
"""

_NAMES: Final = {"utf_8": "UTF-8", "cp1251": "windows-1251", "cp1250": "windows-1250", "cp1254": "windows-1254"}


def open_text(file: BinaryIO, encoding: str | None) -> tuple[io.TextIOWrapper, str]:
    """The file as text, and the name of its character set. Octets that are none become surrogates (PEP 383).

    HeaderError when `encoding` names no character set, or one in which nothing can be read.
    """
    sample = file.read(_SAMPLE)
    file.seek(0)
    if encoding is not None:
        codec, name = _given(encoding, sample), encoding
    else:
        codec, name = _found(sample)
    return io.TextIOWrapper(file, encoding=codec, errors=_errors(codec), newline=""), name


def _errors(codec: str) -> str:
    return "replace" if codec.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _given(encoding: str, sample: bytes) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError:
        raise HeaderError(
            f'there is no character set "{encoding}"; expected a name such as utf-8 or windows-1251'
        ) from None
    if not info._is_text_encoding:
        raise HeaderError(f'"{encoding}" is no character set; expected a name such as utf-8 or windows-1251')
    codec = "utf-8-sig" if info.name == "utf-8" else info.name
    try:
        codecs.getincrementaldecoder(codec)(_errors(codec)).decode(sample)
    except UnicodeError as error:  # whatever stands for what is no character: UTF-16 without its mark
        raise HeaderError(
            f'the file cannot be read as "{encoding}": {error}; without --encoding it is found out'
        ) from None
    return codec


def _found(sample: bytes) -> tuple[str, str]:
    for mark, codec, name in _MARKS:
        if sample.startswith(mark):
            return codec, name
    unmarked = _utf16(sample) if b"\0" in sample[:200] else None
    if unmarked is not None:
        return unmarked, "UTF-16"
    cut = sample[: sample.rfind(b"\n") + 1] or sample  # no character is cut at a line's end
    try:
        cut.decode()
    except UnicodeDecodeError:
        return _eight_bit(cut)
    return "utf-8", "UTF-8"


def _utf16(sample: bytes) -> str | None:
    """Without a byte order mark: the header of a table is ASCII, or its delimiters and digits are."""
    head = sample[: 200 & ~1]
    for codec, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros.count(0) * 2 > len(zeros):
            return codec
    return None


def _eight_bit(sample: bytes) -> tuple[str, str]:
    """A file that is UTF-8 but for few octets has damaged rows, which are told; any other is in another set."""
    text = sample.decode(errors="surrogateescape")
    stray = sum("\udc80" <= character <= "\udcff" for character in text)
    sound = sum(character > "\x7f" for character in text) - stray
    if sound > stray:
        return "utf-8", "UTF-8"
    # Imported when it is needed: few files are in such a set.
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_EIGHT_BIT, steps=10, threshold=0.5).best()
    if best is None:
        return "utf-8", "UTF-8"
    return best.encoding, _NAMES.get(best.encoding, best.encoding.replace("_", "-"))
