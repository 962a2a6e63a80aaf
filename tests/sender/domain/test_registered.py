import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.registered import SIGNS, Kind, Registered, RegisteredError, RegisteredTemplate, first_match

WORD = "[^\\W_]|[" + re.escape("".join(sorted(SIGNS))) + "]"
DIGIT = "\\d|[" + re.escape("".join(sorted(SIGNS))) + "]"


def as_pattern(template: str) -> re.Pattern[str]:
    """The same as a regular expression: slow on hostile texts, and an oracle on short ones."""

    def variable(match: re.Match[str]) -> str:
        one = f"(?:{WORD if match[1] == 'w' else DIGIT})+"
        most = {None: "{0}"}.get(match[2] or match[3]) or ("*" if match[3] else f"{{0,{int(match[2][2:]) - 1}}}")
        return f"(?:{one}(?: {one}){most})"

    pieces, at = [], 0
    for match in re.finditer(r"%([wd])(?:\{([^}]*)\}|(\+))?", template):
        pieces += [re.escape(template[at : match.start()]), variable(match)]
        at = match.end()
    return re.compile("".join([*pieces, re.escape(template[at:])]))


@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("Заказ %d готов", "Заказ 17 готов", True),
        ("Заказ %d готов", "Заказ №17-А готов", False),
        ("Заказ %w готов", "Заказ №17-А готов", True),
        ("Заказ %d готов", "заказ 17 готов", False),
        ("Заказ %d готов", "Заказ  17 готов", False),
        ("Заказ %d готов", "Заказ 17 18 готов", False),
        ("Заказ %d{1,3} готов", "Заказ 17 18 19 готов", True),
        ("Заказ %d{1,3} готов", "Заказ 17 18 19 20 готов", False),
        ("Коды: %d+", "Коды: 1 22 333 4444 5", True),
        ("Коды: %d+ ждём", "Коды: 1 22 333 ждём", True),
        ("Коды: %d+ ждём", "Коды: ждём", False),
        ("%w{1,2}, приходите", "Анна Петровна, приходите", True),
        ("%w{1,2}, приходите", "Анна, приходите", True),
        ("%w{1,2}, приходите", "Анна Петровна Иванова, приходите", False),
        ("Скидка 20%", "Скидка 20%", True),
        ("%w", "", False),
        ("%w%d", "a1", True),
        ("%w%d", "aa", False),
    ],
)
def test_which_texts_match(template: str, text: str, expected: bool) -> None:
    assert RegisteredTemplate(template).matches(text) is expected
    assert bool(as_pattern(template).fullmatch(text)) is expected


@given(
    st.lists(st.sampled_from(["%w", "%d", "%w{1,2}", "%d{1,3}", "%d+", "a", "1", " ", ", ", "x y"]), max_size=5),
    st.lists(st.sampled_from(["a", "1", " ", ",", "x"]), max_size=9).map("".join),
)
def test_it_matches_what_a_regular_expression_would(pieces: list[str], text: str) -> None:
    template = " ".join("".join(pieces).split()) or "a"
    assert RegisteredTemplate(template).matches(text) is bool(as_pattern(template).fullmatch(text))


def test_a_hostile_text_takes_no_longer_than_its_length() -> None:
    template = RegisteredTemplate(" ".join(["%w{1,20}"] * 20) + "!")
    text = "a " * 2000
    seen = 0

    class Counting(dict):  # type: ignore[type-arg]
        def get(self, key: object, default: object = None) -> object:
            nonlocal seen
            seen += 1
            return super().get(key, default)

    template._known = Counting()
    assert not template.matches(text)
    assert seen <= len(text)


@pytest.mark.parametrize(
    ("template", "position", "words"),
    [
        ("", 1, "empty"),
        (" a", 1, "edge"),
        ("a ", 2, "edge"),
        ("a  b", 2, "two spaces"),
        ("a\u00a0b", 2, "no-break"),
        ("a %w+", 3, "not registered"),
        ("a %w{1,21}", 3, "from 2 to 20"),
        ("a %d{2,5}", 3, "from 2 to 20"),
        ("a %d{1,1}", 3, "from 2 to 20"),
        (" ".join(["%d"] * 21), 1, "21 variables"),
    ],
)
def test_what_cannot_be_registered(template: str, position: int, words: str) -> None:
    with pytest.raises(RegisteredError, match=words) as caught:
        RegisteredTemplate(template)
    assert caught.value.position == position


def test_the_first_match_wins_by_kind_and_order() -> None:
    register = [
        Registered("late", Kind.TRANSACTIONAL, RegisteredTemplate("%w{1,20}")),
        Registered("code", Kind.AUTHORIZATION, RegisteredTemplate("Код %d")),
        Registered("order", Kind.SERVICE, RegisteredTemplate("Заказ %d")),
    ]
    names = [
        found and found.name
        for text in ("Заказ 5", "Код 5", "Привет", "а  б")
        for found in [first_match(text, register)]
    ]
    assert names == ["order", "code", "late", None]
