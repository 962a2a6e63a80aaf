import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.segments import UDHI, segment
from smppkit.status import CommandStatus
from smppkit.text import Alphabet, encode_text
from smsc.scenario.commands import Commands, Unreadable, commands_in
from smsc.scenario.latency import Fixed
from smsc.scenario.receipts import ReceiptForm
from smsc.scenario.scalars import Stat, Status
from tests.smsc.scenario.world import fate_of, message, operator, plan_of, send


def said(text: str, state_text: str = "commands: true", **fields: object):  # type: ignore[no-untyped-def]
    return send(operator(state_text), message(text=encode_text(text, Alphabet.GSM7), **fields))


@pytest.mark.parametrize("text", ["", "hello", "#1 in town", "mail me # now", "a#status=8", "# status=8", "#status"])
def test_a_text_without_commands_is_just_a_text(text: str) -> None:
    assert commands_in(text) is None
    assert said(text).status == 0


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("#status=ESME_RTHROTTLED", Commands(respond=Status(88))),
        ("Hello #status=0x400 #after=5s", Commands(respond=Status(0x400), after=Fixed(5.0))),
        ("#STATUS=none", Commands(respond="none")),
        ("#stat=UNDELIV #err=069 #delay=10s", Commands(stat=Stat("UNDELIV"), err="069", delay=Fixed(10.0))),
        ("#receipt=none", Commands(receipt="none")),
        ("#receipt=tlv\n#copies=2", Commands(receipt=ReceiptForm.TLV, copies=2)),
        ('#mo="STOP it" #mo-after=2s', Commands(mo="STOP it", mo_after=Fixed(2.0))),
        ("#mo=", Commands(mo="")),
        ('#delay="uniform 1s 1s"', Commands(delay=commands_in('#delay="uniform 1s 1s"').delay)),  # type: ignore[union-attr]
    ],
)
def test_commands_are_read(text: str, commands: Commands) -> None:
    assert commands_in(text) == commands


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "#stauts=8",
            "unknown command #stauts; there are #status, #after, #stat, #err, #delay, #receipt, #copies, #mo, #mo-af",
        ),
        (
            "#status=ESME_RTHROTLED",
            "#status=ESME_RTHROTLED: expected a command_status such as ESME_RTHROTTLED or 0x58; did",
        ),
        ("#stat=DELIVERD", "#stat=DELIVERD: expected a state of a receipt"),
        ("#delay=soon", "#delay=soon: expected a latency such as 40ms"),
        ("#err=", "#err=: expected an error code such as 069"),
        ("#copies=11", "#copies=11: expected a number from 1 to 10"),
        ("#receipt=nnone", '#receipt=nnone: expected one of none, early, text, tlv, both; did you mean "none"?'),
        ("#status=8 #stat=UNDELIV", "a refused message has no receipt and no answer; #status goes with #after only"),
    ],
)
def test_what_cannot_be_obeyed_refuses_the_message_and_says_why(text: str, reason: str) -> None:
    found = commands_in(text)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(reason)
    decision = said(text)
    assert (decision.status, decision.remark) == (CommandStatus.ESME_RSUBMITFAIL, found.reason)


def test_commands_are_text_unless_the_operator_obeys_them() -> None:
    decision = said("#status=8 #nonsense=1", "{}")
    assert (decision.status, decision.remark) == (0, "")


def test_each_command_does_what_it_says() -> None:
    refused = said("Hi #status=ESME_RTHROTTLED #after=5s")
    assert (refused.status, refused.respond_after, refused.plan) == (88, 5.0, None)
    silent = said("#status=none")
    assert (silent.status, silent.no_response) == (0, True)
    assert said("#after=never").no_response
    assert fate_of(said("#after=5s #stat=UNDELIV #err=069 #delay=10s")) == ("UNDELIV", "069", 15.0)
    assert plan_of(said("#receipt=none")).wanted == 0
    early = plan_of(said("#receipt=early #after=1s"))
    assert (early.early, early.ends_after) == (True, 1.0)
    look = plan_of(said("#receipt=tlv #copies=3")).look
    assert look is not None
    assert (look.form, look.copies) == (ReceiptForm.TLV, 3)


def test_commands_come_before_chance_rules_and_people() -> None:
    text = (
        "{commands: true, submit: {refuse: {ESME_RSYSERR: 100%}}, rules: [{receipt: {stat: REJECTD}}], "
        "subscribers: [{numbers: '*', respond: ESME_RINVDSTADR}]}"
    )
    assert fate_of(said("#delay=2s", text)) == ("DELIVRD", "000", 2.0)
    assert said("hello", text).status == 8


def test_limits_and_checks_come_before_commands() -> None:
    assert said("#delay=2s", "{commands: true, submit: {service_types: [CMT]}}").status == 0x15


def test_a_part_obeys_the_commands_in_itself() -> None:
    state = operator("commands: true")
    text = "#stat=UNDELIV " + "x" * 200
    fates = [
        fate_of(send(state, message(text=part.short_message, esm_class=UDHI)))[0]
        for part in segment(text, reference=1).segments
    ]
    assert fates == ["UNDELIV", "DELIVRD"]


@given(text=st.text(alphabet='#=" abstu-dely1\n', max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = commands_in(text)
    assert found is None or isinstance(found, Commands | Unreadable)
