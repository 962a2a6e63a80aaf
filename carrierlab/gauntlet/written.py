"""The gauntlet as text: the scenario file in scenarios/, and the table of the variants in docs/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import yaml

from carrierlab.gauntlet.plan import Course, Message, document, told
from sender.domain.message import State, final_of

RECIPIENTS: Final = "data/receipt-gauntlet.csv"
LONGEST: Final = 60.0
"""Seconds that a receipt takes at most in the file: all variants wait for the slowest one."""

_HEAD: Final = """\
# Every kind of receipt that operators are known to write, one operator each; the same as `carrierlab gauntlet`.
#
# The last digit of a number says what becomes of its message: 2 delivered, 3 expired, 4 deleted, 5 undeliverable,
# 7 unknown, 8 rejected. Made by scripts/make_gauntlet.py, like its recipients; a test compares.

"""


class _Dumper(yaml.SafeDumper):
    """Writes what several operators have in common once."""

    def generate_anchor(self, node: Any) -> str:
        self.last_anchor_id += 1
        return f"ends-{self.last_anchor_id}"

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def scenario_text(courses: Sequence[Course]) -> str:
    """The scenario file that plays these variants at once."""
    plain = document(courses, recipients=RECIPIENTS, longest=LONGEST, receipt_wait=LONGEST + 30)
    rules: dict[str, Any] = {}
    for operator in plain["operators"].values():
        if "rules" in operator:
            operator["rules"] = rules.setdefault(repr(operator["rules"]), operator["rules"])
    plain = {"scenario": plain["scenario"], "seed": 1, **plain, "expect": list(_expectations(courses))}
    return _HEAD + yaml.dump(plain, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=400)


def _expectations(courses: Iterable[Course]) -> Iterator[dict[str, Any]]:
    yield {"metric": "mismatched", "equals": 0, "note": "a receipt found the wrong message, or was not understood"}
    yield {"metric": "lost", "equals": 0}
    yield {"metric": "duplicates", "equals": 0}
    yield {"metric": "garbled", "equals": 0}
    yield {"metric": "in_doubt", "equals": 0}
    for course in courses:
        delivered, unheard = expected(course)
        yield {"metric": "delivered", "equals": delivered, "operator": course.name}
        yield {"metric": "awaiting_receipt", "equals": unheard, "operator": course.name}
        if not course.variant.receipts.rejected:
            yield {"metric": "unmatched_receipts", "equals": 0, "operator": course.name}


def expected(course: Course) -> tuple[int, int]:
    """How many messages of a variant are delivered as far as a client can know, and how many have no end to it."""
    delivered = unheard = 0
    for message in course.messages:
        end = _end(course, message)
        delivered += end is State.DELIVERED
        unheard += end is None
    return delivered, unheard


def _end(course: Course, message: Message) -> State | None:
    variant = course.variant
    if variant.receipts.rejected or (variant.lost and message.parts > 1):
        return State.REJECTED
    state = told(course, message)
    return None if state is None else final_of(state)


def markdown_table(courses: Iterable[Course]) -> str:
    """The variants as a table of a page."""
    rows = ["| variant | subject | what the client sees | seen in |", "|---|---|---|---|"]
    for course in courses:
        variant = course.variant
        rows.append(f"| `{course.name}` | {variant.about} | {variant.what} | {variant.source} |")
    return "\n".join(rows) + "\n"
