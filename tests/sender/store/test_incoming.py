"""Messages of subscribers in the store: one transaction from the delivery to the suppression list and the answer."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from sender.domain.incoming_rules import IncomingRules
from sender.domain.keywords import Action, Keyword, Keywords
from sender.domain.message import MessageClass
from sender.domain.reassembly import MISSING
from sender.store.incoming import Incoming, IncomingFate, MessageIn, Taken
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Suppressed
from smppkit.segments import PartInfo
from tests.sender.store.kit import ACCOUNT, Runner, rows

NUMBER = 77051234567
RULES = IncomingRules(
    Keywords([Keyword("YES", Action.LABEL, label="yes", reply="Thanks")]),
    replies={Action.STOP: "No more offers", Action.STOP_ALL: "Nothing more", Action.START: "Welcome back"},
)
STORED, PART, REPEATED = IncomingFate.STORED, IncomingFate.PART, IncomingFate.REPEATED


def message(text: str | bytes = "hello", *, at: float = 5000.0, sequence: int = 1, **fields: Any) -> MessageIn:
    octets = text.encode() if isinstance(text, str) else text
    usual = MessageIn(ACCOUNT, f"+{NUMBER}", "1234", octets, 0, None, -1, sequence, at)
    return msgspec.structs.replace(usual, **fields)


class Inbox:
    def __init__(self, store: SqliteStore, run: Runner, rules: IncomingRules = RULES) -> None:
        self.store = store
        self.run = run
        self.rules = rules

    def take(self, *deliveries: MessageIn) -> Taken:
        taken: Taken = self.run(self.store.incoming.take, list(deliveries), self.rules)
        assert len(taken.fates) == len(deliveries)
        return taken

    def fates(self, *deliveries: MessageIn) -> list[IncomingFate]:
        return list(self.take(*deliveries).fates)

    @property
    def messages(self) -> list[Incoming]:
        """Oldest first."""
        return list(self.store.incoming.latest(limit=100))[::-1]

    @property
    def texts(self) -> list[str]:
        return [it.text for it in self.messages]

    @property
    def suppressed(self) -> list[tuple[int, str]]:
        return [(it.number, it.scope) for it in self.store.suppression.entries()]

    @property
    def answers(self) -> list[str]:
        found = rows(self.store, "SELECT f.fields FROM all_fields f JOIN messages m ON m.id = f.message ORDER BY m.id")
        return [msgspec.json.decode(row[0])["text"] for row in found]


@pytest.fixture
def inbox(store: SqliteStore, run: Runner) -> Inbox:
    return Inbox(store, run)


def test_a_message_is_stored_as_it_came(inbox: Inbox) -> None:
    assert inbox.fates(message("Where is my order?", at=5001.5)) == [STORED]
    (stored,) = inbox.messages
    assert (stored.account, stored.source, stored.destination) == (ACCOUNT, f"+{NUMBER}", "1234")
    assert (stored.text, stored.at, stored.parts, stored.missing) == ("Where is my order?", 5001.5, 1, 0)
    assert (stored.action, stored.label, stored.answer) == ("", "", None)


# --- repetitions ----------------------------------------------------------------------------------


def test_the_same_message_within_minutes_is_a_repetition(inbox: Inbox) -> None:
    assert inbox.fates(message(at=0), message(at=299, sequence=9)) == [STORED, REPEATED]
    assert inbox.messages[0].repeats == 1
    assert inbox.fates(message(at=600, sequence=10)) == [STORED]


def test_the_same_sequence_number_is_the_same_delivery_for_a_day(inbox: Inbox) -> None:
    assert inbox.fates(message(at=0), message(at=80_000), message(at=160_000), message(at=300_000)) == [
        STORED, REPEATED, REPEATED, STORED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        message("hello!"), message(source="77051234568"), message(destination="1235"), message(account="kcell"),
        message(reference=7), message(data_coding=3),
    ],
)  # fmt: skip
def test_whatever_differs_is_another_message(inbox: Inbox, other: MessageIn) -> None:
    assert inbox.fates(message(), other) == [STORED, STORED]


# --- long messages --------------------------------------------------------------------------------


def parts(*texts: str, reference: int = 7, at: float = 5000.0) -> list[MessageIn]:
    return [
        message(text, part=PartInfo(reference, len(texts), number), sequence=number, at=at + number)
        for number, text in enumerate(texts, 1)
    ]


def test_parts_make_one_message_in_any_order(inbox: Inbox) -> None:
    for index, order in enumerate(permutations(parts("one ", "two ", "three"))):
        again = [msgspec.structs.replace(it, destination=str(index)) for it in order]
        assert inbox.fates(*again) == [PART, PART, STORED]
    assert inbox.texts == ["one two three"] * 6
    assert inbox.messages[0].parts == 3
    assert inbox.store.incoming.waiting_parts() == 0


def test_parts_outlive_the_process_and_each_may_come_twice(inbox: Inbox) -> None:
    first, second = parts("one ", "two")
    assert inbox.fates(first) == [PART]
    assert inbox.fates(first, second, second, first) == [REPEATED, STORED, REPEATED, REPEATED]
    assert inbox.texts == ["one two"]
    assert inbox.messages[0].repeats == 2


def test_messages_of_two_people_with_one_reference_are_kept_apart(inbox: Inbox) -> None:
    mine, yours = (
        parts("my ", "text"),
        [msgspec.structs.replace(it, source="77059999999") for it in parts("your ", "text")],
    )
    inbox.take(mine[0], yours[0], yours[1], mine[1])
    assert sorted(inbox.texts) == ["my text", "your text"]


def test_a_rest_that_never_comes_is_given_up_and_marked(inbox: Inbox) -> None:
    first, _, third = parts("one ", "two ", " three", at=5000.0)
    taken = inbox.take(third, first)
    assert taken.deadline == 5003.0 + 900.0 or taken.deadline == 5001.0 + 900.0
    early: Taken = inbox.run(inbox.store.incoming.give_up, 5902.9, RULES)
    assert inbox.messages == []
    assert early.deadline is not None
    late: Taken = inbox.run(inbox.store.incoming.give_up, 5903.0, RULES)
    (stored,) = inbox.messages
    assert (stored.text, stored.parts, stored.missing) == (f"one {MISSING} three", 3, 1)
    assert late.deadline is None


def test_a_stop_in_an_incomplete_message_counts(inbox: Inbox) -> None:
    inbox.take(parts("STOP ", "and so on")[0])
    taken: Taken = inbox.run(inbox.store.incoming.give_up, 9000.0, RULES)
    assert [it.number for it in taken.changes] == [NUMBER]


def test_a_reference_that_is_used_again_ends_the_message_before(inbox: Inbox) -> None:
    old, new = parts("old ", "rest", at=5000.0), parts("new ", "text", at=5100.0)
    assert inbox.fates(old[0], new[0], new[1]) == [PART, PART, STORED]
    assert inbox.texts == [f"old {MISSING}", "new text"]


def test_a_gsm_escape_that_a_cut_has_split_is_whole_again(inbox: Inbox) -> None:
    first, second = parts("", "")
    inbox.take(msgspec.structs.replace(first, octets=b"price \x1b"), msgspec.structs.replace(second, octets=b"\x65 5"))
    assert inbox.texts == ["price € 5"]


# --- keywords -------------------------------------------------------------------------------------


def test_i7_a_stop_is_on_the_list_when_it_is_stored_and_answered_once(inbox: Inbox) -> None:
    taken = inbox.take(message("Stop!"))
    assert inbox.suppressed == [(NUMBER, "advertising")]
    assert taken.answered == {ACCOUNT}
    assert inbox.answers == ["No more offers"]
    (stored,) = inbox.messages
    assert (stored.action, stored.answer is not None) == ("stop", True)
    again = inbox.take(message("STOP", at=6000.0), message("СТОП".encode("utf-16-be"), data_coding=8, at=7000.0))
    assert (again.answered, again.changes) == (frozenset(), ())
    assert inbox.answers == ["No more offers"]
    inbox.take(message("stop", at=5000.0 + 86_400))
    assert inbox.answers == ["No more offers"] * 2


def test_an_answer_is_a_service_message_through_the_account_that_was_written_to(inbox: Inbox) -> None:
    taken = inbox.take(message("stop"))
    (campaign,) = taken.answers
    assert inbox.store.incoming.answer_campaigns() == {campaign}
    made = inbox.store.campaign(campaign)
    assert (made.sender, made.message_class) == ("1234", MessageClass.SERVICE)
    (claimed,) = inbox.run(inbox.store.claim, ACCOUNT, 10, 5000.0)
    assert (claimed.number, claimed.campaign_id, claimed.fields) == (str(NUMBER), campaign, {"text": "No more offers"})
    inbox.take(message("start", at=5100.0), message("stop", destination="5678", source="77050000001", at=5100.0))
    assert len(inbox.store.incoming.answer_campaigns()) == 2  # one for each sender


def test_a_campaign_of_answers_that_was_cancelled_is_followed_by_another(inbox: Inbox) -> None:
    (first,) = inbox.take(message("stop")).answers
    inbox.run(inbox.store.cancel, first)
    (second,) = inbox.take(message("start", at=5100.0)).answers
    assert second != first
    assert inbox.store.incoming.answer_campaigns() == {second}


def test_start_takes_back_what_the_subscriber_stopped_and_nothing_else(inbox: Inbox) -> None:
    inbox.run(inbox.store.suppression.add, [Suppressed(NUMBER, "all", "registry", at=1.0)])
    inbox.take(message("STOP"), message("STOP ALL", at=5100.0))
    assert inbox.suppressed == [(NUMBER, "advertising"), (NUMBER, "all")]
    inbox.take(message("START", at=5200.0))
    assert inbox.suppressed == [(NUMBER, "all")]
    changes = [it.change for it in inbox.store.suppression.history(NUMBER)]
    assert changes == ["added", "added", "consent", "removed"]


def test_stop_all_reaches_further(inbox: Inbox) -> None:
    inbox.take(message("STOPALL"))
    assert inbox.suppressed == [(NUMBER, "all")]
    assert inbox.answers == ["Nothing more"]


def test_a_word_of_the_configuration_labels_and_answers(inbox: Inbox) -> None:
    inbox.take(message("yes please"))
    assert [it.label for it in inbox.messages] == ["yes"]
    assert inbox.answers == ["Thanks"]
    assert inbox.suppressed == []
    assert [it.text for it in inbox.store.incoming.latest(limit=5, label="yes", source=str(NUMBER))] == ["yes please"]
    assert list(inbox.store.incoming.latest(limit=5, label="no")) == []


@pytest.mark.parametrize("source", ["SHOP", "1234", "", "٧٧٠٥١٢٣٤٥٦٧"])
def test_a_short_code_or_a_name_is_neither_listed_nor_answered(inbox: Inbox, source: str) -> None:
    taken = inbox.take(message("STOP", source=source))
    assert (inbox.suppressed, inbox.answers, taken.answered) == ([], [], frozenset())
    assert inbox.texts == ["STOP"]


def test_a_repetition_of_a_stop_is_not_answered_again_after_start(inbox: Inbox) -> None:
    inbox.take(message("STOP", at=0.0), message("START", at=10.0), message("STOP", at=20.0, sequence=3))
    assert inbox.suppressed == []  # the third is the first one delivered again


def test_what_was_seen_is_forgotten_after_a_day(inbox: Inbox) -> None:
    inbox.take(message("stop", at=0.0))
    inbox.run(inbox.store.incoming.give_up, 90_000.0, RULES)
    assert rows(inbox.store, "SELECT * FROM incoming_seen") == []
    assert rows(inbox.store, "SELECT * FROM answered") == []
    assert len(inbox.messages) == 1
