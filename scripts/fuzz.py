#!/usr/bin/env python3
"""Throw damaged PDUs at the decoder, at both ends of a session and at the readers of texts and receipts.

What must hold for every case: nothing is raised, and every octet a session answers is a PDU that can be read again.
The tests do the same for a fixed seed; this goes on for as long as one likes. A case that fails is printed with
the number that repeats it.

Usage: fuzz.py [--count N] [--seed N] [--only CASE]
"""

from __future__ import annotations

import argparse
import struct
import sys
import time
import traceback
from collections import Counter
from random import Random

from smppkit.codec import encode
from smppkit.events import Request
from smppkit.pdus import (
    PDUS,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    Pdu,
    SmeAddress,
    SubmitSm,
)
from smppkit.receipts import parse_receipt
from smppkit.segments import part_of
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.stream import BadPdu, BrokenStream, StreamDecoder
from smppkit.text import decode_text
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Tlv

RECEIPT = b"id:0123456789 sub:001 dlvrd:001 submit date:2601010900 done date:2601010901 stat:DELIVRD err:000 text:Hello"
UDH = b"\x05\x00\x03\x2a\x02\x01"
FILLED = {
    "system_id": "shop",
    "message_id": "1",
    "source_addr": "SHOP",
    "destination_addr": "77050001234",
    "esme_addr": "1",
    "dest_addresses": (SmeAddress(1, 1, "77050001234"), DistributionList("staff")),
}
INTERESTING = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\0\0\0\x10", b"\x04\x24\xff\xff", b"\x1b\x1b", b"\0")


def seeds() -> list[bytes]:
    """Sound PDUs to start from: every operation with its defaults, and those that carry the most, filled in."""
    plain = [kind(sequence_number=7) for kind in PDUS.values() if kind is not DataSm]
    for pdu in plain:
        for name, value in FILLED.items():
            if name in pdu.__struct_fields__:
                setattr(pdu, name, value)
    rich: list[Pdu] = [
        SubmitSm(sequence_number=7, source_addr="SHOP", destination_addr="77050001234", short_message=b"Hello"),
        SubmitSm(
            sequence_number=7,
            esm_class=0x40,
            data_coding=8,
            destination_addr="77050001234",
            short_message=UDH + "Сәлем 👋".encode("utf-16-be"),
        ),
        DeliverSm(sequence_number=7, esm_class=4, destination_addr="SHOP", short_message=RECEIPT),
        DeliverSm(
            sequence_number=7,
            esm_class=4,
            destination_addr="SHOP",
            tlvs=(RECEIPTED_MESSAGE_ID.of("2a"), MESSAGE_STATE.of(2), Tlv(0x1400, b"vendor")),
        ),
        DataSm(sequence_number=7, destination_addr="77050001234", tlvs=(MESSAGE_PAYLOAD.of(b"x" * 300),)),
    ]
    return [encode(pdu) for pdu in plain + rich]


def damaged(octets: bytes, rng: Random) -> bytes:
    """`octets` with a few damages; most keep a length that is true, or few would get past the frame."""
    out = bytearray(octets)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(6):
            case 0:
                out[at : at + 1] = rng.randbytes(1)
            case 1:
                del out[at : at + rng.randint(1, 12)]
            case 2:
                out[at:at] = rng.randbytes(rng.randint(1, 12))
            case 3:
                what = rng.choice(INTERESTING)
                out[at : at + len(what)] = what
            case 4 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case _:
                out += out[at:]
    if rng.random() < 0.85:
        out = bytearray(struct.pack(">I", max(len(out), 16)) + out[4:].ljust(12, b"\0"))
    return bytes(out)


def read_texts(pdu: Pdu) -> None:
    """Whatever a peer puts into a message, reading it says something and raises nothing."""
    if isinstance(pdu, DeliverSm | DataSm):
        parse_receipt(pdu)
    if isinstance(pdu, SubmitSm | DeliverSm | DataSm):
        _part, data = part_of(pdu)
        decode_text(data, pdu.data_coding)


def bound(role: Role) -> Session:
    """A session of `role` after its bind."""
    session = Session(role, SessionConfig(), 0.0)
    if role is Role.SMSC:
        session.receive_bytes(encode(BindTransceiver(sequence_number=1, system_id="shop", password="secret")), 0.0)
        (event,) = session.events()
        assert isinstance(event, Request)
        session.respond(event.pdu.response(), 0.0)
    else:
        session.send(BindTransceiver(system_id="shop", password="secret"), 0.0)
        session.receive_bytes(encode(BindTransceiverResp(sequence_number=1)), 0.0)
        session.events()
    session.bytes_to_send()
    assert session.bound
    return session


def run_case(octets: bytes, rng: Random, met: Counter[str]) -> None:
    """One damaged input through everything that reads input."""
    for fate in StreamDecoder(max_length=8192).feed(octets + encode(EnquireLink(sequence_number=9))):
        met[type(fate).__name__ if isinstance(fate, BadPdu | BrokenStream) else "Pdu"] += 1
        if isinstance(fate, Pdu):
            read_texts(fate)
    session = bound(rng.choice((Role.SMSC, Role.ESME)))
    cut = rng.randrange(len(octets) + 1)
    answers = StreamDecoder()
    for piece in (octets[:cut], octets[cut:], encode(EnquireLink(sequence_number=9))):
        session.receive_bytes(piece, 1.0)
        for event in session.events():
            if isinstance(event, Request) and event.pdu.response_class is not None and not session.closed:
                session.respond(event.pdu.response(), 1.0)
        for fate in answers.feed(session.bytes_to_send()):
            assert isinstance(fate, Pdu), f"the session wrote what cannot be read: {fate}"
    session.connection_lost(2.0)
    session.events()
    assert session.outstanding == 0


def main(argv: list[str] | None = None) -> int:
    """Run the cases; returns the exit code."""
    parser = argparse.ArgumentParser(description="Throw damaged PDUs at everything that reads input.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="CASE", help="repeat one case")
    options = parser.parse_args(argv)
    sound = seeds()
    met: Counter[str] = Counter()
    started = time.perf_counter()
    for case in [options.only] if options.only is not None else range(options.count):
        rng = Random(options.seed << 40 | case)
        octets = damaged(sound[rng.randrange(len(sound))], rng)
        try:
            run_case(octets, rng, met)
        except Exception:  # noqa: BLE001 # whatever it is, it is what was looked for
            traceback.print_exc()
            print(f"fuzz: case {case} of seed {options.seed} failed: {octets.hex()}", file=sys.stderr)
            return 1
    fates = ", ".join(f"{count} {name}" for name, count in met.most_common())
    print(f"fuzz: seed {options.seed}, {options.count} cases, {fates}, {time.perf_counter() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
