import copy
import pickle
from datetime import UTC, datetime

import pytest

from smsc.scenario.model import Scenario
from smsc.scenario.receipt_text import CANONICAL, ReceiptText, Said
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

KNOWN = "id, sub, dlvrd, submit, done, stat, err, text, to, from, system_id, part, parts, tlv"
SAID = Said(
    id="1234567890AB",
    sub=1,
    dlvrd=0,
    submit=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    done=datetime(2026, 1, 2, 3, 5, 6, tzinfo=UTC),
    stat="UNDELIV",
    err="069",
    text="The quick brown fox jumps",
)


def test_the_canonical_text_is_that_of_appendix_b() -> None:
    assert CANONICAL.say(SAID) == (
        "id:1234567890AB sub:001 dlvrd:000 submit date:2601020304 done date:2601020305 stat:UNDELIV err:069 "
        "Text:The quick brown fox "
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{id:10}", "1234567890"),
        ("{sub:1} {dlvrd:5}", "1 00000"),
        ("{done:hh:mm:ss}", "03:05:06"),
        ("{err:1} {err:2} {err:4} {err:x}", "69 69 0069 45"),
        ("{text:3}", "The"),
        ("no {done date} { at } all", "no {done date} { at } all"),
        ("{done:YYYY-MM-DDThh:mm:ssZ}", "2026-01-02T03:05:06Z"),
    ],
)
def test_a_field_is_written_as_its_form_says(template: str, text: str) -> None:
    assert ReceiptText.parse(template).say(SAID) == text


@pytest.mark.parametrize(
    ("err", "text"), [("000", "0 0000 0"), ("", "0 0000 "), ("EC1", "EC1 0EC1 EC1"), ("00B", "B 000B 00B")]
)
def test_codes_that_are_no_numbers_are_kept(err: str, text: str) -> None:
    assert ReceiptText.parse("{err:1} {err:4} {err:x}").say(SAID._replace(err=err)) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (
            "{ids}",
            f'found {{ids}}; expected one of {KNOWN}; did you mean "id"?',
        ),
        (
            "{Stat}",
            f'found {{Stat}}; expected one of {KNOWN}; did you mean "stat"?',
        ),
        ("{stat:7}", "found {stat:7}; expected {stat} alone"),
        ("{id:x}", "found {id:x}; expected a width up to 160, as in {id:10}"),
        ("{id:999}", "found {id:999}; expected a width up to 160"),
        ("{done:%Y}", "found {done:%Y}; expected a date such as {done:YYMMDDhhmm}"),
        ("{done:yymmdd}", "found {done:yymmdd}; expected a date such as {done:YYMMDDhhmm}"),
    ],
)
def test_a_mistake_in_a_template_is_explained(template: str, problem: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        ReceiptText.parse(template)
    assert str(caught.value).startswith(problem)


def test_a_mistake_is_found_where_it_stands_in_the_file() -> None:
    with pytest.raises(ConfigError) as caught:
        loads('operators:\n  x:\n    receipts:\n      text: "id:{idd}"', Scenario)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.path) == (4, 13, "operators.x.receipts.text")
    assert 'did you mean "id"?' in problem.message


def test_templates_are_equal_when_they_read_the_same_and_survive_copying() -> None:
    one, other = ReceiptText.parse("id:{id}"), ReceiptText.parse("id:{id}")
    assert one == other == "id:{id}"
    assert hash(one) == hash(other)
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one)), ReceiptText("id:{id}")):  # noqa: S301 - ours
        assert again.say(SAID) == "id:1234567890AB"
