"""Delivery receipts, both ways: the text of SMPP 3.4 appendix B and the receipt TLVs.

The appendix calls its text "vendor specific", and vendors agree: dates have 10 to 14 digits, fields are missing, null
or in another case, the words of `stat:` differ, esm_class does not say what the PDU is. Reading takes what is there and
never raises; writing gives the canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from smppkit.message_ids import key
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm, DeliverSm
from smppkit.segments import UDHI, split_header, user_data
from smppkit.text import decode_text
from smppkit.tlvs import MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Tlv

MESSAGE_TYPE = 0x3C
"""The message type bits of esm_class (SMPP 3.4 §5.2.12)."""
RECEIPT_TYPE = 0x04
INTERMEDIATE_TYPE = 0x20
_RECEIPT_TYPES = frozenset({RECEIPT_TYPE, INTERMEDIATE_TYPE, RECEIPT_TYPE | INTERMEDIATE_TYPE})
_UCS2 = 0x08
_TEXT_LENGTH = 20
_MOST_READ = 2048
"""Octets: a receipt has some 150; without a bound a payload of 64 KiB would be searched for 15 ms."""


class Receipt(msgspec.Struct, frozen=True):
    """What a receipt says.

    `message_id` is raw, as the operator wrote it ("" when the receipt names none). `stat` is the word of the text, kept
    even where `state` comes from a TLV that contradicts it. Dates have no time zone on the wire: they are the SMSC's
    own time, given here as UTC. `text` is the beginning of the message. `text_message_id` is the text's id when a TLV
    names another.
    """

    message_id: str
    state: MessageState
    stat: str
    err: str | None = None
    sub: int | None = None
    dlvrd: int | None = None
    submit_date: datetime | None = None
    done_date: datetime | None = None
    text: str = ""
    network_error_code: bytes | None = None
    text_message_id: str | None = None


# --- writing -----------------------------------------------------------------------------------------------------


def format_receipt(receipt: Receipt, *, date_format: str = "%y%m%d%H%M") -> str:
    """Write the text of appendix B; a field that is None is left out, the message's text is cut to 20 characters."""
    fields = [f"id:{receipt.message_id}"]
    if receipt.sub is not None:
        fields.append(f"sub:{receipt.sub:03}")
    if receipt.dlvrd is not None:
        fields.append(f"dlvrd:{receipt.dlvrd:03}")
    if receipt.submit_date is not None:
        fields.append(f"submit date:{receipt.submit_date.strftime(date_format)}")
    if receipt.done_date is not None:
        fields.append(f"done date:{receipt.done_date.strftime(date_format)}")
    fields.append(f"stat:{receipt.stat}")
    if receipt.err is not None:
        fields.append(f"err:{receipt.err}")
    fields.append(f"Text:{receipt.text[:_TEXT_LENGTH]}")
    return " ".join(fields)


def receipt_tlvs(receipt: Receipt) -> tuple[Tlv, ...]:
    """Return receipted_message_id, message_state and, where known, network_error_code (SMPP 3.4 §5.3.2).

    EncodeError for an id of more than 64 characters or outside Latin-1, or a network error code not of 3 octets.
    """
    tlvs = (RECEIPTED_MESSAGE_ID.of(receipt.message_id), MESSAGE_STATE.of(int(receipt.state)))
    if receipt.network_error_code is None:
        return tlvs
    return (*tlvs, NETWORK_ERROR_CODE.of(receipt.network_error_code))


# --- reading -----------------------------------------------------------------------------------------------------


