"""Runs: what is taken as one is taken, answered and told of, octet for octet, as if each had come by itself.

Where somebody looks at PDUs each message goes its own way; so the same traffic is played to an emulator with a recorder
and to one without, and both have to write the same octets at the same times, and count and keep the same; in a journal
as well.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from smppkit.codec import SMPP_50, encode
from smppkit.pdus import (
    BindTransceiver,
    CancelSm,
    DataSm,
    DeliverSmResp,
    EnquireLink,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitSm,
    Unbind,
)
from smppkit.stream import StreamDecoder
from smppkit.tlvs import MESSAGE_PAYLOAD, USER_MESSAGE_REFERENCE
from smsc.centre.book import LARGE
from smsc.journal import alive, expansion
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.timeline_model import ThrottleFault
from tests.smsc.conftest import Lab

RULES = """
    rules:
      - {when: {to: "*5550008"}, respond: ESME_RSYSERR}
      - {when: {to: "*5551005"}, receipt: {stat: UNDELIV}}
      - {when: {to: "4915*"}, latency: 70ms}
      - {when: {to: "44770091"}, receipt: {delay: 3s}}
      - {when: {to: "/^3[0-4]1/"}, respond: none}
"""
OTHER_RULES = """
    rules:
      - {when: {from: "1000", account: modern}, receipt: {stat: EXPIRED}}
      - {when: {from: ["SHO*", "9"], to: "*7"}, receipt: {stat: REJECTD}}
      - {when: {text: "*b b*"}, latency: 20ms}
      - {when: {text: "/@[$]c/"}, respond: ESME_RTHROTTLED}
      - {when: {text: "*ccc*", account: "mod*"}, receipt: {delay: 3s}}
      - {when: {account: twin, to: "447705*", text: "/^a/", count: every 3rd}, receipt: {stat: UNDELIV}}
