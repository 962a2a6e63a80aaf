import pytest

from smsc.scenario.counting import Count, Counter, Key, Memory, Per, key_of
from tests.smsc.scenario.world import message


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", [3]),
        ("2-4", [2, 3, 4]),
        ("5+", [5, 6, 7, 8, 9]),
        ("every 3rd", [3, 6, 9]),
        ("every 2nd", [2, 4, 6, 8]),
        ("every 4", [4, 8]),
    ],
)
def test_a_count_says_which_messages(text: str, numbers: list[int]) -> None:
    count = Count.parse(text)
    assert [number for number in range(1, 10) if number in count] == numbers


@pytest.mark.parametrize("text", ["0", "-1", "4-2", "every 0th", "third", "1.5", "", "every"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Count.parse(text)


def test_a_key_tells_apart_what_is_counted_for_itself() -> None:
    pdu = message("+77051", source_addr="SHOP")
    keys = {per: key_of(per, "shop", pdu) for per in Per}
    assert keys == {
        Per.TO: Key("shop", "77051"),
        Per.FROM: Key("shop", "SHOP"),
        Per.ACCOUNT: Key("shop"),
        Per.OPERATOR: Key(),
    }


def test_the_memory_is_bounded_and_says_what_it_forgot() -> None:
    memory: Memory[int] = Memory(most=2)
    memory.put("a", Key("x"), 1)
    memory.put("b", Key("x"), 2)
    assert memory.get("a", Key("x")) == 1  # used, so that the other one is older
    memory.put("c", Key("y"), 3)
    assert [memory.get(name, Key("x")) for name in "ab"] == [1, None]
    assert (len(memory), memory.evicted) == (2, 1)
    memory.forget(system_id="x")
    assert (memory.of("a"), memory.of("c")) == ({}, {Key("y"): 3})


def too_fast(rate: float, times: list[float]) -> list[bool]:
    counter = Counter()
    return [counter.add(now, rate) for now in times]


def test_messages_come_too_fast_beyond_what_a_second_allows() -> None:
    assert too_fast(3.0, [5.0, 5.0, 5.0, 5.0]) == [False, False, False, True]
    assert not any(too_fast(10.0, [number / 10 for number in range(1000)]))
    assert too_fast(10.0, [number / 20 for number in range(100)]).index(True) == 19
    assert all(too_fast(10.0, [number / 20 for number in range(100)])[20:])


def test_a_rate_below_one_in_a_second_allows_one_at_a_time() -> None:
    assert too_fast(0.1, [0.0, 10.0, 20.0]) == [False, False, False]
    assert too_fast(0.1, [0.0, 1.0, 30.0]) == [False, True, False]


def test_only_what_comes_too_fast_counts_where_there_is_a_rate() -> None:
    counter, plain = Counter(), Counter()
    for _ in range(5):
        counter.add(0.0, 2.0)
        plain.add(0.0, None)
    assert (counter.count, plain.count) == (3, 5)


def test_who_slows_down_is_soon_forgiven() -> None:
    assert too_fast(2.0, [0.0] * 50 + [1.0])[-1] is False