def parse_receipt(pdu: DeliverSm | DataSm) -> Receipt | None:
    """Read a receipt; None when the PDU is a message of a subscriber.

    esm_class 0x04 and 0x20 are receipts whatever they hold. Without those bits a PDU is one when receipted_message_id
    is there, or when its text begins like a receipt and has what people do not write: an id followed by a known
    `stat:` word, both dates, or three other fields. TLVs win over the text for the id and the state; a state nobody
    explains is UNKNOWN, or ENROUTE in an intermediate notification. Never raises.

    Where operators set esm_class properly, its bits are the safer test: a subscriber can write a text of this form.
    """
    kind = pdu.esm_class & MESSAGE_TYPE
    tlv_id, tlv_state, network_error_code = _read_tlvs(pdu.tlvs) if pdu.tlvs else ("", None, None)
    octets = user_data(pdu)[:_MOST_READ]
    canonical = _CANONICAL.match(octets)
    if canonical is not None and (middle := middle_of(canonical[2])) is not None:
        (words,) = _plain_words((octets[canonical.end() :],), (pdu.data_coding,))
        return _canonical(canonical[1].decode(), middle, words, tlv_id, tlv_state, network_error_code)
    announced = kind in _RECEIPT_TYPES or bool(tlv_id)
    text, tail = _text_of(pdu)
    if not announced and not _ID_FIRST.match(text):
        return None
    fields = _fields(text, tail, pdu.data_coding)
    if not announced and not _is_unmistakable(fields):
        return None

    stat = _word(fields.get("stat", ""))
    state = tlv_state if tlv_state is not None else state_of(stat)
    if state is None:
        state = MessageState.ENROUTE if kind & INTERMEDIATE_TYPE else MessageState.UNKNOWN
    text_id = _word(fields.get("id", ""))
    words = fields.get("text", "")
    return Receipt(
        message_id=tlv_id or text_id,
        state=state,
        stat=stat or state.stat,
        err=_error_code(_word(fields.get("err", "")), words),
        sub=_count(fields.get("sub", "")),
        dlvrd=_count(fields.get("dlvrd", "")),
        submit_date=_date(fields.get("submit date", "")),
        done_date=_date(fields.get("done date", "")),
        text=words,
        network_error_code=network_error_code,
        text_message_id=text_id if tlv_id and text_id and key(text_id) != key(tlv_id) else None,
    )


Middle: TypeAlias = tuple[MessageState, str, str, int, int, datetime | None, datetime | None]


@lru_cache(maxsize=4096)
def middle_of(fields: bytes) -> Middle | None:
    """What stands between id and text: state, stat, err, sub, dlvrd and the dates; None when the long way must read it.

    Remembered, for it is the same in most receipts of one minute.
    """
    found = _MIDDLE.fullmatch(fields)
    state = None if found is None else _STATE_OF_STAT.get(found[5])
    if found is None or state is None:
        return None
    sub, dlvrd, submit_date, done_date, stat, err = (group.decode() for group in found.groups())
    return state, stat, err, int(sub), int(dlvrd), _date(submit_date), _date(done_date)


class SaidOfMany(msgspec.Struct, frozen=True, gc=False):
    """What receipts say, in columns."""

    message_ids: list[str]
    states: list[MessageState]
    stats: list[str]
    errs: list[str | None]
    texts: list[str]

    @classmethod
    def of(
        cls,
        text_ids: Sequence[bytes],
        middles: Sequence[Middle],
        words: Sequence[bytes],
        data_codings: Sequence[int],
        states: Sequence[MessageState | None],
    ) -> SaidOfMany:
        """Those whose texts are "id:", their id, " ", the fields that their middle is of, " Text:" and their words.

        As `parse_receipt` has it; `states` are those of TLVs.
        """
        texts = _plain_words(words, data_codings)
        count, (state, stat, err, *_) = len(middles), middles[0]
        errs: list[str | None]
        if middles.count(middles[0]) == count:
            said, stats, errs = [state] * count, [stat] * count, [err] * count
        else:
            said, stats, errs = [it[0] for it in middles], [it[1] for it in middles], [it[2] for it in middles]
        if states.count(None) < count:
            said = [state or it for state, it in zip(states, said, strict=True)]
        if not _DIGITS.isdisjoint([text[:1] for text in texts]):  # few, as those that have the error code in them
            errs = [_error_code(it[2], text) for it, text in zip(middles, texts, strict=True)]
        return cls(b" ".join(text_ids).decode().split(" "), said, stats, errs, texts)


def _plain_words(words: Sequence[bytes], data_codings: Sequence[int]) -> list[str]:
    """The words of receipts as text: most are of characters that are the same in every alphabet."""
    joined = b"\0".join(words)
    if joined.count(b"\0") < len(words) and not joined.translate(None, _PLAIN_OR_NUL):
        return list(map(str.strip, joined.decode().split("\0")))
    return [_words(it, coding).strip() for it, coding in zip(words, data_codings, strict=True)]


