"""Statuses: the table, and what people may write."""

import pytest

from smppkit.status import CommandStatus, parse_status, status_name


def test_statuses_are_numbers_with_a_text():
    assert CommandStatus.ESME_RTHROTTLED == 0x58
    assert CommandStatus(0x58) is CommandStatus.ESME_RTHROTTLED
    assert all(status.text for status in CommandStatus)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0x00, "No Error"),
        (0x05, "ESME Already in Bound State"),
        (0x45, "submit_sm or submit_multi failed"),
        (0x58, "Throttling error (ESME has exceeded allowed message limits)"),
        (0xC3, "Expected Optional Parameter missing"),
        (0x104, "Invalid Data Coding Scheme"),
    ],
)
def test_the_texts_are_those_of_the_specification(status, text):
    assert CommandStatus(status).text == text


def test_there_are_as_many_as_in_the_tables_of_3_4_and_5_0():
    assert len([status for status in CommandStatus if status <= 0xFF]) == 48
    assert sorted(status for status in CommandStatus if status > 0xFF) == list(range(0x100, 0x113))


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x100, "ESME_RSERTYPUNAUTH"),
        (0x101, "ESME_RPROHIBITED"),
        (0x102, "ESME_RSERTYPUNAVAIL"),
        (0x104, "ESME_RINVDCS"),
        (0x107, "ESME_RINVBCASTFREQINT"),
        (0x10A, "ESME_RINVNUMBCAST_AREAS"),
        (0x10F, "ESME_RBCASTCANCELFAIL"),
        (0x112, "ESME_RINVBCASTCHANIND"),
    ],
)
def test_statuses_of_5_0(number, name):
    assert status_name(number) == name
    assert parse_status(name) == number


def test_what_5_0_renames_is_known_by_both_names():
    assert parse_status("ESME_RMISSINGTLV") == parse_status("RMISSINGOPTPARAM") == 0xC3
    assert status_name(0xC3) == "ESME_RMISSINGOPTPARAM"
    assert CommandStatus.ESME_RINVTLVSTREAM is CommandStatus.ESME_RINVOPTPARSTREAM


def test_names_of_known_and_vendor_statuses():
    assert status_name(0) == "ESME_ROK"
    assert status_name(0x400) == "0x00000400"


@pytest.mark.parametrize("written", ["ESME_RTHROTTLED", "RTHROTTLED", " esme_rthrottled ", 88, "88", "0x58", "0X58"])
def test_a_status_can_be_written_in_many_ways(written):
    assert parse_status(written) == 0x58


def test_a_vendor_status_is_any_number_of_four_octets():
    assert parse_status("0x4A1") == 0x4A1
    assert parse_status(0xFFFFFFFF) == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ESME_RTHROTLED", "did you mean ESME_RTHROTTLED?"),
        ("RINVDSTADDR", "did you mean ESME_RINVDSTADR?"),
        ("???", "names such as ESME_RTHROTTLED, or numbers"),
        (-1, "from 0 to 0xffffffff"),
        ("0x100000000", "from 0 to 0xffffffff"),
    ],
)
def test_what_is_no_status_is_said_with_the_nearest_one(written, said):
    with pytest.raises(ValueError, match=r".*") as error:
        parse_status(written)
    assert said in str(error.value)
