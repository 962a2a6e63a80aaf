"""What people write when they want no more messages, and what only looks so."""

import pytest

from sender.domain.keywords import Action, Keyword, Keywords, shape

KEYWORDS = Keywords()


def action(text: str) -> Action | None:
    keyword = KEYWORDS.match(text)
    return None if keyword is None else keyword.action


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", "Stop.", "stop!!!", "STOP SHOP", "  STOP  ", "«STOP»", "#stop", "ＳＴＯＰ", "S\u200bTOP",
        "STОP", "SТОР", "ST0P", "stóp", "Stop sending me these messages at once, will you",
        "UNSUBSCRIBE", "CANCEL", "cancel.", "END", "QUIT", "quit SHOP",
        "СТОП", "стоп", "Cтoп", "СТОП!!!", "Стоп, хватит", "ОТПИСКА", "отписка.", "otpiska",
        "ТОҚТА", "тоқта", "ТОКТА", "TOQTA", "тoқтa",
        "IPTAL", "iptal", "İPTAL", "İptal", "ıptal", "IPTAL.", "I\u0307PTAL", "DUR", "dur!", "DUR SHOP", "RET",
    ],
)  # fmt: skip
def test_stop_and_its_sisters(text: str) -> None:
    assert action(text) is Action.STOP


@pytest.mark.parametrize("text", ["STOPALL", "stop all", "Stop, all of it", "СТОП ВСЕ", "стопвсе"])
def test_stop_all(text: str) -> None:
    assert action(text) is Action.STOP_ALL


@pytest.mark.parametrize("text", ["START", "start", "UNSTOP", "Старт"])
def test_start(text: str) -> None:
    assert action(text) is Action.START


@pytest.mark.parametrize(
    "text",
    ["", "   ", "!!!", "👍", "YES", "0", "10", "Please stop", "stopwatch", "nonstop", "the end",
     "End of the month is fine", "Dur bakalım bir dakika", "Cancel my order of Monday", "Дурак"],
)  # fmt: skip
def test_ordinary_speech_is_no_keyword(text: str) -> None:
    assert action(text) is None


def test_words_of_a_configuration_come_first() -> None:
    end = Keyword("END", Action.LABEL, label="survey")
    keywords = Keywords([end, Keyword("10", Action.LABEL, label="best"), Keyword("ДА", Action.LABEL, label="yes")])
    assert keywords.match("end") is end
    assert [keywords.match(text).label for text in ("10", "да!", "Да, конечно")] == ["best", "yes", "yes"]  # type: ignore[union-attr]
    assert keywords.match("1O") is None or keywords.match("1O").label != "best"  # type: ignore[union-attr]


def test_a_very_long_text_is_looked_at_only_where_a_keyword_can_be() -> None:
    assert action("STOP " + "x" * 100_000) is Action.STOP
    assert action("x" * 100_000) is None


def test_a_number_keeps_its_noughts() -> None:
    assert shape("100") == "100"
    assert shape("st0p") == shape("STOP")
