"""What the engine decides: values, performed by others."""

import msgspec

from smsc.scenario.model import ReceiptForm


class ReceiptPlan(msgspec.Struct, frozen=True, gc=False):
    """A receipt to come.

    `after` is in seconds from the submit. With `before_response` it is at most the decision's `respond_after`, and the
    receipt goes out first where both are due at once. `message_id` is in the base that receipts use.
    """

    after: float
    stat: str
    err: str
    message_id: str
    form: ReceiptForm = ReceiptForm.BOTH
    before_response: bool = False


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer to one submit_sm.

    `status` 0 accepts it: then `message_id` is the id for the response and `number` the same as a number, else they are
    "" and 0. The response is due `respond_after` seconds after the submit, or never (`no_response`: the message is
    taken, as far as `status` and `receipt` say, but nobody is told).
    """

    status: int
    message_id: str = ""
    respond_after: float = 0.0
    receipt: ReceiptPlan | None = None
    no_response: bool = False
    number: int = 0
