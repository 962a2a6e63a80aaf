"""The whole sender against scripted operators, in memory and in simulated time."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.domain.dialect import Relation
from sender.domain.message import MessageClass, State
from sender.domain.rows import HeaderError
from sender.domain.template import TemplateError
from sender.pipeline.compose import SenderError
from sender.pipeline.plans import CampaignPlan
from sender.pipeline.progress import Progress
from sender.store.records import CampaignState
from smppkit.pdus import SubmitSm
from smppkit.segments import part_of
from smppkit.status import CommandStatus
from tests.sender.peer import Answer, message_from_subscriber, most_in_a_second
from tests.sender.world import World, reset


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, rate="50/s", window=10)
    yield made
    made.process.kill()


def test_a_campaign_is_delivered(world: World) -> None:
    imported = world.load(100)
    assert (imported.rows, imported.messages, imported.rejected, imported.rejects) == (100, 100, 0, None)
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.failed, report.in_doubt, report.queued) == (100, 0, 0, 0)
    assert report.submits == report.segments == 100
    assert sorted(world.beeline.destinations) == [f"7705{number:07d}" for number in range(100)]
    assert not world.kcell.submits
    pdu = world.beeline.submits[0].pdu
    assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == ("SHOP", 5, 0)
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.registered_delivery) == (1, 1, 1)


def test_the_dialect_of_an_operator_is_learned_on_the_way(world: World) -> None:
    world.load(30)
    world.wait(world.sender.start())
    assert world.send().delivered == 30
    dialect = world.ask(world.process.store.dialects)["beeline"]
    assert dialect.relation is Relation.SAME
    learned = dialect.learned
    assert (learned.sources, learned.dates, learned.carriers) == ({"both": 30}, {"YYMMDDhhmm": 30}, {"deliver_sm": 30})
    assert (learned.stats, learned.senders) == ({"DELIVRD": 30}, {"echoed": 30})
    assert dialect.settings.operator == "127.0.0.1:2775"


def test_numbers_go_to_the_operator_of_their_prefix(world: World) -> None:
    world.load(rows=["+77051112233,A", "+77012223344,B", "+77051112234,C"])
    world.wait(world.sender.start())
    report = world.send()
    assert sorted(world.beeline.destinations) == ["77051112233", "77051112234"]
    assert world.kcell.destinations == ["77012223344"]
    assert report.delivered == 3


def test_bad_rows_are_told_and_the_rest_goes_on(world: World) -> None:
    imported = world.load(
        template="Dear {name}, hello",
        rows=["+77051112233,A", "hello,B", "+77471112233,C", "+77051112234,", "+77051112233,D", "+77051112235,E"],
    )
    assert (imported.rows, imported.messages, imported.rejected) == (6, 2, 4)
    lines = (world.directory / "people.rejects.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line,reason,raw"
    assert [line.split(",")[0] for line in lines[1:]] == ["3", "4", "5", "6"]
    assert "no route for +77471112233" in lines[2]
    assert '""name""' in lines[3]
    assert "duplicate of line 2" in lines[4]
    world.wait(world.sender.start())
    report = world.send()
    assert (report.rows, report.rejected_rows, report.delivered) == (6, 4, 2)


def test_long_texts_go_as_segments_of_one_reference(world: World) -> None:
    imported = world.load(3, template="Құрметті {name}, " + "хабарлама " * 15)
    assert imported.segments == 9
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.segments, report.submits) == (3, 9, 9)
    parts = Counter(
        (submitted.pdu.destination_addr, info.reference, info.total)
        for submitted in world.beeline.submits
        if (info := part_of(submitted.pdu)[0]) is not None
    )
    assert sorted(parts.values()) == [3, 3, 3]


def test_receipts_that_come_before_their_response_match_i3(world: World) -> None:
    world.beeline.decide = lambda _: Answer(after=0.2, receipt_after=-0.15)
    world.load(20)
    world.wait(world.sender.start())
    assert world.send().delivered == 20


def test_receipts_with_the_id_in_another_base_match_i3(world: World) -> None:
    world.beeline.receipt_ids = lambda message_id: f"{int(message_id):X}"
    world.load(20)
    world.wait(world.sender.start())
    assert world.send().delivered == 20


def test_every_receipt_is_acknowledged(world: World) -> None:
    world.load(20)
    world.wait(world.sender.start())
    world.send()
    world.clock.advance(1)
    assert [status for _, status in world.beeline.acknowledged] == [0] * 20


def test_throttled_submits_are_sent_again_and_counted_as_retries(world: World) -> None:
    refused: set[str] = set()

    def decide(pdu: SubmitSm) -> Answer:
        if pdu.destination_addr in refused or int(pdu.destination_addr) % 2:
            return Answer()
        refused.add(pdu.destination_addr)
        return Answer(CommandStatus.ESME_RTHROTTLED)

    world.beeline.decide = decide
    world.load(40)
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.retries, report.resends) == (40, 20, 0)
    assert report.submits == len(world.beeline.submits) == 60  # I2


def test_what_is_refused_for_good_is_not_sent_again(world: World) -> None:
    refused = Answer(CommandStatus.ESME_RINVDSTADR)
    world.beeline.decide = lambda pdu: refused if pdu.destination_addr.endswith("3") else Answer()
    world.load(20)
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.failed) == (18, 2)
    assert [(failure.reason, failure.stage, failure.messages) for failure in report.failures] == [
        ("ESME_RINVDSTADR", "submit", 2)
    ]
    assert len(world.beeline.submits) == 20


def test_a_refusal_that_never_passes_becomes_final_at_the_give_up_time(tmp_path: Path) -> None:
    world = World(tmp_path, retry="retry: {first: 1s, longest: 4s, give_up: 20s}\n")
    world.beeline.decide = lambda _: Answer(CommandStatus.ESME_RSYSERR)
    world.load(3)
    world.wait(world.sender.start())
    report = world.send()
    assert report.failed == 3
    assert world.clock.seconds() < 30
    world.process.kill()


def test_what_was_refused_is_sent_again_soon_though_the_clock_went_back_between_two_lives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, retry="retry: {first: 20s, longest: 30s}\n")
    world.beeline.decide = lambda _: Answer(CommandStatus.ESME_RSYSERR)
    world.load(3)
    world.wait(world.sender.start())
    world.clock.advance(5)
    assert len(world.beeline.submits) == 3
    world.beeline.decide = lambda _: Answer()
    world.epoch -= 86_400
    world.restart()
    world.wait(world.sender.start())
    assert "3 messages to be sent again were due more than 30 s from now: the clock has gone back" in caplog.text
    began = world.clock.seconds()
    assert world.send().delivered == 3
    assert world.clock.seconds() - began < 60
    world.process.kill()


@pytest.mark.parametrize(
    ("message_class", "resends", "in_doubt"),
    [(MessageClass.ADVERTISING, 0, 5), (MessageClass.SERVICE, 5, 0), (MessageClass.CODE, 5, 0)],
)
def test_the_class_decides_what_becomes_of_a_lost_response(
    world: World, message_class: MessageClass, resends: int, in_doubt: int
) -> None:
    world.beeline.decide = lambda _: Answer(after=None)
    world.load(5, message_class=message_class)
    world.wait(world.sender.start())
    run = world.sender.run(1)
    world.clock.advance(1)
    assert len(world.beeline.submits) == 5
    world.beeline.decide = lambda _: Answer()
    reset(world.beeline.links)
    began = world.clock.seconds()
    report = world.wait(run)
    assert (report.resends, report.in_doubt, report.delivered) == (resends, in_doubt, resends)
    assert report.submits == len(world.beeline.submits) == 5 + resends  # I2
    if message_class is MessageClass.SERVICE:
        assert world.beeline.submits[5].at - began >= 25  # time for a receipt to resolve the doubt
    if message_class is MessageClass.CODE:
        assert world.beeline.submits[5].at - began <= 5


@pytest.mark.parametrize(("message_class", "resends"), [(MessageClass.SERVICE, 1), (MessageClass.CODE, 5)])
def test_no_message_is_resent_more_often_than_its_class_allows(
    tmp_path: Path, message_class: MessageClass, resends: int
) -> None:
    world = World(tmp_path, response_timeout="5s")
    world.beeline.decide = lambda _: Answer(after=None)
    world.load(1, message_class=message_class)
    world.wait(world.sender.start())
    report = world.send(receipt_wait=60.0)
    assert (report.resends, report.submits, report.in_doubt) == (resends, 1 + resends, 1)
    world.wait(world.sender.stop())
    world.process.kill()


def test_a_part_that_waited_for_the_answer_to_another_is_sent_again(world: World) -> None:
    def decide(pdu: SubmitSm) -> Answer:
        first_of_two = part_of(pdu)[0].number == 1
        if first_of_two and len(world.beeline.submits) < 3:
            return Answer(CommandStatus.ESME_RSYSERR)
        return Answer(after=5.0)  # longer than the other part has to wait

    world.beeline.decide = decide
    world.load(1, template="hello " * 30)
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.retries, report.submits) == (1, 1, 3)


def test_a_receipt_resolves_a_doubt_and_spares_the_resend(world: World) -> None:
    world.beeline.decide = lambda _: Answer(after=None)
    world.load(5)
    world.wait(world.sender.start())
    run = world.sender.run(1)
    world.clock.advance(1)
    lost = [submitted.pdu for submitted in world.beeline.submits]
    reset(world.beeline.links)
    world.clock.advance(5)
    for number, pdu in enumerate(lost):
        world.beeline.send_receipt(world.beeline.links[0], pdu, f"5000{number}", "DELIVRD")
    report = world.wait(run)
    assert (report.delivered, report.resends, report.in_doubt) == (5, 0, 0)
    assert len(world.beeline.submits) == 5


def test_a_response_that_times_out_leaves_doubt_and_the_link_lives(tmp_path: Path) -> None:
    world = World(tmp_path, response_timeout="5s")
    world.beeline.decide = lambda pdu: Answer(after=None if pdu.destination_addr.endswith("7") else 0.01)
    world.load(20, message_class=MessageClass.ADVERTISING)
    world.wait(world.sender.start())
    report = world.send(receipt_wait=10)
    assert (report.delivered, report.in_doubt) == (18, 2)
    assert report.doubts == {"response timeout": 2}
    assert len(world.beeline.binds) == 1
    world.process.kill()


@pytest.mark.parametrize("message_class", [MessageClass.ADVERTISING, MessageClass.SERVICE])
def test_a_response_that_comes_late_ends_the_doubt(tmp_path: Path, message_class: MessageClass) -> None:
    world = World(tmp_path, response_timeout="5s")
    world.beeline.decide = lambda pdu: Answer(after=8.0 if pdu.destination_addr.endswith("7") else 0.01)
    world.load(20, message_class=message_class)
    world.wait(world.sender.start())
    report = world.send(receipt_wait=10)
    assert (report.delivered, report.in_doubt, report.resends) == (20, 0, 0)
    assert len(world.beeline.submits) == 20
    world.process.kill()


def test_resets_in_the_middle_lose_and_repeat_nothing(world: World) -> None:
    world.load(300)
    world.wait(world.sender.start())
    run = world.sender.run(1)
    for _ in range(4):
        world.clock.advance(1.3)
        reset(world.beeline.links)
    report = world.wait(run)
    assert report.delivered == 300
    sent = Counter(world.beeline.destinations)
    # A submit that was on the wire when it was cut is sent again, and the operator saw it once.
    assert sum(sent.values()) - len(sent) <= report.resends <= 4
    assert most_in_a_second(world.beeline.times) <= 50  # I5


@pytest.mark.parametrize("moment", [0.05, 0.3, 0.777, 1.5, 3.0])
def test_a_killed_sender_goes_on_where_it_was(world: World, moment: float) -> None:
    world.load(200)
    world.wait(world.sender.start())
    world.clock.advance(moment)
    world.restart()
    recovery = world.wait(world.sender.start())
    report = world.send()
    assert report.delivered == 200
    assert report.resends <= recovery.requeued <= 20  # no more than windows and what is committed ahead
    sent = Counter(world.beeline.destinations)
    assert set(sent) == {f"7705{number:07d}" for number in range(200)}
    assert sum(sent.values()) - 200 <= report.resends  # nothing but what was in doubt is sent twice
    assert most_in_a_second(world.beeline.times) <= 50  # I5, across processes


def test_killed_again_and_again_it_still_finishes(world: World) -> None:
    world.load(200)
    for life in range(8):
        world.wait(world.sender.start())
        world.clock.advance(0.4 + 0.17 * life)
        world.restart()
    world.wait(world.sender.start())
    report = world.send()
    assert report.delivered == 200
    assert sum(Counter(world.beeline.destinations).values()) - 200 <= report.resends
    assert most_in_a_second(world.beeline.times) <= 50


def test_an_import_that_was_cut_begins_again_from_the_file(tmp_path: Path) -> None:
    world = World(tmp_path, window=100)
    path = world.recipients([f"+7705{number:07d},N" for number in range(1200)])
    plan = CampaignPlan(template="Hello {name}", sender="SHOP", recipients=path)
    world.sender.import_campaign(plan)
    world.clock.advance(0.007)  # two batches of three
    assert world.campaign().state is CampaignState.IMPORTING
    world.restart()
    recovery = world.wait(world.sender.start())
    assert recovery.importing == (1,)
    assert not world.beeline.submits
    result = world.wait(world.sender.finish_import(world.campaign()))
    assert result.messages == 1200
    assert world.send().delivered == 1200
    world.process.kill()


def test_stopping_awaits_answers_and_gives_the_rest_back(world: World) -> None:
    world.beeline.decide = lambda _: Answer(after=1.0, receipt=None)
    world.load(200)
    world.wait(world.sender.start())
    run = world.sender.run(1)
    world.clock.advance(1.5)
    world.wait(world.sender.stop())
    report = world.wait(run)
    counts = world.counts()
    assert set(counts) == {State.QUEUED, State.ACCEPTED}
    assert counts[State.ACCEPTED] == len(world.beeline.submits) > 0
    assert report.accepted == counts[State.ACCEPTED]
    world.clock.advance(5)
    assert not world.beeline.links
    assert not world.clock.getDelayedCalls()  # I8


def test_after_a_stop_another_process_finishes_without_a_resend(world: World) -> None:
    world.load(100)
    world.wait(world.sender.start())
    world.clock.advance(1.0)
    world.stop_and_start()
    recovery = world.wait(world.sender.start())
    assert (recovery.released, recovery.in_doubt, recovery.requeued) == (0, 0, 0)
    report = world.send()
    assert (report.delivered, report.resends, report.submits) == (100, 0, 100)
    assert len(world.beeline.submits) == 100
    assert most_in_a_second(world.beeline.times) <= 50  # I5


def test_stopping_twice_and_before_starting_is_harmless(world: World) -> None:
    first, second = world.sender.stop(), world.sender.stop()
    world.wait(first)
    world.wait(second)
    world.wait(world.sender.stop())


def test_an_operator_that_cannot_be_reached_is_waited_for(world: World) -> None:
    world.beeline.accept_connections = False
    world.load(5)
    world.wait(world.sender.start())
    seen: list[Progress] = []
    run = world.sender.run(1, seen.append)
    world.clock.advance(100)
    assert not run.called
    status = next(status for status in seen[-1].channels if status.account == "beeline")
    assert status.down_since is not None
    assert "next attempt" in (status.trouble or "")
    world.beeline.accept_connections = True
    assert world.wait(run).delivered == 5


def test_with_a_give_up_time_an_unreachable_operator_ends_the_run(world: World) -> None:
    world.beeline.accept_connections = False
    world.load(rows=["+77051112233,A", "+77012223344,B"])
    world.wait(world.sender.start())
    report = world.send(give_up=60)
    assert (report.delivered, report.queued) == (1, 1)
    assert "beeline" in (world.sender.gave_up or "")
    assert 60 <= world.clock.seconds() <= 120


def test_messages_of_an_operator_that_is_no_longer_configured_do_not_hang_the_run(world: World) -> None:
    world.kcell.accept_connections = False
    world.load(rows=["+77051112233,A", "+77012223344,B"])
    world.wait(world.sender.start())
    world.clock.advance(1)
    head, _, tail = world.config.partition("  kcell:")
    world.config = head + tail[tail.index("routes:") :].replace('  - {prefix: "7701", operator: kcell}\n', "")
    world.stop_and_start()
    world.wait(world.sender.start())
    report = world.send()
    assert (report.delivered, report.queued) == (1, 1)
    assert "no longer configured" in (world.sender.gave_up or "")


def test_a_run_without_receipts_ends_after_the_wait(world: World) -> None:
    world.beeline.decide = lambda _: Answer(receipt=None)
    world.load(5)
    world.wait(world.sender.start())
    report = world.send(receipt_wait=12.0)
    assert (report.accepted, report.delivered, report.in_flight) == (5, 0, 5)
    assert 12 <= world.clock.seconds() <= 14


def test_messages_of_subscribers_are_acknowledged_and_counted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world.wait(world.sender.start())
    world.clock.advance(1)
    world.beeline.deliver(world.beeline.links[0], message_from_subscriber())
    world.clock.advance(1)
    assert [status for _, status in world.beeline.acknowledged] == [0]
    assert world.sender.incoming_messages == 1
    assert "7705*****67" in caplog.text
    assert "77051234567" not in caplog.text


@pytest.mark.parametrize(
    ("template", "sender", "header", "error"),
    [
        ("Dear {name", "SHOP", "phone,name", TemplateError),
        ("Dear {nam}", "SHOP", "phone,name", TemplateError),
        ("Dear {name}", "A name far too long", "phone,name", SenderError),
        ("Dear {name}", "SHOP", "x,name", HeaderError),
    ],
)
def test_a_plan_that_cannot_be_right_makes_no_campaign(
    world: World, template: str, sender: str, header: str, error: type[Exception]
) -> None:
    path = world.recipients(["+77051112233,A"], header)
    plan = CampaignPlan(template=template, sender=sender, recipients=path)
    with pytest.raises(error):
        world.wait(world.sender.import_campaign(plan))
    with pytest.raises(KeyError):
        world.campaign()


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    def run(name: str) -> list[tuple[float, str]]:
        directory = tmp_path / name
        directory.mkdir()
        world = World(directory, rate="40/s")
        world.load(150)
        world.wait(world.sender.start())
        running = world.sender.run(1)
        world.clock.advance(1.7)
        reset(world.beeline.links)
        world.wait(running)
        world.process.kill()
        return [(submitted.at, submitted.pdu.destination_addr) for submitted in world.beeline.submits]

    assert run("one") == run("two")
