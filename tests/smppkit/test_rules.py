"""Rules between fields and TLVs, by themselves."""

from smppkit import tlvs as t
from smppkit.expected import A_PAYLOAD, BROADCAST_NEEDS, ONE_HEADER, ONE_USER_DATA
from smppkit.pdus import BroadcastSm, DataSm, SubmitSm

PAYLOAD = t.MESSAGE_PAYLOAD.number
SEGMENTS = t.SAR_TOTAL_SEGMENTS.number


def test_user_data_is_in_one_place():
    assert ONE_USER_DATA.problem(SubmitSm(short_message=b"a"), {PAYLOAD}) == "short_message excludes message_payload"
    assert ONE_USER_DATA.problem(SubmitSm(short_message=b"a"), {SEGMENTS}) is None
    assert ONE_USER_DATA.problem(SubmitSm(), {PAYLOAD}) is None


def test_only_the_masked_bits_count():
    assert ONE_HEADER.problem(SubmitSm(esm_class=0x40), {SEGMENTS}) == "esm_class excludes sar_total_segments"
    assert ONE_HEADER.problem(SubmitSm(esm_class=0x80), {SEGMENTS}) is None


def test_one_of_the_required_is_enough_and_a_receipt_needs_none():
    assert A_PAYLOAD.problem(DataSm(), set()) == "message_payload or receipted_message_id is missing"
    assert A_PAYLOAD.problem(DataSm(), {PAYLOAD}) is None
    assert A_PAYLOAD.problem(DataSm(esm_class=0x04), set()) is None


def test_c79_a_broadcast_needs_four_tlvs_and_one_at_once_no_repetitions():
    problems = [rule.problem(BroadcastSm(), set()) for rule in BROADCAST_NEEDS]
    assert problems == [
        "broadcast_area_identifier is missing",
        "broadcast_content_type is missing",
        "broadcast_rep_num is missing",
        "broadcast_frequency_interval is missing",
    ]
    assert BROADCAST_NEEDS[2].problem(BroadcastSm(priority_flag=1), set()) is None
    assert BROADCAST_NEEDS[0].problem(BroadcastSm(), {t.BROADCAST_AREA_IDENTIFIER.number}) is None