"""
PAYLOAD = (MESSAGE_PAYLOAD.of(b"hello"),)
SCENARIOS = {
    "usual": "receipts: {delay: 1s}",
    "at once": "receipts: {delay: 0s, copies: 2}",
    "slow": "submit: {latency: 40ms}\n    receipts: {delay: 30ms, outcome: {UNDELIV: 100%}}\n    ids: hex lower 8",
    "tlvs": "receipts: {delay: 20ms, form: tlv}\n    ids: uuid",
    "one bind": 'receipts: {delay: 50ms, route: same-bind, text: "{text:7} of {id:3} 9% {stat}"}\n    ids: "hex A-{}"',
    "ucs2": "receipts: {delay: 20ms, data_coding: 8}",
    "data": "receipts: {delay: 20ms, carrier: data_sm}",
    "drawn delays": "receipts: {delay: uniform 0s 1s}",
    "drawn fates": "receipts: {delay: 30ms, copies: 2, outcome: {DELIVRD: 50%, UNDELIV: 20%, ENROUTE: 10%, none: 20%}}",
    "drawn responses": "submit: {latency: uniform 0ms 30ms}\n    receipts: {delay: 50ms}",
    "all drawn": "submit: {latency: spike 0ms to 70ms 30%}\n"
    "    receipts: {delay: normal 10ms 20ms, outcome: {DELIVRD: 60%, EXPIRED: 39%, none: 1%}}",
    "drawn tlvs": "submit: {latency: lognormal 5ms p99 50ms}\n    receipts: {delay: spike 0ms to 1s 50%, form: tlv}",
}


def scenario(keys: str, rules: str = RULES) -> str:
    return f"scenario: runs\noperators:\n  op:\n    listen: tcp:127.0.0.1:2775\n    accounts: any\n    {keys}{rules}"


class Player:
    """ESMEs that play made-up traffic: what they do depends on chance and on what they are told, on nothing else."""

    def __init__(self, lab: Lab, seed: int, *, apart: bool) -> None:
        self.lab = lab
        self.fails = False
        self.chance = Random(seed)
        self.written: list[tuple[float, int, bytes]] = []
        self.esmes: list[_Esme] = []
        (self.server,) = lab.emulator.operators.values()
        if apart:
            self.server.record(lambda *_: None)
        book = self.server.centre._shared.book
        book._most_kept, book._most_living = 30, 90
        for number in range(3):
            self.esmes.append(_Esme(self, number))

    def play(self, steps: int) -> None:
        for _ in range(steps):
            for esme in self.esmes:
                esme.act()
            if self.lab.journal is not None and self.chance.random() < 0.1:
                self.fails = not self.fails
                self.lab.journal.connection.execute(f"PRAGMA query_only = {int(self.fails)}")
            self.lab.clock.advance(self.chance.choice([0.0, 0.002, 0.01, 0.01, 0.05, 1.1]))

    def state(self) -> object:
        """All that is kept and counted."""
        centre = self.server.centre
        book = centre._shared.book
        kept = [
            (held.number, held.message_id, held.system_id, held.bind, held.ends, held.over, held.timed, held.planned,
             held.awaited, held.plan, held.fate, held.pdu)
            for held in book.take(None)
        ]  # fmt: skip
        sessions = [msgspec.structs.asdict(esme.link_session.counters) for esme in self.esmes]
        waiting = [
            (esme.link_session.outstanding, esme.link_session.unanswered, esme.link_session.next_deadline())
            for esme in self.esmes
        ]
        return kept, msgspec.to_builtins(self.lab.stats), sessions, waiting, centre._deliveries._made


class _Esme:
    def __init__(self, player: Player, number: int) -> None:
        self.player, self.number, self.chance = player, number, player.chance
        self.numbers = iter(range(2, 1 << 20))
        self.decoder = StreamDecoder(codec=SMPP_50)
        self.ids: list[str] = []
        self.unacknowledged: list[int] = []
        self.unsent = b""
        self.disconnecting = False
        lab = player.lab
        address = lab.network.ports[2775].getHost()
        self.link = lab.network.ports[2775].factory.buildProtocol(address)
        self.link.makeConnection(self)
        self.link_session = self.link.session
        name, version = ("twin", 0x34) if number < 2 else ("modern", 0x50)
        self.link.dataReceived(encode(BindTransceiver(0, 1, system_id=name, interface_version=version)))

    # --- the transport of the server -----------------------------------------------------------------

    def write(self, octets: bytes) -> None:
        self.player.written.append((self.player.lab.now, self.number, octets))
        for fate in self.decoder.feed(octets):
            assert isinstance(fate, Pdu)
            if fate.name == "deliver_sm":
                self.unacknowledged.append(fate.sequence_number)
            elif fate.name == "submit_sm_resp" and fate.message_id:  # type: ignore[attr-defined]
                self.ids.append(fate.message_id)  # type: ignore[attr-defined]

    def getPeer(self) -> Any:  # noqa: N802
        return self.player.lab.network.ports[2775].getHost()

    def loseConnection(self) -> None:  # noqa: N802
        self.disconnecting = True

    abortConnection = loseConnection  # noqa: N815

    def nothing(self, *_: object) -> None:
        pass

    setTcpNoDelay = registerProducer = unregisterProducer = pauseProducing = resumeProducing = nothing  # noqa: N815

    # --- what it does --------------------------------------------------------------------------------

    def act(self) -> None:
        chance = self.chance
        pieces: list[bytes] = []
        for _ in range(chance.randrange(4)):
            pieces += chance.choices(
                [self.many, self.acknowledge, self.mixture, self.ask],
                weights=[6, 6, 3, 0.2 if self.player.lab.now < 4 else 1],
            )[0]()
        octets = self.unsent + b"".join(pieces)
        cut = len(octets) if chance.random() < 0.7 else chance.randrange(len(octets) + 1)
        self.unsent = octets[cut:]
        if cut and not self.disconnecting:
            self.link.dataReceived(octets[:cut])
        server = self.player.server
        if chance.random() < 0.02:
            whose = chance.choice(["twin", "modern", None])
            server.centre.reset(whose)
            if self.player.lab.journal is not None:
                self.player.lab.journal.erase(whose, lambda error: None)
        if chance.random() < 0.03:
            server.state.begin(ThrottleFault(rate=20.0)) if not server.state.throttled else server.state.end(
                ThrottleFault(rate=20.0)
            )

    def submit(self, **more: Any) -> bytes:
        chance = self.chance
        fields: dict[str, Any] = {
            "service_type": chance.choice(["", "", "CMT"]),
            "source_addr": chance.choice(["SHOP", "", "1000"]),
            "source_addr_ton": chance.choice([0, 5]),
            "destination_addr": f"{chance.choice(['44770', '+44770', '4915'] if chance.random() < 0.1 else ['44770'])}"
            f"{chance.randrange(10**6):06}",
            "dest_addr_npi": chance.choice([0, 1]),
            "data_coding": chance.choice([0, 0, 0, 8, 0xF1]),
            "protocol_id": chance.choice([0, 64]),
            "short_message": bytes(chance.choice(b"abc @$\x1b\xe9\x00") for _ in range(chance.randrange(30))),
        }
        return encode(SubmitSm(0, next(self.numbers), **{**fields, **more}))

    def many(self) -> list[bytes]:
        registered = self.chance.choice([0, 1, 1, 2, 0x11])
        return [self.submit(registered_delivery=registered) for _ in range(self.chance.randrange(12))]

    def mixture(self) -> list[bytes]:
        chance = self.chance
        submit = self.submit
        kinds: list[Callable[[], bytes]] = [
            lambda: submit(registered_delivery=1),
            lambda: submit(destination_addr="4477005550008"),
            lambda: submit(destination_addr="4477005551005", registered_delivery=1),
            lambda: submit(destination_addr="44770091", registered_delivery=1),
            lambda: submit(destination_addr="3014", registered_delivery=1),
            lambda: submit(tlvs=(USER_MESSAGE_REFERENCE.of(7),)),
            lambda: submit(esm_class=0x40, short_message=b"\x05\x00\x03\x07\x02\x01hello", registered_delivery=1),
            lambda: submit(esm_class=0x02),
            lambda: submit(validity_period="000000000500000R", registered_delivery=1),
            lambda: submit(replace_if_present_flag=1) if self.player.lab.now > 3 else submit(),
            lambda: submit(sm_default_msg_id=3),
            lambda: submit(source_addr_ton=6)[:-1] if chance.random() < 0 else _with(submit(source_addr="1"), 17, 9),
            lambda: encode(EnquireLink(0, next(self.numbers))),
            lambda: encode(DataSm(0, next(self.numbers), destination_addr="4477", registered_delivery=1, tlvs=PAYLOAD)),
            lambda: _with(submit(short_message=b""), -1, 5),
        ]
        return [chance.choice(kinds)() for _ in range(chance.randrange(4))]

    def ask(self) -> list[bytes]:
        chance, now = self.chance, self.player.lab.now
        if not self.ids or now < 2:
            return []
        message_id = chance.choice(self.ids[-40:])
        kind: type[Any] = chance.choice([QuerySm, CancelSm, ReplaceSm])
        return [encode(kind(0, next(self.numbers), message_id=message_id))]

    def acknowledge(self) -> list[bytes]:
        chance = self.chance
        count = chance.randrange(len(self.unacknowledged) + 1)
        now, self.unacknowledged = self.unacknowledged[:count], self.unacknowledged[count:]
        answers = [encode(DeliverSmResp(0, sequence)) for sequence in now]
        if answers and chance.random() < 0.3:
            at = chance.randrange(len(answers))
            sequence = now[at]
            answers[at] = chance.choice(
                [
                    encode(DeliverSmResp(0x64, sequence)),
                    encode(DeliverSmResp(0x45, sequence)),
                    encode(DeliverSmResp(0, sequence, message_id="x")),
                    encode(DeliverSmResp(0, sequence))[:16].replace(b"\0\0\0\x11", b"\0\0\0\x10", 1),
                    encode(DeliverSmResp(0, sequence)) * 2,
                ]
            )
        return answers


def _with(octets: bytes, at: int, value: int) -> bytes:
    changed = bytearray(octets)
    changed[at] = value
    return bytes(changed)


def played(
    keys: str, seed: int, *, apart: bool, steps: int = 25, journal: bool = False, rules: str = RULES
) -> tuple[Player, int]:
    lab = Lab()
    if journal:
        lab.journal = Journal.open(MEMORY, clock=lab.clock, logged=True)
    lab.start(scenario(keys, rules), journal=None)
    player = Player(lab, seed, apart=apart)
    runs = 0
    take = player.server.centre._runs.take

    def counting(*args: Any) -> Any:
        nonlocal runs
        answer = take(*args)
        runs += answer is not None
        return answer

    player.server.centre._runs.take = counting  # type: ignore[method-assign]
    try:
        player.play(steps)
        if seed % 2:
            player.esmes[0].link.dataReceived(encode(Unbind(0, 9999999)))
            player.esmes[1].link.connectionLost(Failure(ConnectionDone()))
            player.play(2)
    finally:
        for call in lab.clock.getDelayedCalls():
            call.cancel()
    return player, runs


@pytest.mark.parametrize("rules", [RULES, OTHER_RULES], ids=["numbers", "others"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_taken_as_one_is_as_if_each_had_come_by_itself(name: str, rules: str) -> None:
    taken = 0
    for seed in range(2):
        together, runs = played(SCENARIOS[name], seed, apart=False, rules=rules)
        by_itself, none = played(SCENARIOS[name], seed, apart=True, rules=rules)
        assert together.written == by_itself.written
        assert together.state() == by_itself.state()
        assert not none
        taken += runs
    assert taken > 10


def left(player: Player, keys: str) -> dict[str, object]:
    """All that a journal says to whoever reads it, and what the next run makes of it, after the emulator was killed."""
    before = player.lab.journal
    assert before is not None
    before.connection.execute("PRAGMA query_only = 0")
    before.flush()
    lab = Lab()
    lab.clock.advance(player.lab.now)
    lab.journal = journal = Journal(MEMORY, before.connection, None, lab.clock, threaded=False, logged=True)
    journal.expand(lambda error: None)
    tables = {
        table: journal.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - our names
        for table in ("messages", "pdus", "connections")
    }
    number = journal.last_number("op")
    lab.start(scenario(keys), journal=None)
    told = {}
    for name, version in (("twin", 0x34), ("modern", 0x50)):
        esme = lab.bound(name, interface_version=version)
        lab.run(0.2, step=0.1)
        told[name] = sorted(encode(msgspec.structs.replace(pdu, sequence_number=0)) for pdu in esme.deliveries)
    (server,) = lab.emulator.operators.values()
    planned = [
        (held.message_id, held.ends, held.fate, held.plan, held.pdu)
        for held in server.centre._shared.book.living(lab.now)
    ]
    lab.stop()
    return {"number": number, "told": told, "planned": planned, **tables}


@pytest.mark.parametrize("held", [10, 1000])
@pytest.mark.parametrize("name", ["usual", "at once", "slow", "drawn delays", "drawn fates", "all drawn"])
def test_a_journal_says_the_same_of_what_was_taken_as_one(
    name: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after it could not be written for a while, and when accounts were erased."""
    monkeypatch.setattr(alive, "MOST_HELD", held)
    monkeypatch.setattr(alive, "SETTLED_AT_ONCE", 2)
    monkeypatch.setattr(expansion, "OPERATIONS_AT_ONCE", 50)
    taken = 0
    for seed in range(2):
        together, runs = played(SCENARIOS[name], seed, apart=False, journal=True)
        by_itself, none = played(SCENARIOS[name], seed, apart=True, journal=True)
        assert together.written == by_itself.written
        assert together.state() == by_itself.state()
        assert left(together, SCENARIOS[name]) == left(by_itself, SCENARIOS[name])
        assert not none
        taken += runs
    assert taken > 5


