"""Who answered what, and which receipt belongs to which submit."""

from __future__ import annotations

from smppkit.codec import encode
from smppkit.pdus import DeliverSm, GenericNack, Pdu, SubmitSm, SubmitSmResp
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.capture.exchanges import deliveries, message_id, pair
from smsc.capture.recording import RecordedPdu


def rows(*said: tuple[str, Pdu], connection: int = 1) -> list[RecordedPdu]:
    return [
        RecordedPdu(number, 100.0 + number, connection, direction, encode(pdu))
        for number, (direction, pdu) in enumerate(said, 1)
    ]


def submit(sequence: int, to: str = "7705") -> tuple[str, Pdu]:
    return "in", SubmitSm(sequence_number=sequence, source_addr="SHOP", destination_addr=to, registered_delivery=1)


def accepted(sequence: int, written: str) -> tuple[str, Pdu]:
    return "out", SubmitSmResp(sequence_number=sequence, message_id=written)


def receipt(sequence: int, written: str, to: str = "7705") -> tuple[str, Pdu]:
    text = f"id:{written} stat:DELIVRD err:000".encode()
    return "out", DeliverSm(sequence_number=sequence, source_addr=to, destination_addr="SHOP", short_message=text)


def test_responses_belong_to_requests_by_number_direction_and_command() -> None:
    exchanges = pair(
        rows(submit(1), receipt(1, "9"), submit(2), accepted(2, "B"), accepted(1, "A"), accepted(3, "nobody's"))
    )
    assert [message_id(exchange) for exchange in exchanges] == ["A", "", "B"]
    assert exchanges[0].latency == 4.0
    assert exchanges[1].response is None


def test_a_number_that_is_used_again_is_answered_in_turn() -> None:
    exchanges = pair(rows(submit(1), submit(1), accepted(1, "A"), accepted(1, "B")))
    assert [message_id(exchange) for exchange in exchanges] == ["A", "B"]


def test_a_generic_nack_answers_too_and_accepts_nothing() -> None:
    (exchange,) = pair(rows(submit(1), ("out", GenericNack(sequence_number=1))))
    assert exchange.response is not None
    assert not exchange.accepted


def test_receipts_find_their_submit_in_any_base_and_before_the_response() -> None:
    said = [submit(1), receipt(1, "10000001"), accepted(1, "989681"), submit(2), accepted(2, "989682")]
    said += [receipt(2, "10000002"), receipt(3, "4711")]
    found = deliveries(pair(rows(*said)))
    assert [delivery.submit and delivery.submit.request.row for delivery in found] == [1, 4, None]
    assert all(delivery.receipt is not None for delivery in found)


def test_an_id_that_no_response_gave_is_matched_by_its_addresses() -> None:
    said = [submit(1, "77051"), accepted(1, "A-1"), submit(2, "77052"), accepted(2, "A-2"), submit(3, "77051")]
    said += [accepted(3, "A-3"), receipt(1, "zz", "77051"), receipt(2, "A-2", "77052"), receipt(3, "yy", "77051")]
    found = deliveries(pair(rows(*said)))
    assert [delivery.submit and delivery.submit.request.row for delivery in found] == [1, 3, 5]
    assert [delivery.guessed for delivery in found] == [True, False, True]


def test_where_bases_are_ambiguous_the_number_written_to_decides() -> None:
    said = [submit(1, "77051"), accepted(1, "10"), submit(2, "77052"), accepted(2, "16"), receipt(1, "16", "77051")]
    (delivery,) = deliveries(pair(rows(*said)))
    assert delivery.submit is not None
    assert delivery.submit.request.row == 1


def test_the_tlv_names_the_submit_where_the_text_is_cut() -> None:
    pdu = DeliverSm(esm_class=4, short_message=b"id:AB stat:DELIVRD", tlvs=(RECEIPTED_MESSAGE_ID.of("ABCDEF"),))
    (delivery,) = deliveries(pair(rows(submit(1), accepted(1, "ABCDEF"), ("out", pdu))))
    assert delivery.submit is not None


def test_a_subscriber_answers_the_last_message_to_him() -> None:
    written = "out", DeliverSm(sequence_number=5, source_addr="77051", destination_addr="SHOP", short_message=b"STOP")
    found = deliveries(pair(rows(submit(1, "77051"), submit(2, "77052"), written)))
    assert found[0].receipt is None
    assert found[0].submit is not None
    assert found[0].submit.request.row == 1
