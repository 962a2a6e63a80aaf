"""What is played: an operator per variant of receipts, the messages it gets, and both as the document of a scenario.

The last digit of a number says what becomes of its message: it is the message_state (SMPP 3.4 §5.2.28), so that one
operator shows its receipts for every end a message can come to.
"""

from __future__ import annotations

import copy
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import msgspec
import yaml

from smppkit.message_state import MessageState, state_of
from smsc.scenario.receipts import PerPart
from smsc.scenario.variants import VARIANTS, ReceiptVariant, receipt_variants
from yamlmodel.nodes import BOOL_TAG
from yamlmodel.scalars import Duration
from yamlmodel.suggest import did_you_mean

SENDER: Final = "GAUNTLET"
TEMPLATE: Final = "Your order is ready for pick-up at the counter.{more|}{more|}{more|}{more|}"
_MORE: Final = {1: "", 2: " It waits for you until seven in the evening.", 3: " It waits for you until seven in the "
                "evening, and from nine in the morning on."}  # fmt: skip
"""What makes that text so many segments of the GSM alphabet."""

HOURS: Final = 2 * 3600.0
"""A receipt that takes days takes so long here: what a client keeps in memory for an hour is gone by then."""

FINAL_DIGITS: Final = {
    int(state): state.stat
    for state in (
        MessageState.DELIVERED,
        MessageState.EXPIRED,
        MessageState.DELETED,
        MessageState.UNDELIVERABLE,
        MessageState.UNKNOWN,
        MessageState.REJECTED,
    )
}
"""The last digit of a number, and what it means to the operators."""

_DELIVERED: Final = int(MessageState.DELIVERED)
_UNDELIVERED: Final = MessageState.UNDELIVERABLE.stat
_ALWAYS: Final = 1  # bits 1-0 of registered_delivery (SMPP 5.0 §4.7.21); 2 is on failure
_ON_SUCCESS: Final = 3
# Last digit and parts of each message: short ones to every end, then long ones.
_SHORT: Final = ((2, 1), (3, 1), (4, 1), (5, 1), (7, 1), (8, 1), (2, 1), (5, 1), (2, 2), (5, 2), (2, 3), (3, 3))
_LONG: Final = (2, 3, 5, 8, 2, 5, 2, 3, 2)  # and three short ones before
_REFUSED_PART: Final = "ESME_RINVMSGLEN"  # a status that no client takes for a passing one


class Message(msgspec.Struct, frozen=True):
    """One message of the gauntlet."""

    number: str
    """E.164 digits without the plus."""
    parts: int


class Course(msgspec.Struct, frozen=True):
    """One variant as it is played."""

    variant: ReceiptVariant
    index: int
    """Its place among all variants, from 1: numbers and ports follow from it."""
    operator: dict[str, Any]
    """The operator as a scenario file says it."""
    timeline: tuple[dict[str, Any], ...]
    binds: int
    pair: bool
    """Whether a client should bind as transmitter and receiver."""
    messages: tuple[Message, ...]

    @property
    def name(self) -> str:
        """The variant's name, and its operator's."""
        return self.variant.name

    @property
    def how_to_bind(self) -> str:
        """The binds that a client should have, in words."""
        if self.pair:
            return "transmitter+receiver"
        return "transceiver" if self.binds == 1 else f"{self.binds} transceivers"

    @property
    def prefix(self) -> str:
        """What the numbers of its messages begin with."""
        return f"7701{self.index:03}"


# --- what a variant needs beside its receipts -------------------------------------------------------

_BINDS: Final = {"route-same-bind": 2, "route-sibling": 2, "route-round-robin": 2}
_PAIRS: Final = frozenset({"route-receivers", "id-3.3-hex"})  # SMPP 3.3 has no transceivers
_TIMELINES: Final = {"held-while-unbound": ({"at": "10s", "for": "40s", "fault": "outage"},)}
# Nothing in an operator makes a client refuse a receipt; answers that are on their way when the connection is cut come
# to the same: what the client has taken already comes again.
_CUT: Final = {"fault": "reset", "stage": "receipt", "skip": 8, "times": 1, "delay": "1s"}
_LATE: Final = {"fault": "delay", "stage": "receipt", "direction": "in", "by": "uniform 0s 1100ms"}
_FAULTS: Final = {"retried": (_LATE, _CUT), "retried-on-few": (_CUT,)}


