import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.template import MissingField, Template, TemplateError


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("Hello", {}, "Hello"),
        ("", {}, ""),
        ("{name}, order {order}", {"name": "Айгерім", "order": "17"}, "Айгерім, order 17"),
        ("{name|Dear client}!", {"name": "Ivan"}, "Ivan!"),
        ("{name|Dear client}!", {}, "Dear client!"),
        ("{name|Dear client}!", {"name": "  "}, "Dear client!"),  # an empty cell is no name
        ("{name|}!", {}, "!"),
        ("{name|a|b}", {}, "a|b"),
        ("{{name}} {{}}", {"name": "x"}, "{name} {}"),
        ("{ Name }", {"name": "x"}, "x"),
        ("{имя}", {"имя": "Анна"}, "Анна"),
        ("{a}{a}", {"a": "{b}", "b": "no"}, "{b}{b}"),  # values are text, not templates
    ],
)
def test_fields_are_filled_in(text, fields, expected):
    assert Template.compile(text).render(fields) == expected


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("Hi {name", 4, "never closed"),
        ("Hi name}", 8, 'without its "{"'),
        ("{}", 1, "without a name"),
        ("ab{ |x}", 3, "without a name"),
        ("{a{b}}", 3, "nested"),
    ],
)
def test_a_mistake_is_named_with_its_position(text, position, words):
    with pytest.raises(TemplateError, match=words) as caught:
        Template.compile(text)
    assert caught.value.position == position
    assert f"character {position}" in str(caught.value)


def test_an_empty_cell_without_a_fallback_is_missing():
    with pytest.raises(MissingField, match='"order"') as caught:
        Template.compile("Order {Order}").render({"order": " "})
    assert caught.value.field == "order"


def test_a_field_without_a_column_is_an_error_before_anything_is_sent():
    template = Template.compile("{name|x} {oder}")
    assert template.fields == {"name", "oder"}
    with pytest.raises(TemplateError, match='did you mean "order"'):
        template.check(["Phone", "Name", "Order"])
    template.check(["oder", "name"])


def test_a_field_unlike_any_column_gets_the_list_of_columns():
    with pytest.raises(TemplateError, match="the columns are: name, phone"):
        Template.compile("{zzzzzz}").check(["phone", "name"])


@given(st.text())
def test_braces_doubled_any_text_is_itself(text):
    assert Template.compile(text.replace("{", "{{").replace("}", "}}")).render({}) == text


@given(st.text(alphabet="{}|ab "))
def test_compiling_any_text_gives_a_template_or_a_position_inside_it(text):
    position = 1
    try:
        Template.compile(text)
    except TemplateError as error:
        position = error.position
    assert 1 <= position <= max(1, len(text))


@given(st.text(), st.text(min_size=1).filter(str.strip), st.text())
def test_what_stands_around_a_field_is_itself_too(before, value, after):
    doubled = [text.replace("{", "{{").replace("}", "}}") for text in (before, after)]
    for fields in ({"a": value}, {"a": value, "b": "%s"}):
        template = Template.compile(f"{doubled[0]}{'{'}a{'}'}%{'{'}b|%{'}'}{doubled[1]}")
        assert template.render(fields) == f"{before}{value.strip()}%{fields.get('b', '%')}{after}"
    assert Template.compile("{a}").render({"a": "100%"}) == "100%"
    assert Template.compile("{a} %s %%").render({"a": "100%"}) == "100% %s %%"


def test_several_plain_fields_are_filled_as_each_by_itself() -> None:
    two = Template.compile("{a} and {b|nobody}").render
    assert two({"a": " x ", "b": "y"}) == "x and y"
    assert two({"a": "x", "b": "  "}) == two({"a": "x"}) == "x and nobody"
    with pytest.raises(MissingField, match='"a"'):
        two({"b": "y"})
