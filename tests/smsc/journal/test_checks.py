"""A condition that is not met says why."""

from __future__ import annotations

from smsc.journal.checks import checks_of
from smsc.journal.message_filter import MessageFilter
from smsc.journal.near_miss import near_misses
from tests.smsc.journal.whole_messages import message


def test_each_condition_says_why_it_is_not_met() -> None:
    refused = message(1, status=88, status_name="ESME_RTHROTTLED", state=None, parts=3, parts_received=2)
    wanted = MessageFilter(
        to="7701*", state="DELIVRD", status=0, complete=True, since=1002.0, until=1000.0, q="bank code", direction="mo"
    )
    (miss,) = near_misses(checks_of(wanted), [refused])
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
    (miss,) = near_misses(checks_of(MessageFilter(state="DELIVRD")), [message(1)])
    assert miss.mismatches[0].why == "it is ENROUTE so far, not DELIVRD"
