"""The life of messages under any sequence of events, crashes included, against a model of what was promised."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from sender.domain.message import FINAL, OPEN, DoubtCause, MessageClass, State, message_state
from sender.store.records import Accepted, Claimed, InDoubt, Intent, NotSent, ReceiptFate, Refused, Retry
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, FIRST, campaign, check_i4, new, open_quick, receipt, rows

MESSAGES = 6
RECEIPT_STATES = (MessageState.ENROUTE, MessageState.DELIVERED, MessageState.UNDELIVERABLE, MessageState.EXPIRED)


class Submit(msgspec.Struct, frozen=True):
    """One submit_sm on the wire, and the operator's number for it."""

    message: int
    part: int
    ident: int

    @property
    def hex(self) -> str:
        return f"{self.ident:x}"


class Life(RuleBasedStateMachine):
    """Rules are what the pipeline, the operator and fate do; the model is kept in plain dictionaries."""

    claimed = Bundle("claimed")
    under_way = Bundle("under_way")
    known = Bundle("known")
    """Submits that the operator has (answered or not): receipts may come for them."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="life-"))
        self.store = open_quick(self.directory / "campaign.sqlite")
        self.now = 1000.0
        self.idents = 0xA00000  # hexadecimal with a letter: never the decimal spelling of another
        self.submits = 0
        self.told = 0
        self.doubted: set[int] = set()
        self.answered: set[tuple[int, int]] = set()
        self.finals: dict[int, State] = {}
        self.crashed = 0
        self.foretold: Counter[Submit] = Counter()
        self.denied = 0
        """Receipts for submits that the operator says afterwards, or we know, it never took: they are nobody's."""

    def teardown(self) -> None:
        try:
            self.drain()
        finally:
            self.store.close()
            shutil.rmtree(self.directory)

    @initialize(message_class=st.sampled_from(MessageClass), parts=st.integers(1, 3), shared=st.booleans())
    def begin(self, message_class: MessageClass, parts: int, shared: bool) -> None:
        self.message_class, self.parts = message_class, parts
        with self.store.database.transaction():
            self.campaign = self.store.create_campaign(campaign(message_class))
            numbers = [str(FIRST + (row // 2 if shared else row)) for row in range(MESSAGES)]
            self.store.add_messages(self.campaign, [new(row, number=it) for row, it in enumerate(numbers)])
            self.store.finish_import(self.campaign, MESSAGES, 0)
            self.epoch = self.store.new_epoch()

    # What the pipeline does

    @rule(target=claimed, limit=st.integers(1, MESSAGES))
    def claim(self, limit: int):
        due = dict(rows(self.store, "SELECT id, due FROM messages WHERE state = ?", State.QUEUED))
        with self.store.database.transaction():
            found = self.store.claim(ACCOUNT, limit, self.now)
        assert all(due[it.message_id] <= self.now for it in found)
        assert len(found) == min(limit, sum(time <= self.now for time in due.values()))
        return multiple(*((it, self.crashed) for it in found))

    @rule(taken=consumes(claimed))
    def release(self, taken: tuple[Claimed, int]) -> None:
        if taken[1] == self.crashed:
            with self.store.database.transaction():
                self.store.release([taken[0].message_id])

    @rule(target=under_way, taken=consumes(claimed))
    def submit(self, taken: tuple[Claimed, int]):
        message, crashed = taken
        if crashed != self.crashed:
            return multiple()
        sent = []
        for part in range(1, self.parts + 1):
            if part not in message.parts_done:
                self.idents += 1
                sent.append(Submit(message.message_id, part, self.idents))
        # A part that was answered is never sent again.
        assert not {(it.message, it.part) for it in sent} & self.answered
        intents = [
            Intent(it.message, it.part, self.parts, ACCOUNT, self.epoch, it.ident & 0xFFFF, self.now) for it in sent
        ]
        with self.store.database.transaction():
            stale = {(it.message_id, it.part) for it in self.store.mark_submitting(intents)}
        sent = [it for it in sent if (it.message, it.part) not in stale]
        self.submits += len(sent)
        return multiple(*((it, self.crashed) for it in sent))

    # What the operator does

    def record(self, outcome) -> None:
        with self.store.database.transaction():
            self.store.record_outcomes([outcome])

    @rule(target=known, taken=consumes(under_way))
    def accept(self, taken: tuple[Submit, int]):
        submit, crashed = taken
        if crashed != self.crashed:
            return multiple()
        self.record(Accepted(submit.message, submit.part, submit.hex, self.now))
        self.answered.add((submit.message, submit.part))
        return submit

    @rule(taken=consumes(under_way), status=st.sampled_from([0x58, 0x14, 0x0B]), wait=st.sampled_from([0.0, 5.0]))
    def refuse(self, taken: tuple[Submit, int], status: int, wait: float) -> None:
        submit, crashed = taken
        if crashed != self.crashed:
            return
        self.denied += self.foretold[submit]
        if status == 0x0B:
            self.record(Refused(submit.message, submit.part, status, self.now))
            self.answered.add((submit.message, submit.part))
        else:
            self.record(Retry(submit.message, submit.part, status, self.now + wait, self.now))

    @rule(taken=consumes(under_way))
    def never_written(self, taken: tuple[Submit, int]) -> None:
        submit, crashed = taken
        if crashed == self.crashed:
            self.denied += self.foretold[submit]
            self.record(NotSent(submit.message, submit.part, self.now))
            self.submits -= 1

    @rule(
        target=known, taken=consumes(under_way), cause=st.sampled_from([DoubtCause.TIMEOUT, DoubtCause.CONNECTION_LOST])
    )
    def lose_the_response(self, taken: tuple[Submit, int], cause: DoubtCause):
        submit, crashed = taken
        if crashed != self.crashed:
            return multiple()
        resends = rows(
            self.store, "SELECT resends FROM all_parts WHERE message = ? AND part = ?", submit.message, submit.part
        )[0][0]
        resend = self.now + 1 if self.message_class.resend_allowed(resends) else None
        self.record(InDoubt(submit.message, submit.part, cause, resend, self.now))
        self.doubted.add(submit.message)
        return submit

    @rule(taken=under_way, state=st.sampled_from(RECEIPT_STATES), decimal=st.booleans())
    def receipt_before_response(self, taken: tuple[Submit, int], state: MessageState, decimal: bool) -> None:
        self.foretold[taken[0]] += 1
        self.tell(taken[0], state, decimal=decimal)

    @rule(submit=known, state=st.sampled_from(RECEIPT_STATES), decimal=st.booleans())
    def receipt_comes(self, submit: Submit, state: MessageState, decimal: bool) -> None:
        rivals = self.rivals(submit.message)
        fate = self.tell(submit, state, decimal=decimal)
        if submit.message not in self.doubted and not rivals:
            assert fate in (ReceiptFate.MATCHED, ReceiptFate.REPEATED)

    def rivals(self, message: int) -> set[int]:
        """Other messages to the same number whose ids are not known: the receipt may be about one of them."""
        found = rows(
            self.store,
            "SELECT p.message FROM messages m JOIN messages o ON o.number = m.number AND o.id <> m.id"
            " JOIN all_parts p ON p.message = o.id WHERE m.id = ? AND p.smsc_id IS NULL",
            message,
        )
        return {it for (it,) in found}

    @rule(ident=st.integers(0xB00000, 0xB0000F), row=st.integers(0, MESSAGES))
    def strange_receipt(self, ident: int, row: int) -> None:
        """Another program's message on the same account, or one that this store has never heard of."""
        with self.store.database.transaction():
            self.store.record_receipts([receipt(f"{ident:x}", str(FIRST + 1000 + row), at=self.now)])
        self.told += 1

    def tell(self, submit: Submit, state: MessageState, *, decimal: bool) -> ReceiptFate:
        number = rows(self.store, "SELECT number FROM messages WHERE id = ?", submit.message)[0][0]
        ident = str(submit.ident) if decimal else submit.hex.upper()
        with self.store.database.transaction():
            [result] = self.store.record_receipts([receipt(ident, "+" + number, state, at=self.now)])
        self.told += 1
        return result.fate

    # What fate does

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(cut_short=st.booleans())
    def crash(self, cut_short: bool) -> None:
        """The process is killed, in the middle of a transaction perhaps, and started again."""
        if cut_short:
            self.store.database.begin()
            self.store.claim(ACCOUNT, MESSAGES, self.now)
            self.store.record_receipts([receipt("never", str(FIRST))])
        self.store.close()
        self.store = open_quick(self.directory / "campaign.sqlite")
        self.crashed += 1
        self.doubted |= {
            it for (it,) in rows(self.store, "SELECT message FROM all_parts WHERE state = ?", State.SUBMITTING)
        }
        with self.store.database.transaction():
            self.store.recover(self.now)
        assert rows(self.store, "SELECT 1 FROM messages WHERE state IN (2, 3)") == []

    # What must hold at every instant

    @invariant()
    def final_states_never_change_i1(self) -> None:
        for message, number in rows(self.store, "SELECT id, state FROM messages"):
            state = State(number)
            if message in self.finals:
                assert state is self.finals[message]
            elif state in FINAL:
                self.finals[message] = state

    @invariant()
    def every_message_is_in_one_counted_state_i4(self) -> None:
        check_i4(self.store)
        assert rows(self.store, "SELECT count(*) FROM messages") in ([(MESSAGES,)], [(0,)])

    @invariant()
    def every_submit_is_a_part_a_retry_or_a_resend_i2(self) -> None:
        submits, explained = rows(
            self.store,
            "SELECT coalesce(sum(submits), 0), coalesce(sum((submits > 0) + retries + resends), 0) FROM all_parts",
        )[0]
        assert submits == explained == self.submits

    @invariant()
    def resends_stay_within_what_the_class_allows(self) -> None:
        if hasattr(self, "message_class"):
            [(most,)] = rows(self.store, "SELECT coalesce(max(resends), 0) FROM all_parts")
            assert most <= self.message_class.max_resends

    @invariant()
    def every_receipt_is_kept_once_i3(self) -> None:
        [(kept,)] = rows(
            self.store, "SELECT (SELECT count(*) FROM all_receipts) + (SELECT count(*) FROM parked_receipts)"
        )
        assert kept == self.told

    @invariant()
    def parts_make_the_state_of_their_message(self) -> None:
        for message, number, total in rows(self.store, "SELECT id, state, parts FROM messages WHERE parts > 0"):
            state = State(number)
            parts = [State(it) for (it,) in rows(self.store, "SELECT state FROM all_parts WHERE message = ?", message)]
            if state not in FINAL:
                folded = message_state(parts, total)
                assert state is folded or (state is State.CLAIMED and folded is State.QUEUED)

    @invariant()
    def doubts_listed_are_parts_without_an_answer(self) -> None:
        wrong = rows(
            self.store,
            "SELECT d.message FROM doubts d JOIN all_parts p ON p.message = d.message AND p.part = d.part"
            " WHERE p.smsc_id IS NOT NULL",
        )
        assert wrong == []

    def drain(self) -> None:
        """All faults heal: then every message reaches a final state, but for doubts that may not be resent."""
        if not hasattr(self, "campaign"):
            return
        self.crash(cut_short=False)
        for _ in range(20):
            self.now += 100.0
            taken = self.claim(MESSAGES)
            for message in getattr(taken, "values", (taken,)):
                sent = self.submit(message)
                for submit in getattr(sent, "values", (sent,)):
                    self.accept(submit)
                    self.tell(submit[0], MessageState.DELIVERED, decimal=True)
        waiting = rows(self.store, "SELECT message, part, smsc_id FROM all_parts WHERE state = ?", State.ACCEPTED)
        for message, part, smsc_id in waiting:
            self.tell(Submit(message, part, int(smsc_id, 16)), MessageState.DELIVERED, decimal=False)
        check_i4(self.store)
        if not self.doubted:  # what waited for the responses of others has found its message
            [(lost,)] = rows(
                self.store,
                "SELECT count(*) FROM parked_receipts WHERE number IN (SELECT number FROM messages)"
                " OR number IN (SELECT '+' || number FROM messages)",
            )
            assert lost <= self.denied
        left = {State(it) for (it,) in rows(self.store, "SELECT DISTINCT state FROM messages")}
        assert not left & OPEN, left
        if not self.doubted:
            assert State.IN_DOUBT not in left


Life.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLife = Life.TestCase
