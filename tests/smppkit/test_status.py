"""Statuses: the table, and what people may write."""

import pytest

from smppkit.status import CommandStatus, parse_status, status_name


def test_statuses_are_numbers_with_a_text():
    assert CommandStatus.ESME_RTHROTTLED == 0x58
    assert CommandStatus(0x58) is CommandStatus.ESME_RTHROTTLED
    assert CommandStatus.ESME_RTHROTTLED.text == "message rate or window exceeded"
    assert all(status.text for status in CommandStatus)


def test_there_are_as_many_as_in_table_5_2():
    assert len(CommandStatus) == 48
    assert len({status.value for status in CommandStatus}) == 48


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
