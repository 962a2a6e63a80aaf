import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.message_ids import IdBase, candidate_keys, key, render

UUID = "0b1f7e3c-0000-4d7e-9f4a-0123456789ab"


@pytest.mark.parametrize(
    ("message_id", "expected"),
    [
        ("0000012345", "12345"),
        ("DEADBEEF", "deadbeef"),
        ("0x1A", "1a"),
        ("000", "0"),
        ("", ""),
        ("0", "0"),
        (" 17 ", "17"),
        (UUID, UUID),
        (UUID.upper(), UUID),
        ("SAR-00ff-2-1", "sar-00ff-2-1"),
        ("00msgX", "msgx"),
    ],
)
def test_a_key_folds_case_and_drops_leading_zeros_but_leaves_names_alone(message_id, expected):
    assert key(message_id) == expected


@pytest.mark.parametrize(
    ("stored", "in_receipt"),
    [
        ("1A2B3C", "1715004"),  # response hex, receipt decimal
        ("1715004", "1a2b3c"),  # response decimal, receipt hex
        ("1715004", "0001715004"),
        ("0001715004", "1715004"),
        ("00ABCDEF", "abcdef"),
        ("0x1a2b3c", "1715004"),
        ("FFFFFFFFFFFFFFFFFF", str(2**72 - 1)),  # beyond 64 bits
        (UUID, UUID.upper()),
        ("SAR-17-2-1", "SAR-17-2-1"),
    ],
)
def test_a_receipt_finds_its_message_whatever_the_spelling_of_the_id(stored, in_receipt):  # I3
    assert key(stored) in candidate_keys(in_receipt)


def test_candidates_are_ordered_by_likelihood_and_distinct():
    assert candidate_keys("0000006699") == ("6699", "1a2b", "26265")
    assert candidate_keys("7") == ("7",)
    assert candidate_keys("FF") == ("ff", "255")
    assert candidate_keys("msg-1") == ("msg-1",)


def test_a_uuid_has_itself_as_only_candidate():
    assert candidate_keys(UUID) == (UUID,)


def test_numbers_are_rendered_in_every_base():
    assert render(255, IdBase.DECIMAL) == "255"
    assert render(255, IdBase.HEX) == "FF"
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", render(255, IdBase.UUID)
    )


def test_a_rendered_uuid_belongs_to_its_number():
    assert render(1, IdBase.UUID) == render(1, IdBase.UUID)
    assert len({render(number, IdBase.UUID) for number in range(1000)}) == 1000


@given(st.integers(0, 2**200), st.sampled_from(IdBase), st.integers(0, 5), st.booleans())
def test_any_respelling_of_a_number_finds_it(number, base, zeros, upper):  # I3
    stored = render(number, base)
    for other in (base,) if base is IdBase.UUID else (IdBase.DECIMAL, IdBase.HEX):
        seen = render(number, other)
        seen = seen if other is IdBase.UUID else "0" * zeros + seen
        assert key(stored) in candidate_keys(seen.upper() if upper else seen.lower())


@given(st.text(max_size=300))
def test_any_text_has_candidates_and_its_own_key_first(text):
    candidates = candidate_keys(text)
    assert candidates[0] == key(text)
    assert len(set(candidates)) == len(candidates)


def test_an_absurdly_long_number_is_not_converted():
    assert candidate_keys("9" * 5000) == ("9" * 5000,)
