from sender.pipeline.incoming import receipt_of
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from tests.sender.peer import message_from_subscriber, receipt_for


def test_a_receipt_names_the_handset_and_the_account_it_came_through() -> None:
    submit = SubmitSm(source_addr="SHOP", destination_addr="77051112233")
    receipt = receipt_of(receipt_for(submit, "AB12", "UNDELIV"), "beeline", 5.0)
    assert receipt is not None
    assert (receipt.account, receipt.message_id, receipt.number, receipt.at) == ("beeline", "AB12", "77051112233", 5.0)
    assert (receipt.state, receipt.stat, receipt.err) == (MessageState.UNDELIVERABLE, "UNDELIV", "000")


def test_a_message_of_a_subscriber_is_no_receipt() -> None:
    assert receipt_of(message_from_subscriber(), "beeline", 5.0) is None
