import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.message_ids import candidate_keys, key
from smsc.scenario.id_style import LONGEST_V33, IdStyle, v33_writer

NUMBER = 10_000_001


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("decimal", "10000001"),
        ("decimal 10", "0010000001"),
        ("decimal 3", "10000001"),
        ("hex", "989681"),
        ("hex lower", "989681"),
        ("hex 8", "00989681"),
        ("decimal large", "18446744073719551617"),
        ("hex large", "10000000000989681"),
        ("decimal SAR-{}", "SAR-10000001"),
        ("hex lower 8 msg_{}_x", "msg_00989681_x"),
        ("decimal SAR-{}-{parts}-{part}", "SAR-10000001-3-2"),
    ],
)
def test_an_id_is_written_as_its_style_says(text: str, written: str) -> None:
    assert IdStyle.parse(text).writer(2, 3)(NUMBER) == written


def test_the_case_is_that_of_the_style() -> None:
    assert IdStyle.parse("hex").writer()(0xABCDEF) == "ABCDEF"
    assert IdStyle.parse("hex lower").writer()(0xABCDEF) == "abcdef"
    lower, upper = (IdStyle.parse(text).writer()(NUMBER) for text in ("uuid", "uuid upper"))
    assert lower.upper() == upper != lower
    assert lower.count("-") == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected ids such as decimal"),
        ("decmal", 'did you mean "decimal"'),
        ("hex lowr", 'did you mean "lower"'),
        ("hex 65", '"65" is not understood'),
        ("hex 0", '"0" is not understood'),
        ("decimal lower", 'expected "hex lower"'),
        ("uuid 8", "a uuid has its own length"),
        ("uuid large", "a uuid has its own length"),
        (
            "decimal {}-{prt}",
            "found {prt} around the id; expected one of {}, {to}, {from}, {text}, {system_id}, {part}, {parts}; did",
        ),
        ("uuid " + "x" * 40 + "{}", "found an id of 76 characters; expected 64 at most"),
        ("decimal ид-{}", "of ASCII"),
    ],
)
def test_what_no_id_can_be_is_explained(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        IdStyle.parse(text)
    assert problem in str(caught.value)


STYLES = st.sampled_from(["decimal", "decimal 12", "hex", "hex lower", "hex 10", "hex lower large", "decimal large"])


@given(written=STYLES, read=STYLES, number=st.integers(min_value=10**7, max_value=10**12))
def test_i3_numbers_match_in_whatever_base_they_are_written(written: str, read: str, number: int) -> None:
    large = "large" in written
    if large is ("large" in read):
        one, other = (IdStyle.parse(text).writer()(number) for text in (written, read))
        assert key(one) in candidate_keys(other)


@given(text=st.sampled_from(["decimal", "hex", "uuid", "decimal large", "hex 12"]), number=st.integers(1, 10**15))
def test_c24_no_id_of_smpp_3_3_has_more_than_eight_characters(text: str, number: int) -> None:
    assert len(v33_writer(IdStyle.parse(text).writer())(number)) <= LONGEST_V33


def test_c24_ids_that_are_short_enough_stay_as_they_are() -> None:
    assert v33_writer(IdStyle.parse("decimal").writer())(NUMBER) == "10000001"
    assert v33_writer(IdStyle.parse("decimal").writer())(123456789) == "75BCD15"
