import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.segments import segment
from smppkit.tlvs import Tlv
from smsc.scenario.reading import Reading
from smsc.scenario.template import Request, RuleTemplate, Template, Words
from tests.smsc.scenario.world import message

WORDS = Words("shop", 3, {"1": "4711", "code": "4711"})


def said(template: str, *, kind: type[Template] = RuleTemplate, **fields: object) -> str:
    pdu = message("77051234567", b"Your code is 4711", **{"tlvs": (Tlv(0x1400, b"ref-1\0"),)} | fields)
    return kind.parse(template).render(Request(Reading(pdu), "ABC", WORDS))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{to} {from} {system_id} {id}", "77051234567 SHOP shop ABC"),
        ("{text}|{text:4}|{to:5}|{id:2}", "Your code is 4711|Your|77051|AB"),
        ("{part} of {parts}", "1 of 1"),
        ("{tlv:0x1400} {tlv:5120} {tlv:1}.", "ref-1 ref-1 ."),
        ("{count}: {1}, {code:2}", "3: 4711, 47"),
        ('100% {"a": 1} %(to)s { to} {} {', '100% {"a": 1} %(to)s { to} {} {'),
        ("", ""),
    ],
)
def test_a_template_says_what_the_message_is(template: str, text: str) -> None:
    assert said(template) == text


def test_parts_are_those_of_the_long_message() -> None:
    part = segment("a" * 200, reference=7).segments[1]
    pdu = message(text=part.short_message, esm_class=0x40)
    assert Template.parse("{part}/{parts}").render(Request(Reading(pdu), "")) == "2/2"


def test_without_a_message_its_fields_are_empty() -> None:
    assert RuleTemplate.parse("{id}:{to}{text}{tlv:5}{count}{1}").render(Request(None, "X")) == "X:0"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{too}", 'found {too}; expected one of to, from, text, system_id, part, parts, id, tlv; did you mean "to"?'),
        ("{count}", "found {count}; expected one of"),
        ("{1}", "found {1}; expected one of"),
        ("{to:x}", "found {to:x}; expected a width up to 160, as in {to:10}"),
        ("{to:161}", "found {to:161}; expected a width"),
        ("{tlv}", "found {tlv:}; expected the tag of a TLV, as in {tlv:0x1400}"),
        ("{tlv:70000}", "found {tlv:70000}; expected the tag of a TLV"),
    ],
)
def test_a_mistake_in_a_template_is_explained(template: str, problem: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(problem)):
        Template.parse(template)


def test_a_template_of_a_rule_waits_for_the_rule_to_judge_its_groups() -> None:
    template = RuleTemplate.parse("{count} {code} {9}")
    assert template.refusal(["code", "9"], counts=True) is None
    assert "found {9}" in (template.refusal(["code", "1"], counts=True) or "")


@settings(deadline=None)
@given(st.text(alphabet="ab%s(){}:1to", max_size=30))
def test_nothing_in_a_template_is_carried_out(text: str) -> None:
    try:
        template = RuleTemplate.parse(text)
    except ValueError:
        return
    rendered = template.render(Request(Reading(message("%(id)s{id}")), "ID"))
    if not template.names:
        assert rendered == text


@settings(deadline=None)
@given(st.text(max_size=20))
def test_what_a_message_says_is_not_read_as_a_template(to: str) -> None:
    assert Template.parse("<{to}>").render(Request(Reading(message(to)), "ID")) == f"<{to}>"
