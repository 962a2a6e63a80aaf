"""The variants as they are played: numbers, operators, and the document of a scenario."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest
import yaml

from carrierlab.gauntlet.plan import (
    FINAL_DIGITS,
    TEMPLATE,
    Course,
    all_courses,
    document,
    orders_csv,
    recipients_csv,
    select,
    told,
)
from carrierlab.scenario import LabScenario
from sender.domain.template import Template
from smppkit.message_state import MessageState
from smppkit.segments import segment
from smsc.scenario.latency import Fixed
from smsc.scenario.variants import receipt_variants
from yamlmodel.loader import loads

COURSES = all_courses()
ALL = pytest.mark.parametrize("course", COURSES, ids=[course.name for course in COURSES])


def only(name: str) -> Course:
    (course,) = select([name])
    return course


def scenario(*courses: Course, longest: float = 60.0) -> LabScenario:
    text = yaml.safe_dump(document(courses, recipients="people.csv", longest=longest), sort_keys=False)
    return loads(text, LabScenario)


def test_every_variant_is_played() -> None:
    assert [course.name for course in COURSES] == [variant.name for variant in receipt_variants()]
    assert len(COURSES) > 70


def test_no_number_is_used_twice() -> None:
    numbers = Counter(message.number for course in COURSES for message in course.messages)
    assert set(numbers.values()) == {1}


@ALL
def test_the_numbers_are_its_own_and_end_in_a_final_state(course: Course) -> None:
    assert len(course.messages) == 12
    for message in course.messages:
        assert message.number.startswith(course.prefix)
        assert int(message.number[-1]) in FINAL_DIGITS
        assert len(message.number) == 11


@ALL
def test_it_is_a_scenario_and_its_habits_are_those_of_the_variant(course: Course) -> None:
    operator = scenario(course).operators[course.name]
    variant = course.variant
    assert (operator.ids, operator.ids_v33, operator.version) == (variant.ids, variant.ids_v33, variant.version)
    assert operator.submit == variant.submit
    for key in ("form", "esm_class", "carrier", "route", "retry", "copies", "parts", "before_response", "ids", "err"):
        assert getattr(operator.receipts, key) == getattr(variant.receipts, key)


def test_the_texts_have_as_many_segments_as_are_said() -> None:
    rows = list(csv.DictReader(io.StringIO(recipients_csv(COURSES))))
    template = Template.compile(TEMPLATE)
    messages = [message for course in COURSES for message in course.messages]
    for row, message in zip(rows, messages, strict=True):
        assert row["phone"] == f"+{message.number}"
        assert len(segment(template.render({"more": row["more"]}), reference=1).segments) == message.parts
    assert {message.parts for message in messages} == {1, 2, 3}


def test_no_receipt_takes_longer_than_is_waited_for() -> None:
    operator = scenario(only("after-days"), longest=30.0).operators["after-days"]
    assert operator.receipts.delay == Fixed(30.0)
    assert scenario(only("parts-missing"), longest=30.0).operators["parts-missing"].receipts.reassembly == 30.0


def test_where_text_and_tlvs_contradict_the_tlvs_are_right() -> None:
    receipts = scenario(only("tlvs-contradict")).operators["tlvs-contradict"].receipts
    assert list(receipts.outcome) == ["UNDELIV"]
    assert "stat:DELIVRD" in receipts.text
    assert receipts.conflict.state is None
    assert receipts.conflict.id is not None


@pytest.mark.parametrize(
    ("name", "digit", "state"),
    [
        ("canonical", 2, MessageState.DELIVERED),
        ("canonical", 8, MessageState.REJECTED),
        ("stat-failed", 2, MessageState.UNDELIVERABLE),
        ("never", 2, None),
        ("asked-on-failure", 2, None),
        ("asked-on-failure", 5, MessageState.UNDELIVERABLE),
        ("asked-on-failure-and-delivered", 2, None),
        ("asked-on-success", 2, MessageState.DELIVERED),
        ("asked-on-success", 5, None),
    ],
)
def test_what_the_receipts_tell(name: str, digit: int, state: MessageState | None) -> None:
    course = only(name)
    message = next(each for each in course.messages if each.number.endswith(str(digit)) and each.parts == 1)
    assert told(course, message) is state


def test_variants_are_selected_by_name_and_by_subject() -> None:
    assert [course.name for course in select(["dates-1[04]"])] == ["dates-10", "dates-14"]
    assert {course.variant.about for course in select(["route", "retry"])} == {"route", "retry"}
    assert len(select([])) == len(COURSES)


def test_a_selection_does_not_change_the_numbers() -> None:
    assert only("twice") in COURSES


def test_what_is_not_there_is_told_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r'no variant matches "twic"; did you mean "twice"\?'):
        select(["canonical", "twic"])


def test_a_client_of_somebody_else_is_told_what_to_send_and_where() -> None:
    courses = select(["route-*"])
    rows = list(csv.DictReader(io.StringIO(orders_csv(courses, [2775, 2776, 2777, 2778]))))
    assert [row["number"] for row in rows] == [message.number for course in courses for message in course.messages]
    assert {(row["variant"], row["port"], row["binds"]) for row in rows} == {
        ("route-same-bind", "2775", "2 transceivers"),
        ("route-sibling", "2776", "2 transceivers"),
        ("route-round-robin", "2777", "2 transceivers"),
        ("route-receivers", "2778", "transmitter+receiver"),
    }
    assert max(len(row["text"]) for row in rows) > 306
