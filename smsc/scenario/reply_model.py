"""The reply model, made ready: which messages are answered, how often, with what, and when."""

from collections.abc import Callable, Sequence
from itertools import accumulate

import msgspec

from smsc.scenario.draws import Draws
from smsc.scenario.latency import Latency
from smsc.scenario.mobile import Reply
from smsc.scenario.patterns import groups_in
from smsc.scenario.reading import Reading
from smsc.scenario.template import Request, RuleTemplate, Words
from smsc.scenario.treatment import seconds

ANSWER, AFTER = range(2)  # draws

Test = Callable[[str], object]


class _Compiled(msgspec.Struct, frozen=True):
    reply: Reply
    says: tuple[tuple[float, RuleTemplate], ...]
    after: Latency
    to: Test | None
    from_: Test | None
    text: Test | None

    def fits(self, reading: Reading) -> bool:
        pdu = reading.pdu
        if self.to is not None and not self.to(pdu.destination_addr.removeprefix("+")):
            return False
        if self.from_ is not None and not self.from_(pdu.source_addr.removeprefix("+")):
            return False
        return self.text is None or bool(self.text(reading.text))

    def words(self, reading: Reading, system_id: str) -> Words:
        """What its answers say that the message does not."""
        reply = self.reply
        groups = {} if reply.to_ is None else groups_in((reply.to_,), reading.pdu.destination_addr.removeprefix("+"))
        if reply.text is not None:
            groups |= groups_in((reply.text,), reading.text)
        return Words(system_id, groups=groups)


class Replies:
    """The reply model of an operator; the first entry that fits a message is its."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._replies = tuple(
            _Compiled(
                reply,
                tuple(zip(accumulate(reply.say.values()), reply.say, strict=True)),
                reply.after,
                None if reply.to_ is None else reply.to_.compile(),
                None if reply.from_ is None else reply.from_.compile(),
                None if reply.text is None else reply.text.compile(),
            )
            for reply in replies
        )

    def __bool__(self) -> bool:
        return bool(self._replies)

    def answer(
        self, reading: Reading, draws: Draws, system_id: str = "", message_id: str = ""
    ) -> tuple[float, str] | None:
        """What is answered after how many seconds; None for nothing. The ids are for templates."""
        for reply in self._replies:
            if reply.fits(reading):
                u = draws.uniform(ANSWER)
                for upto, text in reply.says:
                    if u < upto:
                        said = text.render(Request(reading, message_id, reply.words(reading, system_id)))
                        return seconds(reply.after, draws, AFTER), said
                return None
        return None