class Waiting:
    """A lab whose journal has written nothing yet; two messages of one read wait for it."""

    def __init__(self, lab: Lab) -> None:
        lab.journal = Journal.open(MEMORY, clock=lab.clock, logged=True)
        lab.start(scenario(SCENARIOS["usual"]), journal=None)
        self.esme = lab.bound()
        self.committed: list[Callable[[Exception | None], None]] = []
        self.lab, self.journal = lab, lab.journal
        self.journal.when_committed = self.committed.append  # type: ignore[method-assign]
        self.esme.heard.clear()
        self.sequences = [self.esme.submit(), self.esme.submit()]
        lab.settle()

    def tell(self, error: Exception | None = None) -> list[int]:
        """Let it be written; the statuses that the messages are answered with."""
        assert not self.esme.responses
        (told,) = self.committed
        told(error)
        del self.journal.when_committed
        self.lab.run(2)
        answers = self.esme.responses
        assert [pdu.sequence_number for pdu in answers] == self.sequences[: len(answers)]
        return [pdu.command_status for pdu in answers]


def test_i9_no_run_is_answered_before_it_is_on_the_disk(lab: Lab) -> None:
    waiting = Waiting(lab)
    assert waiting.tell() == [0, 0]
    assert lab.stats.receipts.acknowledged == 2


