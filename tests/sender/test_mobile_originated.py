"""A sender that is written to: stored before it is acknowledged, and stopped at once (I7, I9)."""

from pathlib import Path

import msgspec
import pytest

from sender.domain.message import MessageClass, State
from sender.store.incoming import IncomingFate
from smppkit.pdus import DeliverSm
from smppkit.segments import UDHI, segment
from smppkit.status import CommandStatus
from smppkit.text import Alphabet
from tests.sender.peer import Answer, message_from_subscriber
from tests.sender.world import World, config_text

INCOMING = 'incoming:\n  replies: {stop: "No more offers", start: "Welcome back"}\n'
NUMBER = "77050000003"


class Written(World):
    """A world whose sender answers keywords; `beeline` writes to it."""

    def __init__(self, path: Path, extra: str = INCOMING, **beeline: object) -> None:
        super().__init__(path, **beeline)
        self.extra = extra
        self.config = config_text(**beeline) + extra
        self.stop_and_start()

    def write(self, text: str, number: str = NUMBER) -> None:
        pdu = msgspec.structs.replace(message_from_subscriber(text), source_addr=number, destination_addr="1234")
        self.deliver(pdu)

    def deliver(self, pdu: DeliverSm) -> None:
        self.beeline.deliver(self.beeline.links[0], pdu)

    @property
    def texts(self) -> list[str]:
        return [it.text for it in self.process.store.incoming.latest(limit=100)][::-1]

    @property
    def statuses(self) -> list[int]:
        return [status for pdu, status in self.beeline.acknowledged if not pdu.esm_class & 0x04]


@pytest.fixture
def world(tmp_path: Path) -> Written:
    world = Written(tmp_path)
    world.wait(world.sender.start())
    world.clock.advance(1)
    return world


def end(world: World) -> None:
    world.wait(world.sender.stop(), 100_000.0)
    world.clock.advance(10)
    assert not world.clock.getDelayedCalls()  # I8


def test_i9_a_message_is_stored_before_it_is_acknowledged(world: Written) -> None:
    world.write("Where is my order?")
    for _ in range(200):
        world.clock.advance(0.0005)
        assert not world.statuses or world.texts == ["Where is my order?"]
    assert world.statuses == [CommandStatus.ESME_ROK]
    assert world.sender.incoming_messages == 1
    end(world)


def test_a_message_that_was_stored_and_not_acknowledged_is_one_when_it_comes_again(world: Written) -> None:
    world.write("Hello")
    while world.texts != ["Hello"]:
        world.clock.advance(0.0005)
    assert world.statuses == []
    world.restart()
    world.wait(world.sender.start())
    world.clock.advance(10)  # the operator sends it again on the new bind
    assert world.statuses == [CommandStatus.ESME_ROK]
    assert world.texts == ["Hello"]
    end(world)


def test_i7_a_stop_holds_for_what_is_queued_already(world: Written) -> None:
    world.beeline.decide = lambda _: Answer(after=0.5)
    world.load(30, message_class=MessageClass.ADVERTISING)
    world.write("STOP", "77050000029")
    world.clock.advance(0.1)
    assert world.statuses == [CommandStatus.ESME_ROK]
    before = len([number for number in world.beeline.destinations if number == "77050000029"])
    report = world.send()
    advertised = [
        it.pdu
        for it in world.beeline.submits
        if it.pdu.destination_addr == "77050000029" and it.pdu.source_addr == "SHOP"
    ]
    assert len(advertised) == before == 0
    assert (report.states["blocked"], report.states["delivered"]) == (1, 29)
    end(world)


def test_a_stop_is_answered_once_by_the_address_that_was_written_to(world: Written) -> None:
    world.write("stop!!!")
    world.write("Stop please")
    world.clock.advance(5)
    (answer,) = world.beeline.submits
    pdu = answer.pdu
    assert (pdu.destination_addr, pdu.source_addr, pdu.short_message) == (NUMBER, "1234", b"No more offers")
    world.write("START")
    world.clock.advance(5)
    assert [it.pdu.short_message for it in world.beeline.submits] == [b"No more offers", b"Welcome back"]
    end(world)


def test_the_answer_goes_out_although_the_number_wants_nothing_at_all(world: Written) -> None:
    world.write("STOP ALL")
    world.clock.advance(5)
    assert world.beeline.destinations == [NUMBER]
    imported = world.load(5)
    report = world.send(imported.campaign_id)
    assert (imported.rejected, report.states["delivered"]) == (1, 4)
    rejects = (world.directory / "people.rejects.csv").read_text()
    assert "opted out: all" in rejects
    end(world)


