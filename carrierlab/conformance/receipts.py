"""C74–C78: receipts, their responses, alerts, message modes, congestion."""

from __future__ import annotations

import re

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import (
    FROM_34,
    PASSED,
    V33,
    V34,
    V50,
    CannotJudge,
    Choice,
    Verdict,
    check,
)
from carrierlab.conformance.peer import Peer

_TEXT = re.compile(
    rb"id:\S+ sub:\d{3} dlvrd:\d{3} submit date:\d{10}(\d\d)? done date:\d{10}(\d\d)? stat:[A-Z]{7} err:\S{1,4} text:",
    re.IGNORECASE,
)
_TYPE, _RECEIPT = 0x3C, 0x04
_QUIET = 5.0  # seconds in which what must not be sent again would be
_RETRY, _REFUSED, _PERMANENT = 0x64, 0x66, 0x65
_SET_DPF, _DPF_RESULT = 0x0421, 0x0420
_TRANSACTION = 0x02
_LONGEST_ADDRESS = 64


@check(
    74,
    "§2.11, §5.2.12, app. B",
    messages=1,
)
async def c74(peer: Peer) -> Verdict:
    """A receipt: addresses swapped, esm_class 0x04, receipted_message_id and message_state, the text of appendix B."""
    await peer.bind()
    receiver = await peer.receiver()
    frame = await receiver.receipt(await peer.submitted(registered_delivery=1, short_message=b"a receipt, please"))
    content = receiver.read(frame)
    target = peer.target
    addresses = (content.text("source_addr"), content.text("destination_addr"))
    if addresses != (target.destination, target.source or addresses[1]):
        raise receiver.disagree(f"the addresses are {addresses[0]!r} to {addresses[1]!r}")
    if content.number("esm_class") & _TYPE != _RECEIPT:
        raise receiver.disagree(f"esm_class is {content.number('esm_class'):#04x}")
    if not _TEXT.match(content.data("short_message")):
        raise receiver.disagree(f"the text is {content.data('short_message')!r}")
    if peer.version > V33:
        for tag, name in ((o.TAG_RECEIPTED_MESSAGE_ID, "receipted_message_id"), (o.TAG_MESSAGE_STATE, "message_state")):
            if content.tlv(tag) is None:
                raise receiver.disagree(f"the TLV {name} is missing")
    return PASSED


@check(
    75,
    "§4.6.2; 5.0 §4.7.6",
    versions=FROM_34,
    messages=3,
)
async def c75(peer: Peer) -> Verdict:
    """deliver_sm_resp 0x64: delivered again; 0x65 and 0x66: not again."""
    await peer.bind()
    peer.acknowledges = False
    for status in (_REFUSED, _PERMANENT):
        message_id = await peer.submitted(registered_delivery=1)
        peer.acknowledge(await peer.receipt(message_id), status)
        if await _comes_again(peer, message_id, min(_QUIET, peer.target.receipts)):
            raise peer.disagree(f"a delivery that was answered 0x{status:X} came again")
    message_id = await peer.submitted(registered_delivery=1)
    peer.acknowledge(await peer.receipt(message_id), _RETRY)
    again = await _comes_again(peer, message_id, peer.target.receipts)
    if not again:
        raise CannotJudge(f"a delivery that was answered 0x64 did not come again within {peer.target.receipts:g} s")
    peer.acknowledge(again[0])
    await peer.alive()
    return PASSED


async def _comes_again(peer: Peer, message_id: str, within: float) -> list[o.Frame]:
    await peer.until(lambda: len(peer.about(message_id)) > 1, within)
    return peer.about(message_id)[1:]


@check(76, "§4.12", versions=FROM_34, messages=1)
async def c76(peer: Peer) -> Verdict:
    """alert_notification: addresses of 64 characters at most, no response."""
    number = peer.target.need("unavailable", "a number that is switched off, and comes back")
    await peer.bind()
    payload = o.tlv(o.TAG_MESSAGE_PAYLOAD, b"conformance")
    await peer.accepted(peer.data(destination_addr=number, tlvs=(payload, o.tlv(_SET_DPF, b"\x01"))))
    await peer.until(lambda: peer.alerts, peer.target.receipts)
    if not peer.alerts:
        raise CannotJudge("no alert_notification came in time")
    alert = peer.read(peer.alerts[0])
    for name in ("source_addr", "esme_addr"):
        if len(alert.text(name)) > _LONGEST_ADDRESS:
            raise peer.disagree(f"{name} has {len(alert.text(name))} characters")
    await peer.alive()
    return PASSED


@check(77, "§2.10.3, §5.2.12", versions=FROM_34, messages=1)
async def c77(peer: Peer) -> Verdict:
    """Transaction mode is for data_sm only."""
    await peer.bind()
    await peer.refused(peer.submit(esm_class=_TRANSACTION), 0x43)
    payload = o.tlv(o.TAG_MESSAGE_PAYLOAD, b"conformance")
    await peer.accepted(peer.data(esm_class=_TRANSACTION, tlvs=(payload,)))
    return PASSED


@check(
    78,
    "5.0 §4.8.4.18",
    messages=1,
    choice={V33: "none", V34: "none", V50: "none"},
)
async def c78(peer: Peer) -> Verdict:
    """congestion_state is 0 to 100, and for peers of 5.0 only."""
    await peer.bind()
    response = await peer.accepted(peer.submit())
    value = peer.read(response).tlv(o.TAG_CONGESTION_STATE)
    if value is None:
        return Choice("none")
    if peer.version != V50:
        raise peer.disagree("congestion_state, which this version does not have")
    if len(value) != 1 or value[0] > 100:
        raise peer.disagree(f"congestion_state is {value.hex()}")
    return Choice("sends it")
