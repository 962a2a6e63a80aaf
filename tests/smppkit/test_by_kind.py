"""Responses and receipts that come by turns: kind by kind they are the same PDUs, and all else keeps its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.by_kind import by_kind
from smppkit.codec import CODECS, encode
from smppkit.commands import CommandId
from smppkit.events import ReceiptsDelivered, SubmitsTaken
from smppkit.pdus import DeliverSm, EnquireLink, Pdu, SubmitSm, SubmitSmResp
from smppkit.runs import ReceiptRun, TakenRun, esme_readers
from smppkit.states import Version
from smppkit.stream import BadPdu, BrokenStream, Fate, StreamDecoder
from tests.smppkit.generated import pdus
from tests.smppkit.test_runs_of_receipts import receipt
from tests.smppkit.test_session import bound_esme

KINDS = {int(CommandId.SUBMIT_SM_RESP), int(CommandId.DELIVER_SM)}


def taken(number: int) -> bytes:
    return encode(SubmitSmResp(0, number, message_id=f"{number:x}"))


def told(number: int) -> bytes:
    return encode(receipt(number, f"{number:x}"))


def turns(*numbers: int) -> bytes:
    return b"".join(taken(number) + told(number) for number in numbers)


def read(octets: bytes, version: Version = Version.V34, **how: bool) -> list[Fate]:
    found: list[Fate] = []
    for fate in StreamDecoder(codec=CODECS[version]).fates(octets, readers=esme_readers(version), **how):
        found += fate.pdus() if isinstance(fate, (TakenRun, ReceiptRun)) else [fate]  # type: ignore[list-item]
    return found


def kind(fate: Fate) -> int | None:
    return None if isinstance(fate, BrokenStream) else fate.command_id


def sorted_by_kind(fates: list[Fate]) -> Iterator[Fate]:
    """Stretches of the two kinds with the responses first."""
    for sortable, some in groupby(fates, lambda fate: kind(fate) in KINDS):
        stretch = list(some)
        yield from sorted(stretch, key=kind, reverse=True) if sortable else stretch  # type: ignore[arg-type, type-var]


other = st.sampled_from([EnquireLink(0, 7), receipt(8), DeliverSm(0, 9, short_message=b"STOP")])
by_turns = st.integers(2, 60).map(
    lambda count: [pdu for n in range(count) for pdu in (SubmitSmResp(0, n, message_id=f"{n:x}"), receipt(n, f"{n:x}"))]
)


@settings(max_examples=200)
@given(
    version=st.sampled_from(list(Version)),
    sent=st.lists(pdus(SubmitSmResp) | other, max_size=12) | by_turns,
    changes=st.data(),
)
def test_the_same_comes_in_the_same_order_of_each_kind(version: Version, sent: list[Pdu], changes: st.DataObject):
    octets = bytearray(b"".join(map(CODECS[Version.V34].encode, sent)))
    for _ in range(changes.draw(st.integers(0, 3)) if octets else 0):
        octets[changes.draw(st.integers(0, len(octets) - 1))] = changes.draw(st.integers(0, 255))
    plain = StreamDecoder(codec=CODECS[version]).feed(bytes(octets))
    assert list(sorted_by_kind(read(bytes(octets), version, by_turns=True))) == list(sorted_by_kind(plain))
    assert read(bytes(octets), version) == plain


def test_what_comes_by_turns_is_read_in_runs():
    numbers = range(1, 101)
    fates = StreamDecoder().fates(turns(*numbers), readers=esme_readers(Version.V34), by_turns=True)
    runs = [(type(run), len(run)) for run in fates]  # type: ignore[arg-type]
    # It is known when the first run turns out to be one of one.
    assert runs == [(TakenRun, 1), (ReceiptRun, 100), (TakenRun, 99)]


def test_what_stands_between_and_behind_keeps_its_place():
    octets = turns(1, 2) + encode(EnquireLink(0, 3)) + turns(4, 5) + told(6)[:-1]
    decoder = StreamDecoder()
    kinds = [
        (type(fate).__name__, len(fate) if isinstance(fate, (TakenRun, ReceiptRun)) else 1)
        for fate in decoder.fates(octets, readers=esme_readers(Version.V34), by_turns=True)
    ]
    assert kinds == [
        *[("TakenRun", 1), ("ReceiptRun", 2), ("TakenRun", 1)],
        ("EnquireLink", 1),
        *[("TakenRun", 1), ("ReceiptRun", 2), ("TakenRun", 1)],
    ]
    assert decoder.unfinished == told(6)[:-1]


def test_sorting_ends_where_a_length_cannot_be_true():
    sound = turns(1, 2)
    for broken in (b"\0\0\0\x0f" + taken(3)[4:], b"\0\x02\0\0" + told(3)[4:]):
        assert by_kind(sound + broken + turns(4), 0, KINDS, 70 * 1024) == (
            taken(1) + taken(2) + told(1) + told(2) + broken + turns(4),
            len(sound),
        )
        *_, last = read(sound + broken, by_turns=True)
        assert isinstance(last, BrokenStream)
    assert by_kind(told(1) + told(2) + turns(3)[:17], 0, KINDS, 70 * 1024)[1] == len(told(1) * 2)


def test_one_that_cannot_be_read_is_answered_as_ever():
    bad = taken(2)[:-1] + b"x"  # an id without its NUL
    fates = read(taken(1) + told(1) + bad + told(3) + taken(4) + told(4), by_turns=True)
    assert [fate.sequence_number for fate in fates if isinstance(fate, BadPdu)] == [2]
    assert len(fates) == 6


def test_a_session_tells_of_them_in_runs_while_nobody_listens():
    session = bound_esme(window=100)
    session.read_runs(esme_readers(session.version), by_turns=True)
    for number in range(2, 22):
        session.send(SubmitSm(destination_addr="7705", short_message=b"hello"), 1.0, number)
    session.receive_bytes(turns(*range(2, 12)), 2.0)
    events = session.events()
    assert [type(event) for event in events] == [SubmitsTaken, ReceiptsDelivered, SubmitsTaken]
    numbers = [number for event in events if isinstance(event, SubmitsTaken) for number in event.contexts]
    assert numbers == [*range(2, 12)]
    seen: list[tuple[int, bytes]] = []
    session.listen_in(lambda _, octets: seen.append((1, octets)), lambda _, count, octets: seen.append((count, octets)))
    session.receive_bytes(turns(*range(12, 22)), 3.0)
    assert b"".join(octets for _, octets in seen) == turns(*range(12, 22))  # who listens hears them as they came
    assert len(session.events()) == 20
