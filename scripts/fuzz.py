#!/usr/bin/env python3
"""Throw damaged PDUs at the decoder, at both ends of a session and at the readers of texts and receipts.

Every version of SMPP is fuzzed: a case has one, and mostly starts from a PDU of that version. What must hold for every
case: nothing is raised, and every octet a session answers is a PDU that can be read again. The tests do the same for a
fixed seed; this goes on for as long as one likes. A case that fails is printed with the number that repeats it.

It also says what the most expensive cases cost and whether memory grows. A case that seems to be among them is measured
five times more, those that are at the end twenty times, and the least counts: what else the machine did at that moment
is no cost of ours.

Usage: fuzz.py [--count N] [--seed N] [--jobs N] [--only CASE]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from smppkit import tlvs as t
from smppkit.codec import CODECS, Codec, encode
from smppkit.events import Request
from smppkit.pdus import (
    BroadcastSm,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    MessageReference,
    Pdu,
    QueryBroadcastSmResp,
    SmeAddress,
    SubmitSm,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.stream import BadPdu, BrokenStream, StreamDecoder
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Tlv
from tests.fuzz.targets import EVERY_PDU, bound, read_texts

RECEIPT = b"id:0123456789 sub:001 dlvrd:001 submit date:2601010900 done date:2601010901 stat:DELIVRD err:000 text:Hello"
UDH = b"\x05\x00\x03\x2a\x02\x01"
FILLED = {
    "system_id": "shop",
    "message_id": "1",
    "source_addr": "SHOP",
    "destination_addr": "77050001234",
    "esme_addr": "1",
    "dest_addresses": (SmeAddress(1, 1, "77050001234"), DistributionList("staff")),
    "messages": (MessageReference("2a"), MessageReference("2b")),
}
AREA = (
    t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"),
    t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
    t.BROADCAST_REP_NUM.of(3),
    t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
)
CHUNK = 5_000
"""Cases that one process runs at a time."""
MOST_SLOW = 8
"""The slowest cases that are kept of each kind."""
LONG = 0.003
"""The share of cases that start from a PDU of 64 KiB or of hundreds of TLVs."""
INTERESTING = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\0\0\0\x10", b"\x04\x24\xff\xff", b"\x1b\x1b", b"\0")


def seeds(codec: Codec) -> list[bytes]:
    """Sound PDUs to start from: every operation with its defaults, and those that carry the most, filled in."""
    kinds = [layout.kind for layout in codec.layouts.values()]
    plain = [kind(sequence_number=7) for kind in kinds if kind not in (DataSm, BroadcastSm)]
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
        BroadcastSm(sequence_number=7, source_addr="SHOP", tlvs=(*AREA, MESSAGE_PAYLOAD.of(b"Storm"))),
        QueryBroadcastSmResp(sequence_number=7, message_id="b1", tlvs=(AREA[0], t.BROADCAST_AREA_SUCCESS.of(90))),
    ]
    return [codec.encode(pdu) for pdu in plain + rich if pdu.command_id in codec.layouts]


def long_seeds(codec: Codec) -> list[bytes]:
    """Sound PDUs that cost the most: by their length, by the number of their TLVs, by what their texts hold."""
    many = tuple(Tlv(0x1400 + number, b"") for number in range(490))
    bodies = (b"x" * 65_000, b"\x1be" * 32_000, "Сәлем".encode("utf-16-be") * 6_000, b"id:1 stat:DELIVRD " * 3_500)
    pdus: list[Pdu] = [
        SubmitSm(sequence_number=7, destination_addr="77050001234", tlvs=many),
        DeliverSm(sequence_number=7, esm_class=4, destination_addr="SHOP", tlvs=many),
    ]
    pdus += [
        DeliverSm(sequence_number=7, esm_class=esm_class, data_coding=data_coding, tlvs=(MESSAGE_PAYLOAD.of(body),))
        for body in bodies
        for esm_class, data_coding in ((4, 0), (0x40, 8))
    ]
    return [codec.encode(pdu) for pdu in pdus] if codec.tlvs else []


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


class Cost(NamedTuple):
    """Seconds that a case took, by what took them."""

    decoding: float
    texts: float
    """Reading texts, headers and receipts of what was decoded."""
    session: float
    """In a session that receives the octets: all it does, with its answers."""


def run_case(octets: bytes, version: Version, rng: Random, met: Counter[str]) -> Cost:
    """One damaged input through everything that reads input."""
    decoder = StreamDecoder(codec=CODECS[version])
    began = time.perf_counter()
    fates = decoder.feed(octets + encode(EnquireLink(sequence_number=9)))
    decoded = time.perf_counter()
    for fate in fates:
        met[type(fate).__name__ if isinstance(fate, BadPdu | BrokenStream) else "Pdu"] += 1
        if isinstance(fate, Pdu):
            read_texts(fate)
    read = time.perf_counter()
    session = opened(version, rng)
    opened_at = time.perf_counter()
    talk(session, octets, rng.randrange(len(octets) + 1))
    return Cost(decoded - began, read - decoded, time.perf_counter() - opened_at)


def opened(version: Version, rng: Random) -> Session:
    """A session of either role, bound or, now and then, not yet."""
    role = rng.choice((Role.SMSC, Role.ESME))
    unbound = rng.random() < 0.1
    return Session(role, SessionConfig(interface_version=version), 0.0) if unbound else bound(role, version)


def talk(session: Session, octets: bytes, cut: int) -> None:
    """The peer says this to a session, in two pieces; what it asks is answered."""
    answers = StreamDecoder(codec=EVERY_PDU)
    for piece in (octets[:cut], octets[cut:], encode(EnquireLink(sequence_number=9))):
        session.receive_bytes(piece, 1.0)
        for event in session.events():
            if isinstance(event, Request) and event.pdu.response_class is not None and not session.closed:
                session.respond(event.pdu.response(), 1.0)
        for fate in answers.feed(session.bytes_to_send()):
            assert isinstance(fate, Pdu), f"the session wrote what cannot be read: {fate}"
    session.connection_lost(2.0)
    session.events()
    assert (session.outstanding, session.unanswered) == (0, 0)


class Case(NamedTuple):
    """One input, made of a seed and a number."""

    octets: bytes
    version: Version
    rng: Random


def make_case(seed: int, number: int) -> Case:
    """The same case for the same numbers."""
    rng = Random(seed << 40 | number)
    version = rng.choice(list(Version))
    like = version if rng.random() < 0.9 else Version.V50
    sound = LONG_SOUND[like] if rng.random() < LONG else SOUND[like]
    return Case(damaged(rng.choice(sound or SOUND[like]), rng), version, rng)


SOUND = {version: seeds(codec) for version, codec in CODECS.items()}
LONG_SOUND = {version: long_seeds(codec) for version, codec in CODECS.items()}


class Slowest(NamedTuple):
    """The most that any case took for one thing."""

    seconds: float
    number: int
    octets: int


Slow = dict[str, list[Slowest]]
"""The slowest cases by what took the time, the slowest first, MOST_SLOW at most."""


class Chunk(NamedTuple):
    """What came of some cases."""

    process: int
    cases: int
    met: Counter[str]
    slowest: Slow
    memory: float
    failure: str = ""


def resident() -> float:
    """The memory of this process, in MiB."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux: the most it ever had is the next best thing
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20


