"""What a test does to its subscribers, its operator and its clock. docs/pytest.md has most of it as examples."""

from __future__ import annotations

from tests.carrierlab.plugin.conftest import Run
from tests.carrierlab.plugin.test_smsc import BLOCKING


def test_subscribers_write_and_are_heard_by_this_account_alone(inner: Run) -> None:
    result = inner(
        BLOCKING
        + """
def test_it(smsc, client):
    other = BlockingEsme(smsc.host, smsc.port, "another", "secret")
    smsc.mo(from_="77011234567", to="SHOP", text="STOP")
    assert client.receive(1) == ["STOP"]
    client.send("77011234567", "Do you come?")
    smsc.reply(smsc.wait_for(to="7701*"), "YES")
    smsc.reply("77011234567", "NO")
    assert client.receive(3) == ["STOP", "YES", "NO"]
    assert other.core.delivered == []
    assert [one.text for one in smsc.search(direction="mo")] == ["STOP", "YES", "NO"]
    assert smsc.messages.texts == ["Do you come?"]
    other.close()
"""
    )
    result.assert_outcomes(passed=1)


def test_rules_and_faults_are_of_this_account_and_end_with_the_test(inner: Run) -> None:
    result = inner(
        BLOCKING
        + """
THROTTLED = 0x58

def test_first(smsc, client):
    other = BlockingEsme(smsc.host, smsc.port, "another", "secret")
    rule = smsc.rule(when={"to": "7705*"}, respond="ESME_RINVDSTADR")
    assert client.send("77051234567", "Hello") == [11]
    assert other.send("77051234567", "Hello") == [0]
    rule.remove()
    rule.remove()
    assert client.send("77051234567", "Hello") == [0]
    smsc.rule(when={}, respond="ESME_RSYSERR")
    with smsc.fault("throttle", rate="1/h"):
        assert THROTTLED in [client.send("77011234567", "Hello")[0] for _ in range(5)]
    other.close()

def test_second(smsc, client):
    assert [client.send("77011234567", "Hello") for _ in range(5)] == [[0]] * 5
"""
    )
    result.assert_outcomes(passed=2)


def test_a_mistake_in_a_rule_or_fault_has_the_words_of_the_api(inner: Run) -> None:
    result = inner(
        """
        def test_rule(smsc):
            smsc.rule(when={"too": "7705*"}, respond="ESME_RINVDSTADR")

        def test_fault(smsc):
            smsc.fault("throtle", rate="1/s")

        def test_filter(smsc):
            smsc.wait_for(txt="hello")
        """
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            'E*Refused: *"too"*did you mean "to"*',
            "E*Refused: *throtle*throttle*",
            'E*Refused: filters: unknown key "txt"; did you mean "text"?*',
        ]
    )
    assert "client.py" not in result.stdout.str()
    assert "handle.py" not in result.stdout.str()


def test_what_the_client_does_wrong_is_found(inner: Run) -> None:
    result = inner(
        BLOCKING
        + """
def test_it(smsc, client):
    client.send("+77011234567", "Hello")
    smsc.wait_for()
    assert "plus-in-address" in [finding.rule for finding in smsc.lint]
"""
    )
    result.assert_outcomes(passed=1)
