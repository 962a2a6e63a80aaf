"""C37–C54: the fields of submit_sm."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import FROM_34, PASSED, V33, V34, V50, CannotJudge, Choice, Verdict, check
from carrierlab.conformance.octets import Value
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import frame_name, short_status

_UDH = b"\x05\x00\x03\x2a\x02\x01"
_SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x020C, 0x020E, 0x020F
_IN_AN_HOUR = "000000010000000R"
_QUIET = 5.0  # seconds in which a receipt that is not wanted would come
_TYPE = 0x3C
_RECEIPT, _INTERMEDIATE = 0x04, 0x20
_NOBODY = "no-such-message"
_RESERVED_CODING = 0x0B


async def _refused(peer: Peer, status: int, **changed: Value) -> None:
    await peer.refused(peer.submit(**changed), status)


async def _one_field(peer: Peer, *cases: tuple[int, dict[str, Value]]) -> Verdict:
    """Each case is a status, and the fields that earn it."""
    await peer.bind()
    for status, changed in cases:
        await _refused(peer, status, **changed)
    await peer.alive()
    return PASSED


@check(37, "§5.2.21; 5.0 §4.7.28", messages=1)
async def c37(peer: Peer) -> Verdict:
    """sm_length 255: 0x01 up to 3.4, allowed in 5.0."""
    await peer.bind()
    await _refused(peer, 0 if peer.version == V50 else 0x01, short_message=b"x" * 255)
    await peer.alive()
    return PASSED


@check(38, "silent", choice="0x01")
async def c38(peer: Peer) -> Verdict:
    """sm_length beyond the end of the PDU."""
    await peer.bind()
    does = await peer.outcome(peer.submit(short_message=b"short", sm_length=200))
    if does == "accepted":
        raise peer.disagree("it takes a message that ends beyond its PDU")
    await peer.alive()
    return Choice(does)


@check(39, "§4.4.1, silent", versions=FROM_34, messages=1, choice="0x01")
async def c39(peer: Peer) -> Verdict:
    """short_message and message_payload both."""
    await peer.bind()
    return Choice(await peer.outcome(peer.submit(tlvs=(o.tlv(o.TAG_MESSAGE_PAYLOAD, b"twice"),))))


@check(40, "§4.4.1, §5.2.21", messages=1)
async def c40(peer: Peer) -> Verdict:
    """An empty message is accepted."""
    await peer.bind()
    await peer.submitted(short_message=b"")
    return PASSED


@check(41, "§5.2.11")
async def c41(peer: Peer) -> Verdict:
    """service_type of more than 5 characters: 0x15."""
    return await _one_field(peer, (0x15, {"service_type": "SIXSIX"}))


@check(42, "§5.2.8")
async def c42(peer: Peer) -> Verdict:
    """source_addr of more than 20 characters: 0x0A."""
    return await _one_field(peer, (0x0A, {"source_addr": "7" * 21}))


@check(43, "5.0 §4.7.6")
async def c43(peer: Peer) -> Verdict:
    """destination_addr empty, or of more than 20 characters: 0x0B."""
    return await _one_field(peer, (0x0B, {"destination_addr": ""}), (0x0B, {"destination_addr": "7" * 21}))


@check(44, "§5.2.5, §5.2.6")
async def c44(peer: Peer) -> Verdict:
    """Reserved TON: 0x48 source, 0x50 destination; reserved NPI: 0x49, 0x51."""
    return await _one_field(
        peer,
        (0x48, {"source_addr_ton": 7}),
        (0x50, {"dest_addr_ton": 7}),
        (0x49, {"source_addr_npi": 2}),
        (0x51, {"dest_addr_npi": 2}),
    )


@check(45, "§5.2.14")
async def c45(peer: Peer) -> Verdict:
    """priority_flag above 3: 0x06."""
    return await _one_field(peer, (0x06, {"priority_flag": 4}))


@check(46, "§5.2.12", versions=FROM_34)
async def c46(peer: Peer) -> Verdict:
    """An undefined message type in esm_class: 0x43."""
    return await _one_field(peer, (0x43, {"esm_class": 0x3C}))


@check(47, "§5.2.12, silent", versions=FROM_34, messages=2, choice="0x43, 0x43")
async def c47(peer: Peer) -> Verdict:
    """The UDHI bit, and sar_* or port TLVs."""
    await peer.bind()
    ports = (o.tlv(0x020A, b"\x0b\x84"), o.tlv(0x020B, b"\x0b\x84"))
    found = [
        await peer.outcome(peer.submit(esm_class=0x40, short_message=_UDH + b"part", tlvs=tlvs))
        for tlvs in (_sar(1, 2, 1), ports)
    ]
    return Choice(", ".join(found))


def _sar(reference: int, total: int, number: int) -> tuple[bytes, ...]:
    return (
        o.tlv(_SAR_REFERENCE, reference.to_bytes(2, "big")),
        o.tlv(_SAR_TOTAL, bytes((total,))),
        o.tlv(_SAR_NUMBER, bytes((number,))),
    )


@check(
    48,
    "§5.2.17; 5.0 §4.7.21",
    versions=FROM_34,
    messages=2,
)
async def c48(peer: Peer) -> Verdict:
    """registered_delivery 0b11: 0x07 in 3.4, a receipt for success only in 5.0."""
    await peer.bind()
    if peer.version == V34:
        await _refused(peer, 0x07, registered_delivery=0b11)
        await peer.alive()
        return PASSED
    failing = None
    if peer.target.failing is not None:
        failing = await peer.submitted(registered_delivery=0b11, destination_addr=peer.target.failing)
    await peer.receipt(await peer.submitted(registered_delivery=0b11))
    if failing is not None:
        await _no_receipt(peer, failing, "of a failure")
    return PASSED


@check(49, "§5.2.17", versions=FROM_34, messages=3)
async def c49(peer: Peer) -> Verdict:
    """registered_delivery 0b10: a receipt of failures only."""
    await peer.bind()
    await _no_receipt(peer, await peer.submitted(registered_delivery=0b10), "of a success")
    failing = peer.target.need("failing", "a number whose messages fail")
    await _must_come(peer, await peer.submitted(registered_delivery=0b10, destination_addr=failing), "failed")
    frame = await peer.responded(peer.submit(registered_delivery=0b10, schedule_delivery_time=_IN_AN_HOUR))
    if frame.status:
        raise CannotJudge(f"it schedules no messages: {short_status(frame.status)}")
    message_id = peer.read(frame).text("message_id")
    await peer.accepted(o.operation(o.CANCEL_SM, peer.next_sequence(), message_id=message_id, **peer.sender()))
    await _must_come(peer, message_id, "was cancelled")
    return PASSED


async def _no_receipt(peer: Peer, message_id: str, of: str) -> None:
    if await peer.receipts(message_id, min(peer.target.receipts, _QUIET)):
        raise peer.disagree(f"a receipt {of} came")


async def _must_come(peer: Peer, message_id: str, why: str) -> None:
    if not await peer.receipts(message_id):
        raise peer.disagree(f"no receipt came for a message that {why}")


@check(50, "§5.2.17", versions=FROM_34, messages=3)
async def c50(peer: Peer) -> Verdict:
    """The bit 0x10 asks for intermediate notifications."""
    await peer.bind()
    alone = await peer.submitted(registered_delivery=0x10)
    plain = await peer.submitted(registered_delivery=1)
    both = await peer.submitted(registered_delivery=0x11)
    for delivery in await peer.receipts(alone, min(peer.target.receipts, _QUIET)):
        if _type(peer, delivery) != _INTERMEDIATE:
            raise peer.disagree("a delivery came that is no intermediate notification, and only those were asked for")
    await peer.until(lambda: any(_type(peer, frame) == _RECEIPT for frame in peer.about(both)), peer.target.receipts)
    if not any(_type(peer, frame) == _RECEIPT for frame in peer.about(both)):
        if not peer.about(plain):
            raise CannotJudge("no receipt came in time")
        raise peer.disagree("no receipt came where receipt and notifications were asked for")
    return PASSED


def _type(peer: Peer, delivery: o.Frame) -> int:
    return peer.read(delivery).number("esm_class") & _TYPE


@check(51, "§5.2.18, §4.5.1")
async def c51(peer: Peer) -> Verdict:
    """replace_if_present_flag above 1, or not 0 in submit_multi: 0x54."""
    await peer.bind()
    await _refused(peer, 0x54, replace_if_present_flag=2)
    number = peer.target.need("destination", "a number to send to")
    multi = o.operation(
        o.SUBMIT_MULTI,
        peer.next_sequence(),
        number_of_dests=1,
        dest_addresses=o.sme(number),
        replace_if_present_flag=1,
        short_message=b"conformance",
        **peer.sender(),
    )
    await peer.refused(multi, 0x54)
    return PASSED


@check(
    52,
    "§4.4.1.2, §4.10",
    messages=1,
)
async def c52(peer: Peer) -> Verdict:
    """replace_if_present with nothing to replace: a new message; replace_sm of none: an error."""
    await peer.bind("transmitter")
    if not await peer.submitted(replace_if_present_flag=1, service_type="CONF"):
        raise peer.disagree("the response names no message")
    sequence = peer.next_sequence()
    nobody = o.operation(o.REPLACE_SM, sequence, message_id=_NOBODY, short_message=b"new", **peer.sender())
    await peer.refused(nobody)
    return PASSED


@check(53, "§5.2.20")
async def c53(peer: Peer) -> Verdict:
    """sm_default_msg_id 255, or one that is not defined: 0x63."""
    cases: list[tuple[int, dict[str, Value]]] = [
        (0x63, {"sm_default_msg_id": number, "short_message": b""}) for number in (255, 254)
    ]
    return await _one_field(peer, *cases)


@check(54, "5.0 §4.7.6", messages=1, choice={V33: "0x45", V34: "0x45"})
async def c54(peer: Peer) -> Verdict:
    """A data_coding that is not supported: 0x104 in 5.0."""
    await peer.bind()
    frame = await peer.responded(peer.submit(data_coding=_RESERVED_CODING))
    if peer.version != V50:
        return Choice(short_status(frame.status) if frame.status else "accepted")
    if frame.status != 0x104:
        raise peer.disagree(f"expected 0x104, found {frame_name(frame)}")
    return PASSED
