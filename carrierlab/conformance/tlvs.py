"""C62–C68: optional parameters."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import FROM_34, PASSED, Verdict, check
from carrierlab.conformance.peer import Peer

_USER_MESSAGE_REFERENCE = 0x0204
_PRIVACY_INDICATOR = 0x0201
_SAR_REFERENCE, _SAR_TOTAL = 0x020C, 0x020E
_CALLBACK_NUM = 0x0381
_ALERT_ON_DELIVERY = 0x130C
_VENDOR = 0x3FFF


async def _accepted(peer: Peer, *tlvs: bytes) -> str:
    return await peer.submitted(tlvs=tlvs)


@check(62, "§3.3", versions=FROM_34, messages=2)
async def c62(peer: Peer) -> Verdict:
    """TLVs that are unknown, or not expected here, are ignored."""
    await peer.bind()
    await _accepted(peer, o.tlv(_VENDOR, b"whatever"))
    await _accepted(peer, o.tlv(o.TAG_SC_INTERFACE_VERSION, b"\x34"))
    return PASSED


@check(63, "5.0 §4.7.6", versions=FROM_34)
async def c63(peer: Peer) -> Verdict:
    """One to three octets too many, or a TLV beyond the end: 0xC0."""
    await peer.bind()
    for count in (1, 2, 3):
        await peer.refused(peer.submit(tlvs=(b"\x02\x04\x00"[:count],)), 0xC0)
    await peer.refused(peer.submit(tlvs=(o.tlv(_USER_MESSAGE_REFERENCE, b"\x01\x02", length=40),)), 0xC0)
    await peer.alive()
    return PASSED


@check(
    64,
    "§5.3; 5.0 §4.7.6",
    versions=FROM_34,
)
async def c64(peer: Peer) -> Verdict:
    """A TLV of a wrong length: 0xC2; of a bad value: 0xC4; a required one missing: 0xC3."""
    await peer.bind()
    await peer.refused(peer.submit(tlvs=(o.tlv(_USER_MESSAGE_REFERENCE, b"\x01"),)), 0xC2)
    await peer.refused(peer.submit(tlvs=(o.tlv(_PRIVACY_INDICATOR, b"\x09"),)), 0xC4)
    await peer.refused(peer.data(), 0xC3)
    await peer.alive()
    return PASSED


@check(65, "§3.2.4", versions=FROM_34, messages=3)
async def c65(peer: Peer) -> Verdict:
    """TLVs in any order, callback_num more than once."""
    await peer.bind()
    numbers = [o.tlv(_CALLBACK_NUM, b"\x01\x01\x01" + digits) for digits in (b"5550001", b"5550002")]
    reference = o.tlv(_USER_MESSAGE_REFERENCE, b"\x00\x01")
    await _accepted(peer, *numbers, reference)
    await _accepted(peer, numbers[1], reference, numbers[0])
    if peer.target.own is not None:
        await peer.submitted(destination_addr=peer.target.own, tlvs=(numbers[1], reference, numbers[0]))
        await peer.until(lambda: _callbacks(peer), peer.target.receipts)
        found = _callbacks(peer)
        if found and found != [number[4:] for number in reversed(numbers)]:
            raise peer.disagree(f"the callback numbers came back as {', '.join(number.hex() for number in found)}")
    return PASSED


def _callbacks(peer: Peer) -> list[bytes]:
    """The callback numbers of what was delivered, in order."""
    return [value for frame in peer.deliveries for tag, value in peer.read(frame).tlvs if tag == _CALLBACK_NUM]


@check(66, "5.0 §3.1.1", versions=FROM_34, messages=1)
async def c66(peer: Peer) -> Verdict:
    """alert_on_message_delivery has no octets."""
    await peer.bind()
    await _accepted(peer, o.tlv(_ALERT_ON_DELIVERY))
    return PASSED


@check(67, "§5.3.2.22", versions=FROM_34, messages=1)
async def c67(peer: Peer) -> Verdict:
    """sar_* TLVs that are not all three are ignored."""
    await peer.bind()
    await _accepted(peer, o.tlv(_SAR_REFERENCE, b"\x00\x07"), o.tlv(_SAR_TOTAL, b"\x02"))
    return PASSED


@check(68, "§5.3.2.31", versions=FROM_34, messages=1)
async def c68(peer: Peer) -> Verdict:
    """network_error_code has exactly 3 octets."""
    await peer.bind()
    payload = o.tlv(o.TAG_MESSAGE_PAYLOAD, b"conformance")
    for value in (b"\x03\x00", b"\x03\x00\x01\x02"):
        await peer.refused(peer.data(tlvs=(payload, o.tlv(o.TAG_NETWORK_ERROR_CODE, value))), 0xC2)
    failing = peer.target.failing
    if failing is None:
        return PASSED
    for receipt in await peer.receipts(await peer.submitted(registered_delivery=1, destination_addr=failing)):
        code = peer.read(receipt).tlv(o.TAG_NETWORK_ERROR_CODE)
        if code is not None and len(code) != 3:
            raise peer.disagree(f"network_error_code of a receipt has {len(code)} octets")
    return PASSED
