"""C01–C14: framing and header."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import PASSED, CannotJudge, Choice, Disagreement, Verdict, check
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import frame_name, short_status

_UNKNOWN = 0x00000F00
_RESERVED = 0x0000000A
_HIGHEST = 0x7FFFFFFF
_INVALID_LENGTH = 0x02
_INVALID_COMMAND = 0x03


async def _nacked_and_closed(peer: Peer, octets: bytes) -> None:
    frame = await peer.ask(octets)
    if frame.command_id != o.GENERIC_NACK or frame.status != _INVALID_LENGTH:
        raise peer.disagree(f"expected generic_nack 0x02, found {frame_name(frame)}")
    if frame.sequence != 0:
        raise peer.disagree(f"expected sequence number 0, found {frame.sequence:#x}")
    await peer.closed()


@check(1, "§4.3; 5.0 §2.8.2")
async def c01(peer: Peer) -> Verdict:
    """command_length below 16: generic_nack 0x02, sequence 0, close."""
    await _nacked_and_closed(peer, o.pdu(o.ENQUIRE_LINK, 7, length=15))
    other = await peer.another()
    await other.bind()
    await _nacked_and_closed(other, o.pdu(o.ENQUIRE_LINK, 7, length=0))
    return PASSED


@check(2, "§4.3; 5.0 §2.8.2")
async def c02(peer: Peer) -> Verdict:
    """command_length above the cap: the same, and nothing is buffered."""
    await _nacked_and_closed(peer, o.pdu(o.BIND_TRANSMITTER, 7, length=0x00100000))
    other = await peer.another()
    await other.bind()
    await _nacked_and_closed(other, o.pdu(o.SUBMIT_SM, 7, length=0xFFFFFFFF))
    return PASSED


async def _nacked(peer: Peer, command_id: int) -> Verdict:
    await peer.bind()
    frame = await peer.ask(o.pdu(command_id, 0x77))
    if frame.command_id != o.GENERIC_NACK or frame.status != _INVALID_COMMAND:
        raise peer.disagree(f"expected generic_nack 0x03, found {frame_name(frame)}")
    if frame.sequence != 0x77:
        raise peer.disagree(f"expected sequence number 0x77, found {frame.sequence:#x}")
    await peer.alive()
    return PASSED


@check(3, "§3.3, §4.3")
async def c03(peer: Peer) -> Verdict:
    """Unknown command_id: generic_nack 0x03 with its sequence, the session lives."""
    return await _nacked(peer, _UNKNOWN)


@check(4, "§4.3, §5.1.2.1")
async def c04(peer: Peer) -> Verdict:
    """Reserved command_id 0x0000000A: the same."""
    return await _nacked(peer, _RESERVED)


async def _silent(peer: Peer, octets: bytes) -> Choice:
    """What a PDU that asks for nothing earns."""
    # An enquiry right behind it: whatever is said about it comes first.
    does = await peer.outcome(octets + o.pdu(o.ENQUIRE_LINK, peer.next_sequence()))
    return Choice({f"{frame_name(o.RESPONSE | o.ENQUIRE_LINK)} ESME_ROK": "ignores it"}.get(does, does))


@check(5, "silent", choice="ignores it")
async def c05(peer: Peer) -> Verdict:
    """A generic_nack is never answered with another."""
    await peer.bind()
    return await _silent(peer, o.pdu(o.GENERIC_NACK, 0x55, status=_INVALID_COMMAND))


@check(6, "§3.2.1, silent", choice="ignores it")
async def c06(peer: Peer) -> Verdict:
    """command_status other than 0 in a request."""
    await peer.bind()
    does = await peer.outcome(o.pdu(o.ENQUIRE_LINK, 9, status=0x08))
    return Choice("ignores it" if does == "accepted" else does)


@check(7, "§5.1.4, silent", choice="tolerates and echoes it")
async def c07(peer: Peer) -> Verdict:
    """Sequence number 0, or above 0x7FFFFFFF."""
    await peer.bind()
    for sequence in (0, 0x80000000, 0xFFFFFFFF):
        try:
            await peer.accepted(o.pdu(o.ENQUIRE_LINK, sequence))
        except Disagreement as disagreement:
            return Choice(f"{sequence:#x}: {disagreement.verdict.reason}")
    return Choice("tolerates and echoes it")


@check(8, "5.0 §4.7.24", messages=1)
async def c08(peer: Peer) -> Verdict:
    """Sequence numbers run from 1 to 0x7FFFFFFF, and on at 1."""
    await peer.bind()
    receiver = await peer.receiver()
    for sequence in (_HIGHEST, 1):
        await peer.responded(o.pdu(o.ENQUIRE_LINK, sequence))
    if peer.target.destination is not None:
        await _delivered(peer, receiver)
    for frame in (*receiver.enquiries, *receiver.deliveries, *peer.enquiries):
        if not 1 <= frame.sequence <= _HIGHEST:
            raise peer.disagree(f"its own {frame_name(frame)} has sequence number {frame.sequence:#x}")
    return PASSED


async def _delivered(peer: Peer, receiver: Peer) -> o.Frame:
    return await receiver.receipt(await peer.submitted(registered_delivery=1))


@check(9, "5.0 §2.6.1", messages=1)
async def c09(peer: Peer) -> Verdict:
    """Each direction has sequence numbers of its own."""
    await peer.bind()
    receiver = await peer.receiver()
    receiver.acknowledges = False
    delivery = await _delivered(peer, receiver)
    await receiver.responded(o.pdu(o.ENQUIRE_LINK, delivery.sequence))
    receiver.acknowledge(delivery)
    await receiver.alive()
    return PASSED


@check(10, "§2.5.2", messages=2)
async def c10(peer: Peer) -> Verdict:
    """Responses come in any order."""
    await peer.bind()
    receiver = await peer.receiver()
    receiver.acknowledges = False
    first = await peer.submitted(registered_delivery=1)
    second = await peer.submitted(registered_delivery=1)
    deliveries = [await receiver.receipt(first)]
    try:
        deliveries.append(await receiver.receipt(second))
    except CannotJudge:
        raise CannotJudge("it waits for the response to one receipt before it sends the next") from None
    for delivery in sorted(deliveries, key=lambda frame: frame.at, reverse=True):
        receiver.acknowledge(delivery)
    await receiver.alive()
    return PASSED


@check(11, "silent", choice="ignores it")
async def c11(peer: Peer) -> Verdict:
    """A response to a request that was never made."""
    await peer.bind()
    return await _silent(peer, o.pdu(o.RESPONSE | o.DELIVER_SM, 0x6FFFFFFF, b"\0"))


@check(12, "§2.4")
async def c12(peer: Peer) -> Verdict:
    """Several PDUs in one segment, and one PDU octet by octet."""
    await peer.bind()
    peer.send(b"".join(o.pdu(o.ENQUIRE_LINK, sequence) for sequence in (21, 22, 23)))
    await _answered(peer, 21, 22, 23)
    await peer.send_slowly(o.pdu(o.ENQUIRE_LINK, 24))
    await _answered(peer, 24)
    return PASSED


async def _answered(peer: Peer, *sequences: int) -> None:
    frames = [await peer.expect(o.RESPONSE | o.ENQUIRE_LINK) for _ in sequences]
    found = sorted((frame.sequence, frame.status) for frame in frames)
    if found != [(sequence, 0) for sequence in sequences]:
        said = ", ".join(f"{sequence} {short_status(status)}" for sequence, status in found)
        raise peer.disagree(f"expected ESME_ROK with the sequence numbers {sequences}, found {said}")


@check(13, "§4.4.2; 5.0 §3.2.1.3", messages=1)
async def c13(peer: Peer) -> Verdict:
    """An error response is a header only; the body of ours is ignored."""
    await peer.bind()
    frame = await peer.refused(peer.submit(service_type="SIXSIX"))
    if frame.length != o.HEADER:
        raise peer.disagree(f"expected 16 octets, found {frame.length}")
    receiver = await peer.receiver()
    receiver.acknowledges = False
    delivery = await receiver.receipt(await peer.submitted(registered_delivery=1))
    receiver.acknowledge(delivery, status=0x66, body=b"what is this\0\xff\xff\xff")
    await receiver.alive()
    return PASSED


@check(14, "5.0 §2.8.2")
async def c14(peer: Peer) -> Verdict:
    """A body that ends inside a mandatory field: the operation's own response, with an error."""
    await peer.bind()
    body = b"\0\1\1" + b"12345"  # the source address has no end, and everything after it is missing
    await peer.refused(o.pdu(o.SUBMIT_SM, peer.next_sequence(), body))
    await peer.alive()
    return PASSED
