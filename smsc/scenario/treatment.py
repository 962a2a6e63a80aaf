"""What is to be done about one message other than usual: by a rule, or by a command in its text."""

import msgspec

from smppkit.message_state import MessageState, state_of
from smsc.scenario.decisions import FAILURES, Fate
from smsc.scenario.draws import Draws
from smsc.scenario.id_style import LONGEST, IdStyle, Writer, v33_writer
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Notice, Receipts
from smsc.scenario.template import Request, RuleTemplate, Template
from smsc.scenario.tlv_values import ExtraTlv

# The draws of one decision. Rules have those from FIRST_RULE on, notices those from FIRST_NOTICE.
RESPONSE, OUTCOME, RECEIPT, REFUSED, REPLY = range(5)
FIRST_RULE = 8
FIRST_NOTICE = 1 << 16


def seconds(latency: Latency, draws: Draws, slot: int) -> float:
    """The time that a latency takes for this message; infinity for what never happens."""
    if type(latency) is Fixed:
        return latency.seconds
    return latency.at(draws.uniform(slot))


class Fates:
    """The fates of an operator: its words for them, and the error codes that go with those."""

    def __init__(self, receipts: Receipts) -> None:
        self._err = {str(stat): code for stat, code in receipts.err.items()}

    def of(self, stat: str, err: str | None = None, usual: str | None = None) -> Fate:
        """The fate of a word such as "DELIVRD".

        The error code is `err` where it is given, else the operator's for this word, else `usual`, else 000 or 001.
        """
        state = state_of(stat) or MessageState.UNKNOWN
        if err is None:
            err = self._err.get(stat, usual)
        if err is None:
            err = "001" if FAILURES >> state & 1 else "000"
        return Fate(str(stat), err, state)


class IdWriter:
    """Writes the ids of an operator's messages in one style; to ESMEs of SMPP 3.3 as short as they need them."""

    __slots__ = ("_around", "_digits", "_plain", "_plain_v33", "_style_v33")

    def __init__(self, style: IdStyle, style_v33: IdStyle | None = None) -> None:
        self._style_v33 = style_v33 or style
        self._plain: Writer | None = None if style.names_message else style.writer()
        self._digits = msgspec.structs.replace(style, around="{}").writer()
        self._around = style.template
        self._plain_v33 = v33_writer(self._style_v33.writer())

    def write(self, number: int, reading: Reading) -> str:
        """The id of a message."""
        if self._plain is not None:
            return self._plain(number)
        return id_text(self._around, Request(reading, self._digits(number)))

    @property
    def plain(self) -> Writer | None:
        """What writes the ids where they say nothing but the number, not for SMPP 3.3; None where they say more."""
        return self._plain

    def write_v33(self, number: int) -> str:
        """The id as SMPP 3.3 can carry it."""
        return self._plain_v33(number)


def id_text(template: Template, request: Request, most: int = LONGEST) -> str:
    """A message_id that a template writes: ASCII without control characters, cut where it is too long."""
    text = template.render(request).encode("ascii", "replace").decode("ascii")
    return "".join(character if character.isprintable() else "?" for character in text[:most])


class Look(msgspec.Struct, frozen=True):
    """How receipts look, made ready: `receipts` is None for the operator's own look.

    `ids` and `tlv_ids` are None where ids are written as in the response, or as in the text.
    """

    receipts: Receipts | None
    ids: IdWriter | None
    tlv_ids: IdWriter | None
    early: bool
    notices: tuple[tuple[Notice, Fate, int], ...]
    needs_words: bool
    """Whether its templates say what is not in the message."""


def look_of(receipts: Receipts, fates: Fates, *, changed: bool) -> Look:
    """Make a look ready."""
    notices = tuple(
        (notice, fates.of(notice.stat, notice.err), FIRST_NOTICE + index)
        for index, notice in enumerate(receipts.notices)
    )
    return Look(
        receipts if changed else None,
        None if receipts.ids is None else IdWriter(receipts.ids),
        None if receipts.conflict.id is None else IdWriter(receipts.conflict.id),
        receipts.before_response,
        notices,
        receipts.text.needs_words or any(tlv.text is not None and tlv.text.needs_words for tlv in receipts.tlvs),
    )


class Treatment(msgspec.Struct, frozen=True):
    """What is done otherwise; None is as for any other message.

    `status` refuses (0 does not), `silent` never answers, `unheard` sends no receipt. A `fate` replaces the drawn one,
    `err` only its code. `commanded`: the tester said so in the message itself, and chance has no part in it. `tlvs` are
    added to the response, and `reply` is what the subscriber answers when it is delivered, and how long after that.
    """

    status: int = 0
    silent: bool = False
    latency: Latency | None = None
    fate: Fate | None = None
    err: str | None = None
    delay: Latency | None = None
    unheard: bool = False
    look: Look | None = None
    commanded: bool = False
    remark: str = ""
    message_id: RuleTemplate | None = None
    tlvs: tuple[ExtraTlv, ...] = ()
    reply: tuple[RuleTemplate, Latency] | None = None


USUAL = Treatment()
