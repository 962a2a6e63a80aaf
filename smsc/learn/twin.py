"""What was fitted, as a scenario file: an operator that behaves like the recorded one, the evidence beside each key."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from smppkit.message_ids import IdBase
from smppkit.tlvs import TAGS
from smsc.learn.fit import (
    AccountSeen,
    Fit,
    Fitted,
    Ids,
    Inactivity,
    Limit,
    NoticeSeen,
    ReceiptFit,
    SessionFit,
    Spread,
    SubmitFit,
    TlvSeen,
)
from smsc.learn.submits import name_of
from smsc.scenario.latency import LONGEST
from yamlmodel.scalars import Duration

FIRST_PORT: Final = 2775
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./%+-]*(?: [A-Za-z0-9_.][A-Za-z0-9_./%+-]*)*")
_NOT_TEXT: Final = re.compile(r"[0-9.+-].*|true|false|null|yes|no|on|off|y|n", re.IGNORECASE)
_VERSIONS: Final = {0x33: "3.3", 0x34: "3.4", 0x50: "5.0"}
_WIDTH: Final = 118
_DEFAULT_ESM_CLASS: Final = 4


class Line(msgspec.Struct, frozen=True):
    """A line of the file: how deep, what it says, and the evidence for it."""

    depth: int
    text: str
    comment: str = ""


def write_twin(fits: Sequence[Fit], source: str) -> str:
    """The scenario file; `source` is the name of the recording."""
    lines = [
        _learned_from(source),
        Line(0, f"scenario: {quoted('A twin of ' + ' and '.join(fit.operator for fit in fits))}"),
        Line(0, "operators:"),
    ]
    for number, fit in enumerate(fits):
        lines += [
            Line(1, f"{quoted(fit.operator)}:", _when(fit)),
            Line(2, f"listen: tcp:{FIRST_PORT + number}"),
            *_habits(fit),
        ]
    return _text(lines)


def write_persona(fit: Fit, name: str, source: str) -> str:
    """The same operator as a persona, which any scenario can take and override."""
    lines = [
        _learned_from(source),
        Line(0, f"persona: {quoted(name)}"),
        Line(0, f"about: {quoted(f'A twin of {fit.operator}.')}"),
        Line(0, f"sources: [{quoted(source)}]"),
        Line(0, "operator:", _when(fit)),
        *[msgspec.structs.replace(line, depth=line.depth - 1) for line in _habits(fit)],
    ]
    return _text(lines)


def _learned_from(source: str) -> Line:
    return Line(0, "", f"Learned from {source} by smsc learn. Behind each value: n is how many samples speak for it.")


def _habits(fit: Fit) -> Iterator[Line]:
    yield from (Line(2, "", remark) for remark in fit.remarks)
    yield from _session(fit.session)
    yield from _ids_of(fit)
    yield from _submit(fit.submit)
    yield from _receipts(fit.receipts)


def _text(lines: Iterable[Line]) -> str:
    return "".join(text + "\n" for line in lines for text in _written(line))


def _written(line: Line) -> Iterator[str]:
    margin = "  " * line.depth
    if not line.text:
        yield f"{margin}# {line.comment}"
    elif not line.comment:
        yield margin + line.text
    elif len(margin + line.text) + len(line.comment) + 4 <= _WIDTH:
        yield f"{margin}{line.text}  # {line.comment}"
    else:
        yield f"{margin}# {line.comment}"
        yield margin + line.text


def _when(fit: Fit) -> str:
    began = datetime.fromtimestamp(fit.began, UTC)
    minutes = (fit.ended - fit.began) / 60
    return (
        f"{fit.submits} submits on {fit.connections} connections from {began:%Y-%m-%d %H:%M} UTC, {minutes:.3g} minutes"
    )


# --- parts of an operator -------------------------------------------------------------------------------


def _session(fit: SessionFit) -> Iterator[Line]:
    if fit.version is not None and fit.version.value in _VERSIONS:
        yield Line(2, f"version: {_VERSIONS[fit.version.value]}", evidence(fit.version, fact=True))
    if fit.says_version is not None and not fit.says_version.value:
        yield Line(2, "says_version: false", evidence(fit.says_version, fact=True))
    if fit.system_id is not None and fit.system_id.value:
        yield Line(2, f"system_id: {quoted(fit.system_id.value)}", evidence(fit.system_id, fact=True))
    limited = [account for account in fit.accounts if account.value.binds]
    if limited:
        yield Line(2, "accounts:")
        for account in fit.accounts:
            yield _account(account)
        if fit.too_many_binds is not None:
            status = name_of(fit.too_many_binds.value)
            yield Line(2, f"access: {{too_many_binds: {status}}}", evidence(fit.too_many_binds, fact=True))
    elif fit.accounts:
        names = ", ".join(account.value.system_id for account in fit.accounts)
        yield Line(2, "accounts: any", f"seen: {names}; no limit of binds was met")
    if fit.enquire_link is not None or fit.inactivity is not None:
        yield Line(2, "timers:")
    if fit.enquire_link is not None:
        seconds = fit.enquire_link.value
        yield Line(
            3,
            f"enquire_link: {'null' if seconds is None else duration(seconds)}",
            evidence(fit.enquire_link, fact=True),
        )
    if fit.inactivity is not None:
        yield from _inactivity(fit.inactivity)


def _inactivity(inactivity: Fitted[Inactivity]) -> Iterator[Line]:
    yield Line(3, f"inactivity: {duration(inactivity.value.seconds)}", evidence(inactivity, fact=True))
    yield Line(3, f"inactive: {inactivity.value.ends}")


def _account(account: Fitted[AccountSeen]) -> Line:
    seen = account.value
    hidden = bool(seen.password) and set(seen.password) == {"*"}
    password = quoted(seen.password)
    binds = f", binds: {seen.binds}" if seen.binds else ""
    note = "its password is hidden in the recording: put one here; " if hidden else ""
    text = f"- {{system_id: {quoted(seen.system_id)}, password: {password}{binds}}}"
    return Line(3, text, note + evidence(account, fact=True))


def _ids_of(fit: Fit) -> Iterator[Line]:
    if fit.submit.ids is not None:
        yield Line(2, f"ids: {ids(fit.submit.ids.value)}", evidence(fit.submit.ids))


def _submit(fit: SubmitFit) -> Iterator[Line]:
    lines = list(_submit_keys(fit))
    if lines:
        yield Line(2, "submit:")
        yield from lines


def _submit_keys(fit: SubmitFit) -> Iterator[Line]:
    if fit.latency is not None:
        yield Line(3, f"latency: {spread(fit.latency.value)}", evidence(fit.latency))
    if fit.limits:
        yield Line(3, "throttles:")
        for limit in fit.limits:
            yield Line(4, f"- {_limit(limit.value)}", evidence(limit))
    if fit.refused:
        yield Line(3, "refuse:")
        for status, share in fit.refused.items():
            yield Line(4, f"{name_of(status)}: {percent(share.value)}", share.note)
    if fit.error_body is not None and fit.error_body.value != "none":
        yield Line(3, f"error_body: {fit.error_body.value}", evidence(fit.error_body, fact=True))
    yield from _tlvs(fit.tlvs)


def _limit(limit: Limit) -> str:
    usual = max(1.0, limit.rate)
    burst = f", burst: {limit.burst}" if abs(limit.burst - usual) > max(1.0, 0.1 * usual) else ""
    return f"{{rate: {_three(limit.rate)}/s, per: {limit.per}{burst}, status: {name_of(limit.status)}}}"


def _receipts(fit: ReceiptFit) -> Iterator[Line]:
    lines = [*_fates(fit), *_looks(fit)]
    if lines:
        yield Line(2, "receipts:")
        yield from lines


def _fates(fit: ReceiptFit) -> Iterator[Line]:
    if fit.delay is not None:
        yield Line(3, f"delay: {spread(fit.delay.value)}", evidence(fit.delay))
    if fit.before_response is not None and fit.before_response.value:
        yield Line(3, "before_response: true", evidence(fit.before_response, fact=True))
    if fit.outcome:
        yield Line(3, "outcome:")
        for stat, (share, text) in _shares(fit.outcome).items():
            yield Line(4, f"{quoted(stat)}: {text}", share.note)
    if fit.err:
        yield Line(3, "err:")
        for stat, code in fit.err.items():
            yield Line(4, f"{quoted(stat)}: {quoted(code.value)}", evidence(code, fact=True))
    if fit.notices:
        yield Line(3, "notices:")
        for notice in fit.notices:
            yield Line(4, f"- {_notice(notice.value)}", evidence(notice))
    if fit.copies is not None and fit.copies.value > 1:
        yield Line(3, f"copies: {fit.copies.value}", evidence(fit.copies))


def _looks(fit: ReceiptFit) -> Iterator[Line]:
    if fit.ids is not None:
        yield Line(3, f"ids: {ids(fit.ids.value)}", evidence(fit.ids))
    if fit.form is not None:
        yield Line(3, f"form: {fit.form.value}", evidence(fit.form, fact=True))
    if fit.text is not None:
        yield Line(3, f"text: {quoted(fit.text.value, always=True)}", evidence(fit.text, fact=True))
    if fit.carrier is not None and fit.carrier.value != "deliver_sm":
        yield Line(3, f"carrier: {fit.carrier.value}", evidence(fit.carrier, fact=True))
    if fit.esm_class is not None and fit.esm_class.value != _DEFAULT_ESM_CLASS:
        yield Line(3, f"esm_class: 0x{fit.esm_class.value:02x}", evidence(fit.esm_class, fact=True))
    if fit.data_coding is not None and fit.data_coding.value:
        yield Line(3, f"data_coding: {fit.data_coding.value}", evidence(fit.data_coding, fact=True))
    if fit.network_type is not None and 1 <= fit.network_type.value <= 8:
        yield Line(3, f"network_type: {fit.network_type.value}", evidence(fit.network_type, fact=True))
    conflict = []
    if fit.conflict_state is not None:
        conflict.append(f"state: {quoted(fit.conflict_state.value)}")
    if fit.conflict_ids is not None:
        conflict.append(f"id: {ids(fit.conflict_ids.value)}")
    if conflict:
        yield Line(3, f"conflict: {{{', '.join(conflict)}}}", "what the TLVs say other than the text")
    yield from _tlvs(fit.tlvs)


def _notice(notice: NoticeSeen) -> str:
    pieces = [f"stat: {quoted(notice.stat)}", f"after: {spread(notice.after)}", f"err: {quoted(notice.err)}"]
    pieces.append(f"esm_class: 0x{notice.esm_class:02x}")
    if not notice.asked:
        pieces.append("asked: false")
    if notice.late:
        pieces.append("late: true")
    return "{" + ", ".join(pieces) + "}"


def _tlvs(tlvs: Iterable[Fitted[TlvSeen]]) -> Iterator[Line]:
    tlvs = list(tlvs)
    if tlvs:
        yield Line(3, "tlvs:")
    for tlv in tlvs:
        name = f", {TAGS[tlv.value.tag].name}" if tlv.value.tag in TAGS else ""
        octets = f"octets: {quoted(tlv.value.octets.hex(), always=True)}"
        value = f"text: {quoted(tlv.value.text, always=True)}" if tlv.value.text else octets
        yield Line(4, f"- {{tag: 0x{tlv.value.tag:04x}, {value}}}", evidence(tlv) + name)


# --- words ----------------------------------------------------------------------------------------------


def evidence(fitted: Fitted[Any], *, fact: bool = False) -> str:
    """How many samples speak for a value, and what else there is to say; one sample is enough for a `fact`."""
    few = "few samples: a guess" if fitted.few and not fact else ""
    return "; ".join(text for text in (f"n={fitted.samples}", few, fitted.note) if text)


def quoted(text: str, *, always: bool = False) -> str:
    """A text as YAML has it: plain where that is safe, else in single quotes; in double ones what is not printable."""
    if not text.isprintable():
        return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'
    if not always and _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def duration(seconds: float) -> str:
    """A time with three digits that count, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return _three(seconds / size) + unit
    return _three(seconds * 1e6) + "us" if seconds > 0 else "0ms"


