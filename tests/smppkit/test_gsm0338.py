import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.gsm0338 import (
    UnencodableText,
    decode_gsm7,
    encode_gsm7,
    pack_septets,
    septets,
    try_encode_all,
    try_encode_gsm7,
    unpack_septets,
)

# TS 23.038 §6.2.1 row by row, with the codes written out: the module keeps the same table as one string.
DEFAULT_ALPHABET = {
    0x00: "@", 0x01: "£", 0x02: "$", 0x03: "¥", 0x04: "è", 0x05: "é", 0x06: "ù", 0x07: "ì",
    0x08: "ò", 0x09: "Ç", 0x0A: "\n", 0x0B: "Ø", 0x0C: "ø", 0x0D: "\r", 0x0E: "Å", 0x0F: "å",
    0x10: "Δ", 0x11: "_", 0x12: "Φ", 0x13: "Γ", 0x14: "Λ", 0x15: "Ω", 0x16: "Π", 0x17: "Ψ",
    0x18: "Σ", 0x19: "Θ", 0x1A: "Ξ", 0x1C: "Æ", 0x1D: "æ", 0x1E: "ß", 0x1F: "É",
    0x24: "¤", 0x40: "¡", 0x5B: "Ä", 0x5C: "Ö", 0x5D: "Ñ", 0x5E: "Ü", 0x5F: "§",
    0x60: "¿", 0x7B: "ä", 0x7C: "ö", 0x7D: "ñ", 0x7E: "ü", 0x7F: "à",
} | {
    code: chr(code)
    for code in (*range(0x20, 0x24), *range(0x25, 0x40), *range(0x41, 0x5B), *range(0x61, 0x7B))
}  # fmt: skip
EXTENSION_TABLE = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
GSM_CHARACTERS = "".join(DEFAULT_ALPHABET.values()) + "".join(EXTENSION_TABLE.values())
gsm_text = st.text(st.sampled_from(GSM_CHARACTERS))


def test_every_character_of_the_default_alphabet_has_its_code():
    assert len(DEFAULT_ALPHABET) == 127
    for code, character in DEFAULT_ALPHABET.items():
        assert encode_gsm7(character) == bytes([code])
        assert decode_gsm7(bytes([code])) == character


def test_every_character_of_the_extension_table_is_an_escape_pair():
    for code, character in EXTENSION_TABLE.items():
        assert encode_gsm7(character) == bytes([0x1B, code])
        assert decode_gsm7(bytes([0x1B, code])) == character
        assert septets(character) == 2


def test_no_other_character_of_unicode_is_encodable():
    others = (chr(code) for code in range(0x3000) if chr(code) not in GSM_CHARACTERS)
    assert [character for character in others if try_encode_gsm7(character) is not None] == []


def test_an_unknown_escape_pair_shows_the_base_character():
    assert decode_gsm7(b"\x1bA\x1b\x00") == "A@"


def test_two_escapes_show_a_space_and_the_next_octet_is_plain():
    assert decode_gsm7(b"a\x1b\x1be") == "a e"


def test_an_escape_at_the_end_shows_a_space():
    assert decode_gsm7(b"a\x1b") == "a "


def test_octets_above_127_become_replacement_characters():
    assert decode_gsm7(b"a\x80\x1b\xff") == "a��"


def test_unencodable_text_names_each_character_once_in_order():
    with pytest.raises(UnencodableText, match=r"gsm7 has no 'Ж' \(U\+0416\), 'ç' \(U\+00E7\)") as caught:
        encode_gsm7("Ж, ç, Ж, {")
    assert caught.value.characters == ("Ж", "ç")


def test_a_long_list_of_unencodable_characters_is_cut_in_the_message():
    with pytest.raises(UnencodableText, match="and 2 more"):
        encode_gsm7("абвгдеж")


@pytest.mark.parametrize("character", ["\0", "\x1b", "\u1b00", "\ufffe", "\ufffd", "😀"])
def test_characters_the_tables_use_inside_are_not_encodable(character):
    with pytest.raises(UnencodableText):
        encode_gsm7(character)


@given(gsm_text)
def test_text_of_the_alphabet_survives_the_round_trip(text):
    assert decode_gsm7(encode_gsm7(text)) == text


@given(st.lists(gsm_text | st.text(st.characters(max_codepoint=0x7F)) | st.sampled_from(["", "\x7f", "я"]), min_size=1))
def test_many_are_encoded_as_one_by_one(texts):
    encoded = [try_encode_gsm7(text) for text in texts]
    assert try_encode_all(texts) == (None if None in encoded else encoded)


@given(st.binary())
def test_decoding_is_total(octets):
    assert len(decode_gsm7(octets)) <= len(octets)


def test_hellohello_packs_as_in_the_textbook_vector():
    assert pack_septets(b"hellohello") == bytes.fromhex("e8329bfd4697d9ec37")


def test_seven_spare_bits_are_filled_with_cr():
    packed = pack_septets(b"1234567")
    assert packed == bytes.fromhex("31d98c56b3dd1a")
    assert unpack_septets(packed) == b"1234567"
    assert unpack_septets(packed, 7) == b"1234567"


def test_a_count_tells_a_final_cr_from_padding():
    assert unpack_septets(pack_septets(b"1234567\r"), 8) == b"1234567\r"


def test_fill_bits_put_the_text_on_a_septet_boundary():
    # A 6-octet header takes 48 bits; one fill bit makes 49 = 7 septets.
    assert pack_septets(b"A", fill_bits=1) == bytes([0x41 << 1])
    assert unpack_septets(bytes([0x41 << 1]), fill_bits=1) == b"A"


@given(st.binary(max_size=300).map(lambda octets: bytes(o & 0x7F for o in octets)), st.integers(0, 6))
def test_packing_survives_the_round_trip(octets, fill_bits):
    packed = pack_septets(octets, fill_bits)
    assert len(packed) == (7 * len(octets) + fill_bits + 7) // 8
    assert unpack_septets(packed, len(octets), fill_bits) == octets
