from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.pdus import SubmitSm
from smppkit.runs import SubmitRun, submit_reader
from smppkit.segments import LongMessage, segment
from smppkit.states import Version
from smsc.scenario import draws
from smsc.scenario.draws import Chance, Draws, least, uniforms


def message(**changes: object) -> SubmitSm:
    fields: dict[str, object] = {"source_addr": "SHOP", "destination_addr": "77051234567", "short_message": b"hello"}
    return SubmitSm(**{**fields, **changes})  # type: ignore[arg-type]


def draw(chance: Chance, pdu: SubmitSm, slot: int = 0, system_id: str = "shop") -> float:
    return Draws(chance, system_id, pdu).uniform(slot)


def test_a_draw_is_the_same_in_every_run() -> None:
    # Literals: scenarios and their expectations rest on these numbers from version to version.
    chance = Chance(42, "kcell")
    assert [draw(chance, message()) for _ in range(3)] == [0.879877853657047, 0.3055665073935986, 0.408730016871632]


@pytest.mark.parametrize(
    "other",
    [
        lambda: draw(Chance(43, "kcell"), message()),
        lambda: draw(Chance(42, "beeline"), message()),
        lambda: draw(Chance(42, "kcell"), message(), slot=1),
        lambda: draw(Chance(42, "kcell"), message(), slot=8),
        lambda: draw(Chance(42, "kcell"), message(), system_id="shop2"),
        lambda: draw(Chance(42, "kcell"), message(source_addr="SHOP2")),
        lambda: draw(Chance(42, "kcell"), message(destination_addr="77051234568")),
        lambda: draw(Chance(42, "kcell"), message(short_message=b"hello!")),
        lambda: draw(Chance(42, "kcell"), message(source_addr="SHOP7", destination_addr="7051234567")),
    ],
)
def test_a_draw_depends_on_all_that_makes_the_decision(other: Callable[[], float]) -> None:
    assert draw(Chance(42, "kcell"), message()) != other()


def test_a_message_sent_again_gets_other_draws_and_the_same_ones_in_another_run() -> None:
    runs = []
    for _ in range(2):
        chance = Chance(42, "kcell")
        runs.append([draw(chance, message()) for _ in range(5)])
    assert len(set(runs[0])) == 5
    assert runs[0] == runs[1]


def test_the_draws_of_one_decision_count_as_one_occurrence() -> None:
    chance = Chance(42, "kcell")
    draws = Draws(chance, "shop", message())
    assert len({draws.uniform(slot) for slot in range(40)}) == 40
    assert draws.uniform(3) == draw(Chance(42, "kcell"), message(), slot=3)
    assert len(chance) == 1


def test_a_decision_without_a_draw_remembers_nothing() -> None:
    chance = Chance(42, "kcell")
    Draws(chance, "shop", message())
    assert len(chance) == 0


@pytest.mark.parametrize("method", [LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR])
def test_the_reference_of_a_long_message_does_not_matter_but_the_number_of_the_part_does(method: LongMessage) -> None:
    def draws_of(reference: int) -> list[float]:
        chance = Chance(42, "kcell")
        parts = segment("a" * 304, reference=reference, method=method).segments
        return [
            draw(
                chance,
                message(short_message=part.short_message, esm_class=0x40 if part.udhi else 0, tlvs=part.tlvs),
            )
            for part in parts
        ]

    assert draws_of(7) == draws_of(200)
    assert len(set(draws_of(7))) == 2


def test_a_text_in_a_payload_counts_like_any_other() -> None:
    (part,) = segment("hello", reference=1, method=LongMessage.PAYLOAD).segments
    payload = message(short_message=part.short_message, tlvs=part.tlvs)
    assert draw(Chance(42, "kcell"), payload) == draw(Chance(42, "kcell"), message())


def test_memory_is_bounded_and_forgets_the_oldest_first() -> None:
    chance = Chance(42, "kcell", remembered=6)
    first = draw(chance, message(destination_addr="1"))
    assert draw(chance, message(destination_addr="1")) != first
    for number in range(2, 4):
        draw(chance, message(destination_addr=str(number)))
    assert draw(chance, message(destination_addr="1")) != first
    for number in range(4, 10):
        draw(chance, message(destination_addr=str(number)))
        assert len(chance) <= 6
    assert draw(chance, message(destination_addr="1")) == first


@given(
    source=st.text(max_size=20).filter(lambda text: "\0" not in text),
    data=st.binary(max_size=60),
    slot=st.integers(0, 300),
    esm_class=st.sampled_from([0, 0x40]),
)
def test_every_draw_lies_strictly_between_zero_and_one(source: str, data: bytes, slot: int, esm_class: int) -> None:
    pdu = message(source_addr=source, short_message=data, esm_class=esm_class)
    assert 0.0 < draw(Chance(1, "x"), pdu, slot) < 1.0


