"""The fixture `smsc` in inner sessions: blocking and threaded code under test, failures, sections, isolation."""

from __future__ import annotations

import pytest

from tests.carrierlab.plugin.conftest import Run

BLOCKING = """
import threading
import pytest
from tests.carrierlab.plugin.esmes import BlockingEsme

@pytest.fixture
def client(smsc):
    with BlockingEsme(smsc.host, smsc.port, smsc.system_id, smsc.password) as client:
        yield client
"""


def test_blocking_code_under_test(inner: Run) -> None:
    result = inner(
        BLOCKING
        + """
def test_a_message_is_seen(smsc, client):
    client.send("77011234567", "Your code is 1234")
    message = smsc.wait_for(to="7701*", text="code")
    assert (message.from_, message.to, message.text) == ("SHOP", "77011234567", "Your code is 1234")
    assert message.system_id == smsc.system_id
    assert [one.text for one in smsc.messages] == smsc.messages.texts == ["Your code is 1234"]
    assert smsc.wait_for(to="7701*", state="DELIVRD").id == message.id
    assert smsc.verify(equals=1, to="77011234567") == 1

def test_nothing_of_another_test_is_left(smsc, client):
    assert smsc.messages == []
    smsc.wait_for_none(within=0.05)

def test_a_long_message_is_one(smsc, client):
    text = "Сәлем! " * 30
    client.send("77011234567", text)
    message = smsc.wait_for(parts=4)
    assert message.text == text
    assert len(smsc.detail(message).segments) == 4

def test_several_are_waited_for_together(smsc, client):
    for number in range(3):
        client.send(f"7701123450{number}", "Hello")
    assert smsc.wait_for_all(3, text="hello").numbers == ["77011234500", "77011234501", "77011234502"]

def test_the_binds_are_seen(smsc, client):
    (bind,) = smsc.binds
    assert (bind.system_id, bind.bind) == (smsc.system_id, "transceiver")

def test_code_in_a_thread(smsc, client):
    thread = threading.Thread(target=client.send, args=("77011234567", "From a thread"))
    thread.start()
    assert smsc.wait_for(text="thread").to == "77011234567"
    thread.join()
"""
    )
    result.assert_outcomes(passed=6)


def test_a_failure_says_what_came_closest_what_came_at_all_and_what_was_on_the_wire(inner: Run) -> None:
    result = inner(
        BLOCKING
        + """
def test_it(smsc, client):
    client.send("77011234567", "Your code is 1234")
    client.send("77017654321", "Hello")
    smsc.wait_for(to="77011234567", text="order", timeout=0.05)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*smsc.wait_for(to=*",
            'E       NotSeen: No message came within 0.05 s: to "77011234567", text "order"',
            "E*What came closest:",
            "E*SHOP → 77011234567 'Your code is 1234'",
            'E*text  wanted "order", found "Your code is 1234" (*',
            "E*All that came (2):",
            "E*id  from  to *text *parts  status *state",
            "E*SHOP  77011234567  Your code is 1234 *ESME_ROK*",
            "*smsc: the latest messages (as it-*)*",
            "*SHOP  77017654321  Hello *",
            "*smsc: the latest PDUs (as it-*)*",
            "*client →*bind_transceiver*",
            "*← smsc*bind_transceiver_resp*ESME_ROK*",
            "*client →*submit_sm*",
        ]
    )
    assert "handle.py" not in result.stdout.str()


def test_a_fixture_that_fails_is_reported_with_what_was_on_the_wire_too(inner: Run) -> None:
    result = inner(
        """
        import pytest
        from tests.carrierlab.plugin.esmes import BlockingEsme

        @pytest.fixture
        def client(smsc):
            smsc.rule(when={"to": "7*"}, respond="ESME_RINVDSTADR")
            with BlockingEsme(smsc.host, smsc.port, smsc.system_id, smsc.password) as client:
                assert client.send("77011234567", "Hello") == [0]
                yield client

        def test_it(client):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*smsc: the latest PDUs (as it-*)*", "*← smsc*submit_sm_resp*ESME_RINVDSTADR*"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('smsc.verify(equals=2, text="hello")', '1 messages, expected 2: text "hello"'),
        ('smsc.verify(at_most=0, text="hello")', '1 messages, expected at most 0: text "hello"'),
        ("smsc.wait_for_all(3, timeout=0.05)", "1 of 3 messages came within 0.05 s: of any kind"),
        ('smsc.wait_for_none(within=0.05, to="7701*")', 'Message * came, and none was to come: to "7701?"'),
        ('smsc.reply("77059999999", "YES")', "No message came to 77059999999 that could be answered"),
        ("assert smsc.messages == []", "1 messages came, 0 were expected"),
    ],
)
def test_what_is_not_met_is_said(inner: Run, line: str, words: str) -> None:
    source = f"{BLOCKING}\ndef test_it(smsc, client):\n    client.send('77011234567', 'Hello')\n    {line}\n"
    result = inner(source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E*{words}", "E*SHOP*77011234567*Hello*"])


def test_every_test_has_an_account_of_its_own(inner: Run) -> None:
    result = inner(
        """
        import pytest
        seen = set()

        @pytest.mark.parametrize("number", range(3))
        def test_parametrized(smsc, number):
            assert smsc.system_id.startswith("parametri-")
            assert len(smsc.system_id) <= 15
            assert smsc.system_id not in seen
            seen.add(smsc.system_id)
        """
    )
    result.assert_outcomes(passed=3)


def test_the_clock_of_a_shared_emulator_is_refused_with_the_way_out(inner: Run) -> None:
    result = inner("def test_it(smsc):\n    smsc.clock.pause()\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*shared with other tests*@pytest.mark.smsc_scenario*"])
    assert "handle.py" not in result.stdout.str()
