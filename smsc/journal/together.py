"""What was recorded as one: messages that came in one read, and receipts that were made in one go.

Of a run of messages the journal has the octets of the submits and of the responses, as they were on the wire: the ids
are in these. Nothing is decoded before somebody looks at one of them, and for most nobody ever does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import msgspec

from smppkit.codec import CODECS, HEADER_SIZE
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.runs import split
from smppkit.states import Version
from smsc.journal.records import Message, Owed, Pending
from smsc.scenario.decisions import Plan

_ENROUTE: Final = MessageState.ENROUTE.stat


class MessageRun(msgspec.Struct, gc=False, array_like=True):
    """Messages that were accepted as one: all that is said here is true of each. Times are unix seconds."""

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

    def rows(self) -> range:
        """The rows of the messages."""
        return range(self.row, self.row + self.count)

    def messages(self) -> Iterator[tuple[int, Message]]:
        """Each of them with its row, as if it had been recorded by itself."""
        codec, fate = CODECS[Version(self.version)], self.plan.fate
        number = self.number
        frames = zip(self.rows(), split(self.octets), split(self.responses), strict=True)
        for index, (row, frame, response) in enumerate(frames):
            submit = codec.decode(frame)
            if not isinstance(submit, SubmitSm):
                raise TypeError(f"a run of submit_sm holds {submit!r}")
            message_id = response[HEADER_SIZE:-1].decode("latin-1")
            message = Message(
                self.at,
                self.operator,
                self.system_id,
                self.connection,
                submit,
                0,
                number + index,
                message_id,
                fate.stat,
                fate.err,
                _ENROUTE,
                None,
                self.until,
                self.alphabet,
            )
            yield row, message

    def members(self) -> Iterator[tuple[int, Message, Pending]]:
        """As ``messages``, each with what is to become of it."""
        for row, message in self.messages():
            plan = msgspec.structs.replace(self.plan, receipt_id=message.message_id)
            submit = cast(SubmitSm, message.pdu)
            yield row, message, Pending(row, self.operator, self.until, self.version, plan, submit)


class OwedRun(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Receipts that one account is owed from the same time on."""

    number: int  # of the first delivery
    operator: str
    due: float  # unix seconds
    system_id: str
    bind: int
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
            self.system_id,
            self.octets[index],
            to=self.addresses[index],
            bind=self.bind,
            number=number,
        )
        return self.operator, self.due, owed
