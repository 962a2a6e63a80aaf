"""TCP put together again."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from smsc.capture.streams import MOST_WAITING, Run, Stream, StreamCounters


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(0, 2**32 - 1), st.integers(0, 10_000))
def test_overlapping_shuffled_segments_are_the_stream_again(data: bytes, start: int, seed: int) -> None:
    draw = random.Random(seed)
    counters = StreamCounters()
    stream = Stream(counters)
    stream.begin(start)
    segments = [(at, data[at : at + draw.randint(1, 40)]) for at in range(0, len(data), 10)]
    segments = [(at, octets if len(octets) > 9 else data[at : at + 10]) for at, octets in segments]
    segments += draw.choices(segments, k=3)
    draw.shuffle(segments)
    runs = [run for at, octets in segments for run in stream.segment((start + at) % 2**32, octets)]
    runs += stream.flush()
    assert b"".join(run.octets for run in runs) == data
    assert counters.missing == 0


def test_a_hole_is_told_where_it_is() -> None:
    counters = StreamCounters()
    stream = Stream(counters)
    assert stream.segment(100, b"abc") == [Run(b"abc")]
    assert stream.segment(110, b"xyz") == []
    assert stream.segment(113, b"!") == []
    assert stream.flush() == [Run(b"xyz!", 7)]
    assert (counters.missing, counters.out_of_order) == (7, 2)


def test_a_hole_is_given_up_when_much_waits_behind_it() -> None:
    stream = Stream(StreamCounters())
    stream.begin(0)
    runs = [run for number in range(MOST_WAITING + 1) for run in stream.segment(10 + number, b"x")]
    assert runs == [Run(b"x" * (MOST_WAITING + 1), 10)]


def test_what_has_come_before_is_counted() -> None:
    counters = StreamCounters()
    stream = Stream(counters)
    stream.segment(1, b"abc")
    assert stream.segment(1, b"abc") == []
    assert stream.segment(2, b"bcde") == [Run(b"de")]
    assert counters.retransmitted == 2
