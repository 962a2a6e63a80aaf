"""Dialects are learned from receipts, and once they are, receipts are matched by them alone (I3)."""

from __future__ import annotations

import msgspec
import pytest

from sender.domain.dialect import CERTAIN, MULTIPART, Form, IdRule, Learned, NumberRule, PartsRule, Relation, Settings
from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.records import Accepted, InDoubt, ReceiptFate, ReceiptIn
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, FIRST, Desk, directly, part_of, receipt, rows, state_of

MATCHED, REPEATED, PARKED, RESOLVED = (
    ReceiptFate.MATCHED,
    ReceiptFate.REPEATED,
    ReceiptFate.PARKED,
    ReceiptFate.RESOLVED_DOUBT,
)
FORM = Form("YYMMDDhhmm", "text", "deliver_sm", 4)


def number(row: int) -> str:
    return str(FIRST + row)


def desk_of(store: SqliteStore, messages: int = 1, **options) -> Desk:
    return Desk(store, directly(store), messages=messages, **options)


def configured(store: SqliteStore, **settings) -> None:
    directly(store)(store.configure_receipts, {ACCOUNT: Settings(**settings)})


def learned(store: SqliteStore) -> Learned:
    return store.dialects()[ACCOUNT].learned


def teach(desk: Desk, base: int = 0x900000, *, receipts: int = CERTAIN) -> None:
    """Receipts in decimal for responses in hexadecimal."""
    sent = desk.sent(limit=receipts)
    desk.accept({message: f"{base + message:x}" for message in sent})
    for message in sent:
        desk.receipts(receipt(str(base + message), str(FIRST + message - 1)))


def test_the_delay_is_that_of_the_sample(store: SqliteStore) -> None:
    desk = desk_of(store, 2)
    first, second = desk.sent(now=2000.0)
    desk.accept({first: "a1", second: "a2"})
    desk.receipts(
        msgspec.structs.replace(receipt("a1", number(0), MessageState.ENROUTE, at=2001.0), form=FORM),
        msgspec.structs.replace(receipt("a1", number(0), at=2003.0), form=FORM),
        receipt("a2", number(1), at=2099.0),
    )
    assert (learned(store).average_delay, learned(store).timed) == (3.0, 1)


# Ids


def test_the_base_of_ids_is_learned_and_shown(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN)
    teach(desk)
    assert desk.states == {State.DELIVERED: CERTAIN}
    assert learned(store).relation is Relation.HEX_DECIMAL
    assert learned(store).stats == {"DELIVRD": CERTAIN}


def test_once_the_base_is_certain_a_sibling_is_not_taken_for_the_message(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 2, numbers=[number(row) for row in range(CERTAIN)] + [number(0)] * 2)
    teach(desk)
    first, second = desk.sent()
    desk.accept({first: "10", second: "16"})  # 16 and 22; "16" as it stands is the second
    [result] = desk.receipts(receipt("16", number(0)))
    assert result.message_id == first
    [result] = desk.receipts(receipt("22", number(0)))
    assert result.message_id == second


def test_while_nothing_is_known_what_two_could_claim_waits_until_the_base_shows(store: SqliteStore) -> None:
    desk = desk_of(store, 3, numbers=[number(0), number(0), number(1)])
    first, second, other = desk.sent()
    desk.accept({first: "10", second: "16", other: "a0001"})
    assert desk.fates(receipt("16", number(0), MessageState.EXPIRED)) == [PARKED]
    assert desk.fates(receipt(str(0xA0001), number(1))) == [MATCHED]
    assert state_of(store, first) is State.EXPIRED
    assert state_of(store, second) is State.ACCEPTED
    assert rows(store, "SELECT 1 FROM parked_receipts") == []


@pytest.mark.parametrize("receipts_first", [False, True])
def test_ten_messages_to_one_number_within_a_second_are_told_apart_in_the_end_i3(
    store: SqliteStore, receipts_first: bool
) -> None:
    # Ids 0x10 … 0x19, receipts 16 … 25: "16" … "19" are ids of others of the ten.
    desk = desk_of(store, 10, numbers=[number(0)] * 10)
    sent = desk.sent()
    receipts = [
        receipt(str(16 + row), number(0), MessageState.EXPIRED if row % 3 else MessageState.DELIVERED)
        for row in range(10)
    ]
    if receipts_first:
        desk.receipts(*receipts)
    for row, message in enumerate(sent):
        desk.accept({message: f"{16 + row:x}"})
        if not receipts_first:
            desk.receipts(receipts[row])
    assert [state_of(store, message) for message in sent] == [
        State.EXPIRED if row % 3 else State.DELIVERED for row in range(10)
    ]


