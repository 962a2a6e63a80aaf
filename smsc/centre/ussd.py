"""USSD: sessions that a subscriber opens by dialling, screen after screen, over deliver_sm and submit_sm.

The subscriber's side is a deliver_sm of service_type USSD with ussd_service_op PSSR indication for what is dialled, and
USSR confirm for every answer. The ESME submits USSR request for a screen that wants an answer, PSSR response for the
last one. The session's number is in its_session_info (with its end in the lowest bit) or in user_message_reference.
Source: SMPP 3.4 §5.3.2.44, §5.3.2.43, §5.3.2.17.
"""

from __future__ import annotations

import enum

import msgspec

from smppkit.errors import PduError
from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.tlvs import ITS_SESSION_INFO, USER_MESSAGE_REFERENCE, USSD_SERVICE_OP, Tlv
from smsc.centre.translate import address
from smsc.scenario.mobile import SessionId, UssdSession
from smsc.scenario.reading import write

SERVICE_TYPE = "USSD"
LONGEST_SESSION = 180.0  # seconds without a word from the ESME, after which the network ends a session
MOST_SESSIONS = 10_000

_LAST_STEP = 127  # its_session_info numbers the steps of a dialogue in seven bits


class Operation(enum.IntEnum):
    """ussd_service_op (SMPP 3.4 §5.3.2.44)."""

    PSSR_INDICATION = 1
    USSR_REQUEST = 2
    USSN_REQUEST = 3
    PSSR_RESPONSE = 17
    USSR_CONFIRM = 18
    USSN_CONFIRM = 19


_WANTS_ANSWER = (Operation.USSR_REQUEST, Operation.USSN_REQUEST)


class Dialogue(msgspec.Struct):
    """One session: who dialled, and how far it is."""

    number: int
    session: UssdSession
    heard_at: float
    screens: int = 0
    step: int = 0


class Dialogues:
    """The sessions that are open, by their number."""

    def __init__(self, alphabet: str = "gsm7") -> None:
        """`alphabet` is what the operator means by data_coding 0."""
        self._alphabet = alphabet
        self._open: dict[int, Dialogue] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._open)

    def dial(self, session: UssdSession, now: float) -> tuple[Dialogue, DeliverSm] | None:
        """Open a session; its first deliver_sm. None when too many are open."""
        if len(self._open) >= MOST_SESSIONS:
            return None
        # its_session_info has one octet for the number.
        most = 0xFF if session.session_id is SessionId.ITS_SESSION_INFO else 0xFFFF
        for _ in range(most):
            self._last = self._last % most + 1
            if self._last not in self._open:
                break
        else:
            return None
        dialogue = self._open[self._last] = Dialogue(self._last, session, now)
        return dialogue, self._say(dialogue, Operation.PSSR_INDICATION, session.dials, ends=False)

    def screen(self, submit: SubmitSm, now: float) -> Dialogue | None:
        """The session that a submit brings a screen for, when it does; a last screen ends it."""
        try:
            operation = submit.tlv(USSD_SERVICE_OP)
            number, ends = _session_of(submit)
        except PduError:
            return None
        if operation is None:
            return None
        dialogue = self._open.get(number)
        if dialogue is None or address(dialogue.session.from_)[2] != submit.destination_addr:
            return None
        dialogue.heard_at = now
        dialogue.screens += 1
        if ends or operation not in _WANTS_ANSWER:
            self.close(dialogue)
        return dialogue

    def open(self) -> list[Dialogue]:
        """The sessions that go on."""
        return list(self._open.values())

    def is_open(self, dialogue: Dialogue) -> bool:
        """Whether a session goes on."""
        return self._open.get(dialogue.number) is dialogue

    def answer(self, dialogue: Dialogue, screen: int) -> DeliverSm | None:
        """What the subscriber answers to a screen (1 is the first); ends the session when nothing is left to say."""
        if not self.is_open(dialogue):
            return None
        answers = dialogue.session.answers
        if screen <= len(answers):
            return self._say(dialogue, Operation.USSR_CONFIRM, answers[screen - 1], ends=False)
        self.close(dialogue)
        return self._say(dialogue, Operation.USSR_CONFIRM, "", ends=True)

    def abandon(self, dialogue: Dialogue) -> DeliverSm:
        """End a session that the ESME has forgotten."""
        self.close(dialogue)
        return self._say(dialogue, Operation.USSR_CONFIRM, "", ends=True)

    def close(self, dialogue: Dialogue) -> None:
        """End a session without a word."""
        self._open.pop(dialogue.number, None)

    def clear(self) -> int:
        """End every session without a word; returns how many there were."""
        count = len(self._open)
        self._open.clear()
        return count

    def _say(self, dialogue: Dialogue, operation: Operation, text: str, *, ends: bool) -> DeliverSm:
        session = dialogue.session
        source_ton, source_npi, source = address(session.from_)
        coding, octets = write(text, self._alphabet)
        tlvs = (USSD_SERVICE_OP.of(int(operation)), _session_tlv(dialogue, ends=ends))
        dialogue.step = min(dialogue.step + 1, _LAST_STEP)
        return DeliverSm(
            service_type=SERVICE_TYPE,
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=source,
            destination_addr=session.dials[:20],
            data_coding=coding,
            short_message=octets,
            tlvs=tlvs,
        )


def _session_tlv(dialogue: Dialogue, *, ends: bool) -> Tlv:
    if dialogue.session.session_id is SessionId.USER_MESSAGE_REFERENCE:
        return USER_MESSAGE_REFERENCE.of(dialogue.number)
    return ITS_SESSION_INFO.of(bytes((dialogue.number & 0xFF, dialogue.step << 1 | ends)))


def _session_of(submit: SubmitSm) -> tuple[int, bool]:
    """The number of the session that a submit names, and whether it says that the session ends; 0 for none."""
    info = submit.tlv(ITS_SESSION_INFO)
    if info is not None:
        return info[0], bool(info[1] & 1)
    return submit.tlv(USER_MESSAGE_REFERENCE) or 0, False