class _Reader(yaml.SafeLoader):
    """The safe loader, to which only true and false are truth values: `on` is a key of scenarios."""


_Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOL_TAG]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Reader.add_implicit_resolver(BOOL_TAG, re.compile("true|false"), ["t", "f"])


@cache
def all_courses() -> tuple[Course, ...]:
    """Every variant there is, in the order of its file."""
    document = yaml.load(VARIANTS.read_text(), _Reader)  # noqa: S506 - a safe loader, see there
    written = {entry["name"]: entry for entry in document["variants"]}
    return tuple(
        _course(index, variant, written[variant.name]) for index, variant in enumerate(receipt_variants(), start=1)
    )


def select(patterns: Sequence[str]) -> list[Course]:
    """The variants whose name or subject matches one of the patterns (`*`, `?`); all when there are none.

    ValueError for a pattern that matches nothing, with the nearest name.
    """
    courses = all_courses()
    for pattern in patterns:
        if not any(_matches(course, pattern) for course in courses):
            known = [name for course in courses for name in (course.name, course.variant.about)]
            raise ValueError(f'no variant matches "{pattern}"{did_you_mean(pattern, dict.fromkeys(known))}')
    return [course for course in courses if not patterns or any(_matches(course, pattern) for pattern in patterns)]


def _matches(course: Course, pattern: str) -> bool:
    return fnmatchcase(course.name, pattern) or fnmatchcase(course.variant.about, pattern)


def _course(index: int, variant: ReceiptVariant, written: Mapping[str, Any]) -> Course:
    prefix = f"7701{index:03}"
    kept = ("version", "submit", "ids", "ids_v33", "receipts")
    operator: dict[str, Any] = {key: copy.deepcopy(written[key]) for key in kept if key in written}
    receipts = operator.setdefault("receipts", {})
    _let_tlvs_contradict(receipts)
    for notice in receipts.get("notices", ()):
        notice["asked"] = False  # a client that cannot ask for them has to understand them all the same
    operator["rules"] = _rules(variant, receipts)
    if variant.name in _FAULTS:
        operator["faults"] = [dict(fault) for fault in _FAULTS[variant.name]]
    return Course(
        variant,
        index,
        {key: value for key, value in operator.items() if value},
        _TIMELINES.get(variant.name, ()),
        _BINDS.get(variant.name, 1),
        variant.name in _PAIRS,
        tuple(_messages(prefix, variant)),
    )


def _let_tlvs_contradict(receipts: dict[str, Any]) -> None:
    """Let the text be the one that is wrong: message_state is specified, the text is the vendor's own (3.4 app. B)."""
    state = receipts.get("conflict", {}).pop("state", None)
    if state is not None:
        receipts["outcome"] = {state: "100%"}
        receipts["text"] = (
            "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done} stat:DELIVRD err:000 Text:{text}"
        )


def _rules(variant: ReceiptVariant, receipts: dict[str, Any]) -> list[dict[str, Any]]:
    """What the last digits mean, and which messages no receipt comes for, whatever was asked."""
    rules: list[dict[str, Any]] = []
    if variant.lost:
        first = variant.parts - variant.lost + 1
        rules.append({"when": {"parts": "2+", "part": f"{first}+"}, "respond": _REFUSED_PART})
    if not variant.heard and "none" not in receipts.get("outcome", {}):
        return [*rules, {"receipt": "none"}]
    asked = variant.registered_delivery & 0b11
    if asked == _ALWAYS:
        if "outcome" not in receipts:
            rules += [_ends(digit) for digit in FINAL_DIGITS if digit != _DELIVERED]
        return rules
    # What was not asked for comes to no client, whether or not it can ask for less than everything.
    receipts["outcome"] = {(_UNDELIVERED if asked == _ON_SUCCESS else MessageState.DELIVERED.stat): "100%"}
    told = [digit for digit in FINAL_DIGITS if (digit == _DELIVERED) == (asked == _ON_SUCCESS)]
    return [*rules, *(_ends(digit) for digit in told), {"receipt": "none"}]