def test_a_configured_base_is_the_only_one(store: SqliteStore) -> None:
    configured(store, ids=IdRule.SAME)
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "a0001"})
    assert desk.fates(receipt(str(0xA0001), number(0))) == [PARKED]
    configured(store, ids=IdRule.HEX_DECIMAL)
    assert desk.fates(receipt(str(0xA0001), number(0))) == [MATCHED]


def test_with_a_certain_base_a_receipt_without_a_handset_is_read_by_it(store: SqliteStore) -> None:
    configured(store, ids=IdRule.HEX_DECIMAL)
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "a0001"})
    assert desk.fates(receipt(str(0xA0001))) == [MATCHED]


def test_a_receipt_that_overtakes_its_response_is_read_by_the_configured_base(store: SqliteStore) -> None:
    configured(store, ids=IdRule.DECIMAL_HEX)
    desk = desk_of(store, 2)
    first, second = desk.sent()
    assert desk.fates(receipt("A0001", number(0)), receipt("A0002")) == [PARKED, PARKED]
    desk.accept({first: str(0xA0001), second: str(0xA0002)})
    assert desk.states == {State.DELIVERED: 2}


def test_an_operator_that_changes_its_base_is_learned_anew(store: SqliteStore) -> None:
    desk = desk_of(store, 3 * CERTAIN)
    teach(desk)
    sent = desk.sent()
    desk.accept({message: f"{800000 + message}" for message in sent})
    for message in sent:
        assert desk.fates(receipt(f"{800000 + message}", number(message - 1))) == [MATCHED]
    assert desk.states == {State.DELIVERED: 3 * CERTAIN}
    assert learned(store).relation is Relation.SAME


@pytest.mark.parametrize("receipt_first", [False, True])
def test_an_account_may_mix_bases_after_one_of_them_is_certain_i3(store: SqliteStore, receipt_first: bool) -> None:
    """SMPP 3.3 binds beside 3.4: the other reading counts where nothing but that part can be meant."""
    desk = desk_of(store, CERTAIN + 1)
    teach(desk)
    [message] = desk.sent()
    if receipt_first:
        assert desk.fates(receipt("A0001C", number(CERTAIN))) == [PARKED]
        desk.accept({message: "a0001c"})
    else:
        desk.accept({message: "a0001c"})
        assert desk.fates(receipt("A0001C", number(CERTAIN))) == [MATCHED]
    assert state_of(store, message) is State.DELIVERED
    assert learned(store).relation is Relation.HEX_DECIMAL


def test_a_receipt_in_the_rarer_base_waits_for_the_response_that_may_carry_its_id_i3(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 2, numbers=[*map(number, range(CERTAIN)), number(90), number(90)])
    teach(desk)
    first, second = desk.sent()
    desk.accept({first: "10485788"})
    assert desk.fates(receipt("10485788", number(90), MessageState.EXPIRED)) == [PARKED]
    desk.accept({second: "a0001c"})  # 10485788 in decimal: two could be meant, and the certain reading decides
    assert (state_of(store, first), state_of(store, second)) == (State.ACCEPTED, State.EXPIRED)


def test_a_short_id_of_a_message_that_is_not_here_is_not_read_in_another_base(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 1)
    teach(desk)
    [message] = desk.sent()
    desk.accept({message: "16"})
    assert desk.fates(receipt("16", number(CERTAIN))) == [PARKED]
    assert state_of(store, message) is State.ACCEPTED


# Ids that are given again


def test_a_receipt_with_the_id_of_a_final_message_may_be_about_the_one_under_way(store: SqliteStore) -> None:
    desk = desk_of(store, 2, numbers=[number(0), number(0)])
    [first] = desk.sent(limit=1)
    desk.accept({first: "17"})
    desk.receipts(receipt("17", number(0), at=2002.0))
    [second] = desk.sent(limit=1, now=2003.0)
    # The operator was restarted and counts anew.
    assert desk.fates(receipt("17", number(0), MessageState.EXPIRED, at=2004.0)) == [PARKED]
    desk.accept({second: "17"}, at=2005.0)
    assert (state_of(store, first), state_of(store, second)) == (State.DELIVERED, State.EXPIRED)


