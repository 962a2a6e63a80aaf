"""Messages that are alike, many in a read: what is read, decided and written in columns is as if each had come alone.

The same octets come in one write, in pieces of any size, and in one write to an emulator that lets every message go the
long way, through all that an operator may ask of one.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

import msgspec
import pytest

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.pdus import DeliverSmResp
from smppkit.runs import split
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario import engine
from tests.smsc.centre.test_runs import SCENARIOS, scenario
from tests.smsc.conftest import Lab

_DELIVER_SM: Final = CommandId.DELIVER_SM.to_bytes(4, "big")
_TLV = b"\x02\x04\0\2\0\7"
_TEXTS: Final[list[bytes | int]] = [b"", b"hello \x1be", b"x" * 254, 1, 40]
_ODD: Final = {"registered_delivery": 2, "esm_class": 0x40, "replace_if_present_flag": 1, "data_coding": 8}


class Alike(msgspec.Struct, frozen=True):
    """So many submit_sm that differ in what is drawn for them, and one that differs in more."""

    count: int
    service_type: bytes
    source: bytes
    digits: int
    esm_class: int
    registered_delivery: int
    data_coding: int
    text: bytes | int
    """What all say; or how many octets, which each has of its own."""
    odd: str | None
    odd_at: int
    seed: int

    def octets(self, number: int) -> list[bytes]:
        """The PDUs, numbered from there on."""
        chance, found = Random(self.seed), []
        for place in range(self.count):
            to = b"4477" + bytes(chance.choices(b"0123456789", k=self.digits))
            text = self.text if isinstance(self.text, bytes) else bytes(chance.choices(b"ab@ \x1b\0\xff", k=self.text))
            if place == self.odd_at and self.odd == "shifted":  # of one length with the others nevertheless
                to, text = to[:-1], text + b"x"
            more = {} if place != self.odd_at else {self.odd: _ODD[self.odd]} if self.odd in _ODD else {}
            octets = self._one(number + place, to, text, **more)
            if place == self.odd_at and self.odd == "tlv":
                octets = (len(octets) + len(_TLV)).to_bytes(4, "big") + octets[4:] + _TLV
            found.append(octets)
        return found

    def _one(self, number: int, to: bytes, text: bytes, **more: int) -> bytes:
        said = {
            "esm_class": self.esm_class,
            "registered_delivery": self.registered_delivery,
            "replace_if_present_flag": 0,
            "data_coding": self.data_coding,
            **more,
        }
        body = self.service_type + b"\0\5\0" + self.source + b"\0\1\1" + to + b"\0"
        body += bytes([said["esm_class"], 0, 0, 0, 0, said["registered_delivery"], said["replace_if_present_flag"]])
        body += bytes([said["data_coding"], 0, len(text)]) + text
        head = (16 + len(body)).to_bytes(4, "big") + CommandId.SUBMIT_SM.to_bytes(4, "big") + bytes(4)
        return head + (number & 0xFFFFFFFF).to_bytes(4, "big") + body


def alike(chance: Random) -> Alike:
    """Some, as they may be."""
    choice = chance.choice
    return Alike(
        count=choice([7, 8, 40, 60]),
        service_type=choice([b"", b"CMT"]),
        source=choice([b"SHOP", b"", b"\xe9" * 20]),
        digits=choice([0, 1, 7]),
        esm_class=choice([0, 0x03, 0x04, 0x80]),
        registered_delivery=choice([0, 1, 1, 3, 0x10]),
        data_coding=choice([0, 0, 4, 8, 0xF1]),
        text=choice(_TEXTS),
        odd=choice([None, "tlv", "shifted", *_ODD]),
        odd_at=choice([5, 30, 50]),
        seed=chance.randrange(2),
    )


def played(keys: str, octets: bytes, pieces: Random | None = None, *, looks: bool = False) -> Any:
    """What was told and when, and what is known of each message at the end."""
    lab = Lab()
    lab.journal = Journal.open(MEMORY, clock=lab.clock, logged=True)
    lab.start(scenario(keys), journal=None)
    (server,) = lab.emulator.operators.values()
    if looks:
        server.record(lambda *_: None)
    esme = lab.bound()
    at = 0
    while at < len(octets):
        end = len(octets) if pieces is None else at + pieces.choice([1, 16, 99, 5000])
        esme.link.dataReceived(octets[at:end])
        at = end
    told: list[tuple[float, list[bytes]]] = []
    for _ in range(25):
        frames, esme.wire.unread = split(esme.wire.unread), b""
        told.append((lab.now, frames))
        numbers = [int.from_bytes(frame[12:16]) for frame in frames if frame[4:8] == _DELIVER_SM]
        esme.link.dataReceived(b"".join(encode(DeliverSmResp(0, number)) for number in numbers))
        lab.clock.advance(0.05)
    known = [msgspec.structs.astuple(message) for message in lab.inbox().messages(limit=1000)]
    for call in lab.clock.getDelayedCalls():
        call.cancel()
    return told, known


def as_it_may_come(told: list[tuple[float, list[bytes]]]) -> list[tuple[float, Counter[bytes]]]:
    """In any order of one moment, which receipts have their numbers from."""
    return [
        (at, Counter(frame[:12] + frame[16:] if frame[4:8] == _DELIVER_SM else frame for frame in frames))
        for at, frames in told
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["usual", "all drawn", "drawn tlvs", "one bind"])
def test_messages_that_are_alike_are_as_if_each_had_come_alone(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    number, pdus = chance.choice([0, 2, 0x7FFFFFF0, 0xFFFFFFF0]), list[bytes]()
    for _ in range(3):
        pdus += alike(chance).octets(number + len(pdus))
    octets = b"".join(pdus)
    told, known = played(SCENARIOS[name], octets)
    in_pieces, known_of_pieces = played(SCENARIOS[name], octets, chance)
    assert as_it_may_come(in_pieces) == as_it_may_come(told)
    assert known_of_pieces == known
    monkeypatch.setattr(engine, "_is_set_apart", lambda *_: True)
    assert played(SCENARIOS[name], octets, looks=True) == (told, known)
