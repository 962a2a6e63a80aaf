"""C69–C73: query_sm, cancel_sm, replace_sm, submit_multi."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import PASSED, V50, CannotJudge, Choice, Verdict, check
from carrierlab.conformance.octets import Value
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import short_status

_IN_AN_HOUR = "000000010000000R"
_NOBODY = "no-such-message"
_STRANGER = "99999"
_SCHEDULED, _ENROUTE, _DELETED = 0, 1, 4
_STATES = range(10)
_STATES_BEFORE_50 = range(1, 9)


def query(peer: Peer, message_id: str, **changed: Value) -> bytes:
    """A query_sm for a message of ours."""
    return o.operation(o.QUERY_SM, peer.next_sequence(), message_id=message_id, **peer.sender() | changed)


def cancel(peer: Peer, message_id: str, **changed: Value) -> bytes:
    """A cancel_sm for a message of ours, or for a group when the id is empty."""
    return o.operation(o.CANCEL_SM, peer.next_sequence(), message_id=message_id, **peer.sender() | changed)


def replace(peer: Peer, message_id: str, **changed: Value) -> bytes:
    """A replace_sm for a message of ours."""
    fields: dict[str, Value] = {"short_message": b"replaced"}
    return o.operation(o.REPLACE_SM, peer.next_sequence(), message_id=message_id, **peer.sender() | fields | changed)


async def scheduled(peer: Peer, **changed: Value) -> str:
    """The id of a message that waits for an hour; CannotJudge where messages cannot be scheduled."""
    frame = await peer.responded(peer.submit(schedule_delivery_time=_IN_AN_HOUR, **changed))
    if frame.status:
        raise CannotJudge(f"it schedules no messages: {short_status(frame.status)}")
    return peer.read(frame).text("message_id")


async def state_of(peer: Peer, message_id: str) -> int:
    """The message_state that query_sm reports."""
    return peer.read(await peer.accepted(query(peer, message_id))).number("message_state")


@check(
    69,
    "§4.8, §5.2.28",
    messages=1,
    choice="0x67",
)
async def c69(peer: Peer) -> Verdict:
    """query_sm: unknown id 0x0C; final_date of 1 or 17 octets; a defined state."""
    await peer.bind()
    await peer.refused(query(peer, _NOBODY), 0x0C)
    message_id = await peer.submitted()
    found = peer.read(await peer.accepted(query(peer, message_id)))
    final_date, state = found.text("final_date"), found.number("message_state")
    if len(final_date) not in (0, 16):
        raise peer.disagree(f"final_date is {final_date!r}")
    if state not in (_STATES if peer.version == V50 else _STATES_BEFORE_50):
        raise peer.disagree(f"message_state is {state}")
    # The specification does not say what a query for somebody else's message earns.
    return Choice(await peer.outcome(query(peer, message_id, source_addr=_STRANGER)))


@check(70, "§5.2.28; 5.0 §4.7.15", messages=1)
async def c70(peer: Peer) -> Verdict:
    """A scheduled message: SCHEDULED in 5.0, ENROUTE before."""
    await peer.bind()
    message_id = await scheduled(peer)
    wanted, found = _SCHEDULED if peer.version == V50 else _ENROUTE, await state_of(peer, message_id)
    await peer.responded(cancel(peer, message_id, **_destination(peer)))
    if found != wanted:
        raise peer.disagree(f"expected message_state {wanted}, found {found}")
    return PASSED


def _destination(peer: Peer) -> dict[str, Value]:
    number = peer.target.need("destination", "a number to send to")
    return {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": number}


@check(71, "§4.9", messages=3)
async def c71(peer: Peer) -> Verdict:
    """cancel_sm: the source must match; without id a group; a final message 0x11."""
    await peer.bind()
    one = await scheduled(peer)
    await peer.refused(cancel(peer, one, source_addr=_STRANGER))
    await peer.accepted(cancel(peer, one, **_destination(peer)))
    await peer.refused(cancel(peer, one, **_destination(peer)), 0x11)
    group = [await scheduled(peer, service_type="CONF") for _ in range(2)]
    await peer.accepted(cancel(peer, "", service_type="CONF", **_destination(peer)))
    for message_id in (one, *group):
        state = await state_of(peer, message_id)
        if state != _DELETED:
            raise peer.disagree(f"a cancelled message has the state {state}, expected {_DELETED}")
    return PASSED


@check(72, "§4.10", messages=1)
async def c72(peer: Peer) -> Verdict:
    """replace_sm on a final message: 0x13."""
    await peer.bind("transmitter")
    message_id = await scheduled(peer)
    await peer.accepted(replace(peer, message_id))
    await peer.accepted(cancel(peer, message_id, **_destination(peer)))
    await peer.refused(replace(peer, message_id), 0x13)
    return PASSED


@check(
    73,
    "§4.5",
    messages=4,
)
async def c73(peer: Peer) -> Verdict:
    """submit_multi: 0 or over 254 destinations 0x33; bad flag 0x40; unknown list 0x34; the failed ones listed."""
    await peer.bind()
    number = peer.target.need("destination", "a number to send to")
    one = o.sme(number)
    await peer.refused(_multi(peer), 0x33)
    await peer.refused(_multi(peer, *[one] * 255), 0x33)
    await peer.refused(_multi(peer, b"\x03" + one[1:]), 0x40)
    unknown = await peer.responded(_multi(peer, o.distribution_list("NOSUCHLIST")))
    if unknown.status not in (0x34, 0) or (unknown.status == 0 and _unsuccessful(peer, unknown) != [0x34]):
        raise peer.disagree(f"an unknown list: expected 0x34, found {short_status(unknown.status)}")
    if _unsuccessful(peer, await peer.accepted(_multi(peer, one, one))):
        raise peer.disagree("destinations that were to be reached are listed as failed")
    if peer.target.refused is not None:
        mixed = await peer.accepted(_multi(peer, one, o.sme(peer.target.refused)))
        if len(_unsuccessful(peer, mixed)) != 1:
            raise peer.disagree("expected the one destination that is refused among the failed ones")
    return PASSED


def _multi(peer: Peer, *destinations: bytes) -> bytes:
    return o.operation(
        o.SUBMIT_MULTI,
        peer.next_sequence(),
        number_of_dests=len(destinations),
        dest_addresses=b"".join(destinations),
        short_message=b"conformance",
        **peer.sender(),
    )


def _unsuccessful(peer: Peer, response: o.Frame) -> list[int]:
    """The statuses of the failed destinations; Disagreement unless no_unsuccess is their number."""
    return [status for _, status in o.unsuccessful(peer.read(response).data("unsuccess_smes"))]
