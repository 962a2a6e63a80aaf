import pytest

from smsc.scenario.mobile import MoMessage
from smsc.scenario.replies import decide_reply
from tests.smsc.scenario.world import message, operator, send

REPLIES = (
    "mobile_originated: {replies: [{text: /reply yes/i, say: {'YES': 60%, 'NO': 20%}, after: 3s}, "
    "{to: '7701*', from: SHOP, say: {STOP: 100%}}]}"
)


def test_a_subscriber_answers_the_sender() -> None:
    state = operator(REPLIES)
    assert decide_reply(state, message("77011"), 0.0) == (5.0, MoMessage("77011", "SHOP", "STOP"))
    assert decide_reply(state, message("+77011"), 0.0) == (5.0, MoMessage("+77011", "SHOP", "STOP"))
    assert decide_reply(state, message("77021"), 0.0) is None
    assert decide_reply(state, message("77011", source_addr="BANK"), 0.0) is None


def test_answers_come_in_their_shares_and_the_rest_is_silent() -> None:
    state = operator(REPLIES)
    answers = [decide_reply(state, message(f"7702{n}", text=b"Reply YES to go on"), 0.0) for n in range(2000)]
    said = [None if answer is None else answer[1].text for answer in answers]
    assert said.count("YES") / 2000 == pytest.approx(0.6, abs=0.04)
    assert said.count("NO") / 2000 == pytest.approx(0.2, abs=0.04)
    assert {answer[0] for answer in answers if answer is not None} == {3.0}


def test_an_answer_follows_from_the_message_and_changes_no_other_chance() -> None:
    def run(ask: bool) -> list[object]:
        state = operator("{receipts: {outcome: {DELIVRD: 50%, UNDELIV: 50%}}, " + REPLIES + "}")
        fates: list[object] = []
        for n in range(50):
            pdu = message(f"7702{n}", text=b"Reply YES")
            plan = send(state, pdu).plan
            if ask:
                decide_reply(state, pdu, 1.0)
            fates.append(plan.fate if plan is not None else None)
        return fates

    assert run(True) == run(False)
    one, other = operator(REPLIES), operator(REPLIES)
    pdus = [message(f"7702{n}", text=b"Reply YES") for n in range(50)]
    assert [decide_reply(one, pdu, 0.0) for pdu in pdus] == [decide_reply(other, pdu, 9.0) for pdu in pdus]


def test_a_command_asks_for_an_answer() -> None:
    state = operator("{commands: true, " + REPLIES + "}")
    asked = message("77011", text=b'#mo="I am here" #mo-after=2s')
    assert decide_reply(state, asked, 0.0) == (2.0, MoMessage("77011", "SHOP", "I am here"))
    assert decide_reply(state, message("77011", text=b"#mo=OK"), 0.0) == (1.0, MoMessage("77011", "SHOP", "OK"))
    assert decide_reply(state, message("77011", text=b"#mo=OK #mo-after=never"), 0.0) is None
    assert decide_reply(operator(), asked, 0.0) is None


def test_nobody_answers_who_has_no_address_to_answer_to() -> None:
    state = operator(REPLIES)
    assert decide_reply(state, message("77011", source_addr="", text=b"reply yes"), 0.0) is None
    assert decide_reply(state, message("7" * 30, text=b"reply yes"), 0.0) is None