def keep(slow: list[Slowest], found: Slowest) -> None:
    """Add a case to the slowest."""
    slow.append(found)
    slow.sort(reverse=True)
    del slow[MOST_SLOW:]


def least(name: str, seed: int, number: int, times: int) -> float:
    """What a case costs, measured so many times."""
    return min(float(getattr(run_case(*make_case(seed, number), Counter()), name)) for _ in range(times))


_slow: Slow = {name: [] for name in Cost._fields}  # of this process: what is not slower is not looked at


def run_chunk(seed: int, numbers: range) -> Chunk:
    """Run cases until one fails."""
    met: Counter[str] = Counter()
    for number in numbers:
        octets, version, rng = make_case(seed, number)
        try:
            cost = run_case(octets, version, rng, met)
        except Exception:  # noqa: BLE001 # whatever it is, it is what was looked for
            failure = f"{traceback.format_exc()}fuzz: case {number} of seed {seed} failed: {octets.hex()}"
            return Chunk(os.getpid(), number - numbers.start, met, _slow, resident(), failure)
        for name, seconds in zip(Cost._fields, cost, strict=True):
            slow = _slow[name]
            if len(slow) < MOST_SLOW or seconds > slow[-1].seconds:
                keep(slow, Slowest(min(seconds, least(name, seed, number, 5)), number, len(octets)))
    return Chunk(os.getpid(), len(numbers), met, _slow, resident())


def run_chunks(seed: int, numbers: range, jobs: int) -> Iterator[Chunk]:
    """Run all cases, in this process or in several."""
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    if jobs == 1 or len(chunks) < 2:
        yield from map(partial(run_chunk, seed), chunks)
        return
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap_unordered(partial(run_chunk, seed), chunks)


def main(argv: list[str] | None = None) -> int:
    """Run the cases; returns the exit code."""
    parser = argparse.ArgumentParser(description="Throw damaged PDUs at everything that reads input.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes")
    parser.add_argument("--only", type=int, metavar="CASE", help="repeat one case")
    options = parser.parse_args(argv)
    numbers = range(options.only, options.only + 1) if options.only is not None else range(options.count)
    met: Counter[str] = Counter()
    slowest: Slow = {name: [] for name in Cost._fields}
    memory: dict[int, list[float]] = {}
    started = time.perf_counter()
    for chunk in run_chunks(options.seed, numbers, options.jobs):
        if chunk.failure:
            print(chunk.failure, file=sys.stderr)
            return 1
        met += chunk.met
        memory.setdefault(chunk.process, []).append(chunk.memory)
        for name, cases in chunk.slowest.items():
            for case in {*cases} - {*slowest[name]}:
                keep(slowest[name], case)
    seconds = time.perf_counter() - started
    fates = ", ".join(f"{count} {name}" for name, count in met.most_common())
    print(f"fuzz: seed {options.seed}, {len(numbers)} cases, {fates}, {seconds:.1f} s")
    for name, cases in slowest.items():
        worst = max(case._replace(seconds=least(name, options.seed, case.number, 20)) for case in cases)
        print(f"fuzz: {name}: at most {worst.seconds * 1e3:.2f} ms, case {worst.number} of {worst.octets} octets")
    for seen in memory.values():
        print(f"fuzz: memory of a process: {seen[0]:.1f}, {seen[len(seen) // 2]:.1f}, {seen[-1]:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
