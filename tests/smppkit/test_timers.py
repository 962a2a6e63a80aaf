"""Timers as times, without a session around them."""

from __future__ import annotations

from smppkit.session_config import SessionConfig
from smppkit.states import BindState, Role
from smppkit.timers import Due, Timers

CONFIG = SessionConfig(session_init_timeout=10, enquire_link_interval=30, inactivity_timeout=60, response_timeout=5)
BOUND = BindState.BOUND_TRX


def test_c28_only_an_smsc_waits_for_a_bind() -> None:
    timers = Timers(Role.SMSC, 100.0)
    assert timers.next_deadline(BindState.OPEN, CONFIG) == 110.0
    assert timers.due(BindState.OUTBOUND, CONFIG, 110.0) == [Due.SESSION_INIT]
    assert Timers(Role.ESME, 100.0).next_deadline(BindState.OPEN, CONFIG) is None


def test_c30_silence_is_asked_about_and_anything_answers() -> None:
    timers = Timers(Role.ESME, 0.0)
    assert timers.due(BOUND, CONFIG, 29.9) == []
    assert timers.due(BOUND, CONFIG, 30.0) == [Due.ENQUIRE_LINK]
    timers.enquired_at = 30.0
    assert timers.due(BOUND, CONFIG, 35.0) == [Due.ENQUIRE_LINK_OVERDUE]
    timers.received(34.0)
    assert timers.next_deadline(BOUND, CONFIG) == 60.0
    assert timers.due(BOUND, CONFIG, 64.0) == [Due.ENQUIRE_LINK, Due.INACTIVITY]


def test_c31_inactivity_counts_from_the_last_operation() -> None:
    timers = Timers(Role.SMSC, 0.0)
    timers.received(59.0)
    assert timers.due(BOUND, CONFIG, 60.0) == [Due.INACTIVITY]
    timers.last_operation = 59.0
    assert timers.due(BOUND, CONFIG, 60.0) == []


def test_while_unbinding_only_that_is_timed() -> None:
    timers = Timers(Role.SMSC, 0.0)
    timers.unbind_deadline = 7.0
    assert timers.next_deadline(BindState.UNBINDING, CONFIG) == 7.0
    assert timers.due(BindState.UNBINDING, CONFIG, 100.0) == [Due.UNBIND]
