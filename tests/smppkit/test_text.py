import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.text import Alphabet, UnencodableText, alphabet_of, choose_alphabet, decode_text, encode_text


def test_data_codings_are_those_of_the_specification():
    assert {alphabet: alphabet.data_coding for alphabet in Alphabet} == {
        Alphabet.GSM7: 0,
        Alphabet.ASCII: 1,
        Alphabet.LATIN1: 3,
        Alphabet.OCTETS: 4,
        Alphabet.UCS2: 8,
    }


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("A", "0041"),
        ("Қазақстан", "049a043004370430049b04410442043004 3d".replace(" ", "")),
        ("😀", "d83dde00"),
    ],
)
def test_ucs2_is_utf16_big_endian_with_surrogates_and_no_mark(text, octets):
    assert encode_text(text, Alphabet.UCS2).hex() == octets
    assert decode_text(bytes.fromhex(octets), 8) == text


def test_latin1_and_ascii_take_their_own_characters_only():
    assert encode_text("ça va", Alphabet.LATIN1) == b"\xe7a va"
    assert encode_text("ca va", Alphabet.ASCII) == b"ca va"
    with pytest.raises(UnencodableText) as caught:
        encode_text("ça và", Alphabet.ASCII)
    assert caught.value.characters == ("ç", "à")
    with pytest.raises(UnencodableText, match="latin1 has no 'ş'"):
        encode_text("ş", Alphabet.LATIN1)


def test_a_lone_surrogate_is_not_text():
    with pytest.raises(UnencodableText):
        encode_text("a\ud83d", Alphabet.UCS2)


@pytest.mark.parametrize(
    ("text", "allowed", "chosen"),
    [
        ("Hello {name} €", (Alphabet.GSM7, Alphabet.UCS2), Alphabet.GSM7),
        ("Сәлем", (Alphabet.GSM7, Alphabet.UCS2), Alphabet.UCS2),
        ("İyi günler", (Alphabet.GSM7, Alphabet.UCS2), Alphabet.UCS2),
        ("façade", (Alphabet.GSM7, Alphabet.LATIN1, Alphabet.UCS2), Alphabet.LATIN1),
        ("façade", (Alphabet.UCS2, Alphabet.LATIN1), Alphabet.UCS2),
        ("plain", (Alphabet.ASCII,), Alphabet.ASCII),
    ],
)
def test_the_first_allowed_alphabet_that_holds_the_text_is_chosen(text, allowed, chosen):
    assert choose_alphabet(text, allowed) is chosen


def test_a_text_no_allowed_alphabet_holds_is_an_error():
    with pytest.raises(UnencodableText, match="ascii has no 'ы'"):
        choose_alphabet("ы", (Alphabet.GSM7, Alphabet.ASCII))
    with pytest.raises(ValueError, match="no alphabet is allowed"):
        choose_alphabet("a", ())


@pytest.mark.parametrize(
    ("octets", "default", "text"),
    [
        (b"\x00\x1be", Alphabet.GSM7, "@€"),
        (b"\xe9@", Alphabet.LATIN1, "é@"),
        (b"\xe9@", Alphabet.ASCII, "�@"),
    ],
)
def test_data_coding_0_is_what_the_account_says(octets, default, text):
    assert decode_text(octets, 0, default) == text


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [
        (0x00, Alphabet.GSM7),
        (0x01, Alphabet.ASCII),
        (0x02, Alphabet.OCTETS),
        (0x03, Alphabet.LATIN1),
        (0x04, Alphabet.OCTETS),
        (0x08, Alphabet.UCS2),
        (0x10, Alphabet.GSM7),  # flash
        (0x14, Alphabet.OCTETS),
        (0x18, Alphabet.UCS2),  # flash
        (0x20, Alphabet.OCTETS),  # compressed
        (0xC0, Alphabet.GSM7),
        (0xD8, Alphabet.GSM7),
        (0xE8, Alphabet.UCS2),
        (0xF0, Alphabet.GSM7),
        (0xF4, Alphabet.OCTETS),
    ],
)
def test_gsm_message_class_and_waiting_groups_are_read(data_coding, alphabet):
    assert alphabet_of(data_coding) is alphabet


def test_cyrillic_and_hebrew_charsets_are_read():
    assert decode_text("Привет".encode("iso8859-5"), 0x06) == "Привет"
    assert decode_text("שלום".encode("iso8859-8"), 0x07) == "שלום"


def test_an_odd_octet_and_a_lone_surrogate_in_ucs2_become_replacement_characters():
    assert decode_text(b"\x00A\x00", 8) == "A�"
    assert decode_text(b"\xd8\x3d\x00A", 8) == "�A"


@given(st.binary(), st.integers(0, 255), st.sampled_from(Alphabet))
def test_decoding_is_total(octets, data_coding, default):
    assert isinstance(decode_text(octets, data_coding, default), str)


@given(st.text())
def test_any_text_survives_the_round_trip_in_the_chosen_alphabet(text):
    alphabet = choose_alphabet(text)
    assert decode_text(encode_text(text, alphabet), alphabet.data_coding) == text


@given(st.text(), st.sampled_from(Alphabet))
def test_an_alphabet_that_refuses_says_which_characters(text, alphabet):
    def refused(character):
        try:
            encode_text(character, alphabet)
        except UnencodableText:
            return True
        return False

    strangers = tuple(dict.fromkeys(filter(refused, text)))
    if strangers:
        with pytest.raises(UnencodableText) as caught:
            encode_text(text, alphabet)
        assert caught.value.characters == strangers
    else:
        assert decode_text(encode_text(text, alphabet), alphabet.data_coding) == text
