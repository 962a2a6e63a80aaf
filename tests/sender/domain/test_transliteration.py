import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.transliteration import LETTERS, changes, plain_punctuation, suggestion, transliterate
from smppkit.gsm0338 import try_encode_gsm7

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
KAZAKH = "әғқңөұүһі"
TURKISH = "çğıöşüâîûÇĞİÖŞÜ"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Уважаемый Щукин", "Uvazhaemyy Shchukin"),
        ("ЩУКА и Ёж", "SHCHUKA i Yozh"),
        ("Я Юг ЮГ", "Ya Yug YUG"),
        ("Құрметті Әйгүл", "Qurmetti Äygül"),
        ("Şişli'de ılık İSTANBUL", "Sisli'de ilik ISTANBUL"),
        ("«Да» — №\u00a05…", '"Da" - No 5...'),
        ("5 000 ₸", "5 000 KZT"),
        ("plain {text} €", "plain {text} €"),
        ("漢字 да", "漢字 da"),
    ],
)
def test_texts_in_latin_letters(text: str, expected: str) -> None:
    assert transliterate(text) == expected


def test_every_letter_of_the_three_languages_fits_gsm7() -> None:
    for letters in (RUSSIAN, RUSSIAN.upper(), KAZAKH, KAZAKH.upper(), TURKISH):
        assert try_encode_gsm7(transliterate(letters)) is not None
    assert all(try_encode_gsm7(latin) is not None for latin in LETTERS.values())


def test_punctuation_alone_leaves_letters() -> None:
    assert plain_punctuation("“Ça va” – «да»\u00a0…") == '"Ça va" - "да" ...'


@given(st.text(st.sampled_from(RUSSIAN + RUSSIAN.upper() + KAZAKH + TURKISH + "«»—… ab-Ж"), max_size=80))
def test_changes_lead_there_and_back(text: str) -> None:
    for letters, whole in ((True, transliterate(text)), (False, plain_punctuation(text))):
        forth = list(text)
        back = list(text)
        for change in changes(text, letters=letters):
            assert text[change.position - 1] == change.found
            forth[change.position - 1] = change.instead
            back[change.position - 1] = change.found
        assert "".join(forth) == whole
        assert "".join(back) == text


def test_suggestions() -> None:
    assert [suggestion(char) for char in "—Жş漢"] == ["-", "Zh", "s", None]