def _canonical(
    text_id: str,
    middle: Middle,
    said: str,
    tlv_id: str,
    tlv_state: MessageState | None,
    network_error_code: bytes | None,
) -> Receipt:
    """The receipt in a text that has the form of the appendix, as most have; read the long way it would be the same."""
    state, stat, err, sub, dlvrd, submit_date, done_date = middle
    return Receipt(
        tlv_id or text_id,
        state if tlv_state is None else tlv_state,
        stat,
        _error_code(err, said),
        sub,
        dlvrd,
        submit_date,
        done_date,
        said,
        network_error_code,
        text_id if tlv_id and key(text_id) != key(tlv_id) else None,
    )


def form_of(pdu: DeliverSm | DataSm) -> tuple[str, str]:
    """How a receipt is written: the form of its dates, as in ``YYMMDDhhmm``, "" without one; and where its id stands.

    That is "text", "tlv", "both", "contradicting" (two ids that are not one spelled twice) or "none". For people, and
    for what is learned from a few receipts: reading needs neither.
    """
    tlv_id = _read_tlvs(pdu.tlvs)[0]
    text, tail = _text_of(pdu)
    fields = _fields(text, tail, pdu.data_coding)
    text_id = _word(fields.get("id", ""))
    dates = _date_form(fields.get("done date", "")) or _date_form(fields.get("submit date", ""))
    if not tlv_id or not text_id:
        return dates, "tlv" if tlv_id else "text" if text_id else "none"
    return dates, "both" if key(tlv_id) == key(text_id) else "contradicting"


def _date_form(value: str) -> str:
    digits = _NOT_DIGITS.sub("", value)
    if _date(value) is None:
        return ""
    if len(digits) == 12:
        return "YYYYMMDDhhmm" if _moment(digits + "00") and not _moment("20" + digits) else "YYMMDDhhmmss"
    return {10: "YYMMDDhhmm", 14: "YYYYMMDDhhmmss"}[len(digits)]


def _read_tlvs(tlvs: tuple[Tlv, ...]) -> tuple[str, MessageState | None, bytes | None]:
    """Return id ("" for none), state and network_error_code; a TLV of the wrong shape counts as absent."""
    message_id, state, network_error_code = "", None, None
    for tag, value in tlvs:
        if tag == RECEIPTED_MESSAGE_ID.number and not message_id:
            message_id = value.partition(b"\0")[0].decode("latin-1").strip()
        elif tag == MESSAGE_STATE.number and state is None and len(value) == 1:
            state = _STATES.get(value[0])
        elif tag == NETWORK_ERROR_CODE.number and network_error_code is None and len(value) == 3:
            network_error_code = value
    return message_id, state, network_error_code


_STATES = {int(state): state for state in MessageState}