def test_a_receipt_that_came_twice_goes_to_its_message_when_the_one_under_way_has_another_id(
    store: SqliteStore,
) -> None:
    desk = desk_of(store, 2, numbers=[number(0), number(0)])
    [first] = desk.sent(limit=1)
    desk.accept({first: "17"})
    desk.receipts(receipt("17", number(0), at=2002.0))
    [second] = desk.sent(limit=1, now=2003.0)
    assert desk.fates(receipt("17", number(0), at=2004.0)) == [PARKED]
    desk.accept({second: "18"}, at=2005.0)
    assert part_of(store, first)["repeated"] == 1
    assert rows(store, "SELECT 1 FROM parked_receipts") == []
    assert state_of(store, second) is State.ACCEPTED


def test_a_receipt_that_came_twice_settles_no_doubt_about_the_same_number(store: SqliteStore) -> None:
    desk = desk_of(store, 2, numbers=[number(0), number(0)], message_class=MessageClass.ADVERTISING)
    [first] = desk.sent(limit=1)
    desk.accept({first: "17"})
    desk.receipts(receipt("17", number(0), at=2002.0))
    [second] = desk.sent(limit=1, now=2003.0)
    assert desk.fates(receipt("17", number(0), at=2004.0)) == [PARKED]
    desk.outcome(InDoubt(second, 1, DoubtCause.TIMEOUT, None, 2033.0))
    assert state_of(store, second) is State.IN_DOUBT
    assert part_of(store, first)["repeated"] == 1


# Numbers


def test_addresses_that_are_swapped_name_the_handset_too(store: SqliteStore) -> None:
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "a17000"})
    swapped = msgspec.structs.replace(receipt("a17000", "77771112233"), sender=number(0))
    assert desk.fates(swapped) == [MATCHED]


def test_an_operator_that_never_names_our_numbers_is_believed_by_its_ids(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 1)
    sent = desk.sent()
    desk.accept({message: f"{0xA00000 + message:x}" for message in sent})
    fates = desk.fates(*(receipt(f"{0xA00000 + message:x}", "998990000001") for message in sent[:-1]))
    assert fates == [PARKED] * CERTAIN
    assert desk.states == {State.ACCEPTED: 1, State.DELIVERED: CERTAIN}  # they were looked at again
    assert desk.fates(receipt(f"{0xA00000 + sent[-1]:x}", "998990000001")) == [MATCHED]


def test_numbers_are_compared_where_the_configuration_says_so(store: SqliteStore) -> None:
    configured(store, numbers=NumberRule.IGNORE)
    desk = desk_of(store, 2)
    first, second = desk.sent()
    desk.accept({first: "a1", second: "a2"})
    assert desk.fates(receipt("a1", "998990000001")) == [MATCHED]
    configured(store, numbers=NumberRule.COMPARE)
    assert desk.fates(receipt("a2", "998990000001")) == [PARKED]


# Siblings


def test_a_receipt_may_come_through_another_account_of_the_operator(store: SqliteStore) -> None:
    directly(store)(
        store.configure_receipts,
        {ACCOUNT: Settings(operator="beeline"), "two": Settings(operator="beeline"), "kcell": Settings(operator="k")},
    )
    desk = desk_of(store, 2)
    first, second = desk.sent()
    desk.accept({first: "a1"})
    assert desk.fates(receipt("a1", number(0), account="kcell")) == [PARKED]
    assert desk.fates(receipt("a1", number(0), account="two")) == [MATCHED]
    assert desk.fates(receipt("a2", number(1), account="two")) == [PARKED]  # before its response
    desk.accept({second: "a2"})
    assert desk.states == {State.DELIVERED: 2}


def test_a_sibling_account_never_guesses(store: SqliteStore) -> None:
    directly(store)(store.configure_receipts, {it: Settings(operator="beeline") for it in (ACCOUNT, "two")})
    desk = desk_of(store, 2)
    first, second = desk.sent()
    desk.accept({first: "a1"})
    assert desk.fates(receipt("a1", number(1), account="two")) == [PARKED]
    assert desk.fates(receipt("a1", account="two")) == [PARKED]
    desk.outcome(InDoubt(second, 1, DoubtCause.TIMEOUT, None, 2030.0))
    assert desk.fates(receipt("b1", number(1), account="two")) == [PARKED]


# Doubts