def _three(value: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(value: Spread) -> str:
    """A distribution as a scenario writes it."""
    if value.shape == "fixed":
        return duration(min(value.first, LONGEST))
    first, second = min(value.first, LONGEST), min(value.second, LONGEST)
    if value.shape != "lognormal":
        return f"{value.shape} {duration(first)} {duration(second)}"
    written = duration(max(first, 1e-6)), duration(second)
    if Duration.parse(written[0]) >= Duration.parse(written[1]):  # alike in the digits that count
        return duration(first)
    return f"lognormal {written[0]} p99 {written[1]}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{share * 100:.4g}%" if share >= 1e-4 else f"{share * 100:.8f}".rstrip("0") + "%"


def ids(style: Ids) -> str:
    """A style of ids as a scenario writes it."""
    words = [style.base.value]
    if style.case and style.base is not IdBase.DECIMAL:
        words.append(style.case)
    if style.width:
        words.append(str(style.width))
    if style.large:
        words.append("large")
    if style.around != "{}":
        words.append(style.around)
    return quoted(" ".join(words))


def _shares(outcome: dict[str, Fitted[float]]) -> dict[str, tuple[Fitted[float], str]]:
    """Shares in hundredths of a percent that sum to the whole: what rounding takes goes to the commonest."""
    hundredths = {stat: round(share.value * 10_000) for stat, share in outcome.items()}
    commonest = max(hundredths, key=lambda stat: hundredths[stat])
    hundredths[commonest] += 10_000 - sum(hundredths.values())
    return {stat: (outcome[stat], f"{number / 100:g}%") for stat, number in hundredths.items() if number}
