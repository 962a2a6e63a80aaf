"""What was recorded as one: messages that came in one read, and receipts that were made in one go.

Of a run of messages the journal has the octets of the submits and of the responses, as they were on the wire: the ids
are in these. Nothing is decoded before somebody looks at one of them, and for most nobody ever does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

import msgspec

from smppkit.codec import CODECS, HEADER_SIZE
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.runs import split
from smppkit.states import Version
from smsc.journal.records import Message, Owed, Pending
from smsc.scenario.decisions import Fate, Plan

_ENROUTE: Final = MessageState.ENROUTE.stat


class Drawn(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What becomes of each of several messages. `at` and `epoch` are when they came, and its zero, by the clock."""

    at: float
    epoch: float  # unix seconds
    ends_after: list[float | None]
    fates: list[Fate]
    which: bytes  # of the fates, of each

    def fate(self, index: int) -> Fate:
        """What becomes of one."""
        return self.fates[self.which[index]]

    def settles_at(self, index: int, plan: Plan) -> float | None:
        """When one comes to its end (unix seconds), where that brings nothing about; None: never, or that is told."""
        after = self.ends_after[index]
        if after is None or plan.wanted >> self.fate(index).state & 1:
            return None
        return self.epoch + (self.at + after)

    def until(self, index: int, plan: Plan) -> float | None:
        """As of a run."""
        if self.ends_after[index] is None:
            return self.epoch + (self.at + plan.expires_after)
        return self.settles_at(index, plan)


class MessageRun(msgspec.Struct, gc=False, array_like=True):
    """Messages that were accepted as one: what is said here is true of each. Times are unix seconds."""

    row: int  # of the first
    count: int
    at: float
    operator: str
    system_id: str
    connection: int
    version: int
    octets: bytes  # of the submits
    responses: bytes
    number: int  # of the first
    plan: Plan  # without the id of a receipt, which is that of its message
    until: float | None  # when each comes to its outcome, and is of no use any more; None: that is told
    alphabet: str
    drawn: Drawn | None = None  # what the plan and `until` say of all, where each has its own

    def rows(self) -> range:
        """The rows of the messages."""
        return range(self.row, self.row + self.count)

    def until_of(self, row: int) -> float | None:
        """When one of them is of no use any more."""
        return self.until if self.drawn is None else self.drawn.until(row - self.row, self.plan)

    def told(self, at: float) -> Sequence[int] | None:
        """The rows of those whose end is told, if all others are of no use any more at a time; else None."""
        rows, drawn, wanted = self.rows(), self.drawn, self.plan.wanted
        if drawn is None:
            return rows if self.until is None else () if self.until <= at else None
        if None not in drawn.ends_after and all(wanted >> fate.state & 1 for fate in drawn.fates):
            return rows
        untils = [self.until_of(row) for row in rows]
        if max([until for until in untils if until is not None], default=at) > at:
            return None
        return [row for row, until in zip(rows, untils, strict=True) if until is None]

    def messages(self) -> Iterator[tuple[int, Message]]:
        """Each of them with its row, as if it had been recorded by itself."""
        codec, fate, drawn = CODECS[Version(self.version)], self.plan.fate, self.drawn
        ends_after, settles_at = self.plan.ends_after, self.until
        number = self.number
        frames = zip(self.rows(), split(self.octets), split(self.responses), strict=True)
        for index, (row, frame, response) in enumerate(frames):
            submit = codec.decode(frame)
            if not isinstance(submit, SubmitSm):
                raise TypeError(f"a run of submit_sm holds {submit!r}")
            message_id = response[HEADER_SIZE:-1].decode("latin-1")
            if drawn is not None:
                fate, ends_after = drawn.fate(index), drawn.ends_after[index]
                settles_at = drawn.settles_at(index, self.plan)
            known = ends_after is not None
            message = Message(
                self.at,
                self.operator,
                self.system_id,
                self.connection,
                submit,
                0,
                number + index,
                message_id,
                fate.stat if known else None,
                fate.err if known else None,
                _ENROUTE,
                None,
                settles_at,
                self.alphabet,
            )
            yield row, message

    def members(self) -> Iterator[tuple[int, Message, Pending]]:
        """As ``messages``, each with what is to become of it."""
        drawn, fate, ends_after = self.drawn, self.plan.fate, self.plan.ends_after
        for index, (row, message) in enumerate(self.messages()):
            if drawn is not None:
                fate, ends_after = drawn.fate(index), drawn.ends_after[index]
            plan = msgspec.structs.replace(self.plan, receipt_id=message.message_id, fate=fate, ends_after=ends_after)
            submit = cast(SubmitSm, message.pdu)
            yield row, message, Pending(row, self.operator, self.until_of(row), self.version, plan, submit)


class OwedRun(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Receipts that are owed from the same time on; whose they are is said of each where that differs."""

    number: int  # of the first delivery
    operator: str
    due: float  # unix seconds
    system_id: str | list[str]
    bind: int | list[int]
    rows: list[int]  # of their messages
    addresses: list[str]
    octets: list[bytes]

    def numbers(self) -> range:
        """The numbers of the deliveries."""
        return range(self.number, self.number + len(self.rows))

    def one(self, number: int) -> tuple[str, float, Owed]:
        """One of them by its number, as if it had been recorded by itself."""
        index = number - self.number
        owed = Owed(
            self.rows[index],
            self.system_id if isinstance(self.system_id, str) else self.system_id[index],
            self.octets[index],
            to=self.addresses[index],
            bind=self.bind if isinstance(self.bind, int) else self.bind[index],
            number=number,
        )
        return self.operator, self.due, owed
