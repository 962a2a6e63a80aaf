from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.template import FieldError, MissingField, Template, TemplateError, UnfitField
from sender.domain.values import BadValue, read_amount, read_date, read_number


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{v:upper}", "айгүль", "АЙГҮЛЬ"),
        ("{v:lower}", "Ivan", "ivan"),
        ("{v:upper tr}", "istanbul ılık", "İSTANBUL ILIK"),
        ("{v:lower tr}", "IŞIK İZ", "ışık iz"),
        ("{v:title}", "анна-мария ПЕТРОВА o'neil", "Анна-Мария Петрова O'neil"),
        ("{v:title tr}", "irem ILGAZ", "İrem Ilgaz"),
        ("{v:trim}", "a  b\tc", "a b c"),
        ("{v:trim 3}", "abcdef", "abc"),
        ("{v:trim 3}", "ab👨‍👩‍👧‍👦", "ab"),
        ("{v:trim 3}", "ab cd", "ab"),
        ("{v:trim:title}", " anna   maria ", "Anna Maria"),
        ("{v:date %d.%m.%Y}", "2026-05-03", "03.05.2026"),
        ("{v:date}", "3/5/2026", "03.05.2026"),
        ("{v:date %d.%m.%Y %H:%M}", "2026-05-03T18:07:59Z", "03.05.2026 18:07"),
        ("{v:date %-d.%-m.%y at %-H:%M:%S, 100%%}", "03.05.2026 8:07", "3.5.26 at 8:07:00, 100%"),
        ("{v:date ru %-d %B}", "2026-05-31", "31 мая"),
        ("{v:date kk %-d %B, %A}", "2026-05-31", "31 мамыр, жексенбі"),
        ("{v:date tr %-d %B %Y %A}", "2026-05-31", "31 Mayıs 2026 Pazar"),
        ("{v:date %B %-d}", "2026-05-31", "May 31"),
        ("{v:date ru %-d %B:upper}", "2026-05-31", "31 МАЯ"),
        ("{v:money KZT}", "1234567.5", "1 234 567,50 KZT"),
        ("{v:money KZT}", "5000", "5 000 KZT"),
        ("{v:money KZT}", "12 345,00", "12 345 KZT"),
        ("{v:money USD}", "1234.5", "1,234.50 USD"),
        ("{v:money TRY}", "1.234,5", "1.234,50 TRY"),
        ("{v:money KZT en}", "1234567.891", "1,234,567.89 KZT"),
        ("{v:money}", "-1234", "-1 234"),
        ("{v} {v:plural день,дня,дней}", "1", "1 день"),
        ("{v:plural день,дня,дней}", "22", "дня"),
        ("{v:plural день,дня,дней}", "11", "дней"),
        ("{v:plural день,дня,дней}", "0", "дней"),
        ("{v:plural день,дня,дней}", "111", "дней"),
        ("{v:plural день,дня,дней}", "1,5", "дня"),
        ("{v:plural day,days}", "1", "day"),
        ("{v:plural en day,days}", "21", "days"),
        ("{v:plural kk күн}", "5", "күн"),
        ("{v:plural tr gün}", "5", "gün"),
        ("{v:default klient:upper}", "", "KLIENT"),
        ("{v:default klient:upper}", "ann", "ANN"),
        ("{v:upper|nobody at 18:00}", " ", "nobody at 18:00"),
        ("{v:upper|}", "", ""),
        ("{v: upper }", "a", "A"),
        ("{ V :upper}", "a", "A"),
    ],
)
def test_filters(template: str, value: str, expected: str) -> None:
    assert Template.compile(template).render({"v": value}) == expected


