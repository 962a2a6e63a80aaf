"""C55–C61: schedule_delivery_time and validity_period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from carrierlab.conformance.check import PASSED, Choice, Verdict, check
from carrierlab.conformance.octets import Value
from carrierlab.conformance.peer import Peer

_SCHEDULE, _VALIDITY = "schedule_delivery_time", "validity_period"
_STATUS = {_SCHEDULE: 0x61, _VALIDITY: 0x62}
_EXAMPLE = "020610233429000R"  # the specification's own: 2 years, 6 months, 10 days, 23:34:29
_IN_THREE_SECONDS = "000000000003000R"
_EARLY = 2.5


def absolute(peer: Peer, ahead: timedelta, nn: int = 0, p: str = "+") -> str:
    """The time `ahead` of now, written in the zone `nn` quarters of an hour from UTC."""
    offset = timedelta(minutes=15 * nn) * (-1 if p == "-" else 1)
    moment = datetime.fromtimestamp(peer.wall(), UTC) + ahead + offset
    return f"{moment:%y%m%d%H%M%S}0{nn:02}{p}"


async def _both_refused(peer: Peer, *times: str) -> Verdict:
    await peer.bind()
    for time in times:
        for field, status in _STATUS.items():
            await peer.refused(peer.submit(**{field: time}), status)
    await peer.alive()
    return PASSED


@check(55, "§7.1.1; 5.0 §2.8.2")
async def c55(peer: Peer) -> Verdict:
    """A time that has neither 1 octet nor 17: 0x61 schedule, 0x62 validity."""
    return await _both_refused(peer, "1", "26010100000000+", "260101000000000+0")


@check(56, "§7.1.1", messages=3)
async def c56(peer: Peer) -> Verdict:
    """nn is 00 to 48, p is +, - or R."""
    ahead = timedelta(days=2)
    await _both_refused(peer, absolute(peer, ahead)[:13] + "49+", absolute(peer, ahead)[:15] + "X")
    for nn, p in ((0, "+"), (48, "+"), (48, "-")):
        await peer.submitted(validity_period=absolute(peer, ahead, nn, p))
    return PASSED


@check(57, "§7.1.1.2", messages=3)
async def c57(peer: Peer) -> Verdict:
    """Relative times count from the SMSC's time, and t and nn are ignored."""
    await peer.bind()
    for time in (_EXAMPLE, "000001000000949R"):
        await peer.submitted(validity_period=time)
    receiver, began = await peer.receiver(), peer.now()
    message_id = await peer.submitted(schedule_delivery_time=_IN_THREE_SECONDS, registered_delivery=1)
    receipt = await receiver.receipt(message_id, peer.target.receipts + 3.0)
    if receipt.at - began < _EARLY:
        raise receiver.disagree(f"to be sent in 3 s, and the receipt came after {receipt.at - began:.1f} s")
    return PASSED


@check(58, "§7.1.1")
async def c58(peer: Peer) -> Verdict:
    """30 February, hour 24: an error."""
    year = (datetime.fromtimestamp(peer.wall(), UTC).year + 1) % 100
    return await _both_refused(peer, f"{year:02}0230120000000+", f"{year:02}0301240000000+")


@check(59, "silent", messages=1, choice="0x62")
async def c59(peer: Peer) -> Verdict:
    """A validity that ends before the schedule."""
    await peer.bind()
    times: dict[str, Value] = {
        _SCHEDULE: absolute(peer, timedelta(hours=2)),
        _VALIDITY: absolute(peer, timedelta(hours=1)),
    }
    return Choice(await peer.outcome(peer.submit(**times)))


@check(60, "§7.1.1.2, silent", messages=1, choice="accepted")
async def c60(peer: Peer) -> Verdict:
    """A relative validity beyond what the SMSC keeps."""
    await peer.bind()
    return Choice(await peer.outcome(peer.submit(validity_period="991130235959000R")))


@check(61, "§4.6.1", messages=1)
async def c61(peer: Peer) -> Verdict:
    """The time fields of deliver_sm are NULL."""
    await peer.bind()
    receiver = await peer.receiver()
    content = receiver.read(await receiver.receipt(await peer.submitted(registered_delivery=1)))
    for name in (_SCHEDULE, _VALIDITY):
        if content.text(name):
            raise receiver.disagree(f"{name} is {content.text(name)!r}")
    return PASSED
