"""Make a picture of a screen small: a PNG of true colours as one with a palette, which holds all that a page has.

Its most frequent colours are kept, and some of the rare ones; the others become the nearest of them. On a page
those are edges of letters.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
EVERYWHERE = 160  # of them the most frequent; the others see to it that a small thing in a colour of its own keeps it
CHANNELS = {2: 3, 6: 4}  # colour types: RGB, RGBA


def with_palette(png: bytes) -> bytes:
    """The picture with a palette. ValueError when it is not 8-bit RGB or RGBA without interlacing."""
    width, height, pixels = _pixels(png)
    counted = Counter(pixels)
    palette = _palette([colour for colour, _ in counted.most_common()])
    index = {colour: _nearest(colour, palette) for colour in counted}
    rows = (bytes(index[pixel] for pixel in pixels[at : at + width]) for at in range(0, width * height, width))
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(palette)),
            _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _palette(colours: list[bytes]) -> list[bytes]:
    """Of colours, the most frequent first: those that are everywhere, and then always the one that is missed most."""
    chosen = colours[:EVERYWHERE]
    far = {colour: min(_distance(colour, one) for one in chosen) for colour in colours[EVERYWHERE:]}
    while far and len(chosen) < COLOURS:
        missed = max(far, key=far.__getitem__)
        chosen.append(missed)
        del far[missed]
        for colour in far:
            far[colour] = min(far[colour], _distance(colour, missed))
    return chosen


def _distance(one: bytes, other: bytes) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    return min(range(len(palette)), key=lambda at: _distance(colour, palette[at]))


def _pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height, and each pixel as three octets."""
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    header, data = b"", b""
    for name, content in _chunks(png):
        if name == b"IHDR":
            header = content
        elif name == b"IDAT":
            data += content
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if depth != 8 or interlace or colour_type not in CHANNELS:
        raise ValueError(f"depth {depth}, colour type {colour_type}, interlace {interlace}")
    channels = CHANNELS[colour_type]
    flat = b"".join(_rows(zlib.decompress(data), width * channels, channels))
    return width, height, [flat[at : at + 3] for at in range(0, len(flat), channels)]


def _rows(data: bytes, length: int, step: int) -> Iterator[bytes]:
    """The rows without their filters (PNG specification, section 9)."""
    above = bytearray(length)
    for at in range(0, len(data), length + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + length])
        for i in range(length) if kind else ():
            left = row[i - step] if i >= step else 0
            up = above[i]
            corner = above[i - step] if i >= step else 0
            row[i] = (row[i] + (left, up, (left + up) // 2, _paeth(left, up, corner))[kind - 1]) & 0xFF
        above = row
        yield bytes(row)


def _paeth(left: int, up: int, corner: int) -> int:
    by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