@pytest.mark.parametrize(
    ("template", "position", "words"),
    [
        ("Hi {v:uper}", 7, 'did you mean "upper"'),
        ("{v:}", 4, "no filter behind it"),
        ("{v:zzz}", 4, "filters are: upper, lower"),
        ("{v:trim:uper}", 4, "trim:uper"),
        ("{v:upper x}", 4, "the Turkish i"),
        ("{v:date %Q}", 4, 'no directive "%Q"'),
        ("{v:date %}", 4, "no directive"),
        ("{v:date today}", 4, "no part of a date"),
        ("{v:money KZT USD}", 4, "expected a currency"),
        ("{v:plural a,,b}", 4, "commas between them"),
        ("{v:plural}", 4, "commas between them"),
        ("{v:plural ru a,b}", 4, "expected three forms"),
        ("{v:plural en a,b,c}", 4, "one form or two"),
        ("{v:plural a,b,c,d}", 4, "one to three forms"),
        ("{v:trim 0}", 4, "1 to 1000"),
        ("{v:upper:default x}", 10, "comes before other filters"),
        ("{v:default}", 4, 'words behind "default"'),
    ],
)
def test_a_bad_filter_is_named_with_its_position(template: str, position: int, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as caught:
        Template.compile(template)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("template", "value", "words"),
    [
        ("Pay {v:money KZT}", "12x", "expected an amount"),
        ("Pay {v:money KZT}", "1,234", "thousands or a fraction"),
        ("Due {v:date %d.%m}", "31.02.2026", "no such date"),
        ("Due {v:date %d.%m}", "tomorrow", "expected a date"),
        ("Got {v:plural a,b}", "many", "expected a number"),
    ],
)
def test_a_value_that_does_not_fit_is_said_with_the_field(template: str, value: str, words: str) -> None:
    with pytest.raises(UnfitField, match=words) as caught:
        Template.compile(template).render({"v": value})
    assert (caught.value.field, caught.value.position) == ("v", 5)
    assert 'the column "v"' in str(caught.value)
    assert "character 5" in str(caught.value)


def test_all_that_is_wrong_with_a_row_at_once() -> None:
    template = Template.compile("{a} {b:money} {c|x} {d:date}")
    errors = template.trial({"b": "no", "d": "2026-01-01"})
    assert [(type(error), error.field, error.position) for error in errors] == [
        (MissingField, "a", 1),
        (UnfitField, "b", 5),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12345.50", "12345.50"),
        ("12 345,50", "12345.50"),
        ("12\u00a0345,5", "12345.5"),
        ("12,345.50", "12345.50"),
        ("12.345,50", "12345.50"),
        ("1.234.567", "1234567"),
        ("1,234,567.5", "1234567.5"),
        ("0.125", "0.125"),
        ("-5", "-5"),
        ("1'000'000", "1000000"),
    ],
)
def test_amounts(text: str, expected: str) -> None:
    assert read_amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["", "1,234", "1.234", "1,2,3", "12,34.5", "1.2.3,4", "1,234.5,6", "1.5e3", "0x10", "nan", "٣", "9" * 40]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(BadValue):
        read_amount(text)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_is_written_as_money_is_read_again(amount: Decimal) -> None:
    for currency in ("KZT", "USD", "TRY"):
        spelt = Template.compile(f"{{v:money {currency}}}").render({"v": f"{amount:.2f}"})
        said = spelt.removesuffix(f" {currency}")
        if said.count(",") + said.count(".") == 1 and said[-4:-3] in ",.":
            with pytest.raises(BadValue, match="thousands or a fraction"):  # a person may write 1,234; a file may not
                read_amount(said)
        else:
            assert read_amount(said) == amount


@given(st.text(max_size=40))
def test_hostile_values_are_refused_in_words(text: str) -> None:
    for read in (read_amount, read_date, read_number):
        with suppress(BadValue):
            read(text)


@given(st.text(st.sampled_from("{}|:abv %dY,upermony"), max_size=60), st.text(max_size=20))
def test_any_template_compiles_or_says_where_it_does_not(text: str, value: str) -> None:
    position = 1
    try:
        template = Template.compile(text)
        template.render(dict.fromkeys(template.fields, value))
    except (TemplateError, FieldError) as error:
        position = error.position
    assert 1 <= position <= max(1, len(text))


@given(st.text(max_size=30))
def test_values_are_never_read_as_templates(value: str) -> None:
    told = value.strip()
    expected = f"<{told}>" if told else "<nobody>"
    assert Template.compile("<{v|nobody}>").render({"v": value}) == expected