def doubtful(store: SqliteStore, messages: int = 2, **options) -> tuple[Desk, list[int]]:
    desk = desk_of(store, messages, numbers=[number(0)] * messages, message_class=MessageClass.ADVERTISING, **options)
    sent = desk.sent()
    desk.outcome(*(InDoubt(message, 1, DoubtCause.TIMEOUT, None, 2030.0) for message in sent))
    return desk, sent


def telling(smsc_id: str = "77", **more) -> ReceiptIn:
    return msgspec.structs.replace(receipt(smsc_id, number(0)), **more)


def test_a_reference_names_one_of_several_doubts(store: SqliteStore) -> None:
    desk, [first, second] = doubtful(store)
    [result] = desk.receipts(telling(reference=second))
    assert (result.fate, result.message_id) == (RESOLVED, second)
    assert state_of(store, first) is State.IN_DOUBT


def test_a_reference_names_a_doubt_while_another_submit_to_the_number_is_under_way(store: SqliteStore) -> None:
    desk = desk_of(store, 2, numbers=[number(0)] * 2, message_class=MessageClass.ADVERTISING)
    [first] = desk.sent(limit=1)
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, None, 2030.0))
    [second] = desk.sent(limit=1)
    assert desk.fates(telling(reference=second)) == [PARKED]
    assert desk.fates(telling("78", reference=first)) == [RESOLVED]


def test_where_references_come_back_another_one_is_of_another_message(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 1, message_class=MessageClass.ADVERTISING)
    sent = desk.sent(limit=CERTAIN)
    desk.accept({message: f"a{message:05}" for message in sent})
    for message in sent:
        told = receipt(f"a{message:05}", number(message - 1))
        desk.receipts(msgspec.structs.replace(told, reference=message, form=FORM))
    assert learned(store).references == {"echoed": CERTAIN}
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, None, 2030.0))
    strange = msgspec.structs.replace(receipt("77", number(message - 1)), reference=4711)
    assert desk.fates(strange) == [PARKED]
    assert desk.fates(msgspec.structs.replace(strange, reference=message)) == [RESOLVED]


def test_words_tell_two_doubts_apart(store: SqliteStore) -> None:
    desk, [first, second] = doubtful(store)
    # The texts are "Hello n0" and "Hello n1".
    assert desk.fates(telling(text="Hello")) == [PARKED]
    [result] = desk.receipts(telling("78", text="Hello n1"))
    assert (result.fate, result.message_id) == (RESOLVED, second)
    assert state_of(store, first) is State.DELIVERED  # the first receipt has only one left to be about


def test_words_in_the_letters_that_they_went_out_in_tell_doubts_apart(store: SqliteStore) -> None:
    desk, [first, second] = doubtful(store)
    template = "UPDATE campaigns SET template = 'Ваш заказ {name} готов'"
    directly(store)(store.database.conn.execute, template)
    [result] = desk.receipts(telling("78", text="Vash zakaz n1"))
    assert (result.fate, result.message_id) == (RESOLVED, second)
    [result] = desk.receipts(telling("79", text="Ваш заказ n0"))
    assert (result.fate, result.message_id) == (RESOLVED, first)


def test_the_sender_tells_doubts_of_two_campaigns_apart(store: SqliteStore) -> None:
    desk, [first] = doubtful(store, 1)
    directly(store)(store.database.conn.execute, "UPDATE campaigns SET sender = 'BANK'")
    other, [second] = doubtful(store, 1)
    assert desk.fates(telling(text="Hello n0")) == [PARKED]  # both begin so
    [result] = desk.receipts(telling("78", sender="BANK"))
    assert (result.fate, result.message_id) == (RESOLVED, first)
    assert other.store is store
    assert state_of(store, second) is not State.QUEUED


def test_where_words_come_back_a_receipt_with_others_is_of_another_program(store: SqliteStore) -> None:
    desk = desk_of(store, CERTAIN + 1, message_class=MessageClass.ADVERTISING)
    sent = desk.sent(limit=CERTAIN)
    desk.accept({message: f"a{message:05}" for message in sent})
    for message in sent:
        told = receipt(f"a{message:05}", number(message - 1))
        desk.receipts(msgspec.structs.replace(told, sender="SHOP", text=f"Hello n{message - 1}", form=FORM))
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, None, 2030.0))
    strange = msgspec.structs.replace(receipt("77", number(message - 1)), sender="SHOP", text="Your code is 1234")
    assert desk.fates(strange) == [PARKED]
    assert desk.fates(msgspec.structs.replace(strange, text="", sender="BANK")) == [PARKED]
    assert desk.fates(msgspec.structs.replace(strange, text=f"Hello n{message - 1}")) == [RESOLVED]


