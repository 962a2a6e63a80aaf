"""The stream decoder: three fates, whatever is fed and however it is cut."""

import itertools
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.pdus import EnquireLink, Pdu, SubmitSm
from smppkit.status import CommandStatus as S
from smppkit.stream import BadPdu, BrokenStream, StreamDecoder
from tests.smppkit.generated import EXAMPLES

LINK = encode(EnquireLink(0, 1))
BAD = encode(SubmitSm(0, 2, destination_addr="77"))[:-1] + b"\xff"  # sm_length 255
UNKNOWN = struct.pack(">IIII", 16, 0x0A, 0, 3)
SOUND = b"".join(encode(pdu) for pdu in EXAMPLES)


def test_the_three_fates():
    stream = StreamDecoder()
    good, bad, broken = stream.feed(LINK + BAD + b"\0\0\0\x0f" + b"rest")
    assert good == EnquireLink(0, 1)
    assert bad == BadPdu(4, 0, 2, S.ESME_RINVMSGLEN, "sm_length is 255, at most 254", BAD)
    assert broken == BrokenStream(S.ESME_RINVCMDLEN, "command_length is 15, not 16 to 71680", b"\0\0\0\x0frest")


@pytest.mark.parametrize("length", [0, 1, 15])
def test_c01_a_length_below_the_header_breaks_the_stream(length):
    (fate,) = StreamDecoder().feed(struct.pack(">I", length))
    assert isinstance(fate, BrokenStream)
    assert fate.status == S.ESME_RINVCMDLEN


def test_c02_a_length_over_the_cap_breaks_the_stream_as_soon_as_it_is_read():
    stream = StreamDecoder(max_length=1024)
    assert stream.feed(b"\0\0\x04") == []
    (fate,) = stream.feed(b"\x01")
    assert fate == BrokenStream(S.ESME_RINVCMDLEN, "command_length is 1025, not 16 to 1024", b"\0\0\x04\x01")
    assert stream.buffered == 0


def test_c02_four_gibibytes_are_announced_and_nothing_is_kept():
    stream = StreamDecoder()
    (fate,) = stream.feed(b"\xff\xff\xff\xff" + bytes(5000))
    assert isinstance(fate, BrokenStream)
    assert len(fate.octets) == 64
    assert stream.buffered == 0
    assert stream.feed(LINK) == []
    assert stream.buffered == 0


def test_c02_the_cap_itself_is_allowed_and_may_change_between_pdus():
    stream = StreamDecoder(max_length=16)
    assert stream.feed(LINK) == [EnquireLink(0, 1)]
    stream.max_length = 71680
    big = encode(SubmitSm(0, 5, destination_addr="77", short_message=bytes(200)))
    assert stream.feed(big[:20]) == []
    assert stream.buffered == 20
    assert stream.feed(big[20:]) == [decode(big)]


def test_c03_c04_an_unknown_command_is_a_bad_pdu_and_the_stream_lives():
    bad, good = StreamDecoder().feed(UNKNOWN + LINK)
    assert bad == BadPdu(0x0A, 0, 3, S.ESME_RINVCMDID, "0x0000000a is not a known command_id", UNKNOWN)
    assert good == EnquireLink(0, 1)


def test_an_http_answer_breaks_the_stream():
    (fate,) = StreamDecoder().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert isinstance(fate, BrokenStream)


def test_c12_several_pdus_in_one_segment():
    assert StreamDecoder().feed(SOUND) == EXAMPLES


@given(st.lists(st.integers(0, len(SOUND)), max_size=12))
def test_c12_however_a_stream_is_cut_the_pdus_are_the_same(cuts):
    stream = StreamDecoder()
    edges = [0, *sorted(cuts), len(SOUND)]
    fates = []
    for start, end in itertools.pairwise(edges):
        fates += stream.feed(SOUND[start:end])
    assert fates == EXAMPLES
    assert stream.buffered == 0


def test_c12_byte_by_byte_is_as_good_as_at_once():
    octets = SOUND + BAD + UNKNOWN + SOUND + b"\0\0\0\0"
    at_once, taps = StreamDecoder(), []
    expected = at_once.feed(octets, taps.append)
    stream, tapped, fates = StreamDecoder(), [], []
    for at in range(len(octets)):
        fates += stream.feed(octets[at : at + 1], tapped.append)
        assert stream.buffered < len(octets)
    assert tapped == taps
    assert fates[:-1] == expected[:-1]
    assert isinstance(fates[-1], BrokenStream)


def test_c12_a_large_pdu_may_come_in_single_octets():
    payload = SubmitSm(0, 1, destination_addr="77", tlvs=((0x1400, bytes(65000)),))
    octets, stream = encode(payload), StreamDecoder()
    for at in range(len(octets) - 1):
        assert not stream.feed(octets[at : at + 1])
    assert stream.feed(octets[-1:]) == [payload]


def test_the_tap_gets_each_frame_before_its_fate_is_known():
    frames: list[bytes] = []
    stream = StreamDecoder()
    fates = stream.feed(LINK + BAD + UNKNOWN + LINK[:7], frames.append)
    assert frames == [LINK, BAD, UNKNOWN]
    assert len(fates) == 3
    stream.feed(LINK[7:], frames.append)
    assert frames[3] == LINK


def test_nothing_is_nothing():
    stream = StreamDecoder()
    assert stream.feed(b"") == []
    assert stream.feed(LINK[:2]) == []
    assert stream.feed(b"") == []
    assert stream.feed(LINK[2:]) == [EnquireLink(0, 1)]


def mutated(octets: bytes, draw: random.Random) -> bytes:
    """The octets with one to three damages of the usual kinds."""
    damaged = bytearray(octets)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(damaged) + 1) if damaged else 0
        match draw.randrange(6):
            case 0:
                damaged[at : at + 1] = bytes((draw.randrange(256),))
            case 1:
                damaged[at : at + draw.randint(1, 8)] = b""
            case 2:
                damaged[at:at] = draw.randbytes(draw.randint(1, 8))
            case 3:
                damaged[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\0\0\0\x10"))
            case 4 if damaged:
                damaged[at % len(damaged)] ^= 1 << draw.randrange(8)
            case _:
                del damaged[at:]
    return bytes(damaged)


def test_100_000_mutated_pdus_meet_one_of_the_three_fates():
    draw = random.Random(2775)
    wires = [encode(pdu) for pdu in EXAMPLES]
    met = {Pdu: 0, BadPdu: 0, BrokenStream: 0}
    for number in range(100_000):
        octets = mutated(wires[number % len(wires)], draw)
        if draw.random() < 0.8:  # most with a length that is true, or few would get past the frame
            octets = struct.pack(">I", max(len(octets), 16)) + octets[4:].ljust(12, b"\0")
        for fate in StreamDecoder(max_length=4096).feed(octets + LINK):
            if isinstance(fate, BadPdu | BrokenStream):
                met[type(fate)] += 1
                assert fate.status != S.ESME_ROK
            else:
                assert decode(encode(fate)) == fate
                met[Pdu] += 1
    assert min(met.values()) > 10_000