def _ends(digit: int) -> dict[str, Any]:
    return {"when": {"to": f"*{digit}"}, "receipt": {"stat": FINAL_DIGITS[digit]}}


def _messages(prefix: str, variant: ReceiptVariant) -> Iterable[Message]:
    wanted = _SHORT if variant.parts == 1 else (*_SHORT[:3], *((digit, variant.parts) for digit in _LONG))
    for serial, (digit, parts) in enumerate(wanted, start=1):
        yield Message(f"{prefix}{serial:03}{digit}", parts)


# --- as a scenario ----------------------------------------------------------------------------------


def document(
    courses: Sequence[Course], *, recipients: str, longest: float = HOURS, receipt_wait: float | None = None
) -> dict[str, Any]:
    """A scenario that plays these variants, as plain data; nothing in it takes longer than `longest` seconds.

    `recipients` is the path of the file that `recipients_csv` makes. The campaign ends `receipt_wait` seconds after
    the last receipt, by default a little more than the longest delay.
    """
    delays = [0.0]
    operators: dict[str, dict[str, Any]] = {}
    for number, course in enumerate(courses):
        operator, delay = _within(course.operator, longest)
        operators[course.name] = {"listen": f"tcp:{2775 + number}", **operator}
        delays.append(delay)
    return {
        "scenario": "Every kind of receipt",
        "operators": operators,
        "timeline": [entry | {"operator": course.name} for course in courses for entry in course.timeline],
        "workload": {
            "campaign": {
                "recipients": recipients,
                "template": TEMPLATE,
                "sender": SENDER,
                "class": "service",
                "binds": max((course.binds for course in courses), default=1),
                "bind": "transmitter+receiver" if any(course.pair for course in courses) else "transceiver",
                "routes": [{"prefix": course.prefix, "operator": course.name} for course in courses],
                "retry": {"give_up": "0s"},  # what is refused is not sent again: its receipt speaks of that submit
                "receipt_wait": f"{max(delays) + 60 if receipt_wait is None else receipt_wait:g}s",
            }
        },
    }


def _within(operator: Mapping[str, Any], longest: float) -> tuple[dict[str, Any], float]:
    """The operator with no delay beyond `longest` (seconds), and its longest delay."""
    changed = copy.deepcopy(dict(operator))
    receipts = changed.get("receipts", {})
    most = 0.0
    for key in ("delay", "reassembly"):
        if key in receipts:
            delay = min(float(Duration.parse(str(receipts[key]))), longest)
            receipts[key] = f"{delay:g}s"
            most = max(most, delay)
    return changed, most


def recipients_csv(courses: Iterable[Course]) -> str:
    """The recipients file of a campaign over these variants."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("phone", "more"))
    for course in courses:
        writer.writerows((f"+{message.number}", _MORE[message.parts]) for message in course.messages)
    return text.getvalue()


def orders_csv(courses: Sequence[Course], ports: Sequence[int]) -> str:
    """What a client of somebody else's has to send, and where: `port,variant,binds,number,text`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("port", "variant", "binds", "number", "text"))
    for course, port in zip(courses, ports, strict=True):
        for message in course.messages:
            words = TEMPLATE.replace("{more|}", _MORE[message.parts])
            writer.writerow((port, course.name, course.how_to_bind, message.number, words))
    return text.getvalue()


def told(course: Course, message: Message) -> MessageState | None:
    """The state that the receipts for a message tell; None where they leave open what became of it."""
    variant = course.variant
    if not variant.heard:
        return None
    state = MessageState(int(message.number[-1]))
    if message.parts > 1 and variant.receipts.parts is not PerPart.EVERY:
        # Nothing that becomes of the other parts can be worse, and nobody will tell what does.
        return state if state is MessageState.REJECTED else None
    asked = variant.registered_delivery & 0b11
    if asked != _ALWAYS:
        return state if (state is MessageState.DELIVERED) == (asked == _ON_SUCCESS) else None
    outcome = course.operator.get("receipts", {}).get("outcome")
    return state_of(next(iter(outcome))) if outcome else state
