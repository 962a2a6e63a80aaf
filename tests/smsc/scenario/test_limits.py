import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.states import Version
from smppkit.tlvs import CONGESTION_STATE
from smsc.scenario.accounts import Account
from smsc.scenario.limits import LIMITERS_KEPT, AccountRates, Load, RateLimit
from tests.smsc.scenario.world import message, operator, send
from yamlmodel.scalars import Rate


def statuses(text: str, *sent: tuple[float, str, int, str]) -> list[int]:
    """The answers to submits, each (now, account, bind, sender)."""
    state = operator(text)
    return [
        send(state, message(source_addr=sender), now, system_id=account, bind=bind).status
        for now, account, bind, sender in sent
    ]


@pytest.mark.parametrize(
    ("per", "answers"),
    [
        ("bind", [0, 88, 0, 88, 0, 0]),
        ("account", [0, 88, 88, 88, 0, 88]),
        ("sender", [0, 88, 88, 0, 0, 0]),
        ("operator", [0, 88, 88, 88, 88, 88]),
    ],
)
def test_a_throttle_counts_for_each_bind_account_sender_or_all_together(per: str, answers: list[int]) -> None:
    sent = [("a", 1, "X"), ("a", 1, "X"), ("a", 2, "X"), ("a", 2, "Y"), ("b", 3, "X"), ("b", 4, "Y")]
    text = f"submit: {{throttles: [{{rate: 1/s, per: {per}}}]}}"
    assert statuses(text, *((0.0, *each) for each in sent)) == answers


def test_a_throttle_has_a_burst_and_a_status_of_its_own() -> None:
    text = "submit: {throttles: [{rate: 10/s, burst: 2, status: ESME_RMSGQFUL}, {rate: 100/s, status: 0x45}]}"
    assert statuses(text, *[(0.0, "a", 1, "X")] * 3, (0.1, "a", 1, "X")) == [0, 0, 0x14, 0]


def test_without_a_burst_as_many_come_at_once_as_a_second_allows() -> None:
    sent = [(0.0, "a", 1, "X")] * 31
    assert statuses("submit: {throttles: [{rate: 30/s}]}", *sent) == [0] * 30 + [88]


def test_limits_of_strangers_take_bounded_memory() -> None:
    limit = RateLimit(1.0, None, 88)
    for number in range(LIMITERS_KEPT + 1000):
        assert limit.take(number, 0.0)
    assert len(limit) == LIMITERS_KEPT


def test_a_full_queue_refuses_until_it_has_drained() -> None:
    text = "submit: {queue: {capacity: 3, drain: 2/s}}"
    times = (0.0, 0.0, 0.0, 0.0, 0.4, 0.5, 0.5)
    assert statuses(text, *((now, "a", 1, "X") for now in times)) == [0, 0, 0, 0x14, 0x14, 0, 0x14]


def test_a_full_queue_may_stay_full_for_a_while() -> None:
    text = "submit: {queue: {capacity: 1, drain: 10/s, sticky: 5s, status: ESME_RTHROTTLED}}"
    assert statuses(text, *((now, "a", 1, "X") for now in (0.0, 0.0, 1.0, 4.9, 5.0))) == [0, 88, 88, 88, 0]


@given(
    gaps=st.lists(st.floats(min_value=0.0, max_value=2.0), max_size=60),
    capacity=st.integers(1, 5),
    drain=st.integers(1, 10),
)
def test_a_queue_never_holds_more_than_its_capacity(gaps: list[float], capacity: int, drain: int) -> None:
    state = operator(f"submit: {{queue: {{capacity: {capacity}, drain: {drain}/s}}}}")
    now, level, last = 0.0, 0.0, 0.0
    for gap in gaps:
        now += gap
        level = max(0.0, level - (now - last) * drain)
        last = now
        if send(state, now=now).status == 0:
            level += 1.0
            assert level <= capacity + 1e-6
        else:
            assert level + 1.0 > capacity - 1e-6


def test_the_load_is_85_at_the_capacity_and_never_above_100() -> None:
    load = Load(50.0)
    assert load.state(0.0) == 0
    for tick in range(1000):
        load.count(tick / 50.0)
    assert load.state(20.0) == pytest.approx(85, abs=2)
    for tick in range(1000):
        load.count(20.0 + tick / 500.0)
    assert load.state(22.0) == 100
    assert load.state(60.0) == 0


def test_c78_congestion_is_told_to_esmes_of_5_0_only() -> None:
    for text in ("congestion: {state: 93}", "congestion: {capacity: 1/s}"):
        state = operator(text)
        assert send(state, version=Version.V34).tlvs == ()
        assert send(state, version=Version.V33).tlvs == ()
        (tlv,) = send(state, version=Version.V50).tlvs
        assert tlv.tag == CONGESTION_STATE.number
        assert CONGESTION_STATE.parse(tlv.value) in (93, 100)
        assert state.congestion_tlvs(0.0, Version.V50) == (tlv,)
        assert state.congestion_tlvs(0.0, Version.V34) == ()
    assert operator().congestion_tlvs(0.0, Version.V50) == ()


def test_a_single_account_may_be_limited_further_and_the_tightest_limit_holds() -> None:
    rates = AccountRates()
    shop, bank = Account(system_id="shop", password=""), Account(system_id="bank", password="", rate=Rate(3))
    rates.impose(None, {"shop": 1.0})
    assert [rates.take(shop, 0.0) for _ in range(3)] == [True, False, False]
    assert [rates.take(bank, 0.0) for _ in range(4)] == [True, True, True, False]
    rates.impose(2.0, {"shop": 1.0})
    assert [rates.take(shop, 0.0) for _ in range(3)] == [True, False, False]
    assert [rates.take(bank, 0.0) for _ in range(3)] == [True, True, False]


def test_what_an_account_has_sent_can_be_forgotten() -> None:
    rates = AccountRates()
    rates.impose(1.0)
    shop, bank = (Account(system_id=name, password="") for name in ("shop", "bank"))
    for account in (shop, bank):
        assert rates.take(account, 0.0)
    rates.forget("shop")
    assert (rates.take(shop, 0.0), rates.take(bank, 0.0)) == (True, False)
    rates.forget(None)
    assert rates.take(bank, 0.0)
