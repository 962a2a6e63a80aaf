"""TLVs: the table of the specification, values in and out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.errors import EncodeError, PduError
from smppkit.status import CommandStatus
from smppkit.tlvs import TAGS, TAGS_50, Tlv
from tests.smppkit.generated import tag_values

ALL = [*TAGS.values(), *(tag for tag in TAGS_50.values() if tag not in TAGS.values())]
each_form = pytest.mark.parametrize("tag", {tag.form: tag for tag in ALL}.values(), ids=lambda tag: tag.name)
"""One tag of each form: what is written and read depends on nothing else."""


def test_the_table_is_that_of_3_4_and_of_5_0():
    assert len(TAGS) == 44 + 20
    for table in (TAGS, TAGS_50):
        assert {number for number, tag in table.items() if number != tag.number} == set()
    assert {number: tag.name for number, tag in TAGS.items()} == {number: tag.name for number, tag in TAGS_50.items()}
    assert TAGS[0x0613].name == "dest_addr_np_country"
    assert TAGS[0x0424].name == "message_payload"
    assert TAGS[0x130C].name == "alert_on_message_delivery"


@each_form
def test_every_value_of_every_form_comes_back(tag):
    @given(tag_values(tag))
    def comes_back(value):
        number, octets = tag.of(value)
        assert number == tag.number
        assert tag.parse(octets) == value

    comes_back()


@each_form
def test_the_compiled_pattern_of_a_form_fits_what_it_parses(tag):
    fits = re.compile(tag.form.pattern(), re.DOTALL).fullmatch

    @given(st.one_of(st.binary(max_size=4), st.binary(min_size=60, max_size=70), tag_values(tag).map(tag.form.write)))
    def holds(octets):
        try:
            tag.parse(octets)
        except PduError:
            assert fits(octets) is None
        else:
            assert fits(octets)

    holds()


def test_octets_by_hand():
    assert t.USER_MESSAGE_REFERENCE.of(513) == Tlv(0x0204, b"\x02\x01")
    assert t.RECEIPTED_MESSAGE_ID.of("3039") == Tlv(0x001E, b"3039\0")
    assert t.QOS_TIME_TO_LIVE.of(60) == Tlv(0x0017, b"\0\0\0\x3c")


def test_a_peer_may_leave_out_the_closing_nul():
    assert t.RECEIPTED_MESSAGE_ID.parse(b"3039") == "3039"
    assert t.RECEIPTED_MESSAGE_ID.parse(b"") == ""


@pytest.mark.parametrize(
    ("tag", "octets"),
    [
        (t.SAR_MSG_REF_NUM, b"\x01"),
        (t.SAR_MSG_REF_NUM, b"\x01\x02\x03"),
        (t.MESSAGE_STATE, b""),
        (t.SOURCE_SUBADDRESS, b"\xa0"),
        (t.CALLBACK_NUM, b"\x01" * 20),
        (t.RECEIPTED_MESSAGE_ID, b"x" * 65),
        (t.SC_INTERFACE_VERSION, b"\0\x34"),
        (t.BROADCAST_CONTENT_TYPE, b"\x01\0"),
        (t.BROADCAST_AREA_IDENTIFIER, b""),
        (t.MS_VALIDITY_50, b"\x04\0"),
        (t.DEST_ADDR_NP_INFORMATION, b"123456789"),
    ],
)
def test_c64_a_wrong_length_earns_c2(tag, octets):
    with pytest.raises(PduError) as error:
        tag.parse(octets)
    assert error.value.status == CommandStatus.ESME_RINVPARLEN
    assert error.value.reason.startswith(tag.name)


@pytest.mark.parametrize(
    ("tag", "octets"),
    [
        (t.PAYLOAD_TYPE, b"\x02"),
        (t.PRIVACY_INDICATOR, b"\x04"),
        (t.SAR_TOTAL_SEGMENTS, b"\0"),
        (t.NUMBER_OF_MESSAGES, b"\x64"),
        (t.DELIVERY_FAILURE_REASON, b"\x04"),
    ],
)
def test_c64_a_bad_value_earns_c4(tag, octets):
    with pytest.raises(PduError) as error:
        tag.parse(octets)
    assert error.value.status == CommandStatus.ESME_RINVOPTPARAMVAL


def test_c66_alert_on_message_delivery_has_no_value():
    assert t.ALERT_ON_MESSAGE_DELIVERY.of(b"") == Tlv(0x130C, b"")
    assert t.ALERT_ON_MESSAGE_DELIVERY.parse(b"") == b""
    with pytest.raises(PduError):
        t.ALERT_ON_MESSAGE_DELIVERY.parse(b"\x01")


@given(st.binary(max_size=6))
def test_c68_network_error_code_is_exactly_three_octets(octets):
    if len(octets) == 3:
        assert t.NETWORK_ERROR_CODE.parse(octets) == octets
        return
    with pytest.raises(PduError) as error:
        t.NETWORK_ERROR_CODE.parse(octets)
    assert error.value.status == CommandStatus.ESME_RINVPARLEN
    with pytest.raises(EncodeError):
        t.NETWORK_ERROR_CODE.of(octets)


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        (t.MESSAGE_STATE, 256, "256 does not fit in 1 octets"),
        (t.MESSAGE_STATE, -1, "-1 does not fit"),
        (t.MESSAGE_STATE, "2", "expected an integer, found '2'"),
        (t.SET_DPF, 2, "2 is not a defined value"),
        (t.MESSAGE_PAYLOAD, "text", "expected bytes, found 'text'"),
        (t.MESSAGE_PAYLOAD, bytes(65536), "65536 octets, not 0 to 65535"),
        (t.RECEIPTED_MESSAGE_ID, "x" * 65, "65 characters, at most 64"),
        (t.RECEIPTED_MESSAGE_ID, "a\0b", "holds NUL"),
        (t.RECEIPTED_MESSAGE_ID, "№1", "outside Latin-1"),
        (t.RECEIPTED_MESSAGE_ID, 7, "expected a string, found 7"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(tag, value, said):
    with pytest.raises(EncodeError) as error:
        tag.of(value)
    assert str(error.value).startswith(f"{tag.name}: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("tag", "octets", "status"),
    [
        (t.BROADCAST_FREQUENCY_INTERVAL, b"\x01\0\x05", CommandStatus.ESME_RINVBCASTFREQINT),
        (t.BROADCAST_AREA_IDENTIFIER, b"\x03area", CommandStatus.ESME_RINVBCASTAREAFMT),
        (t.BROADCAST_CONTENT_TYPE, b"\x04\0\x10", CommandStatus.ESME_RINVBCASTCNTTYPE),
        (t.BROADCAST_MESSAGE_CLASS, b"\x04", CommandStatus.ESME_RINVBCASTMSGCLASS),
        (t.BROADCAST_CHANNEL_INDICATOR, b"\x02", CommandStatus.ESME_RINVBCASTCHANIND),
        (t.SOURCE_ADDR_SUBUNIT_50, b"\x05", CommandStatus.ESME_RINVSRCADDRSUBUNIT),
        (t.SOURCE_ADDR_SUBUNIT, b"\x05", CommandStatus.ESME_RINVOPTPARAMVAL),
        (t.DEST_ADDR_SUBUNIT_50, b"\x05", CommandStatus.ESME_RINVDSTADDRSUBUNIT),
    ],
)
def test_c79_bad_values_have_statuses_of_their_own_in_5_0(tag, octets, status):
    with pytest.raises(PduError) as error:
        tag.parse(octets)
    assert error.value.status == status


@pytest.mark.parametrize("value", [0, 80, 100])
def test_c78_congestion_is_a_percentage(value):
    assert t.CONGESTION_STATE.parse(t.CONGESTION_STATE.of(value).value) == value
    with pytest.raises(EncodeError):
        t.CONGESTION_STATE.of(101)


def test_c66_5_0_allows_a_priority_in_alert_on_message_delivery():
    for octets in (b"", b"\x02"):
        assert t.ALERT_ON_MESSAGE_DELIVERY_50.parse(octets) == octets


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("text", "expected bytes, found 'text'"),
        (b"\x01", "1 octets, not 3"),
        (b"\x09\0\0", "the first octet, 9, is not a defined value"),
    ],
)
def test_a_coded_value_that_does_not_fit_is_refused_by_name(value, said):
    with pytest.raises(EncodeError) as error:
        t.BROADCAST_CONTENT_TYPE.of(value)
    assert str(error.value) == f"broadcast_content_type: {said}"
