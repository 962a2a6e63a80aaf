"""What is no SMPP, or SMPP in the wrong place."""

from __future__ import annotations

import pytest

from smppkit.commands import CommandId
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World


def said(world: World) -> tuple[Esme, int, bytes]:
    """What comes after one submit: the ESME, the sequence number, the octets."""
    esme = world.bound()
    before = len(esme.octets)
    sequence = esme.submit(registered_delivery=0)
    world.run(0.1)
    return esme, sequence, esme.octets[before:]


def header(octets: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(octets[at : at + 4]) for at in (0, 4, 8, 12))


RESPONSE = int(CommandId.SUBMIT_SM_RESP)
LENGTH = 16 + len("10000001") + 1


@shows("garbage")
def garbage_crlf(world: World) -> None:
    _, sequence, octets = said(world)
    assert octets[:2] == b"\r\n"
    assert header(octets[2:]) == (LENGTH, RESPONSE, 0, sequence)


@shows("garbage")
def garbage_http(world: World) -> None:
    esme = world.dial()
    assert esme.bind() == -1
    assert esme.octets.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert esme.ended is not None


@shows("garbage")
def garbage_octets(world: World) -> None:
    _, sequence, octets = said(world)
    assert len(octets) > LENGTH
    assert header(octets[-LENGTH:]) == (LENGTH, RESPONSE, 0, sequence)


@shows("garbage")
def length_too_short(world: World) -> None:
    _, sequence, octets = said(world)
    assert header(octets) == (15, RESPONSE, 0, sequence)
    assert len(octets) == LENGTH


@shows("garbage")
def length_too_long(world: World) -> None:
    esme, sequence, octets = said(world)
    assert header(octets) == (LENGTH + 64, RESPONSE, 0, sequence)
    assert len(octets) == LENGTH
    esme.submit(registered_delivery=0)
    assert len(esme.unread) == 2 * LENGTH


@shows("garbage")
def length_of_4_gib(world: World) -> None:
    _, sequence, octets = said(world)
    assert header(octets) == (0xFFFF_FFFF, RESPONSE, 0, sequence)


@shows("garbage")
def unknown_command(world: World) -> None:
    esme, sequence, octets = said(world)
    length, command, status, number = header(octets)
    assert (length, command, status, octets[16:19]) == (19, 0x0A, 0, b"\x0a\x1b\x2c")
    assert header(octets[19:]) == (LENGTH, RESPONSE, 0, sequence)
    esme.say((16).to_bytes(4, "big") + b"\x80\0\0\0" + b"\0\0\0\x03" + number.to_bytes(4, "big"))
    assert esme.status(esme.submit()) == 0  # it takes the generic_nack that it has earned


@shows("garbage")
def response_to_nothing(world: World) -> None:
    esme, sequence, octets = said(world)
    length, command, status, number = header(octets)
    assert (command, status) == (RESPONSE, 0)
    assert number > 0x7000_0000
    assert header(octets[length:]) == (LENGTH, RESPONSE, 0, sequence)
    assert esme.status(sequence) == 0


@shows("garbage")
def sequence_zero(world: World) -> None:
    assert header(said(world)[2]) == (LENGTH, RESPONSE, 0, 0)


@shows("garbage")
def sequence_of_the_high_bit(world: World) -> None:
    esme = world.bound()
    esme.submit()
    world.run(1.1)
    (receipt,) = [heard.octets for heard in esme.heard if header(heard.octets)[1] == CommandId.DELIVER_SM]
    assert header(receipt)[3] == 0x8000_0000


@shows("garbage")
def two_responses(world: World) -> None:
    esme, sequence, _ = said(world)
    world.run(2)
    first, second = esme.answers(sequence)
    assert first.octets == second.octets
    assert second.at - first.at == pytest.approx(1)


@shows("garbage")
def nack_with_the_sequence(world: World) -> None:
    _, sequence, octets = said(world)
    assert (len(octets), header(octets)) == (16, (16, CommandId.GENERIC_NACK, 0x03, sequence))


@shows("garbage")
def nack_without_the_sequence(world: World) -> None:
    _, _, octets = said(world)
    assert (len(octets), header(octets)) == (16, (16, CommandId.GENERIC_NACK, 0x02, 0))
