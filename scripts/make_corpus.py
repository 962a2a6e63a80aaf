#!/usr/bin/env python3
"""Write tests/fuzz/corpus anew: sound inputs of every kind that the fuzz targets start from, one file each.

The beginning of a name is the target that a file is for (see tests/fuzz/targets.py). Files named regression-… are what
fuzzing has found; they are nobody's to write but a finder's, and stay.

Usage: make_corpus.py [FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from struct import pack

from fuzz import seeds

from smppkit.codec import CODECS
from smppkit.segments import LongMessage, segment
from smppkit.states import Version
from smppkit.text import Alphabet, encode_text
from smsc.capture.packets import ACK, ETHERNET, PSH, SYN, Packet, Place, ethernet
from tests.fuzz.targets import VERSIONS
from tests.smppkit.generated import EXAMPLES_OF

CORPUS = Path(__file__).parents[1] / "tests" / "fuzz" / "corpus"
KEPT = "regression-"

RECEIPTS = {
    "canonical": b"id:0123456789 sub:001 dlvrd:001 submit date:2601010900 done date:2601010901 stat:DELIVRD err:0",
    "seconds": b"id:1 sub:001 dlvrd:001 submit date:260101090059 done date:260101090102 stat:UNDELIV err:021 text:",
    "century": b"id:1 submit date:20260101090059 done date:20260101090102 stat:EXPIRED err:0A1",
    "underscores": b"id:a1b2 submit_date:2601010900 done_date:2601010901 stat:REJECTD err:000",
    "nulls": b"id:7 sub:null dlvrd:null submit date:null done date:null stat:DELIVRD err:null text:null",
    "commas": b"id:7, stat:DELIVRD, err:0, text:",
    "uuid": b"id:6f1ed002-ab59-4d4a-8b1e-0f2c6d9c1f00 stat:ACCEPTD err:000 text:",
    "short": b"id:1 stat:DELIVRD",
    "vendor-text": b"id:1 sub:001 dlvrd:000 stat:UNDELIV err:000 text:450A UNDELIV absent subscriber",
    "gsm-at": b"id:a\0b\x11c stat:DELIVRD err:000 text:\0\x02",
    "upper": b"ID:99 SUB:1 DLVRD:1 SUBMIT DATE:2601010900 DONE DATE:2601010901 STAT:delivered ERR:0 TEXT:x",
    "terminated": b"id:1 stat:DELIVRD err:000 text:Hello\0",
}
TEXTS = {
    "latin": "Your order 42 is ready",
    "gsm": "€ [42] ^{}~|\\ Ñandu",
    "kazakh": "Сәлем 👋 әлем",
    "long": "Storm! " * 40,
}


def label_of(version: Version) -> str:
    """3.3, 3.4 or 5.0."""
    return f"{version.name[1]}.{version.name[2]}"


def pdus() -> Iterator[tuple[str, bytes]]:
    """Every PDU of every version; those with long bodies once more."""
    for version, codec in CODECS.items():
        label = label_of(version)
        for pdu in EXAMPLES_OF[version]:
            yield f"decoder-{label}-{pdu.name}", codec.encode(pdu)
        for number, octets in enumerate(seeds(codec)[-6:]):
            yield f"decoder-{label}-rich-{number}", octets


def conversations() -> Iterator[tuple[str, bytes]]:
    """What each side says, PDU after PDU, and what breaks a stream."""
    for number, version in enumerate(VERSIONS):
        codec, label = CODECS[version], label_of(version)
        asked = b"".join(codec.encode(pdu) for pdu in EXAMPLES_OF[version] if pdu.command_id < 1 << 31)
        answered = b"".join(codec.encode(pdu) for pdu in EXAMPLES_OF[version] if pdu.command_id >= 1 << 31)
        for name, octets in (("requests", asked), ("responses", answered)):
            yield f"stream-{label}-{name}", bytes((number, 7)) + octets
            # Role, bound or not, asking or not, and time that passes are bits of the first octet.
            for role, choice in (("esme", 0xA0), ("smsc", 0xA1), ("unbound", 0x41)):
                yield f"session-{label}-{role}-{name}", bytes((choice | number << 1, 0)) + octets
    for name, octets in BROKEN.items():
        yield f"stream-{name}", bytes((1, 3)) + octets
        yield f"session-{name}", bytes((1 << 1 | 1, 5)) + octets


BROKEN = {
    "http": b"GET / HTTP/1.1\r\nHost: smsc\r\n\r\n",
    "crlf": b"\r\n\r\n",
    "length-0": pack(">IIII", 0, 0x15, 0, 1),
    "length-15": pack(">IIII", 15, 0x15, 0, 1),
    "length-4-gib": pack(">IIII", 0xFFFFFFFF, 0x15, 0, 1),
    "unknown-command": pack(">IIII", 16, 0x0BAD, 0, 1) + pack(">IIII", 16, 0x15, 0, 2),
    "unknown-response": pack(">IIII", 16, 0x80000BAD, 0, 1) + pack(">IIII", 16, 0x15, 0, 2),
    "tail": pack(">IIII", 20, 0x15, 0, 1) + b"\0\0\0\0" + pack(">IIII", 16, 0x15, 0, 2),
    "no-nul": pack(">IIII", 16 + 40, 0x09, 0, 1) + b"s" * 40,
}


def texts() -> Iterator[tuple[str, bytes]]:
    """Receipts in the forms that operators write, and texts in all codings."""
    for name, text in RECEIPTS.items():
        yield f"receipts-{name}", b"\x04\0\0\0" + text
        yield f"receipts-{name}-unannounced", b"\0\x03\0\0" + text
    yield "receipts-ucs2", b"\x04\x08\0\0" + RECEIPTS["canonical"].decode().encode("utf-16-be")
    yield "receipts-tlv-id", b"\x04\0\x1e\x03" + b"2a\0" + RECEIPTS["short"]
    yield "receipts-tlv-state", b"\x04\0\x27\x01" + b"\x05" + RECEIPTS["short"]
    yield "receipts-header", b"\x44\0\0\0" + b"\x05\0\x03\x2a\x01\x01" + RECEIPTS["short"]
    for name, words in TEXTS.items():
        for alphabet in (Alphabet.UCS2, Alphabet.GSM7 if name in ("latin", "gsm", "long") else Alphabet.UCS2):
            octets = encode_text(words, alphabet)
            yield f"texts-{name}-{alphabet.value}", bytes((alphabet.data_coding, 0)) + octets
    for data_coding in (0x06, 0x07, 0x0A, 0x0E, 0x11, 0xF5):
        yield f"texts-coding-{data_coding:02x}", bytes((data_coding, 4)) + b"\x1b$B~\xe4\xff8bit"
    for method in (LongMessage.UDH8, LongMessage.UDH16):
        part = segment(TEXTS["long"], reference=42, method=method).segments[0]
        yield f"texts-{method.value}", b"\0\1" + part.short_message


def captures() -> Iterator[tuple[str, bytes]]:
    """One connection as a capture file of each format."""
    client, server = Place(ip_address("127.0.0.1"), 40000), Place(ip_address("127.0.0.1"), 2775)
    client6, server6 = Place(ip_address("::1"), 40000), Place(ip_address("::1"), 2775)
    bind = next(CODECS[Version.V34].encode(pdu) for pdu in EXAMPLES_OF[Version.V34] if pdu.name == "bind_transceiver")
    packets = [
        Packet(client, server, 100, 0, SYN, b""),
        Packet(client, server, 111, 1, PSH | ACK, bind[10:]),
        Packet(client, server, 101, 1, PSH | ACK, bind[:12]),
        Packet(client6, server6, 7, 1, PSH | ACK, bind),
    ]
    frames = [ethernet(packet, number) for number, packet in enumerate(packets)]
    for name, order, magic in (("big", ">", 0xA1B2C3D4), ("little", "<", 0xA1B2C3D4), ("nano", "<", 0xA1B23C4D)):
        header = pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, ETHERNET)
        rows = b"".join(pack(order + "IIII", 1, 5, len(frame), len(frame)) + frame for frame in frames)
        yield f"capture-pcap-{name}", header + rows
    raw = b"".join(pack("<IIII", 1, 5, len(frame) - 14, len(frame) - 14) + frame[14:] for frame in frames)
    yield "capture-pcap-raw-ip", pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101) + raw
    section = block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(1, pack("<HHI", ETHERNET, 0, 0) + pack("<HHB3x", 9, 1, 9) + pack("<HHq", 14, 8, 5))
    enhanced = b"".join(block(6, pack("<IIIII", 0, 0, 9, len(frame), len(frame)) + frame) for frame in frames)
    simple = block(3, pack("<I", len(frames[1])) + frames[1])
    yield "capture-pcapng", section + interface + enhanced + simple


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return pack("<II", kind, length) + body + pack("<I", length)


def overheard() -> Iterator[tuple[str, bytes]]:
    """Conversations for the lint: the first octet says who speaks."""
    for version in VERSIONS:
        binds_to_deliveries = EXAMPLES_OF[version][3:18]
        octets = b"".join(map(CODECS[version].encode, binds_to_deliveries))
        yield f"lint-{label_of(version)}", bytes((0b10101010,)) + octets
        yield f"lint-{label_of(version)}-client", b"\0" + octets


def main(argv: list[str] | None = None) -> int:
    """Write the files, and remove those that are no longer made."""
    parser = argparse.ArgumentParser(description="Write the corpus that the fuzz targets start from.")
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    folder: Path = parser.parse_args(argv).folder
    folder.mkdir(exist_ok=True)
    made = {f"{name}.bin": octets for part in PARTS for name, octets in part()}
    for path in folder.glob("*.bin"):
        if path.name not in made and not path.name.startswith(KEPT):
            path.unlink()
    for name, octets in made.items():
        (folder / name).write_bytes(octets)
    print(f"make_corpus: {len(made)} files, {sum(map(len, made.values())) / 1024:.0f} KiB")
    return 0


PARTS = (pdus, conversations, texts, captures, overheard)

if __name__ == "__main__":
    sys.exit(main())
