import random

import pytest

from sender.channels.results import Answered, Submit, Taken, Unanswered, Unwritten
from sender.domain.message import DoubtCause, MessageClass
from sender.domain.retry import RetryClass, RetryPolicy
from sender.pipeline.verdict import Judge
from sender.store.records import Accepted, InDoubt, NotSent, Refused, Retry
from smppkit.status import CommandStatus

AT = 1000.0


def submit(
    message_class: MessageClass = MessageClass.SERVICE, attempts: int = 0, resends: int = 0, since: float | None = None
) -> Submit:
    return Submit(7, 1, 2, 3, "SHOP", "77051112233", b"", 1, message_class, attempts, resends, since)


def judge(**policy: float) -> Judge:
    return Judge(RetryPolicy(**policy), random.Random(1))


def test_an_accepted_submit_keeps_the_operators_id() -> None:
    assert judge().outcome(Answered(submit(), 0, "AB12"), AT) == Accepted(7, 2, "AB12", AT)


@pytest.mark.parametrize("status", [CommandStatus.ESME_RINVDSTADR, CommandStatus.ESME_RINVSRCADR, 0x432])
def test_a_definite_refusal_is_final(status: int) -> None:
    assert judge().outcome(Answered(submit(), status, ""), AT) == Refused(7, 2, status, AT)


@pytest.mark.parametrize(
    "status", [CommandStatus.ESME_RINVDSTADR, CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RUNKNOWNERR]
)
def test_a_late_refusal_says_of_which_attempt_it_is(status: int) -> None:
    late = judge().outcome(Answered(submit(), status, "", 4), AT)
    assert isinstance(late, Refused | Retry | InDoubt)
    assert late.late == (4, 1)
    in_time = judge().outcome(Answered(submit(), status, ""), AT)
    assert isinstance(in_time, Refused | Retry | InDoubt)
    assert in_time.late is None


@pytest.mark.parametrize(
    "status", [CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL, CommandStatus.ESME_RSYSERR]
)
def test_a_refusal_for_now_is_tried_again(status: int) -> None:
    outcome = judge(first=2.0).outcome(Answered(submit(), status, ""), AT)
    assert isinstance(outcome, Retry)
    assert AT + 1 <= outcome.due <= AT + 2


def test_a_sick_operator_is_left_alone_for_longer_each_time_and_a_throttled_message_is_not() -> None:
    sick = judge().outcome(Answered(submit(attempts=6), CommandStatus.ESME_RSYSERR, ""), AT)
    throttled = judge().outcome(Answered(submit(attempts=6), CommandStatus.ESME_RTHROTTLED, ""), AT)
    assert isinstance(sick, Retry)
    assert isinstance(throttled, Retry)
    assert sick.due >= AT + 30
    assert throttled.due <= AT + 4


def test_an_unclear_refusal_leaves_the_message_in_doubt_as_its_class_says() -> None:
    unclear = judge().outcome(Answered(submit(MessageClass.ADVERTISING), CommandStatus.ESME_RUNKNOWNERR, ""), AT)
    assert unclear == InDoubt(7, 2, DoubtCause.UNCLEAR, None, AT)
    unclear = judge().outcome(Answered(submit(MessageClass.CODE), CommandStatus.ESME_RUNKNOWNERR, ""), AT)
    assert unclear == InDoubt(7, 2, DoubtCause.UNCLEAR, AT + 1.0, AT)


def test_the_policy_of_an_operator_says_what_it_means_by_a_status() -> None:
    mine = Judge(RetryPolicy(statuses={0x401: RetryClass.SAFE}), random.Random(1))
    assert isinstance(mine.outcome(Answered(submit(), 0x401, ""), AT), Retry)


def test_retries_end_at_the_give_up_time() -> None:
    late = Answered(submit(attempts=9, since=AT - 95), CommandStatus.ESME_RSYSERR, "")
    assert isinstance(judge(give_up=100.0).outcome(late, AT), Refused)


@pytest.mark.parametrize(
    ("message_class", "resends", "wait"),
    [
        (MessageClass.ADVERTISING, 0, None),
        (MessageClass.SERVICE, 0, 30.0),
        (MessageClass.SERVICE, 1, None),
        (MessageClass.CODE, 0, 1.0),
        (MessageClass.CODE, 4, 1.0),
        (MessageClass.CODE, 5, None),
    ],
)
def test_the_class_decides_whether_and_when_a_doubt_is_resent(
    message_class: MessageClass, resends: int, wait: float | None
) -> None:
    doubtful = Unanswered(submit(message_class, resends=resends), DoubtCause.TIMEOUT)
    due = None if wait is None else AT + wait
    assert judge().outcome(doubtful, AT) == InDoubt(7, 2, DoubtCause.TIMEOUT, due, AT)


def test_what_was_never_written_goes_back_to_the_queue_at_once() -> None:
    assert judge().outcome(Unwritten(submit()), AT) == NotSent(7, 2, 0.0)


def test_what_was_accepted_together_is_judged_as_one_by_one() -> None:
    taken = Taken([submit(), submit()], ["a", "b"])
    one_by_one = [Answered(submit(), 0, "a"), Answered(submit(), 0, "b")]
    last = Unwritten(submit())
    assert judge().outcomes([taken, last], AT) == judge().outcomes([*one_by_one, last], AT)