def test_a_run_that_could_not_be_written_is_refused(lab: Lab) -> None:
    waiting = Waiting(lab)
    assert waiting.tell(OSError("full")) == [8, 8]
    assert (lab.stats.book.taken, lab.stats.journal_failures, lab.stats.receipts.planned) == (0, 2, 0)


def test_a_run_that_is_forgotten_before_it_is_on_the_disk_gets_no_answer(lab: Lab) -> None:
    waiting = Waiting(lab)
    lab.emulator.operators["op"].centre.reset("shop")
    assert waiting.tell() == []
    assert (lab.stats.answered_late, lab.stats.receipts.planned, lab.stats.book.forgotten) == (2, 0, 2)


@pytest.mark.parametrize("kind", ["transceiver", "transmitter"])
def test_only_receipts_that_nobody_takes_are_written_down(kind: str) -> None:
    """Those that go out at once come again by the plan of their message, until they are acknowledged."""
    lab = Lab()
    lab.journal = Journal.open(MEMORY, clock=lab.clock, logged=True)
    lab.start(scenario(SCENARIOS["drawn delays"]), journal=None)
    esme = lab.bound("shop", kind=kind)
    esme.acknowledge = lambda pdu: None
    for number in range(4):
        esme.submit(to=f"4477055{number:05}")
    lab.run(1.5)
    journal = lab.journal
    journal.expand(lambda error: None)
    assert {message.state for message in lab.inbox().messages()} == {"DELIVRD"}
    again = Journal(MEMORY, journal.connection, None, lab.clock, threaded=False, logged=True)
    kept = {"unfinished": len(list(again.unfinished("op", 0.0))), "owed": len(list(again.owed("op")))}
    by_plan = kind == "transceiver"
    assert kept == ({"unfinished": 4, "owed": 0} if by_plan else {"unfinished": 0, "owed": 4})
    assert len(esme.deliveries) == (4 if by_plan else 0)
    for call in lab.clock.getDelayedCalls():
        call.cancel()


