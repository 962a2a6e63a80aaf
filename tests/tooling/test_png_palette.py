"""scripts/png_palette.py: a picture of few colours stays what it is; one of many keeps what is rare and small."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from tests.fuzz.scripts import ROOT, script

png_palette = script("png_palette")
SIGNATURE, with_palette = png_palette.SIGNATURE, png_palette.with_palette
LARGEST = 130_000  # octets of a picture in docs/


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, rows: list[bytes], colour_type: int = 2, depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


def colours(picture: bytes) -> list[bytes]:
    """The pixels of a picture that `with_palette` has made."""
    at, found = len(SIGNATURE), {}
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        found[picture[at + 4 : at + 8]] = picture[at + 8 : at + 8 + length]
        at += length + 12
    width = struct.unpack_from(">I", found[b"IHDR"])[0]
    data, palette = zlib.decompress(found[b"IDAT"]), found[b"PLTE"]
    indices = [index for row in range(0, len(data), width + 1) for index in data[row + 1 : row + 1 + width]]
    return [palette[3 * index : 3 * index + 3] for index in indices]


RED, GREEN, BLUE, GREY = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff", b"\x80\x80\x80"


def test_few_colours_stay_as_they_are_whatever_the_filter_of_their_row() -> None:
    plain = RED + GREEN
    rows = [
        b"\0" + plain,
        b"\1" + RED + bytes((0x01, 0xFF, 0)),  # sub: green less red
        b"\2" + bytes(6),  # up
        b"\3" + bytes((0x80, 0, 0, 0x81, 0x80, 0)),  # average of left and up
        b"\4" + bytes(6),  # Paeth
    ]
    assert colours(with_palette(png(2, rows))) == [RED, GREEN] * 4 + [RED, GREEN]


def test_opacity_is_dropped() -> None:
    assert colours(with_palette(png(2, [b"\0" + BLUE + b"\xff" + GREY + b"\xff"], colour_type=6))) == [BLUE, GREY]


def test_a_rare_colour_that_is_far_from_all_others_is_kept() -> None:
    greys = b"".join(bytes((grey, grey, grey)) * 3 for grey in range(256))
    shades = b"".join(bytes((grey, grey, min(255, grey + 3))) * 2 for grey in range(250))
    row = greys + shades + RED
    kept = colours(with_palette(png(len(row) // 3, [b"\0" + row])))
    assert kept[-1] == RED
    assert len(set(kept)) <= 256


@pytest.mark.parametrize("picture", [b"GIF89a", png(1, [b"\0\0"], colour_type=0), png(1, [b"\0" * 7], depth=16)])
def test_another_kind_of_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a PNG|colour type"):
        with_palette(picture)


def test_the_pictures_in_the_docs_are_small_and_all_shown() -> None:
    pictures = sorted((ROOT / "docs" / "inbox").glob("*.png"))
    assert len(pictures) >= 7
    page = (ROOT / "docs" / "inbox.md").read_text()
    assert {f"inbox/{path.name}" for path in pictures} == set(re.findall(r"\]\((inbox/[a-z]+\.png)\)", page))
    for path in pictures:
        assert path.stat().st_size < LARGEST, path
