"""C79: the broadcast operations of SMPP 5.0."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import ONLY_50, PASSED, Verdict, check
from carrierlab.conformance.peer import Peer

_CONTENT_TYPE, _REPEATS, _INTERVAL, _AREA, _AREA_SUCCESS = 0x0601, 0x0604, 0x0605, 0x0606, 0x0608
_REQUIRED = {
    _AREA: b"\x00Almaty",  # the name of an area
    _CONTENT_TYPE: b"\x00\x00\x10",  # any network, an emergency
    _REPEATS: b"\x00\x01",
    _INTERVAL: b"\x09\x00\x01",  # every minute
}
_NOBODY = "no-such-message"


def _broadcast(peer: Peer, **changed: bytes) -> bytes:
    """A broadcast_sm; `changed` are TLVs by their number in hex, empty ones left out."""
    tlvs = _REQUIRED | {int(tag, 16): value for tag, value in changed.items()}
    written = [o.tlv(tag, value) for tag, value in tlvs.items() if value]
    payload = o.tlv(o.TAG_MESSAGE_PAYLOAD, b"conformance")
    return o.operation(o.BROADCAST_SM, peer.next_sequence(), tlvs=(*written, payload), **peer.sender())


def _about(peer: Peer, operation: int, message_id: str) -> bytes:
    return o.operation(operation, peer.next_sequence(), message_id=message_id, **peer.sender())


@check(
    79,
    "5.0 §4.4",
    versions=ONLY_50,
    messages=1,
)
async def c79(peer: Peer) -> Verdict:
    """broadcast_sm needs area, content type, repetitions and interval, missing: 0xC3; query and cancel alike."""
    await peer.bind()
    for tag in _REQUIRED:
        await peer.refused(_broadcast(peer, **{f"{tag:04x}": b""}), 0xC3)
    await peer.refused(_broadcast(peer, **{f"{_AREA:04x}": b"\x07Almaty"}), 0x109)
    await peer.refused(_broadcast(peer, **{f"{_INTERVAL:04x}": b"\xf0\x00\x01"}), 0x107)
    message_id = peer.read(await peer.accepted(_broadcast(peer))).text("message_id")
    found = dict(peer.read(await peer.accepted(_about(peer, o.QUERY_BROADCAST_SM, message_id))).tlvs)
    for tag, name in (
        (o.TAG_MESSAGE_STATE, "message_state"),
        (_AREA, "broadcast_area_identifier"),
        (_AREA_SUCCESS, "broadcast_area_success"),
    ):
        if tag not in found:
            raise peer.disagree(f"query_broadcast_sm_resp has no {name}")
    await peer.refused(_about(peer, o.QUERY_BROADCAST_SM, _NOBODY), 0x10E, 0x0C)
    await peer.refused(_about(peer, o.CANCEL_BROADCAST_SM, _NOBODY), 0x10F, 0x0C)
    await peer.accepted(_about(peer, o.CANCEL_BROADCAST_SM, message_id))
    return PASSED
