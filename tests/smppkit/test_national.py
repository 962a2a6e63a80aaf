"""National language tables, against an independent transcription of 3GPP TS 23.038 (the package gsmcodecs)."""

import gsmcodecs  # noqa: F401 - registers its codecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.gsm0338 import UnencodableText, decode_gsm7, encode_gsm7
from smppkit.national import Shifts, pairs, shifts_of
from smppkit.national_tables import ESC, LOCKING, SINGLE, Language

# Where the other transcription differs: the comma of the Indic locking tables is an apostrophe there, which the
# tables have behind an escape; it copies the specification's misprint for the Kannada letter DDA (PA stands at 0x2F
# too); and it has no Euro sign for Telugu. Android's tables agree with ours in all three.
DIFFERENT = {
    **{("locking", language, 0x2C): "," for language in list(Language)[3:]},
    ("locking", Language.KANNADA, 0x24): "\u0ca1",
    ("single", Language.TELUGU, 0x65): "€",
}


def theirs(kind: str, language: Language, code: int) -> str | None:
    number = language.identifier
    octets, codec = (
        (bytes([code]), f"gsm23.038-{number}-0") if kind == "locking" else (bytes([ESC, code]), f"gsm23.038-0-{number}")
    )
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("language", Language)
def test_tables_are_those_of_the_specification(language: Language) -> None:
    for kind, tables in (("locking", LOCKING), ("single", SINGLE)):
        if language not in tables:
            assert (kind, language) == ("locking", Language.SPANISH)
            continue
        for code in set(range(0x80)) - {ESC}:
            expected = DIFFERENT.get((kind, language, code), theirs(kind, language, code))
            assert tables[language].get(code) == expected, (kind, hex(code))
        assert ESC not in tables[language]


def test_turkish_spanish_and_portuguese_letter_by_letter() -> None:
    turkish = Shifts(locking=Language.TURKISH)
    assert turkish.encode("ığüşöçİĞÜŞÖÇ€") == bytes.fromhex("07 0c 7e 1d 7c 60 40 0b 5e 1c 5c 09 04")
    assert Shifts(single=Language.TURKISH).encode("ığşçİĞŞ") == b"\x1bi\x1bg\x1bs\x1bc\x1bI\x1bG\x1bS"
    assert Shifts(single=Language.SPANISH).encode("ÁÍÓÚáíóúç") == b"\x1bA\x1bI\x1bO\x1bU\x1ba\x1bi\x1bo\x1bu\x1b\x09"
    portuguese = Shifts(locking=Language.PORTUGUESE, single=Language.PORTUGUESE)
    assert portuguese.encode("êãõÃÕ`∞^") == bytes.fromhex("04 7b 7c 5b 5c 7d 15 16")


def test_elements_of_the_header() -> None:
    assert Shifts(single=Language.TURKISH).elements.hex(" ") == "24 01 01"
    assert Shifts(locking=Language.URDU, single=Language.SPANISH).elements.hex(" ") == "24 01 02 25 01 0d"


@pytest.mark.parametrize("shifts", pairs(tuple(Language)), ids=str)
def test_every_character_of_a_pair_comes_back(shifts: Shifts) -> None:
    text = "".join(shifts.characters)
    assert shifts.decode(shifts.encode(text)) == text


@given(st.text(st.sampled_from("aşğı€{}^ \nÇéखग"), max_size=300), st.sampled_from(pairs(tuple(Language))))
def test_what_is_written_is_read(text: str, shifts: Shifts) -> None:
    missing = set(text).difference(shifts.characters)
    if missing:
        with pytest.raises(UnencodableText) as caught:
            shifts.encode(text)
        assert set(caught.value.characters) == missing
        assert shifts.try_encode(text) is None
    else:
        assert shifts.decode(shifts.encode(text)) == text


@given(st.binary(max_size=200))
def test_default_tables_read_as_the_default_alphabet(octets: bytes) -> None:
    octets = bytes(octet & 0x7F for octet in octets)
    assert Shifts().decode(octets) == decode_gsm7(octets)


@given(st.text(st.sampled_from("abc@{}€^Ωé\f\n"), max_size=100))
def test_default_tables_write_as_the_default_alphabet(text: str) -> None:
    assert Shifts().encode(text) == encode_gsm7(text)


def test_an_unknown_escape_pair_shows_the_locking_character() -> None:
    assert Shifts(single=Language.TURKISH).decode(b"\x1bz\x1b\x1bs\x1b") == "z s "
    assert Shifts(locking=Language.TURKISH).decode(b"\x1b\x07") == "ı"
    assert Shifts(locking=Language.HINDI).decode(b"\x80") == "\ufffd"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([], None),
        ([(0, b"\x01\x02\x01")], None),
        ([(0x24, b"\x01")], Shifts(single=Language.TURKISH)),
        ([(0x24, b"\x01"), (0x25, b"\x03")], Shifts(Language.PORTUGUESE, Language.TURKISH)),
        ([(0x24, b"\x01"), (0x24, b"\x02")], Shifts(single=Language.SPANISH)),
        ([(0x25, b"\x02")], None),  # Spanish has no locking shift table
        ([(0x24, b"\x0e")], None),  # reserved
        ([(0x24, b""), (0x25, b"\x01\x01")], None),
        ([(0x24, b"\x00")], None),
    ],
)
def test_which_tables_a_header_names(elements: list[tuple[int, bytes]], expected: Shifts | None) -> None:
    assert shifts_of(elements) == expected