def test_a_stop_outlives_the_process(world: Written) -> None:
    world.write("STOP")
    world.clock.advance(1)
    world.restart()
    world.wait(world.sender.start())
    imported = world.load(5, message_class=MessageClass.ADVERTISING)
    report = world.send(imported.campaign_id)
    assert (imported.rejected, report.states["delivered"]) == (1, 4)
    end(world)


def test_parts_of_a_long_message_come_over_several_binds_and_processes(tmp_path: Path) -> None:
    world = Written(tmp_path, binds=2)
    world.wait(world.sender.start())
    world.clock.advance(1)
    text = "Ұзақ хабар " * 20
    cut = segment(text, reference=9, allowed=[Alphabet.UCS2])
    pdus = [
        DeliverSm(
            source_addr=NUMBER, destination_addr="1234", esm_class=UDHI, data_coding=8, short_message=it.short_message
        )
        for it in cut.segments
    ]
    for pdu, link in zip(pdus[:0:-1], world.beeline.links * 3, strict=False):
        world.beeline.deliver(link, pdu)
        world.clock.advance(1)
    assert world.texts == []
    world.restart()
    world.wait(world.sender.start())
    world.clock.advance(1)
    world.beeline.deliver(world.beeline.links[1], pdus[0])
    world.clock.advance(1)
    assert world.texts == [text]
    end(world)


def test_the_rest_of_a_long_message_is_waited_for_and_then_not(world: Written) -> None:
    cut = segment("a long message " * 20, reference=9)
    world.deliver(
        DeliverSm(
            source_addr=NUMBER, destination_addr="1234", esm_class=UDHI, short_message=cut.segments[0].short_message
        )
    )
    world.clock.advance(899)
    assert world.texts == []
    world.clock.advance(5)
    (text,) = world.texts
    assert text.startswith("a long message")
    assert text.endswith("[…]")
    end(world)


def test_what_cannot_be_stored_is_kept_by_the_operator(world: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(world.process.store.incoming, "take", full)
    world.write("Hello")
    world.clock.advance(1)
    assert world.statuses == [CommandStatus.ESME_RX_T_APPN]
    assert world.texts == []


def test_a_thousand_messages_at_once_are_stored_in_few_commits(world: Written) -> None:
    for number in range(1000):
        world.write(f"text {number}")
    world.clock.advance(5)
    assert world.statuses == [CommandStatus.ESME_ROK] * 1000
    assert len(world.texts) == 100
    assert world.sender._mobile_originated.fates[IncomingFate.STORED] == 1000
    end(world)


def test_quiet_hours_hold_advertising_back_until_the_morning(tmp_path: Path) -> None:
    # The world begins at midnight UTC: 05:00 in Almaty.
    world = Written(tmp_path, INCOMING + "quiet: {from: 21:00, to: 09:00}\n")
    world.wait(world.sender.start())
    world.load(5, message_class=MessageClass.ADVERTISING)
    world.clock.advance(4 * 3600 - 60)
    assert world.beeline.submits == []
    assert world.process.store.counts(1)[State.QUEUED] == 5
    world.clock.advance(120)
    assert len(world.beeline.submits) == 5
    end(world)


def test_an_account_that_packs_septets_packs_those_of_subscribers_too(tmp_path: Path) -> None:
    world = Written(tmp_path, packed="true")
    world.wait(world.sender.start())
    world.clock.advance(1)
    text = "Please stop calling me {at once} " * 8
    pieces = segment(text, reference=7, packed=True).segments
    for piece in [*segment("Hello you", reference=1, packed=True).segments, *pieces[1:], pieces[0]]:
        base = msgspec.structs.replace(message_from_subscriber(""), source_addr=NUMBER)
        esm_class = UDHI if piece.udhi else 0
        world.deliver(msgspec.structs.replace(base, esm_class=esm_class, short_message=piece.short_message))
        world.clock.advance(1)
    unicode = "Привет".encode("utf-16-be")
    world.deliver(msgspec.structs.replace(base, short_message=unicode, data_coding=8))
    world.clock.advance(1)
    assert world.texts == ["Hello you", text, "Привет"]
    end(world)
