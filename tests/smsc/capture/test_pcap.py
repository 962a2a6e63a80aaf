"""Recordings to packet captures and back; Wireshark's dissector finds nothing wrong with them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    EnquireLink,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.capture.packets import ACK, FIN, RST, SYN, Packet, Place, checksum, ethernet, read_tcp
from smsc.capture.pcap_import import ImportCounters, import_frames
from smsc.capture.pcap_read import CaptureError, Frame, read_frames
from smsc.capture.pcap_write import write_pcap
from smsc.capture.recording import RecordedPdu, Recording
from smsc.capture.redact import Redactor
from smsc.journal.journal import Journal
from tests.smsc.capture.world import World

CLEAR = Redactor(keep_passwords=True)
CLIENT, SMSC = Place.parse("10.0.0.7:41000"), Place.parse("10.0.0.1:2775")
assert CLIENT is not None
assert SMSC is not None
BIND = encode(BindTransceiver(system_id="shop", password="secret", sequence_number=1))
BOUND = encode(BindTransceiverResp(system_id="op", sequence_number=1))
SUBMIT = encode(SubmitSm(destination_addr="77051234567", short_message=b"hello", sequence_number=2))
ACCEPTED = encode(SubmitSmResp(message_id="1", sequence_number=2))
LIVE = encode(EnquireLink(sequence_number=3))


class Tape:
    """A journal in memory to record into."""

    def __init__(self) -> None:
        self.journal = Journal.open(":memory:", clock=Clock())

    def rows(self) -> list[tuple[str, bytes]]:
        return [(pdu.direction, pdu.octets) for pdu in self.recording().pdus()]

    def recording(self) -> Recording:
        self.journal.flush()
        return Recording(self.journal.connection)


@pytest.fixture
def tape() -> Iterator[Tape]:
    tape = Tape()
    yield tape
    tape.journal.close()


def exported(recording: Recording, redactor: Redactor = CLEAR) -> bytes:
    out = BytesIO()
    write_pcap(recording, out, redactor)
    return out.getvalue()


def taken(frames: Any, tape: Tape, **more: Any) -> ImportCounters:
    return import_frames(frames, tape.journal, CLEAR, **more)


def busy_world(path: Any = ":memory:") -> tuple[World, Journal]:
    """An emulator that has served two clients, with long payloads, errors and an unbind."""
    world = World()
    journal = world.journal(path)
    world.serve('operators: {"127.0.0.1:2775": {listen: "tcp:2775", receipts: {delay: 100ms}}}', journal)
    for _ in range(2):
        client = world.client()
        assert client.bind() == 0
        for number in range(20):
            client.submit(number)
        payload = MESSAGE_PAYLOAD.of(b"long " * 13_000)
        client.link.send(DataSm(destination_addr="77050000001", tlvs=(payload,)))
        client.link.send(SubmitSm(destination_addr="77055550011", short_message=b"refused"))
        world.clock.advance(2)
        client.link.unbind()
        world.clock.advance(1)
    journal.flush()
    return world, journal


# --- out ------------------------------------------------------------------------------------------------


def test_a_recording_comes_back_from_its_capture_octet_for_octet(tape: Tape) -> None:
    world, journal = busy_world()
    recording = Recording(journal.connection)
    counters = taken(read_frames(BytesIO(exported(recording))), tape)
    before = [(pdu.connection, pdu.direction, pdu.octets) for pdu in recording.pdus()]
    after = [(pdu.connection, pdu.direction, pdu.octets) for pdu in tape.recording().pdus()]
    for connection in (1, 2):
        assert [row for row in after if row[0] == connection] == [row for row in before if row[0] == connection]
    assert counters.connections == 2
    assert counters.skipped == {}
    assert (counters.streams.missing, counters.streams.retransmitted, counters.streams.out_of_order) == (0, 0, 0)
    one, other = recording.connections()[0], tape.recording().connections()[0]
    assert (one.operator, one.peer, one.system_id, one.bind) == (
        other.operator,
        other.peer,
        other.system_id,
        other.bind,
    )
    assert abs(one.opened_at - other.opened_at) < 1e-5
    assert one.closed_at is not None
    assert other.closed_at is not None
    assert abs(one.closed_at - other.closed_at) < 1e-5
    for pdu, twin in zip(recording.pdus(1), tape.recording().pdus(1), strict=True):
        assert abs(pdu.at - twin.at) < 2e-6
    world.close()


def test_passwords_do_not_get_into_a_capture() -> None:
    world, journal = busy_world()
    octets = exported(Recording(journal.connection), Redactor())
    assert b"secret" not in octets
    assert b"shop" in octets
    world.close()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_finds_no_malformed_packet(tmp_path: Path) -> None:
    world, journal = busy_world()
    file = tmp_path / "out.pcap"
    recording = Recording(journal.connection)
    file.write_bytes(exported(recording))
    dissected = tshark(file, "-d", "tcp.port==2775,smpp")
    layers = [packet["_source"]["layers"] for packet in dissected]
    text = json.dumps(layers)
    assert "_ws.malformed" not in text
    assert "_ws.expert" not in json.dumps([layer.get("tcp", {}).get("tcp.analysis", {}) for layer in layers])
    assert text.count('"smpp.command_id"') == sum(1 for _ in recording.pdus())
    checked = tshark(file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    statuses = [
        layer[name][f"{name}.checksum.status"]
        for packet in checked
        for layer in [packet["_source"]["layers"]]
        for name in ("ip", "tcp")
    ]
    assert set(statuses) == {"1"}
    world.close()


def tshark(file: Path, *options: str) -> list[Any]:
    command = ["tshark", "-r", str(file), *options, "-T", "json", "--no-duplicate-keys"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    packets: list[Any] = json.loads(result.stdout)
    assert packets
    return packets


def test_ends_that_the_recording_does_not_know_are_of_this_machine(tape: Tape) -> None:
    number = tape.journal.connection_opened("beeline-kz", "?", 1.0)
    tape.journal.pdu(number, "in", BIND, 2.0)
    tape.journal.connection_opened("[2001:db8::1]:2776", "[2001:db8::7]:4000", 3.0)
    packets = [read_tcp(frame.linktype, frame.octets) for frame in read_frames(BytesIO(exported(tape.recording())))]
    targets = {str(packet.target) for packet in packets if isinstance(packet, Packet) and packet.flags == SYN}
    assert targets == {"127.0.0.1:2775", "[2001:db8::1]:2776"}


# --- in -------------------------------------------------------------------------------------------------


def conversation(*said: tuple[Place, bytes]) -> list[Packet]:
    """A connection from SYN to FIN in which each says what it says in one segment."""
    assert CLIENT is not None
    assert SMSC is not None
    places = {CLIENT: SMSC, SMSC: CLIENT}
    following = {CLIENT: 2**32 - 40, SMSC: 77}
    packets = []

    def say(source: Place, flags: int, octets: bytes = b"") -> None:
        packets.append(Packet(source, places[source], following[source], following[places[source]], flags, octets))
        following[source] = (following[source] + len(octets) + bool(flags & (SYN | FIN))) % 2**32

    say(CLIENT, SYN)
    say(SMSC, SYN | ACK)
    for source, octets in said:
        say(source, ACK, octets)
    say(SMSC, FIN | ACK)
    return packets


TALK = ((CLIENT, BIND), (SMSC, BOUND), (CLIENT, SUBMIT), (SMSC, ACCEPTED), (CLIENT, LIVE))
ROWS = [("in", BIND), ("out", BOUND), ("in", SUBMIT), ("out", ACCEPTED), ("in", LIVE)]


def frames(packets: list[Packet]) -> list[Frame]:
    return [Frame(100.0 + number, 1, ethernet(packet, number)) for number, packet in enumerate(packets)]


def test_the_smsc_is_whoever_answers_the_bind(tape: Tape) -> None:
    counters = taken(frames(conversation(*TALK)), tape)
    assert tape.rows() == ROWS
    (connection,) = tape.recording().connections()
    assert (connection.operator, connection.peer) == ("10.0.0.1:2775", "10.0.0.7:41000")
    assert (connection.system_id, connection.bind) == ("shop", "transceiver")
    assert (connection.opened_at, connection.closed_at, connection.reason) == (100.0, 107.0, "closed by the SMSC")
    assert (counters.connections, counters.others, counters.recorded.pdus) == (1, 0, 5)


def test_the_smsc_may_be_the_one_that_connects(tape: Tape) -> None:
    swapped = tuple((SMSC if who == CLIENT else CLIENT, octets) for who, octets in TALK)
    taken(frames(conversation(*swapped)), tape)
    assert tape.recording().connections()[0].operator == "10.0.0.7:41000"
    assert tape.rows() == ROWS


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_streams_are_whole_in_any_order_with_repetitions_and_any_cut(seed: int, size: int) -> None:
    draw = random.Random(seed)
    tape = Tape()
    packets = []
    for packet in conversation(*TALK):
        pieces = [packet.payload[at : at + size] for at in range(0, len(packet.payload), size)] or [b""]
        for number, piece in enumerate(pieces):
            packets.append(packet._replace(sequence=(packet.sequence + number * size) % 2**32, payload=piece))
    opening, rest = packets[:2], packets[2:]
    rest += draw.choices(rest, k=5)
    mixed = sorted(range(len(rest)), key=lambda at: at + draw.uniform(0, 4))
    taken(frames([*opening, *(rest[at] for at in mixed)]), tape)
    for direction in ("in", "out"):
        expected = [octets for way, octets in ROWS if way == direction]
        assert [octets for way, octets in tape.rows() if way == direction] == expected
    tape.journal.close()


def test_a_hole_is_counted_and_what_follows_is_found_again(tape: Tape) -> None:
    packets = conversation((CLIENT, BIND), (SMSC, BOUND), (CLIENT, SUBMIT), (CLIENT, LIVE), (CLIENT, LIVE))
    del packets[4]  # the submit_sm
    counters = taken(frames(packets), tape)
    assert counters.streams.missing == len(SUBMIT)
    assert [octets for way, octets in tape.rows() if way == "in"] == [BIND, LIVE, LIVE]


def test_a_capture_may_begin_in_the_middle_of_a_pdu(tape: Tape) -> None:
    packets = conversation((CLIENT, SUBMIT), (CLIENT, LIVE), (SMSC, ACCEPTED))[2:]
    packets[0] = packets[0]._replace(payload=packets[0].payload[7:], sequence=packets[0].sequence + 7)
    counters = taken(frames(packets), tape)
    rows = tape.rows()
    assert [row for row in rows if row[1] in (LIVE, ACCEPTED)] == [("in", LIVE), ("out", ACCEPTED)]
    assert counters.recorded.unframed == len(SUBMIT) - 7


def test_other_connections_and_frames_are_counted_and_left_out(tape: Tape) -> None:
    http = conversation((CLIENT, b"GET / HTTP/1.1\r\n\r\n"), (SMSC, b"HTTP/1.1 200 OK\r\n\r\n"))
    strange = [Frame(1.0, 1, b"\xff" * 12 + b"\x08\x06" + bytes(28)), Frame(2.0, 1, b"short"), Frame(3.0, 147, b"?")]
    counters = taken(frames(http) + strange, tape)
    assert tape.rows() == []
    assert (counters.connections, counters.others) == (0, 1)
    assert counters.skipped == {"not IP": 2, "cut": 1}


def test_only_one_port_on_demand(tape: Tape) -> None:
    counters = taken(frames(conversation(*TALK)), tape, port=2776)
    assert counters.skipped == {"another port": 8}
    assert counters.connections == 0


def test_ports_that_are_used_again_are_another_connection(tape: Tape) -> None:
    again = [packet._replace(sequence=(packet.sequence + 5000) % 2**32) for packet in conversation(*TALK)]
    counters = taken(frames(conversation(*TALK) + again), tape)
    assert counters.connections == 2
    assert tape.rows() == ROWS * 2


def test_a_reset_is_a_reset(tape: Tape) -> None:
    packets = conversation(*TALK)
    packets[-1] = packets[-1]._replace(source=CLIENT, target=SMSC, flags=RST)
    taken(frames(packets), tape)
    assert tape.recording().connections()[0].reason == "reset by the client"


# --- formats --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "units"), [(0xA1B2C3D4, 10**6), (0xA1B23C4D, 10**9)])
def test_classic_captures_of_both_orders_and_resolutions(order: str, magic: int, units: int) -> None:
    octets = pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 101)
    octets += pack(order + "IIII", 1_700_000_000, units // 4, 3, 3) + b"abc"
    assert list(read_frames(BytesIO(octets))) == [Frame(1_700_000_000.25, 101, b"abc")]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_its_kinds_of_blocks(order: str) -> None:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return pack(order + "II", kind, 12 + len(body)) + body + pack(order + "I", 12 + len(body))

    at = 1_700_000_000_500_000_000
    octets = block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    octets += block(1, pack(order + "HHI", 113, 0, 0) + pack(order + "HHB3x", 9, 1, 9) + pack(order + "HH", 0, 0))
    octets += block(99, b"what nobody knows")
    octets += block(6, pack(order + "IIIII", 0, at >> 32, at & 0xFFFFFFFF, 5, 5) + b"abcde")
    octets += block(3, pack(order + "I", 3) + b"xyz")
    first, second = read_frames(BytesIO(octets))
    assert first == Frame(1_700_000_000.5, 113, b"abcde")
    assert (second.linktype, second.octets) == (113, b"xyz")


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "found no capture"),
        (b"SQLite format 3\0", "found no capture"),
        (b"\xd4\xc3\xb2\xa1" + bytes(4), "ends inside its header"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20) + b"\1", "ends inside the header of frame 1"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20) + pack("<IIII", 0, 0, 9, 9), "ends inside frame 1"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20) + pack("<IIII", 0, 0, 2**31, 9), "says to have"),
        (b"\x0a\x0d\x0d\x0a" + bytes(8), "no byte order"),
        (b"\x0a\x0d\x0d\x0a" + pack("<II", 3, 0x1A2B3C4D), "says to have 3"),
    ],
)
def test_what_is_no_capture_is_said(octets: bytes, told: str) -> None:
    with pytest.raises(CaptureError, match=told):
        list(read_frames(BytesIO(octets)))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for magic in (b"\x0a\x0d\x0d\x0a", b"\xd4\xc3\xb2\xa1", b""):
        try:
            for frame in read_frames(BytesIO(magic + octets)):
                read_tcp(frame.linktype, frame.octets)
        except CaptureError:
            pass
    for linktype in (0, 1, 101, 113, 276):
        read_tcp(linktype, octets)


@pytest.mark.parametrize(
    ("linktype", "before"),
    [
        (1, bytes(12) + b"\x08\x00"),
        (1, bytes(12) + b"\x81\x00\0\x05\x88\xa8\0\x07\x08\x00"),
        (101, b""),
        (0, b"\2\0\0\0"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
    ],
)
def test_frames_of_the_usual_interfaces(linktype: int, before: bytes) -> None:
    (packet, *_) = conversation(*TALK)
    octets = before + ethernet(packet, 1)[14:]
    assert read_tcp(linktype, octets + b"\0\0\0") == packet  # Ethernet fills short frames up


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_the_checksum_is_the_sum_of_words_in_ones_complement(octets: bytes) -> None:
    padded = octets + b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(padded[at : at + 2]) for at in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(octets) == ~total & 0xFFFF


def test_rows_of_a_recording_say_whether_they_are_pdus() -> None:
    assert RecordedPdu(1, 0.0, 1, "in", LIVE).framed
    assert not RecordedPdu(1, 0.0, 1, "in", LIVE[:-1]).framed
    assert encode(Unbind(sequence_number=1)) != encode(UnbindResp(sequence_number=1))
