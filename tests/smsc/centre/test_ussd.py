"""USSD dialogues without a network: numbers, steps, bounds."""

from __future__ import annotations

import pytest

from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.tlvs import ITS_SESSION_INFO, USER_MESSAGE_REFERENCE, USSD_SERVICE_OP, Tlv
from smsc.centre import ussd
from smsc.centre.ussd import Dialogue, Dialogues, Operation
from smsc.scenario.mobile import SessionId, UssdSession

SESSION = UssdSession(from_="+77051234567", dials="*100#", answers=["1"])


def dialled(dialogues: Dialogues, session: UssdSession = SESSION) -> tuple[Dialogue, DeliverSm]:
    opened = dialogues.dial(session, 0.0)
    assert opened is not None
    return opened


def screen(*tlvs: Tlv, to: str = "77051234567") -> SubmitSm:
    return SubmitSm(service_type="USSD", destination_addr=to, tlvs=tlvs)


ASKS = USSD_SERVICE_OP.of(int(Operation.USSR_REQUEST))


def test_numbers_of_open_sessions_are_not_given_again() -> None:
    dialogues = Dialogues()
    numbers = [dialled(dialogues)[0].number for _ in range(255)]
    assert sorted(numbers) == list(range(1, 256))
    assert dialogues.dial(SESSION, 0.0) is None
    dialogues.close(Dialogue(7, SESSION, 0.0))
    assert dialled(dialogues)[0].number == 7


def test_a_reference_has_room_for_more_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ussd, "MOST_SESSIONS", 300)
    dialogues = Dialogues()
    session = UssdSession(from_="7705", dials="*1#", session_id=SessionId.USER_MESSAGE_REFERENCE)
    references = [dialled(dialogues, session)[1].tlv(USER_MESSAGE_REFERENCE) for _ in range(300)]
    assert references == list(range(1, 301))
    assert dialogues.dial(session, 0.0) is None


def test_what_a_subscriber_says_is_short_or_unicode() -> None:
    _, pdu = dialled(Dialogues(), UssdSession(from_="7705", dials="*100#Қ"))
    assert (pdu.data_coding, pdu.short_message) == (8, "*100#Қ".encode("utf-16-be"))


@pytest.mark.parametrize(
    "submit",
    [
        screen(ITS_SESSION_INFO.of(b"\x01\x00")),
        screen(ASKS),
        screen(ASKS, ITS_SESSION_INFO.of(b"\x02\x00")),
        screen(ASKS, ITS_SESSION_INFO.of(b"\x01\x00"), to="77059999999"),
        screen(ASKS, Tlv(ITS_SESSION_INFO.number, b"\x01")),
        screen(Tlv(USSD_SERVICE_OP.number, b""), ITS_SESSION_INFO.of(b"\x01\x00")),
    ],
)
def test_what_names_no_open_session_of_the_subscriber_is_no_screen(submit: SubmitSm) -> None:
    dialogues = Dialogues()
    dialled(dialogues)
    assert dialogues.screen(submit, 1.0) is None


def test_an_esme_may_end_a_session_with_the_lowest_bit() -> None:
    dialogues = Dialogues()
    dialogue, _ = dialled(dialogues)
    assert dialogues.screen(screen(ASKS, ITS_SESSION_INFO.of(b"\x01\x03")), 1.0) is dialogue
    assert not dialogues.is_open(dialogue)
    assert dialogues.answer(dialogue, 1) is None


def test_steps_are_counted_to_the_end_of_their_seven_bits() -> None:
    dialogues = Dialogues()
    dialogue, _ = dialled(dialogues, UssdSession(from_="7705", dials="*1#", answers=["1"] * 200))
    last = [dialogues.answer(dialogue, number) for number in range(1, 151)][-1]
    assert last is not None
    assert last.tlv(ITS_SESSION_INFO) == b"\x01\xfe"


def test_an_answer_to_a_session_that_was_abandoned_is_not_sent() -> None:
    dialogues = Dialogues()
    dialogue, _ = dialled(dialogues)
    assert dialogues.abandon(dialogue).tlv(ITS_SESSION_INFO) == b"\x01\x03"
    assert dialogues.answer(dialogue, 1) is None
    assert (len(dialogues), dialogues.clear()) == (0, 0)
