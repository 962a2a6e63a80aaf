"""Delivery files as operators write them."""

from __future__ import annotations

import pytest

from sender.domain.delivery_file import DeliveryFile, DeliveryFileError, DeliveryRow, moment, state_in
from sender.domain.rows import BadRow
from smppkit.message_state import MessageState


def read(text: str) -> list[DeliveryRow | BadRow]:
    return list(DeliveryFile(text.splitlines(keepends=True), "KZ"))


def good(text: str) -> list[tuple[str, str, MessageState]]:
    rows = read(text)
    assert all(isinstance(row, DeliveryRow) for row in rows), rows
    return [(row.smsc_id, row.number, row.state) for row in rows if isinstance(row, DeliveryRow)]


EXPECTED = [
    ("AB17", "77051112233", MessageState.DELIVERED),
    ("AB18", "77051112234", MessageState.EXPIRED),
]


@pytest.mark.parametrize(
    "text",
    [
        "message_id,msisdn,status\nAB17,77051112233,DELIVRD\nAB18,77051112234,EXPIRED\n",
        "Status;Message ID;Phone\nDelivered;AB17;77051112233\nEXPIRED;AB18;77051112234\n",
        "\ufeffID сообщения\tНомер\tСтатус\r\nAB17\t77051112233\tДоставлено\r\nAB18\t77051112234\tПросрочено\r\n",
        '"id"|"destination"|"dlr"\n"AB17"|"77051112233"|"2"\n"AB18"|"77051112234"|"3"\n',
        "AB17,77051112233,DELIVRD,2601011200\nAB18,77051112234,EXPIRED,2601011201\n",
        "2026-01-01T12:00:00 77051112233 DELIVRD AB17\n2026-01-01T12:00:01 77051112234 EXPIRED AB18\n",
        "\nid number state\n\nAB17 77051112233 DELIVRD\n\nAB18 77051112234 EXPIRED",
    ],
)
def test_columns_are_found_by_title_or_by_looks(text: str) -> None:
    assert good(text) == EXPECTED


def test_digits_without_titles_are_told_apart_by_what_a_number_is() -> None:
    rows = good("900000017,77051112233,DELIVRD\n900000018,77051112234,UNDELIV\n")
    assert rows[0] == ("900000017", "77051112233", MessageState.DELIVERED)
    assert rows[1] == ("900000018", "77051112234", MessageState.UNDELIVERABLE)


def test_an_id_alone_or_a_number_alone_is_enough() -> None:
    assert good("id,state\nAB17,DELIVRD\n") == [("AB17", "", MessageState.DELIVERED)]
    assert good("phone,state\n77051112233,DELIVRD\n") == [("", "77051112233", MessageState.DELIVERED)]


def test_times_are_read() -> None:
    (row,) = read("id,state,submit date,done date\nA,DELIVRD,2026-01-01 00:00:10,01.01.2026 00:01\n")
    assert isinstance(row, DeliveryRow)
    assert (row.sent, row.done) == (1767225610.0, 1767225660.0)


def test_rows_that_say_nothing_are_given_back_with_their_line() -> None:
    bad = read("id,number,state\nA,77051112233,WHATEVER\n,,DELIVRD\nB\nC,,DELIVRD\n")
    assert [(row.line, row.reason) for row in bad if isinstance(row, BadRow)] == [
        (2, 'nobody knows what the state "WHATEVER" means'),
        (3, "neither an id nor a number"),
        (4, 'nobody knows what the state "" means'),
    ]
    assert bad[0].raw == "A,77051112233,WHATEVER"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("PK\0\0", "not text"),
        ("id,number\nA,77051112233\n", "no column with the state"),
        ("text,status\nhello there,DELIVRD\n", "no column with the message id or number"),
    ],
)
def test_what_is_no_delivery_file_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(DeliveryFileError, match=complaint):
        read(text)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DELIVRD", MessageState.DELIVERED),
        ("delivered", MessageState.DELIVERED),
        ("NOT_DELIVERED", MessageState.UNDELIVERABLE),
        ("2", MessageState.DELIVERED),
        ("17", None),
        ("sent", MessageState.ENROUTE),
        ("", None),
    ],
)
def test_words_of_people_and_of_receipts(word: str, state: MessageState | None) -> None:
    assert state_in(word) is state


@pytest.mark.parametrize(
    "text",
    ["2026-01-01T00:00:00Z", "2026-01-01 05:00:00+05:00", "01.01.2026 00:00", "01/01/2026 00:00:00", "1767225600",
     "20260101000000", "202601010000", "2601010000"],
)  # fmt: skip
def test_a_moment_in_many_spellings(text: str) -> None:
    assert moment(text) == 1767225600.0


@pytest.mark.parametrize("text", ["", "yesterday", "17", "2026-13-01 00:00", "991399999999"])
def test_what_is_no_moment(text: str) -> None:
    assert moment(text) is None
