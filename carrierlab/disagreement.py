"""Where the two books of a run disagree: what is lost, and whose state is not what the operator decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carrierlab.evidence import Evidence
from carrierlab.ledgers import SentMessage, SentPart, Submit
from sender.domain.message import State, final_of
from smppkit.message_state import state_of
from smppkit.status import status_name

_UNFINISHED = frozenset({State.QUEUED, State.CLAIMED, State.SUBMITTING})


def losses(evidence: Evidence) -> Iterator[str]:
    """Describe each message that one side acknowledged and the other does not know, or that has no end."""
    for message in evidence.messages:
        why = _why_lost(evidence, message)
        if why:
            yield f"{message.recipient}: {why}"
    for (key, part), group in evidence.accepted_by_part.items():
        if key not in evidence.by_key:
            yield f"{group[0].recipient} segment {part}: accepted by an operator, unknown to the sender"


def _why_lost(evidence: Evidence, message: SentMessage) -> str | None:
    if message.state in _UNFINISHED:
        return f"still {message.state.label} at the end"
    known = {part.number: part for part in message.parts}
    for part in message.parts:
        if part.smsc_id is None:
            continue
        submit = _submit_of(evidence, message, part)
        if submit is None:
            return f"segment {part.number} has id {part.smsc_id}, which {message.operator} never gave"
        # A receipt may say ACCEPTD or ENROUTE, and be the last word.
        if part.state is State.ACCEPTED and submit.acknowledged_at is not None and _end(submit.outcome) is not None:
            return f"the receipt for {part.smsc_id} was acknowledged and is not in the store"
    for number in range(1, _segments_of(evidence, message) + 1):
        group = evidence.accepted_by_part.get((message.key, number))
        sent = known.get(number)
        if group and (sent is None or (sent.smsc_id is None and sent.state in _UNFINISHED)):
            return f"segment {number} accepted as {submit_name(group[0])}, unknown to the sender"
    return None


def _submit_of(evidence: Evidence, message: SentMessage, part: SentPart) -> Submit | None:
    """The submit that the operator gave this part's id for.

    A doubt that a receipt resolved has the id that the receipt wrote, and of several segments in doubt the sender
    cannot tell which one a receipt is about.
    """
    submit = evidence.by_id.get((message.operator, part.smsc_id or ""))
    if submit is not None and submit.key == message.key:
        return submit
    for number in range(1, _segments_of(evidence, message) + 1):
        for submit in evidence.accepted_by_part.get((message.key, number), ()):
            if submit.reported_id == part.smsc_id:
                return submit
    return None


def text_received(evidence: Evidence, key: str) -> str | None:
    """The text that the accepted segments of a message make; None while one is missing."""
    first = evidence.accepted_by_part.get((key, 1))
    if first is None:
        return None
    groups = [evidence.accepted_by_part.get((key, number)) for number in range(1, first[0].parts + 1)]
    return "".join(group[0].text for group in groups if group) if all(groups) else None


def _segments_of(evidence: Evidence, message: SentMessage) -> int:
    """How many segments a message has, as the operators were told; 1 when none has come."""
    return evidence.segments_of.get(message.key, 1)


def decisions(evidence: Evidence, message: SentMessage) -> list[str]:
    """What the operator decided about each submit of a message, one word each, without repetition."""
    words: dict[str, None] = {}
    for number in range(1, _segments_of(evidence, message) + 1):
        for submit in evidence.submits_by_part.get((message.key, number), ()):
            words[status_name(submit.status) if submit.status else submit.outcome or "no receipt"] = None
    return list(words)


def agrees(evidence: Evidence, message: SentMessage) -> bool:
    """Whether the final state of a message at the sender is what its operator decided.

    Delivered: every segment was. Anything else: at least one segment came to that. A segment that was accepted
    twice may have come to two ends, and the sender can know of either.
    """
    groups = [
        evidence.submits_by_part.get((message.key, number), [])
        for number in range(1, _segments_of(evidence, message) + 1)
    ]
    if message.state in (State.CANCELLED, State.BLOCKED):
        written = {part.number for part in message.parts}
        return not any(submit.status == 0 and submit.part not in written for group in groups for submit in group)
    ends = [_ends(group) for group in groups]
    if message.state is State.DELIVERED:
        return all(State.DELIVERED in states for states in ends)
    return any(message.state in states for states in ends)


def _ends(submits: Sequence[Submit]) -> set[State | None]:
    """The ends that one segment came to; a refusal is one when nothing was submitted after it."""
    ends = {_end(submit.outcome) for submit in submits if submit.status == 0}
    if submits and submits[-1].status:
        ends.add(State.REJECTED)
    return ends


def _end(outcome: str | None) -> State | None:
    state = state_of(outcome) if outcome is not None else None
    return final_of(state) if state is not None else None


def submit_name(submit: Submit) -> str:
    """Name an accepted submit for people."""
    return f"{submit.smsc_id} by {submit.operator}"
