"""What becomes of messages, and how receipts say so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median
from typing import TypeVar

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm
from smppkit.segments import user_data
from smppkit.text import decode_text
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID
from smsc.capture.exchanges import Delivery
from smsc.learn.distributions import fit_times
from smsc.learn.fit import Fitted, NoticeSeen, ReceiptFit, SubmitFit
from smsc.learn.ids import style_of, styles_of
from smsc.learn.seen import ACCEPTED_IDS, Message
from smsc.learn.submits import always_there
from smsc.learn.wording import Written, fit_wording

T = TypeVar("T")

_ASKED = 0b11
_INTERMEDIATE = 0x10
_KNOWN = frozenset(tag.number for tag in (RECEIPTED_MESSAGE_ID, MESSAGE_STATE, NETWORK_ERROR_CODE, MESSAGE_PAYLOAD))
_RARE = 0.02


class _Last:
    """A message with its final receipt, those besides it, and how often the final one came."""

    def __init__(self, message: Message) -> None:
        self.message = message
        told = [(delivery, _stat(delivery)) for delivery in message.receipts]
        finals = [delivery for delivery, stat in told if _is_final(stat)]
        self.final = finals[0] if finals else message.receipts[-1]
        self.stat = _stat(self.final)
        octets = self.final.exchange.request.octets[16:]
        self.copies = sum(delivery.exchange.request.octets[16:] == octets for delivery in message.receipts)
        self.others = [delivery for delivery, stat in told if stat != self.stat]


def fit_receipts(messages: Sequence[Message], ended: float, remarks: list[str]) -> ReceiptFit:
    """The fates of accepted messages and their receipts; `ended` is when the recording does."""
    fit = ReceiptFit()
    accepted = [message for message in messages if message.exchange.accepted]
    lasts = [_Last(message) for message in accepted if message.receipts]
    if not lasts:
        if accepted:
            remarks.append("no receipt was seen: nothing is known of outcomes")
        return fit
    early = [last for last in lasts if _at(last.final) < last.message.answered_at]
    fit.before_response = Fitted(len(early) * 2 > len(lasts), len(lasts), f"{len(early)} came before the response")
    fit.delay = fit_times([_delay(last, before=fit.before_response.value) for last in lasts])
    _outcome(fit, accepted, lasts, ended, remarks)
    _look(fit, lasts, remarks)
    fit.notices = _notices(lasts)
    copies = round(median(last.copies for last in lasts))
    fit.copies = Fitted(copies, len(lasts))
    return fit


def fit_ids(submit: SubmitFit, receipt: ReceiptFit, messages: Sequence[Message], remarks: list[str]) -> None:
    """How ids are written in responses, in receipts, and in the TLVs of receipts."""
    accepted = [message for message in messages if message.message_id][:ACCEPTED_IDS]
    finals = [(message, _Last(message).final) for message in accepted if message.receipts]
    pairs = [(message.message_id, _text_id(final)) for message, final in finals if _text_id(final)]
    tlv_pairs = [(message.message_id, _tlv_id(final)) for message, final in finals if _tlv_id(final)]
    ids = [message.message_id for message in accepted]
    if not ids:
        return
    style, in_receipts = styles_of(pairs or tlv_pairs) if pairs or tlv_pairs else (style_of(ids), None)
    whole = style_of(ids, style.base if style is not None and style.base.value != "uuid" else None)
    if whole is None:
        remarks.append(f"ids have no common style, such as {ids[0]} and {ids[-1]}")
        return
    submit.ids = Fitted(whole, len(ids), f"such as {ids[0]}")
    if in_receipts is not None:
        receipt.ids = Fitted(in_receipts, len(pairs or tlv_pairs), f"such as {(pairs or tlv_pairs)[0][1]}")
    if pairs and tlv_pairs and [other for _, other in pairs] != [other for _, other in tlv_pairs]:
        _, in_tlvs = styles_of(tlv_pairs)
        cut = all(_tlv_id(final).startswith(_text_id(final)) for _, final in finals)
        if not cut:
            receipt.conflict_ids = Fitted(in_tlvs or whole, len(tlv_pairs), f"such as {tlv_pairs[0][1]}")
        else:
            receipt.ids = None if in_tlvs is None else Fitted(in_tlvs, len(tlv_pairs), f"such as {tlv_pairs[0][1]}")


def _outcome(
    fit: ReceiptFit, accepted: Sequence[Message], lasts: Sequence[_Last], ended: float, remarks: list[str]
) -> None:
    """The shares of final states. Who asked late in the recording may still have been told after it."""
    slow = max(_at(last.final) - last.message.answered_at for last in lasts)
    told = {id(last.message): last.stat for last in lasts}
    asked = [message for message in accepted if message.registered & _ASKED == 1]
    if not asked:
        remarks.append("receipts were asked for on failure or success only: the outcome is of those that came")
        asked = [last.message for last in lasts]
    settled = [message for message in asked if id(message) in told or message.answered_at + slow < ended]
    counts = Counter(told.get(id(message), "none") for message in settled)
    for stat, count in counts.most_common():
        fit.outcome[stat] = Fitted(count / len(settled), count, f"{count} of {len(settled)}")
    pending = len(asked) - len(settled)
    if pending:
        remarks.append(f"{pending} messages had no receipt yet when the recording ended, and are left out")
    unasked = sum(1 for last in lasts if not last.message.registered & _ASKED)
    if unasked:
        remarks.append(f"{unasked} receipts were for messages that had not asked for one")


def _look(fit: ReceiptFit, lasts: Sequence[_Last], remarks: list[str]) -> None:
    """How final receipts look."""
    sample = lasts[:ACCEPTED_IDS]
    pdus = [last.final.exchange.asked for last in sample]
    fit.carrier = _commonest(["data_sm" if isinstance(pdu, DataSm) else "deliver_sm" for pdu in pdus])
    fit.esm_class = _commonest([int(getattr(pdu, "esm_class", 0)) for pdu in pdus])
    fit.data_coding = _commonest([int(getattr(pdu, "data_coding", 0)) for pdu in pdus])
    texts = [_words(last.final) for last in sample]
    has_tlvs = ["" if not _tag(last.final, RECEIPTED_MESSAGE_ID.number) else "tlv" for last in sample]
    fit.form = _commonest(
        ["both" if text and tlv else "tlv" if tlv else "text" for text, tlv in zip(texts, has_tlvs, strict=True)]
    )
    fit.text = fit_wording(
        [
            Written(text, _at(last.final), last.message.text, _tlv_id(last.final))
            for text, last in zip(texts, sample, strict=True)
        ]
    )
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for last in lasts:
        code = _err(last.final)
        if code is not None:
            codes[last.stat].append(code)
    fit.err = {stat: _commonest(found) for stat, found in codes.items()}
    networks = [_tag(last.final, NETWORK_ERROR_CODE.number) or b"" for last in sample]
    types = [octets[0] for octets in networks if len(octets) == 3]
    if len(types) * 2 > len(sample):
        fit.network_type = _commonest(types)
    _conflict(fit, sample)
    samples = [(pdu.tlvs, last.message.message_id) for pdu, last in zip(pdus, sample, strict=True) if pdu is not None]
    fit.tlvs = always_there(samples, _KNOWN, remarks, "receipts")


def _conflict(fit: ReceiptFit, sample: Sequence[_Last]) -> None:
    """A state in message_state that is not the one of the text."""
    said = []
    for last in sample:
        octets, state = _tag(last.final, MESSAGE_STATE.number), state_of(_text_stat(last.final))
        if octets is not None and len(octets) == 1 and state is not None:
            said.append((octets[0], int(state)))
    others = Counter(tlv for tlv, text in said if tlv != text)
    if sum(others.values()) * 2 > len(said) > 0:
        state_number, count = others.most_common(1)[0]
        if state_number in MessageState.__members__.values():
            fit.conflict_state = Fitted(MessageState(state_number).stat, count)


def _notices(lasts: Sequence[_Last]) -> list[Fitted[NoticeSeen]]:
    found: defaultdict[str, list[tuple[_Last, Delivery]]] = defaultdict(list)
    for last in lasts:
        for delivery in last.others:
            found[_stat(delivery)].append((last, delivery))
    notices = []
    for stat, seen in found.items():
        if len(seen) < _RARE * len(lasts):
            continue
        late = sum(_at(delivery) > _at(last.final) for last, delivery in seen) * 2 > len(seen)
        after = fit_times(
            [_at(delivery) - (_at(last.final) if late else last.message.answered_at) for last, delivery in seen]
        )
        if after is None:
            continue
        kind = Counter(int(getattr(delivery.exchange.asked, "esm_class", 0)) for _, delivery in seen)
        err = Counter(_err(delivery) or "000" for _, delivery in seen)
        asked = all(last.message.registered & _INTERMEDIATE for last, _ in seen)
        notice = NoticeSeen(stat, after.value, err.most_common(1)[0][0], kind.most_common(1)[0][0], asked, late)
        notices.append(Fitted(notice, len(seen), after.note))
    return notices


def _commonest(values: Sequence[T]) -> Fitted[T]:
    counts = Counter(values)
    value, count = counts.most_common(1)[0]
    others = ", ".join(f"{number} {other}" for other, number in counts.most_common()[1:4])
    return Fitted(value, count, f"besides {others}" if others else "")


def _delay(last: _Last, *, before: bool) -> float:
    began = last.message.exchange.request.at if before else last.message.answered_at
    return _at(last.final) - began


def _at(delivery: Delivery) -> float:
    return delivery.exchange.request.at


def _stat(delivery: Delivery) -> str:
    return delivery.receipt.stat if delivery.receipt is not None else ""


def _is_final(stat: str) -> bool:
    state = state_of(stat)
    return state is not None and state.final


def _err(delivery: Delivery) -> str | None:
    """The code of the text, or that of the network."""
    receipt = delivery.receipt
    if receipt is None:
        return None
    if receipt.err is not None:
        return receipt.err
    code = receipt.network_error_code
    return None if code is None else f"{int.from_bytes(code[1:]):03}"


def _words(delivery: Delivery) -> str:
    pdu = delivery.exchange.asked
    octets = user_data(pdu)  # type: ignore[arg-type]
    if getattr(pdu, "data_coding", 0) == 0x08 and octets[:1] == b"\0":
        return decode_text(octets, 0x08)
    return octets.rstrip(b"\0").decode("latin-1")


def _tag(delivery: Delivery, number: int) -> bytes | None:
    pdu = delivery.exchange.asked
    return next((octets for tag, octets in pdu.tlvs if tag == number), None) if pdu is not None else None


def _tlv_id(delivery: Delivery) -> str:
    return (_tag(delivery, RECEIPTED_MESSAGE_ID.number) or b"").partition(b"\0")[0].decode("latin-1")


def _text_id(delivery: Delivery) -> str:
    receipt = delivery.receipt
    if receipt is None or not _words(delivery):
        return ""
    return receipt.text_message_id or receipt.message_id


def _text_stat(delivery: Delivery) -> str:
    return delivery.receipt.stat if delivery.receipt is not None and _words(delivery) else ""
