"""C15–C36: binds and sessions."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import (
    FROM_34,
    ONLY_33,
    ONLY_50,
    PASSED,
    V33,
    V34,
    V50,
    Choice,
    NotApplicable,
    Verdict,
    check,
)
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import frame_name, short_status

_MARGIN = 2.0  # seconds that a timer may be late
_BURST = 20  # requests in one segment where the window is not known
_LONGEST_33_ID = 8


@check(15, "5.0 §2.8.2")
async def c15(peer: Peer) -> Verdict:
    """submit_sm before the bind: submit_sm_resp 0x04."""
    await peer.refused(peer.submit(destination_addr="77051234567"), 0x04)
    return PASSED


@check(16, "§2.3; 5.0 §2.8.2")
async def c16(peer: Peer) -> Verdict:
    """submit_sm on a receiver: submit_sm_resp 0x04."""
    await peer.bind("receiver")
    await peer.refused(peer.submit(destination_addr="77051234567"), 0x04)
    await peer.alive()
    return PASSED


@check(17, "5.0 §4.7.6")
async def c17(peer: Peer) -> Verdict:
    """A second bind on a session: 0x05."""
    await peer.bind()
    await peer.refused(peer.bind_octets(), 0x05)
    await peer.alive()
    return PASSED


@check(18, "§5.2.1; 5.0 §4.7.6")
async def c18(peer: Peer) -> Verdict:
    """system_id of more than 15 characters: 0x0F."""
    await peer.refused(peer.bind_octets(system_id="sixteencharacter"), 0x0F)
    return PASSED


@check(19, "§5.2.2; 5.0 §4.7.6")
async def c19(peer: Peer) -> Verdict:
    """password of more than 8 characters: 0x0E."""
    await peer.refused(peer.bind_octets(password="ninechars"), 0x0E)  # noqa: S106 - one that is too long
    return PASSED


@check(20, "5.0 §4.7.6", choice={V33: "0x0D, 0x0D", V34: "0x0D, 0x0D"})
async def c20(peer: Peer) -> Verdict:
    """Wrong system_id or password: 0x0D."""
    found = []
    for wrong in ("password", "system_id"):
        other = await peer.another()
        does = await other.outcome(other.bind_octets(**{wrong: "n0b0dy"}))
        if does == "accepted":
            return NotApplicable(f"it lets in everyone, whatever the {wrong}")
        if peer.version == V50 and does != "0x0D":
            raise other.disagree(f"wrong {wrong}: expected 0x0D, found {does}")
        found.append(does)
    return PASSED if peer.version == V50 else Choice(", ".join(found))


@check(21, "§5.2.3; 5.0 §4.7.6")
async def c21(peer: Peer) -> Verdict:
    """system_type of more than 12 characters: 0x53."""
    await peer.refused(peer.bind_octets(system_type="thirteenchars"), 0x53)
    return PASSED


@check(22, "silent", choice="0x0D")
async def c22(peer: Peer) -> Verdict:
    """address_range of more than 40 characters."""
    return Choice(await peer.outcome(peer.bind_octets(address_range="7" * 41)))


@check(23, "§4.1", versions=ONLY_33)
async def c23(peer: Peer) -> Verdict:
    """A kind of bind that it does not have: the bind_resp with 0x03."""
    frame = await peer.responded(peer.bind_octets("transceiver"))
    if frame.status == 0:
        return NotApplicable("it takes every kind of bind")
    if frame.status != 0x03:
        raise peer.disagree(f"expected 0x03, found {short_status(frame.status)}")
    return PASSED


@check(24, "§3.4", versions=ONLY_33, messages=2)
async def c24(peer: Peer) -> Verdict:
    """interface_version up to 0x33: no TLVs, message ids of 8 octets at most."""
    for version in (0x00, 0x33):
        other = await peer.another()
        _no_tlvs(other, await other.bind(interface_version=version))
        receiver = await other.another()
        _no_tlvs(receiver, await receiver.bind("receiver", interface_version=version))
        response = await other.accepted(other.submit(registered_delivery=1))
        _no_tlvs(other, response)
        message_id = other.read(response).text("message_id")
        if len(message_id) > _LONGEST_33_ID:
            raise other.disagree(f"message id {message_id!r} has {len(message_id)} characters")
        for delivery in await receiver.receipts(message_id):
            _no_tlvs(receiver, delivery)
    return PASSED


def _no_tlvs(peer: Peer, frame: o.Frame) -> None:
    tlvs = peer.read(frame).tlvs
    if tlvs:
        raise peer.disagree(f"{frame_name(frame)} carries TLV 0x{tlvs[0][0]:04x}")


@check(25, "§3.4, §5.3.2.25", versions=FROM_34)
async def c25(peer: Peer) -> Verdict:
    """interface_version 0x34 or 0x50: TLV sc_interface_version of one octet."""
    frame = await peer.bind()
    value = peer.read(frame).tlv(o.TAG_SC_INTERFACE_VERSION)
    if value is None:
        raise peer.disagree("the bind_resp has no sc_interface_version")
    if len(value) != 1:
        raise peer.disagree(f"sc_interface_version has {len(value)} octets")
    return PASSED


@check(26, "§3.4", versions=FROM_34, esme=True)
async def c26(_: Peer) -> Verdict:
    """No sc_interface_version in the bind_resp: the ESME sends no TLVs."""
    return NotApplicable("it is the ESME's part")


@check(27, "§5.2.4, silent", versions=(V34,), choice="accepted, accepted")
async def c27(peer: Peer) -> Verdict:
    """Reserved interface_version 0x35 to 0x4F."""
    found = []
    for version in (0x35, 0x4F):
        other = await peer.another()
        found.append(await other.outcome(other.bind_octets(interface_version=version)))
    return Choice(", ".join(found))


@check(28, "§7.2")
async def c28(peer: Peer) -> Verdict:
    """Session-init timer: a connection that does not bind is closed."""
    await peer.closed(peer.target.seconds("session_init") + _MARGIN)
    return PASSED


@check(29, "5.0 §2.4", versions=ONLY_50)
async def c29(peer: Peer) -> Verdict:
    """enquire_link before the bind is answered."""
    await peer.accepted(o.pdu(o.ENQUIRE_LINK, 3))
    return PASSED


@check(30, "§4.11")
async def c30(peer: Peer) -> Verdict:
    """Any PDU of ours shows that we live."""
    every, patience = peer.target.seconds("enquire_link"), peer.target.seconds("response")
    await peer.bind()
    peer.keeps_alive = False
    if not await peer.until(lambda: peer.enquiries or peer.is_closed, every + _MARGIN):
        raise peer.disagree(f"no enquire_link within {every:g} s of silence")
    asked = peer.enquiries[0].at
    # Not the answer to it, but something else, again and again until the answer is overdue.
    while peer.now() < asked + patience + _MARGIN:
        await peer.alive()
        await peer.pause(min(every, patience) / 2)
    await peer.alive()
    return PASSED


@check(31, "§7.2; 5.0 §2.7")
async def c31(peer: Peer) -> Verdict:
    """Inactivity: unbind, or the connection is closed."""
    seconds = peer.target.seconds("inactivity")
    await peer.bind()
    await peer.until(lambda: peer.is_closed or peer.waits, seconds + _MARGIN)
    if peer.is_closed:
        return PASSED
    frame = await peer.expect(o.UNBIND)
    peer.send(o.pdu(o.RESPONSE | o.UNBIND, frame.sequence))
    await peer.closed()
    return PASSED


@check(32, "§4.2", messages=1)
async def c32(peer: Peer) -> Verdict:
    """unbind: what is in flight is finished, then unbind_resp, then close."""
    await peer.bind()
    peer.send(peer.submit() + o.pdu(o.UNBIND, peer.next_sequence()))
    await peer.expect(o.RESPONSE | o.SUBMIT_SM)
    await peer.expect(o.RESPONSE | o.UNBIND)
    peer.bound_as = None
    await peer.closed()
    return PASSED


@check(33, "silent", choice="0x04")
async def c33(peer: Peer) -> Verdict:
    """unbind before the bind."""
    return Choice(await peer.outcome(o.pdu(o.UNBIND, 3)))


@check(34, "§2.2.1", versions=FROM_34)
async def c34(peer: Peer) -> Verdict:
    """outbind has no response, and binds nobody."""
    outbind = o.operation(o.OUTBIND, 3, system_id="smsc", password="x")  # noqa: S106 - none of anybody's
    peer.send(outbind + peer.submit(destination_addr="77051234567"))
    await peer.until(lambda: peer.waits > 1 or peer.is_closed, peer.target.timeout)
    if not peer.waits and not peer.is_closed:
        raise peer.disagree("no answer to the submit, and the connection stays")
    while peer.waits:
        frame = await peer.answer()
        if frame.command_id == o.RESPONSE | o.OUTBIND:
            raise peer.disagree("it answers with outbind_resp, which does not exist")
        if frame.command_id == o.RESPONSE | o.SUBMIT_SM and not frame.status:
            raise peer.disagree("it takes submits after an outbind of ours")
    return PASSED


@check(35, "silent", messages=_BURST, choice="0x58")
async def c35(peer: Peer) -> Verdict:
    """More requests than the window has room for: refused, never dropped."""
    await peer.bind()
    count = _BURST if peer.target.window is None else peer.target.window + 5
    peer.send(b"".join(peer.submit() for _ in range(count)))
    await peer.until(lambda: peer.waits == count or peer.is_closed, max(peer.target.timeout, peer.target.receipts))
    if peer.waits < count:
        raise peer.disagree(f"{count - peer.waits} of {count} requests were never answered")
    refused = {frame.status for frame in [await peer.answer() for _ in range(count)]} - {0}
    if not refused:
        return Choice(f"no limit below {count}")
    return Choice(", ".join(map(short_status, sorted(refused))))


@check(36, "§2.3", messages=1)
async def c36(peer: Peer) -> Verdict:
    """deliver_sm and alert_notification never come on a transmitter."""
    await peer.bind("transmitter")
    await peer.submitted(registered_delivery=1)
    await peer.until(lambda: peer.deliveries or peer.alerts, min(peer.target.receipts, 5.0))
    for frame in (*peer.deliveries, *peer.alerts):
        raise peer.disagree(f"{frame_name(frame)} came")
    return PASSED
