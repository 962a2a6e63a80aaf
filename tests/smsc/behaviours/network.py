"""What befalls octets and connections on their way."""

from __future__ import annotations

import pytest

from smppkit.codec import decode
from smppkit.pdus import SubmitSmResp, Unbind, UnbindResp
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

QUIET = {"registered_delivery": 0}


def pieces_of(esme: Esme, count: int, seconds: float) -> list[bytes]:
    """The segments in which the responses to so many submits came."""
    before = len(esme.pieces)
    sequences = esme.submits(count, **QUIET)
    esme.world.run(seconds)
    assert esme.statuses(sequences) == [0] * count
    return [octets for _, octets in esme.pieces[before:]]


@shows("TCP")
def tcp_octet_by_octet(world: World) -> None:
    pieces = pieces_of(world.bound(), 3, 1)
    assert {len(piece) for piece in pieces} == {1}
    assert len(pieces) == 3 * (16 + len("10000001") + 1)


@shows("TCP")
def tcp_header_split(world: World) -> None:
    first, second = pieces_of(world.bound(), 1, 1)
    assert len(first) == 14
    assert isinstance(decode(first + second), SubmitSmResp)


@shows("TCP")
def tcp_many_in_one_segment(world: World) -> None:
    esme = world.bound()
    before = len(esme.pieces)
    for _ in range(10):
        esme.submit(**QUIET)
        world.run(0.1)
    ((at, octets),) = esme.pieces[before:]
    assert at == pytest.approx(0.9)
    assert len(octets) == 10 * (16 + len("10000001") + 1)


@shows("TCP")
def tcp_reset_in_a_pdu(world: World) -> None:
    esme = world.bound()
    sequences = esme.submits(3, **QUIET)
    world.run(1)
    assert esme.statuses(sequences[:2]) == [0, 0]
    assert len(esme.unread) == 10
    assert esme.ended is not None
    assert esme.ended[1] == "ConnectionLost"


@shows("TCP")
def tcp_half_open(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    heard = len(esme.octets)
    esme.submit()
    world.until(3600)
    assert (len(esme.octets), esme.ended) == (heard, None)
    assert world.texts() == []
    assert world.emulator.operators["op"].bound_connections() == []  # given up, and nobody was told


@shows("TCP")
def tcp_stalled_reader(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    sequences = esme.submits(50, **QUIET)
    world.until(10.9)
    assert not any(esme.answers(sequence) for sequence in sequences)
    assert esme.transport._wire.under_way > 0  # in the buffers of TCP, where the window closes on it
    world.until(11.1)
    assert esme.statuses(sequences) == [0] * 50


@shows("TCP")
def tcp_stalled_writer(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    sequences = esme.submits(50, **QUIET)
    world.until(10.9)
    assert not any(esme.answers(sequence) for sequence in sequences)
    assert len(world.texts()) == 50
    world.until(11.1)
    assert esme.statuses(sequences) == [0] * 50
    assert len({esme.answer(sequence).at for sequence in sequences}) == 1


@shows("TCP")
def tcp_bandwidth(world: World) -> None:
    esme = world.bound()
    sequences = esme.submits(10, **QUIET)
    world.run(10)
    octets = 10 * (16 + len("10000001") + 1)
    assert esme.answer(sequences[-1]).at == pytest.approx(octets / 100, abs=0.2)


@shows("TCP")
def tcp_latency(world: World) -> None:
    esme = world.bound()
    world.until(1.1)
    sequence = esme.submit(**QUIET)
    world.run(1)
    assert esme.answer(sequence).at == pytest.approx(1.7, abs=0.01)


@shows("TCP")
def tcp_closed_after_octets(world: World) -> None:
    esme = world.bound()
    before = len(esme.octets)
    esme.submits(100, **QUIET)
    world.run(1)
    assert len(esme.octets) - before == 1010
    assert esme.unread != b""
    assert esme.ended is not None
    assert esme.ended[1] == "ConnectionDone"


@shows("TCP")
def tcp_slow_close(world: World) -> None:
    esme = world.bound()
    sequence = esme.send(Unbind())
    assert isinstance(esme.answer(sequence).pdu, UnbindResp)
    world.until(2.9)
    assert esme.ended is None
    world.until(3.1)
    assert esme.ended == (pytest.approx(3), "ConnectionDone")
