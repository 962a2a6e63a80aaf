import pytest

from smsc.scenario.counting import Key, Per
from smsc.scenario.machines import Machine, Machines, known_states, machine_problems

STEPS = [({"login": "started"}, {"login": "sent"}), ({"login": "sent"}, {"login": "done"}), ({}, {"other": "x"})]


def test_a_machine_begins_in_its_first_state_and_each_number_has_its_own() -> None:
    machines = Machines({"login": "started", "each": Machine("new", Per.TO)})
    assert machines.state("login") == "started"
    machines.move("login", "sent")
    machines.move("each", "old", Key("shop", "1"))
    assert machines.state("login") == "sent"
    assert [machines.state("each", Key("shop", number)) for number in "12"] == ["old", "new"]
    machines.reset(system_id="shop")
    assert (machines.state("login"), machines.states("each")) == ("sent", {})
    machines.reset()
    assert machines.state("login") == "started"


def test_states_are_known_as_far_as_rules_lead_to_them() -> None:
    assert known_states("login", "started", STEPS) == ("started", "sent", "done")
    assert known_states("login", "started", STEPS[1:]) == ("started",)
    assert known_states("login", "a", [({"login": "c"}, {"login": "d"}), ({}, {"login": "c"})]) == ("a", "c", "d")


@pytest.mark.parametrize(
    ("step", "path", "problem"),
    [
        (
            ({"logn": "started"}, {}),
            (0, "in", "logn"),
            'found "logn"; expected a state machine of this operator (login)',
        ),
        (({}, {"logn": "x"}), (0, "then", "logn"), "found"),
        (
            ({"login": "startd"}, {}),
            (0, "in", "login"),
            'no rule ever leads to "startd"; login can be started; did you',
        ),
        (({"login": "b"}, {"login": "b"}), (0, "in", "login"), 'no rule ever leads to "b"'),
    ],
)
def test_what_is_not_there_is_explained(
    step: tuple[dict[str, str], dict[str, str]], path: tuple[object, ...], problem: str
) -> None:
    ((where, message),) = machine_problems({"login": "started"}, [step])
    assert where == path
    assert message.startswith(problem)