def test_a_doubt_of_last_week_is_not_what_a_receipt_is_about(store: SqliteStore) -> None:
    desk, _ = doubtful(store, 1)
    assert desk.fates(msgspec.structs.replace(telling(), at=2000.0 + 8 * 86400)) == [PARKED]


# Parts


def of_parts(store: SqliteStore, messages: int, parts: int = 3) -> tuple[Desk, list[int]]:
    desk = desk_of(store, messages, parts=parts)
    sent = desk.sent()
    desk.outcome(
        *(Accepted(message, part, f"id-{message}-{part}", 2001.0) for message in sent for part in range(1, parts + 1))
    )
    return desk, sent


def about(message: int, part: int, state: MessageState = MessageState.DELIVERED, at: float = 3000.0) -> ReceiptIn:
    return receipt(f"id-{message}-{part}", number(message - 1), state, at=at)


@pytest.mark.parametrize(
    ("rule", "part", "state"),
    [
        (PartsRule.ALL, 1, State.ACCEPTED),
        (PartsRule.FIRST, 1, State.DELIVERED),
        (PartsRule.FIRST, 3, State.ACCEPTED),
        (PartsRule.LAST, 1, State.ACCEPTED),
        (PartsRule.LAST, 3, State.DELIVERED),
        (PartsRule.ANY, 2, State.DELIVERED),
    ],
)
def test_the_rule_says_whose_receipt_makes_a_message_final(
    store: SqliteStore, rule: PartsRule, part: int, state: State
) -> None:
    configured(store, parts=rule)
    desk, [message] = of_parts(store, 1)
    desk.receipts(about(message, part))
    assert state_of(store, message) is state


def test_a_failure_of_the_deciding_part_is_the_failure_of_the_message_and_stays_i1(store: SqliteStore) -> None:
    configured(store, parts=PartsRule.FIRST)
    desk, [message] = of_parts(store, 1)
    desk.receipts(about(message, 1, MessageState.UNDELIVERABLE))
    assert desk.fates(about(message, 2)) == [REPEATED]
    assert state_of(store, message) is State.UNDELIVERED


def test_the_deciding_receipt_may_come_before_other_parts_are_answered(store: SqliteStore) -> None:
    configured(store, parts=PartsRule.FIRST)
    desk = desk_of(store, parts=2)
    [message] = desk.sent()
    desk.outcome(Accepted(message, 1, f"id-{message}-1", 2001.0))
    desk.receipts(about(message, 1))
    assert state_of(store, message) is State.SUBMITTING
    desk.outcome(Accepted(message, 2, f"id-{message}-2", 2002.0))
    assert state_of(store, message) is State.DELIVERED


@pytest.mark.parametrize(("part", "rule"), [(1, PartsRule.FIRST), (3, PartsRule.LAST)])
def test_receipts_for_one_part_only_are_learned_after_the_timeout(
    store: SqliteStore, part: int, rule: PartsRule
) -> None:
    configured(store, parts_timeout=600.0)
    desk, sent = of_parts(store, MULTIPART + 1)
    desk.receipts(*(about(message, part) for message in sent[:-1]))
    assert desk.run(store.sweep_receipts, 3599.0) == 0
    assert desk.states == {State.ACCEPTED: MULTIPART + 1}
    assert desk.run(store.sweep_receipts, 3601.0) == MULTIPART
    assert store.dialects()[ACCOUNT].parts is rule
    desk.receipts(about(sent[-1], part))
    assert desk.states == {State.DELIVERED: MULTIPART + 1}
    assert rows(store, "SELECT 1 FROM part_waits") == []


def test_an_operator_that_reports_every_part_is_never_cut_short(store: SqliteStore) -> None:
    configured(store, parts_timeout=600.0)
    desk, sent = of_parts(store, MULTIPART + 1)
    for message in sent[:-1]:
        desk.receipts(about(message, 1))
        desk.receipts(about(message, 2), about(message, 3))
    assert learned(store).parts == {"every": MULTIPART}
    desk.receipts(about(sent[-1], 1))
    desk.run(store.sweep_receipts, 9999.0)
    assert state_of(store, sent[-1]) is State.ACCEPTED
    desk.receipts(about(sent[-1], 2, at=90000.0), about(sent[-1], 3, at=90000.0))
    assert state_of(store, sent[-1]) is State.DELIVERED
    assert rows(store, "SELECT 1 FROM part_waits") == []
