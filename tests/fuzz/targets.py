"""What a fuzzer calls: each target takes any octets, reads them in one way, and raises when a promise is broken.

The promises: nothing foreign is raised, whatever the octets; how they were cut on the way changes nothing; what was
decoded can be encoded, and is equal when it is decoded again; a session writes only what can be read, and is left with
nothing when its connection goes. The first octets of some targets are choices (role, version, cuts), not input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Final

import msgspec

from smppkit.codec import CODECS, HEADER_SIZE, SMPP_33, SMPP_50, Codec, encode
from smppkit.errors import EncodeError, LocalProtocolError, PduError
from smppkit.events import Request
from smppkit.gsm0338 import UnencodableText, pack_septets, unpack_septets
from smppkit.message_ids import candidate_keys
from smppkit.pdus import BindTransceiver, BindTransmitter, DataSm, DeliverSm, EnquireLink, Pdu, SubmitSm
from smppkit.receipts import format_receipt, parse_receipt
from smppkit.segments import LongMessage, SegmentError, part_of, segment, split_header
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.status import CommandStatus
from smppkit.stream import BrokenStream, Fate, StreamDecoder
from smppkit.text import Alphabet, decode_text, encode_text
from smppkit.times import TimeError, delivery_window
from smppkit.tlvs import SC_INTERFACE_VERSION, Tlv
from smsc.capture.packets import Packet, read_tcp
from smsc.capture.pcap_read import CaptureError, read_frames
from smsc.capture.streams import Stream, StreamCounters
from smsc.lint.lint import Lint

Target = Callable[[bytes], None]

EVERY_PDU: Final = Codec((SMPP_33.layouts | SMPP_50.layouts).values())
"""What reads the answers of a session, whose version the octets may have changed."""
VERSIONS: Final = tuple(Version)
_NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
_ENQUIRY: Final = encode(EnquireLink(sequence_number=9))


def framed(octets: bytes) -> bytes:
    """The octets with a command_length that is true: few would get past the frame otherwise."""
    whole = octets.ljust(HEADER_SIZE, b"\0")
    return len(whole).to_bytes(4, "big") + whole[4:]


def pieces(octets: bytes, cuts: int) -> Iterator[bytes]:
    """The octets in pieces of 1 to 16 octets, or at once; `cuts` is an octet that says how."""
    size = cuts % 17 or len(octets) or 1
    for at in range(0, len(octets), size):
        yield octets[at : at + size]


# --- the decoder ----------------------------------------------------------------------------------------------


def decoder_of(version: Version) -> Target:
    """A target for the decoder of one version."""

    def decoder(octets: bytes) -> None:
        try:
            pdu = CODECS[version].decode(framed(octets))
        except PduError as error:
            CommandStatus(error.status)  # a ValueError, were it none
            return
        same_again(pdu, CODECS[version])
        read_texts(pdu)

    return decoder


def same_again(pdu: Pdu, codec: Codec) -> None:
    """What was decoded can be encoded, and is then equal; 3.3 leaves TLVs out, or says that they are needed."""
    try:
        octets = codec.encode(pdu)
    except EncodeError:
        assert not codec.tlvs, f"decoded and not encodable: {pdu!r}"
        return
    wanted = pdu if codec.tlvs else msgspec.structs.replace(pdu, tlvs=())
    assert codec.decode(octets) == wanted, f"{wanted!r} is not the same again"


def read_texts(pdu: Pdu) -> None:
    """Whatever a peer puts into a message, reading it says something and raises nothing."""
    if isinstance(pdu, DeliverSm | DataSm):
        parse_receipt(pdu)
    if isinstance(pdu, SubmitSm | DeliverSm | DataSm):
        _part, data = part_of(pdu)
        decode_text(data, pdu.data_coding)


# --- the byte stream ------------------------------------------------------------------------------------------


def stream(octets: bytes) -> None:
    """A stream is the same PDUs however it is cut, and its frames are its octets."""
    choice, cuts, *_ = octets[:2].ljust(2, b"\0")
    octets = octets[2:]
    codec = CODECS[VERSIONS[choice % len(VERSIONS)]]
    frames: list[bytes] = []
    at_once = StreamDecoder(4096, codec).feed(octets)
    cut = StreamDecoder(4096, codec)
    fates: list[Fate] = []
    for piece in pieces(octets, cuts):
        fates += cut.feed(piece, frames.append)
        assert cut.buffered <= 4096
    _same_fates(fates, at_once)
    seen = b"".join(frames)
    assert octets.startswith(seen)
    if not any(isinstance(fate, BrokenStream) for fate in fates):
        assert len(seen) + cut.buffered == len(octets)


def _same_fates(cut: list[Fate], at_once: list[Fate]) -> None:
    """The same; but a broken stream shows the octets that were there when it broke."""
    assert len(cut) == len(at_once), (cut, at_once)
    for one, other in zip(cut, at_once, strict=True):
        if isinstance(one, BrokenStream) and isinstance(other, BrokenStream):
            assert (one.status, one.reason) == (other.status, other.reason)
            assert other.octets.startswith(one.octets)
        else:
            assert one == other


# --- the session ----------------------------------------------------------------------------------------------


def bound(role: Role, version: Version) -> Session:
    """A session of `role` after its bind, both ends of which are of this version."""
    session = Session(role, SessionConfig(interface_version=version), 0.0)
    bind = BindTransmitter if version is Version.V33 else BindTransceiver
    asked = bind(sequence_number=1, system_id="shop", password="secret", interface_version=version)
    tlvs = (SC_INTERFACE_VERSION.of(version),)
    if role is Role.SMSC:
        session.receive_bytes(encode(asked), 0.0)
        (event,) = session.events()
        assert isinstance(event, Request)
        session.respond(event.pdu.response(tlvs=tlvs), 0.0)
    else:
        session.send(asked, 0.0)
        session.receive_bytes(encode(asked.response(tlvs=tlvs)), 0.0)
        session.events()
    session.bytes_to_send()
    assert session.bound
    assert session.version is version
    return session


def session(octets: bytes) -> None:
    """A session of either role and any version, bound or not, hears these octets, asks, answers, and loses its peer."""
    choice, cuts, *_ = octets[:2].ljust(2, b"\0")
    role, version = (Role.ESME, Role.SMSC)[choice & 1], VERSIONS[(choice >> 1) % len(VERSIONS)]
    unbound = choice & 0x40
    end = Session(role, SessionConfig(interface_version=version), 0.0) if unbound else bound(role, version)
    answers = StreamDecoder(codec=EVERY_PDU)
    now = 0.0
    for piece in pieces(octets[2:] + _ENQUIRY, cuts):
        now += 1.0 if choice & 0x80 else 0.0
        if choice & 0x20 and end.window_free:
            with suppress(LocalProtocolError):  # not every bind may submit, or deliver
                end.send(_request_of(role), now)
        end.receive_bytes(piece, now)
        _answer(end, now)
        for fate in answers.feed(end.bytes_to_send()):
            assert isinstance(fate, Pdu), f"the session wrote what cannot be read: {fate}"
        due = end.next_deadline()
        if due is not None and due <= now:
            end.on_deadline(now)
    end.connection_lost(now)
    end.events()
    assert (end.outstanding, end.unanswered, end.next_deadline()) == (0, 0, None)


def _request_of(role: Role) -> Pdu:
    if role is Role.ESME:
        return SubmitSm(destination_addr="77050001234", short_message=b"Hello")
    return DeliverSm(source_addr="77050001234", short_message=b"Hello")


def _answer(end: Session, now: float) -> None:
    for event in end.events():
        if isinstance(event, Request) and event.pdu.response_class is not None and not end.closed:
            end.respond(event.pdu.response(), now)


# --- texts and receipts ---------------------------------------------------------------------------------------


def receipts(octets: bytes) -> None:
    """Any text may call itself a receipt; what is read can be written, and read with the same id and state."""
    esm_class, data_coding, tag, size, *_ = octets[:4].ljust(4, b"\0")
    tlvs = (Tlv(0x0400 | tag, octets[4 : 4 + size % 64]),) if size else ()
    text = octets[4 + size % 64 :][:254]
    receipt = parse_receipt(DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text, tlvs=tlvs))
    if receipt is None:
        return
    candidate_keys(receipt.message_id)
    written = format_receipt(receipt)
    with suppress(UnicodeEncodeError):  # an id in UCS-2 may have any character
        again = parse_receipt(DeliverSm(esm_class=4, data_coding=3, short_message=written.encode("latin-1")))
        assert again is not None


def texts(octets: bytes) -> None:
    """User data of any coding is read; a text that can be written is cut into parts that are the whole text again."""
    data_coding, choice, *_ = octets[:2].ljust(2, b"\0")
    octets = octets[2:]
    text = decode_text(octets, data_coding)
    split_header(octets)
    assert unpack_septets(pack_septets(octets), len(octets)) == bytes(octet & 0x7F for octet in octets)
    unpack_septets(octets, fill_bits=choice % 7)
    with suppress(TimeError):
        delivery_window(text[:16], text[16:32], _NOW)
    alphabet = tuple(Alphabet)[choice % len(Alphabet)]
    method = tuple(LongMessage)[choice % len(LongMessage)]
    try:
        whole = encode_text(text, alphabet)
        parts = segment(text, reference=choice, method=method, allowed=(alphabet,)).segments
    except (UnencodableText, SegmentError):
        return
    bodies = b""
    for number, part in enumerate(parts, 1):
        esm_class = 0x40 if part.udhi else 0
        info, body = part_of(SubmitSm(esm_class=esm_class, short_message=part.short_message, tlvs=part.tlvs))
        assert (
            info is None if len(parts) == 1 else info is not None and (info.total, info.number) == (len(parts), number)
        )
        bodies += body
    assert bodies == whole


# --- captures and the lint ------------------------------------------------------------------------------------


def capture(octets: bytes) -> None:
    """A capture file of any content gives frames, or says what is wrong with it; TCP is put together."""
    streams: dict[tuple[object, object], Stream] = {}
    counters = StreamCounters()
    with suppress(CaptureError):
        for frame in read_frames(BytesIO(octets)):
            packet = read_tcp(frame.linktype, frame.octets)
            if isinstance(packet, Packet):
                one = streams.setdefault((packet.source, packet.target), Stream(counters))
                one.segment(packet.sequence, packet.payload)
    for one in streams.values():
        one.flush()


def lint(octets: bytes) -> None:
    """The lint watches any conversation, and what it finds can be shown."""
    choice, *_ = octets[:1].ljust(1, b"\0")
    watcher = Lint()
    watcher.opened(1, 0.0, "operator", "127.0.0.1:40000")
    frames: list[bytes] = []
    StreamDecoder(70 * 1024).feed(octets[1:], frames.append)
    for number, frame in enumerate(frames):
        watcher.pdu(1, "out" if choice >> number % 8 & 1 else "in", frame, float(number * 7))
    watcher.closed(1, 100.0, "closed by the peer")
    watcher.finish(100.0)
    for finding in watcher.findings():
        assert finding.count > 0
        assert finding.detail.isprintable()


TARGETS: Final[dict[str, Target]] = {
    **{f"decoder-{version.name[1]}.{version.name[2]}": decoder_of(version) for version in VERSIONS},
    "stream": stream,
    "session": session,
    "receipts": receipts,
    "texts": texts,
    "capture": capture,
    "lint": lint,
}
"""Every target by the name that the corpus and the command line give it."""
