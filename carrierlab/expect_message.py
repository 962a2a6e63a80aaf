"""Expectations about captured messages: that there are so many with this number, this sender, this text.

::

    expect:
      - message: {to: "77011234567", text: "*code 1234*"}
      - {message: {to: "7705*", from: SHOP}, equals: 0, operator: kcell}
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import ndiff
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from carrierlab.expect import FORMS, Compared, Problems, Verdict
from carrierlab.metrics import MAX_EXAMPLES, Unit
from smppkit.status import status_name
from smsc.journal.checks import Check, check, unfit
from smsc.journal.near_miss import NearMiss, near_misses
from smsc.journal.whole import WholeMessage
from smsc.scenario.patterns import AddressPattern, TextPattern
from smsc.scenario.scalars import Span, Stat

_MOST_SHOWN: Final = 400
"""Characters of a text in a report."""


class WantedMessage(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Which messages; all conditions must hold. A message of many parts is one, its text put together."""

    to: Annotated[AddressPattern, Meta(description="Destination", examples=["77011234567"])] | None = None
    from_: Annotated[AddressPattern, Meta(description="Source address", examples=["SHOP"])] | None = None
    text: Annotated[TextPattern, Meta(description="Its text", examples=["*code 1234*"])] | None = None
    parts: Annotated[Span, Meta(description="How many parts it has", examples=["2+"])] | None = None
    state: Annotated[Stat, Meta(description="What became of it", examples=["DELIVRD"])] | None = None

    def problems(self) -> Problems:
        """It says something."""
        if all(getattr(self, field) is None for field in self.__struct_fields__):
            yield (), "it is about no message; expected to, from, text, parts or state"

    def checks(self) -> list[Check]:
        """What its fields ask for, of messages that were accepted."""
        asked = [check("status", status_name(0), lambda message: message.status == 0)]
        if self.to is not None:
            to = self.to.compile()
            asked.append(check("to", str(self.to), lambda message: to(message.to.removeprefix("+"))))
        if self.from_ is not None:
            from_ = self.from_.compile()
            asked.append(check("from", str(self.from_), lambda message: from_(message.from_.removeprefix("+"))))
        if self.text is not None:
            text = self.text.compile()
            asked.append(check("text", str(self.text), lambda message: text(message.text), unfit))
        if self.parts is not None:
            parts = self.parts
            asked.append(check("parts", str(parts), lambda message: message.parts in parts))
        if self.state is not None:
            state = self.state
            asked.append(check("state", str(state), lambda message: message.state == state))
        return asked

    def words(self) -> str:
        """What is looked for, for people: 'to 77011234567, text "*code 1234*"'."""
        said = [f"{field.rstrip('_')} {_shown(field, str(getattr(self, field)))}" for field in self._given()]
        return ", ".join(said)

    def _given(self) -> list[str]:
        return [field for field in self.__struct_fields__ if getattr(self, field) is not None]


class MessageExpectation(Compared, frozen=True, kw_only=True):
    """So many captured messages are like this; at least one where nothing is said."""

    message: Annotated[WantedMessage, Meta(description="Which messages that operators accepted")]

    @property
    def metric(self) -> str:
        """What reports call it."""
        return "message"

    def problems(self) -> Problems:
        """Its limits are counts."""
        if any(getattr(self, form) is not None for form in FORMS):
            yield from self.form_problems()
        for form, quantity in self.limits():
            problem = quantity.problem(Unit.COUNT, "a count of messages")
            if problem is not None or quantity.metric is not None:
                yield (form,), problem or f'found "{quantity.written}"; a count of messages is compared with a number'

    def check(self, messages: Sequence[WholeMessage]) -> Verdict:
        """Count those of `messages` that are meant; where they are too few, say what came closest."""
        checks = self.message.checks()
        found = [message for message in messages if all(each.fits(message) for each in checks)]
        numbers = [quantity.number for _, quantity in self.limits()]
        low, high = (min(numbers), max(numbers)) if numbers else (1.0, float("inf"))
        few = self.at_most is None and len(found) < low
        many = self.at_least is None and len(found) > high
        examples: list[str] = []
        if few:
            examples = [line for near in near_misses(checks, messages) for line in explain(near)]
        elif many:
            examples = [f'{_place(message)}: "{_cut(message.text)}"' for message in found[:MAX_EXAMPLES]]
        wanted = self.form_words({}) if numbers else "at least 1"
        return Verdict(
            metric=self.metric,
            operator=self.operator,
            account=self.account,
            phase=self.phase,
            note=self.note,
            met=not (few or many),
            found=f"{len(found):,}",
            wanted=f"{wanted} {self.message.words()}",
            examples=tuple(examples),
        )


def explain(near: NearMiss) -> list[str]:
    """Why a captured message is not the one that was looked for; texts are laid one under the other."""
    lines = [f"closest: {_place(near.message)}"]
    for missed in near.mismatches:
        if missed.field == "text":
            lines += difference(missed.wanted, missed.found)
        else:
            lines.append(f"  {missed.field}: {missed.why}")
    return lines


def difference(wanted: str, found: str) -> list[str]:
    """Two texts one under the other, with marks where they differ; "- " is what was wanted, "+ " what was found."""
    lines = ndiff(_cut(wanted).splitlines() or [""], _cut(found).splitlines() or [""])
    return [f"  {line.rstrip()}" for line in lines]


def _place(message: WholeMessage) -> str:
    return f"to {message.to} from {message.from_} at {message.operator}"


def _shown(field: str, value: str) -> str:
    return f'"{value}"' if field == "text" else value


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
