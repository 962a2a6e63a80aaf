"""How messages are taken: latency, limits, refusals, ids and TLVs of responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from smppkit.commands import CommandId
from smppkit.status import CommandStatus, status_name
from smppkit.tlvs import Tlv
from smsc.learn.distributions import fit_times
from smsc.learn.fit import FEW, Fitted, SubmitFit, TlvSeen
from smsc.learn.limits import Asked, fit_limit
from smsc.learn.seen import ACCEPTED_IDS, Message

_LIMITS = (CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL)
_ALWAYS = 0.95


def fit_submits(messages: Sequence[Message], remarks: list[str]) -> SubmitFit:
    """How the messages of a recording were taken; ids are the business of ``fit_ids``."""
    answered = [message for message in messages if message.exchange.response is not None]
    accepted = [message for message in answered if message.exchange.accepted]
    fit = SubmitFit(latency=fit_times([message.exchange.latency for message in accepted]))
    if len(answered) < len(messages):
        remarks.append(f"{len(messages) - len(answered)} of {len(messages)} submits have no response")
    left = answered
    counted = Counter(_status(message) for message in answered)
    for limiting in [*_LIMITS, *(status for status, count in counted.items() if status and count >= FEW)]:
        asked = [_asked(message, limiting) for message in left]
        usual = limiting in _LIMITS
        limit = fit_limit(asked, limiting, strict=not usual) if any(one.refused for one in asked) else None
        if limit is not None:
            fit.limits.append(limit)
            left = [message for message in left if _status(message) != limiting]
    refusals = Counter(_status(message) for message in left if _status(message))
    for status, count in refusals.most_common():
        numbers = {getattr(m.exchange.asked, "destination_addr", "") for m in left if _status(m) == status}
        note = f"{count} of {len(left)} submits, to {len(numbers)} different numbers"
        fit.refused[status] = Fitted(count / len(left), count, note)
    fit.error_body = _error_body(answered)
    responses = [
        (message.exchange.answered.tlvs, message.message_id)
        for message in accepted[:ACCEPTED_IDS]
        if message.exchange.answered is not None
    ]
    fit.tlvs = always_there(responses, frozenset(), remarks, "responses")
    return fit


def always_there(
    samples: Sequence[tuple[Iterable[Tlv], str]], known: frozenset[int], remarks: list[str], where: str
) -> list[Fitted[TlvSeen]]:
    """The TLVs that (nearly) all PDUs have, `known` ones left out: each with its octets, or the text with the id in it.

    What is only sometimes there, or has another value each time, is a remark.
    """
    values: dict[int, Counter[bytes]] = {}
    texts: dict[int, Counter[str]] = {}
    for tlvs, message_id in samples:
        for tag, octets in tlvs:
            if tag not in known:
                values.setdefault(tag, Counter())[octets] += 1
                texts.setdefault(tag, Counter())[_naming(octets, message_id)] += 1
    found = []
    for tag, counts in values.items():
        count = counts.total()
        octets, most = counts.most_common(1)[0]
        if count < _ALWAYS * len(samples):
            remarks.append(f"the TLV 0x{tag:04x} is in {count} of {len(samples)} {where}")
        elif (text := texts[tag].most_common(1)[0])[0] and text[1] >= _ALWAYS * count:
            found.append(Fitted(TlvSeen(tag, b"", text[0]), count))
        elif most >= _ALWAYS * count:
            found.append(Fitted(TlvSeen(tag, octets), count))
        else:
            remarks.append(f"the TLV 0x{tag:04x} of {where} has {len(counts)} different values, such as {octets.hex()}")
    return found


def _naming(octets: bytes, message_id: str) -> str:
    """A C-string with {id} where it has the id of the message; "" when it has not."""
    text = octets.removesuffix(b"\0").decode("latin-1")
    named = octets.endswith(b"\0") and message_id and message_id in text and text.isprintable()
    return text.replace(message_id, "{id}") if named else ""


def _status(message: Message) -> int:
    response = message.exchange.response
    if response is None:
        return 0
    # A refusal without a body may come as a generic_nack.
    nacked = response.command_id == CommandId.GENERIC_NACK
    return response.status or (int(CommandStatus.ESME_RUNKNOWNERR) if nacked else 0)


def _asked(message: Message, status: int) -> Asked:
    request = message.exchange.request
    sender = str(getattr(message.exchange.asked, "source_addr", ""))
    return Asked(request.at, request.connection, message.account, sender, _status(message) == status)


def _error_body(answered: Sequence[Message]) -> Fitted[str] | None:
    kinds = Counter(
        _kind_of_body(message.exchange.response.octets[16:])
        for message in answered
        if message.exchange.response is not None and message.exchange.response.status
    )
    if not kinds:
        return None
    kind, count = kinds.most_common(1)[0]
    others = ", ".join(f"{number} {other}" for other, number in kinds.items() if other != kind)
    return Fitted(kind, count, f"besides {others}" if others else "")


def _kind_of_body(body: bytes) -> str:
    if not body:
        return "none"
    if body == b"\0":
        return "nul"
    at, tags = 0, 0
    while at + 4 <= len(body):
        at += 4 + int.from_bytes(body[at + 2 : at + 4])
        tags += 1
    return "tlvs" if tags and at == len(body) else "message_id"


def name_of(status: int) -> str:
    """A status as a scenario writes it."""
    name = status_name(status)
    return name if name.isidentifier() else f"0x{status:x}"