def test_draws_are_spread_evenly() -> None:
    chance = Chance(7, "x")
    values = [draw(chance, message(destination_addr=str(number)), slot) for number in range(2000) for slot in (0, 9)]
    for tenth in range(10):
        share = sum(tenth <= value * 10 < tenth + 1 for value in values) / len(values)
        assert share == pytest.approx(0.1, abs=0.02)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["SHOP", "", "caf\xe9", "1000"]),
            st.sampled_from(["77051234567", "\xff"]),
            st.sampled_from([b"", b"hello", b"\0\xff", b"x" * 254]),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["shop", "caf\xe9"]),
)
def test_plain_messages_as_they_came_have_the_draws_of_each(messages: list[tuple[str, str, bytes]], who: str) -> None:
    pdus = [message(source_addr=source, destination_addr=to, short_message=text) for source, to, text in messages]
    octets = b"".join(map(encode, pdus))
    read = submit_reader(Version.V34, lambda: None)(octets, 0)
    assert read is not None
    run, end = read
    assert isinstance(run, SubmitRun)
    assert (len(run), end) == (len(pdus), len(octets))
    together, each = Chance(42, "kcell", remembered=4), Chance(42, "kcell", remembered=4)
    for _ in range(2):
        decisions = [Draws(each, who, pdu) for pdu in pdus]
        by_message = [[one.uniform(slot) for slot in range(3)] for one in decisions]
        by_slot = map(uniforms, together.first(who, run.frames, run.frames.addressed()))
        assert [list(one) for one in zip(*by_slot, strict=True)] == by_message


def run_of(pdus: list[SubmitSm]) -> SubmitRun:
    read = submit_reader(Version.V34, lambda: None)(b"".join(map(encode, pdus)), 0)
    assert read is not None
    assert isinstance(read[0], SubmitRun)
    return read[0]


@pytest.mark.parametrize("texts", [1, 2])
def test_many_that_came_as_often_or_not_have_the_draws_of_each(texts: int) -> None:
    together, each = Chance(42, "kcell"), Chance(42, "kcell")
    pdus = [
        message(destination_addr=f"7705{number:07}", short_message=b"%d" % (number % texts)) for number in range(40)
    ]
    for first, last in ((0, 40), (0, 40), (0, 20), (10, 40), (0, 40), (3, 9), (0, 40)):
        run = run_of(pdus[first:last])
        by_slot = map(uniforms, together.first("shop", run.frames, run.addressed()))
        decisions = [Draws(each, "shop", pdu) for pdu in pdus[first:last]]
        assert [list(one) for one in zip(*by_slot, strict=True)] == [
            [one.uniform(slot) for slot in range(3)] for one in decisions
        ]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40), st.sampled_from("éa"))), st.integers(1, 2))
@example([(0, 10, "a"), (20, 10, "a"), (40, 10, "a"), (0, 10, "a"), (35, 10, "a")], 1)
def test_many_are_counted_and_forgotten_as_each_is(stretches: list[tuple[int, int, str]], texts: int) -> None:
    together, each = Chance(42, "kcell", remembered=40), Chance(42, "kcell", remembered=40)
    for first, count, sender in stretches:
        pdus = [
            message(source_addr=sender, destination_addr=f"7705{number:07}", short_message=b"%d" % (number % texts))
            for number in range(first, first + count)
        ]
        run = run_of(pdus)
        by_slot = map(uniforms, together.first("shop", run.frames, run.addressed()))
        decisions = [Draws(each, "shop", pdu) for pdu in pdus]
        assert [list(one) for one in zip(*by_slot, strict=True)] == [
            [one.uniform(slot) for slot in range(3)] for one in decisions
        ]
        assert len(together) == len(each)


def test_a_message_that_comes_again_and_again_has_every_draw() -> None:
    chance = Chance(7, "x")
    few = [message(destination_addr=str(number)) for number in range(4)]
    rounds = [[draw(chance, pdu) for pdu in few] for _ in range(2000)]
    for values in zip(*rounds, strict=True):
        for tenth in range(10):
            assert sum(tenth <= value * 10 < tenth + 1 for value in values) / 2000 == pytest.approx(0.1, abs=0.03)
    for one in range(3):  # and what one draws says nothing about another
        both = sum(values[one] < 0.5 and values[one + 1] < 0.5 for values in rounds)
        assert both / 2000 == pytest.approx(0.25, abs=0.04)


def test_no_more_is_known_of_messages_than_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "MOST_KNOWN", 10)
    together, each = Chance(42, "kcell"), Chance(42, "kcell")
    pdus = [message(destination_addr=str(number % 15)) for number in range(40)]
    for few in (pdus[:5], pdus[5:30], pdus[30:]):
        found = submit_reader(Version.V34, lambda: None)(b"".join(map(encode, few)), 0)
        assert found is not None
        run = found[0]
        assert isinstance(run, SubmitRun)
        first = together.first("shop", run.frames, run.frames.addressed())[0]
        assert uniforms(first) == [draw(each, pdu) for pdu in few]
        assert sum(map(len, together._known.values())) <= 10


@given(st.floats(2.0**-60, 1 - 2.0**-53))
def test_a_share_is_told_by_the_values_as_by_the_draws(share: float) -> None:
    value = least(share)
    if value < 1 << 64:
        assert uniforms([value])[0] >= share
    if value:
        assert uniforms([value - 1])[0] < share
