"""What came closest comes first, and says why it is not what was wanted."""

from __future__ import annotations

from typing import Any

from smsc.journal.message_filter import MessageFilter
from smsc.journal.near_miss import near_misses
from smsc.journal.whole import WholeMessage


def message(number: int, **more: Any) -> WholeMessage:
    values: dict[str, Any] = {
        "at": 1000.0 + number,
        "operator": "op",
        "system_id": "shop",
        "direction": "mt",
        "command": "submit_sm",
        "from_": "SHOP",
        "to": "77051234567",
        "text": "Your code is 1234",
        "encoding": "gsm7",
        "data_coding": 0,
        "parts": 1,
        "parts_received": 1,
        "reference": None,
        "status": 0,
        "status_name": "ESME_ROK",
        "message_id": str(number),
        "message_ids": (str(number),),
        "state": "ENROUTE",
        "err": None,
        "final_at": None,
        "acknowledged_at": None,
    }
    return WholeMessage(id=number, **values | more)


def test_those_that_meet_more_conditions_come_first() -> None:
    both = message(1, text="Your order", to="7701")
    one = message(2, text="Your order")
    misses = near_misses(MessageFilter(to="7705*", text="code"), [both, one, message(3)])
    assert [(miss.message.id, [m.field for m in miss.mismatches]) for miss in misses] == [
        (2, ["text"]),
        (1, ["to", "text"]),
    ]


def test_among_equals_the_closest_value_comes_first() -> None:
    near, far = message(1, text="Your cod is 1234"), message(2, text="Happy birthday")
    misses = near_misses(MessageFilter(text="Your code is 1234"), [near, far])
    assert [miss.message.id for miss in misses] == [1, 2]
    assert misses[0].mismatches[0].why == '"Your code is 1234" is not in it; nearest is "Your cod"'


def test_otherwise_the_newest_comes_first_and_no_more_than_wanted() -> None:
    misses = near_misses(MessageFilter(system_id="bank"), [message(number) for number in range(1, 6)], most=2)
    assert [miss.message.id for miss in misses] == [5, 4]


def test_each_condition_says_why_it_is_not_met() -> None:
    refused = message(1, status=88, status_name="ESME_RTHROTTLED", state=None, parts=3, parts_received=2)
    wanted = MessageFilter(
        to="7701*", state="DELIVRD", status=0, complete=True, since=1002.0, until=1000.0, q="bank code", direction="mo"
    )
    (miss,) = near_misses(wanted, [refused])
    assert {mismatch.field: mismatch.why for mismatch in miss.mismatches} == {
        "to": "77051234567 does not fit 7701*",
        "state": "it was refused (ESME_RTHROTTLED) and has no state",
        "status": "it is ESME_RTHROTTLED, not ESME_ROK",
        "complete": "2 of its 3 parts have come",
        "since": "it came 1.000 s too early",
        "until": "it came 1.000 s too late",
        "q": "nowhere in it: bank",
        "direction": "it is mt, not mo",
    }


def test_a_state_that_may_still_come_is_told_as_it_is_so_far() -> None:
    (miss,) = near_misses(MessageFilter(state="DELIVRD"), [message(1)])
    assert miss.mismatches[0].why == "it is ENROUTE so far, not DELIVRD"
