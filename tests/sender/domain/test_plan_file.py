import pytest

from sender.domain.numbering import LONGEST, Range
from sender.domain.plan_file import PlanError, PlanFormat, read_plan

HEADER = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН"


def ranges(form: PlanFormat, *lines: str) -> list[tuple[int, str, str, str]]:
    return [(line, it.span, it.operator, it.region) for line, it in read_plan([f"{x}\n" for x in lines], form)]


def test_the_russian_registry():
    assert ranges(
        PlanFormat.RU_DEF,
        HEADER,
        '900;0000000;0061999;62000;"ООО ""Т2 Мобайл""";Краснодарский край;7743895280',
        "900;62000;0062999;1000;ПАО  МегаФон;Ростовская обл.|г. Ростов;7812014560",
        "",
        "916;0000000;9999999;10000000;МТС;Москва;1",
    ) == [
        (2, "79000000-79000061", 'ООО "Т2 Мобайл"', "Краснодарский край"),
        (3, "79000062", "ПАО МегаФон", "Ростовская обл.|г. Ростов"),
        (5, "7916", "МТС", "Москва"),
    ]


def test_a_plan_of_ranges_or_prefixes():
    assert ranges(PlanFormat.CSV, "first,last,operator,region", "+77050000000,77059999999,Beeline,KZ") == [
        (2, "7705", "Beeline", "KZ")
    ]
    assert ranges(PlanFormat.CSV, "prefix;operator", "9053;Turkcell") == [(2, "9053", "Turkcell", "")]


def test_ported_numbers():
    [(line, found)] = read_plan(["number\toperator\n", "79000000001\tMTS\n"], PlanFormat.PORTED)
    assert (line, found) == (2, Range(int("79000000001".ljust(LONGEST, "0")), int("79000000001".ljust(15, "9")), "MTS"))


@pytest.mark.parametrize(
    ("form", "lines", "line", "words"),
    [
        (PlanFormat.CSV, [], 1, "the file is empty"),
        (PlanFormat.CSV, ["prefix,operator\r7705,Beeline\r"], 1, "save the file as CSV UTF-8"),
        (PlanFormat.RU_DEF, ["prefix;operator"], 1, 'no column "авс/def"'),
        (PlanFormat.CSV, ["prefix;carrier"], 1, 'no column "operator"; found: prefix, carrier'),
        (PlanFormat.CSV, ["prefix,operator", "77O5,Beeline"], 2, 'found "77O5"; expected a prefix, in digits'),
        (PlanFormat.CSV, ["prefix,operator", "7705"], 2, "found 1 fields; expected 2"),
        (PlanFormat.CSV, ["prefix,operator", "7705, "], 2, "the operator is empty"),
        (PlanFormat.CSV, ["first,last,operator", "7706,7705,x"], 2, "ends (7705) before it begins (7706)"),
        (PlanFormat.CSV, ["first,last,operator", "770,7705,x"], 2, "numbers of one length"),
        (PlanFormat.RU_DEF, [HEADER, "900;0;9;11;x;y;z"], 2, "a capacity of 11; 0 to 9 are 10 numbers"),
        (PlanFormat.RU_DEF, [HEADER, "90;0;9;10;x;y;z"], 2, 'the code "90"; expected three digits'),
        (PlanFormat.RU_DEF, [HEADER, "900;0;99999999;10;x;y;z"], 2, "at most seven digits"),
        (PlanFormat.CSV, ["prefix,operator", '7705,"Bee'], 2, "unexpected end of data"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(form, lines, line, words):
    with pytest.raises(PlanError) as caught:
        list(read_plan([f"{it}\n" for it in lines], form))
    assert words in str(caught.value)
    assert caught.value.line == line
