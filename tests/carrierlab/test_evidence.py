"""What belongs to an operator, to an account, to a time."""

from __future__ import annotations

from carrierlab.evidence import Evidence
from carrierlab.ledgers import Bind, OperatorLedger, Reception, SenderLedger, SentMessage, Submit
from tests.carrierlab.books import SPAN, message, submit


def evidence(messages: list[SentMessage], submits: list[Submit], **more: object) -> Evidence:
    received = OperatorLedger(tuple(submits), more.pop("binds", ()), more.pop("receptions", ()))  # type: ignore[arg-type]
    return Evidence(SenderLedger(tuple(messages)), received, SPAN, **more)  # type: ignore[arg-type]


def test_an_account_is_judged_alone() -> None:
    found = evidence(
        [message(account="shop"), message(recipient="7701", account="bank")],
        [submit(account="shop"), submit(recipient="7701", account="bank")],
        binds=(Bind("alpha", 1000, "shop"), Bind("alpha", 1000, "bank")),
        receptions=(Reception("alpha", "7705", "STOP", at=1001, account="bank"),),
        account="bank",
    )
    assert [m.recipient for m in found.messages] == [s.recipient for s in found.submits] == ["7701"]
    assert (len(found.binds), len(found.receptions)) == (1, 1)


def test_a_message_belongs_to_the_time_in_which_it_was_due_or_first_submitted() -> None:
    messages = [
        message(),
        message(recipient="7701", number=7, due=1005.0),
        message(recipient="7702"),
    ]
    submits = [
        submit(received_at=1012.0),
        submit(received_at=1022.0),
        submit(recipient="7701", number=7, received_at=1021.0),
    ]
    whole = evidence(messages, submits)
    early, middle, late = whole.during(1000, 1010), whole.during(1010, 1020), whole.during(1020, 1061)
    assert [m.key for m in early.messages] == ["7701#7"]
    assert [m.key for m in middle.messages] == ["77050000001"]
    assert [m.key for m in late.messages] == [], "one that was never submitted belongs to no time"
    assert [len(each.submits) for each in (early, middle, late)] == [0, 1, 2], "a submit belongs to when it came"
    assert len(middle.whole.submits) == 2, "to compare the books, all that became of a message is looked at"
    assert (late.span.started_at, late.span.ended_at) == (1020, 1060)


def test_reconnects_of_a_time_are_the_binds_beyond_the_configured_ones() -> None:
    binds = tuple(Bind("alpha", 1000.0 + at) for at in (0, 5, 15))
    whole = evidence([], [], binds=binds)
    assert len(whole.reconnections) == 2
    assert [len(whole.during(1000, 1010).reconnections), len(whole.during(1010, 1020).reconnections)] == [1, 1]
    assert len(whole.during(1010, 1020).binds) == 1
