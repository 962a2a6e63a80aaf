"""The text of receipts as a template: what stands in it for every message, and where the message itself is.

A template is written as a scenario writes it: `id:{id} stat:{stat} done date:{done:YYYYMMDDhhmm}`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from smsc.learn.fit import Fitted

_KEY: Final = re.compile(
    r"(?<![\w-])(id|sub|dlvrd|dlvd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:\s*", re.IGNORECASE
)
_FIELDS: Final = {"dlvd": "dlvrd", "submitdate": "submit", "donedate": "done"}
_DIGITS: Final = re.compile(r"[0-9]+")
# Dates in the order in which they are tried; the nearest to when the receipt came is taken.
_DATES: Final = {
    "YYMMDDhhmm": "%y%m%d%H%M",
    "YYMMDDhhmmss": "%y%m%d%H%M%S",
    "YYYYMMDDhhmm": "%Y%m%d%H%M",
    "YYYYMMDDhhmmss": "%Y%m%d%H%M%S",
}
_LENGTHS: Final = {form: len(form) for form in _DATES}
_FAR: Final = timedelta(days=40_000)


class Written(msgspec.Struct, frozen=True):
    """The text of one receipt; `text` is what the message said, `message_id` the id that its TLV has, or ""."""

    words: str
    at: float
    text: str = ""
    message_id: str = ""


def fit_wording(receipts: Sequence[Written]) -> Fitted[str] | None:
    """The commonest template of some texts; None without any."""
    texts = [receipt for receipt in receipts if receipt.words]
    if not texts:
        return None
    quoted = _quoted(texts)
    forms = _date_forms(texts)
    counts = Counter(_template(receipt, quoted, forms) for receipt in texts)
    template, count = counts.most_common(1)[0]
    others = len(texts) - count
    return Fitted(template, count, f"{others} receipts are worded otherwise" if others else "")


def _template(receipt: Written, quoted: str, forms: dict[str, str]) -> str:
    pieces = []
    for literal, field, value in _split(receipt.words):
        pieces.append(literal)
        if field == "text":
            pieces.append(quoted or value)
            continue
        core = value.rstrip()
        pieces.append(_field(field, core, receipt, forms) + value[len(core) :])
    return "".join(pieces) or receipt.words


def _field(field: str, value: str, receipt: Written, forms: dict[str, str]) -> str:
    """What stands for one value in the template: a field, or the value itself."""
    core = value.rstrip(",;")
    tail = value[len(core) :]
    if not core or core.lower() == "null":
        return value
    if field == "id":
        cut = receipt.message_id and receipt.message_id != core and receipt.message_id.startswith(core)
        return (f"{{id:{len(core)}}}" if cut else "{id}") + tail
    if field in ("sub", "dlvrd"):
        if not core.isdecimal():
            return value
        return (f"{{{field}}}" if len(core) == 3 else f"{{{field}:{len(core)}}}") + tail
    if field in ("submit", "done"):
        return _date_field(field, core, forms.get(field, "")) + tail
    return f"{{{field}}}" + tail


def _date_field(field: str, value: str, form: str) -> str:
    """A date with whatever stands between its digits."""
    if sum(map(len, _DIGITS.findall(value))) != len(form) or not form:
        return value
    if form == "YYMMDDhhmm" and value.isdecimal():
        return f"{{{field}}}"
    letters = iter(form)
    return f"{{{field}:" + re.sub("[0-9]", lambda _: next(letters), value) + "}"


def _split(words: str) -> Iterable[tuple[str, str, str]]:
    """The text as (what stands before, field, value); a text without fields is all "text"."""
    matches = list(_KEY.finditer(words))
    at = 0
    for number, match in enumerate(matches):
        name = re.sub("[ _]", "", match[1].lower())
        field = _FIELDS.get(name, name)
        end = len(words) if field == "text" or number + 1 == len(matches) else matches[number + 1].start()
        if match.start() < at:
            return
        yield words[at : match.end()], field, words[match.end() : end]
        at = end


def _date_forms(receipts: Sequence[Written]) -> dict[str, str]:
    """How each date is written: of the forms that have as many digits, the one that comes nearest to the clock."""
    forms = {}
    for field in ("submit", "done"):
        distances: dict[str, list[timedelta]] = {form: [] for form in _DATES}
        seen = 0
        for receipt in receipts:
            value = next((value for _, name, value in _split(receipt.words) if name == field), "")
            digits = "".join(_DIGITS.findall(value))
            if not digits:
                continue
            seen += 1
            for form in _DATES:
                if len(digits) == _LENGTHS[form]:
                    distances[form].append(_distance(digits, form, receipt.at))
        fitting = {form: max(found) for form, found in distances.items() if found and len(found) * 2 > seen}
        if fitting:
            forms[field] = min(fitting, key=lambda form: fitting[form])
    return forms


def _distance(digits: str, form: str, at: float) -> timedelta:
    try:
        said = datetime.strptime(digits, _DATES[form]).replace(tzinfo=UTC)
    except ValueError:
        return _FAR
    return abs(said - datetime.fromtimestamp(at, UTC))


def _quoted(receipts: Sequence[Written]) -> str:
    """What stands for the quoted words: the field with its length, or "" where they are not the message's."""
    pairs = [
        (value, receipt.text)
        for receipt in receipts
        for _, field, value in _split(receipt.words)
        if field == "text" and receipt.text
    ]
    if not pairs or not any(value for value, _ in pairs):
        return ""
    alike = sum(_same_shape(value, text[: len(value)]) for value, text in pairs)
    if alike * 2 < len(pairs):
        return ""
    longest = max(len(value) for value, _ in pairs)
    cut = any(len(text.rstrip()) > longest for _, text in pairs)
    return "{text}" if longest == 20 or not cut else f"{{text:{longest}}}"


def _same_shape(one: str, other: str) -> bool:
    """Whether a text may quote the other: receipts have ? for what their alphabet lacks."""
    if len(one) > len(other):
        return False
    return all(a == b or a == "?" for a, b in zip(one, other, strict=False))