_KEY = re.compile(r"(?<![\w-])(id|sub|dlvrd|dlvd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.IGNORECASE)
_CANONICAL_KEY = {
    "dlvd": "dlvrd",
    "submitdate": "submit date",
    "submit_date": "submit date",
    "donedate": "done date",
    "done_date": "done date",
}
ID_CHARACTERS: Final = b"0123456789ABCDEFabcdef-"
"""Of an id in such a text."""
# In any of its fields the words "null" and those that nobody explained take the long way.
CANONICAL: Final = rb"id:([0-9A-Fa-f-]{1,64}) (sub:%b[^:]{1,10}) [Tt]ext:" % (b"[^:]{1,25}:" * 5)
"""How a text in the form of the appendix begins: two groups, and then its words; see `SaidOfMany`."""
_CANONICAL = re.compile(CANONICAL)
_MIDDLE = re.compile(
    rb"sub:([0-9]{1,9}) dlvrd:([0-9]{1,9}) submit date:([0-9]{10,14}) done date:([0-9]{10,14})"
    rb" stat:([A-Z]{1,9}) err:([0-9A-Fa-f]{1,9})"
)
_PLAIN_OR_NUL = b"\x000123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,:;!?'\"()-+/*=<>%&#"
_DIGITS: Final = frozenset("0123456789")
_STATE_OF_STAT = {state.stat.encode(): state for state in MessageState}
_PRINTABLE = re.compile(rb"[\x20-\x7e]*\0?")
_ID_FIRST = re.compile(r"\s*id\s*:", re.IGNORECASE)
# In GSM 03.38 "_", "@" and "$" are control codes; in ids of receipts sent as ASCII they are themselves.
_GSM_IN_FIELDS = {0x00: "@", 0x02: "$", 0x11: "_"}


def _text_of(pdu: DeliverSm | DataSm) -> tuple[str, bytes | None]:
    """Return the text, and the octets it shows one by one (None when it is UCS-2 throughout).

    NULs at the end are a terminator, not text.

    The fields are ASCII whatever data_coding says, since vendors copy that from the submitted message, and sometimes
    the UDHI bit with it: a header is looked for only where the text does not begin plainly.
    """
    octets = user_data(pdu)[:_MOST_READ]
    if pdu.esm_class & UDHI and not _ID_FIRST.match(octets.decode("latin-1")):
        octets = split_header(octets)[1]
    if pdu.data_coding == _UCS2 and octets[:1] == b"\0":
        return decode_text(octets, _UCS2), None
    text = octets.rstrip(b"\0").decode("latin-1")
    return text if text.isprintable() else text.translate(_GSM_IN_FIELDS), octets


def _fields(text: str, octets: bytes | None, data_coding: int) -> dict[str, str]:
    """Return the fields by canonical name, each with its first value; "text", the message's words, runs to the end.

    A text without any field is all "text". Only that field obeys data_coding.
    """
    fields: dict[str, str] = {}
    name, start = "", 0
    for match in _KEY.finditer(text):
        if name:
            fields.setdefault(name, text[start : match.start()])
        name, start = match[1].lower(), match.end()
        name = _CANONICAL_KEY.get(name, name)
        if name == "text":
            break
    if name and name != "text":
        fields.setdefault(name, text[start:])
    else:
        fields["text"] = (text[start:] if octets is None else _words(octets[start:], data_coding)).strip()
    return fields


def _words(octets: bytes, data_coding: int) -> str:
    """Decode the message's own words after fields in ASCII."""
    if data_coding != _UCS2:
        return decode_text(octets.rstrip(b"\0"), data_coding)
    if _PRINTABLE.fullmatch(octets):  # data_coding was copied, the words were not
        return octets.rstrip(b"\0").decode("ascii")
    return decode_text(octets, _UCS2)


def _is_unmistakable(fields: dict[str, str]) -> bool:
    """Whether fields that begin with an id are more than a person would write."""
    if not _word(fields.get("id", "")):
        return False
    if state_of(_word(fields.get("stat", ""))) is not None:
        return True
    others = len(fields.keys() - {"id", "text"})
    dates = _date(fields.get("submit date", "")) and _date(fields.get("done date", ""))
    return bool(dates) or others >= 3


def _word(value: str) -> str:
    """Return the first word of a field's value without separators around it; "" for none and for "null"."""
    words = value.split(None, 1)
    word = words[0].strip(",;") if words else ""
    return "" if word.lower() == "null" else word


def _count(value: str) -> int | None:
    word = _word(value)
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 9 else None


_NOT_DIGITS = re.compile("[^0-9]+")


@lru_cache(maxsize=1024)  # receipts come in the order of their dates, many to a minute
def _date(value: str) -> datetime | None:
    """Read YYMMDDhhmm, YYMMDDhhmmss, YYYYMMDDhhmm or YYYYMMDDhhmmss, with or without punctuation."""
    digits = _NOT_DIGITS.sub("", value)
    match len(digits):
        case 10:
            return _moment("20" + digits + "00")
        case 12:
            # Two shapes have twelve digits. Read as the first, the other one's "month" is 13 or more from the year 2013
            # on; before that 2020 with seconds is the likelier reading.
            return _moment("20" + digits) or _moment(digits + "00")
        case 14:
            return _moment(digits)
        case _:
            return None


def _moment(digits: str) -> datetime | None:
    """Read YYYYMMDDhhmmss of this century; None for what no calendar has."""
    if not digits.startswith("20"):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    try:
        return datetime(year, month, day, int(digits[8:10]), int(digits[10:12]), int(digits[12:]), tzinfo=UTC)
    except ValueError:
        return None


# A network's code before its own word for what happened, as in "450A DLVRD TO SMSC"; a message that happens to begin
# with digits must not read as one.
_CODE_IN_TEXT = re.compile(
    r"([0-9][0-9A-F]{2,3}) (?:DLVRD|DELIVRD|DELIVERED|UNDELIV|UNDLVRD|EXPIRED|DELETED|REJECT|FAILED|ACCEPTED)"
)


def _error_code(err: str, text: str) -> str | None:
    if text[:1].isdigit() and err.strip("0") == "":
        in_text = _CODE_IN_TEXT.match(text)
        if in_text is not None:
            return in_text[1]
    return err or None