def test_numbers_of_a_run_that_was_forgotten_are_not_used_again() -> None:
    lab = Lab()
    lab.journal = journal = Journal.open(MEMORY, clock=lab.clock, logged=True)
    lab.start(scenario(SCENARIOS["usual"]), journal=None)
    (server,) = lab.emulator.operators.values()
    esme = lab.bound()
    for _ in range(4):
        esme.submit()
    lab.settle()
    server.centre.forget()
    journal.flush()
    again = Journal(MEMORY, journal.connection, None, lab.clock, threaded=False, logged=True)
    again.expand(lambda error: None)
    assert again.last_number("op") == server.state.next_id - 1
    for call in lab.clock.getDelayedCalls():
        call.cancel()


@pytest.mark.parametrize("large", [False, True])
def test_a_large_book_lets_go_of_a_run_when_all_of_it_is_over(large: bool) -> None:
    lab = Lab()
    lab.start(scenario(SCENARIOS["drawn delays"]), journal=None)
    esme = lab.bound("shop")
    (server,) = lab.emulator.operators.values()
    book = server.centre._shared.book
    book._most_kept = LARGE if large else LARGE - 1
    for number in range(40):
        esme.submit(to=f"4477055{number:05}")
    lab.run(0.5)
    book._most_kept = 20  # full, from now on
    over = len(esme.deliveries)
    assert 5 < over < 20
    for _ in range(2):
        book._looks = 40
        book.make_room(lab.clock.seconds())
        assert len(book) == (40 if large else 40 - over)
    lab.run(1.0)
    book._looks = 40
    book.make_room(lab.clock.seconds())
    assert len(book) == 20
