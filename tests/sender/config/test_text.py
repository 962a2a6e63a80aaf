"""The keys of an account that are about texts."""

from pathlib import Path

import pytest

from sender.config.file import SenderConfig, load_config
from sender.config.registered import load_register
from smppkit.national_tables import Language
from smppkit.text import Alphabet
from smppkit.tlvs import Tlv
from yamlmodel.errors import ConfigError


def account(tmp_path: Path, *keys: str) -> SenderConfig:
    path = tmp_path / "sender.yaml"
    lines = ["country: TR", "operators:", "  one:", "    host: a", "    system_id: shop", "    password: x"]
    lines += [f"    {key}" for key in keys]
    path.write_text("\n".join([*lines, "routes: [{operator: one}]", ""]), encoding="utf-8")
    return load_config(path, {})


def test_everything_about_texts(tmp_path: Path) -> None:
    one = account(
        tmp_path,
        "alphabets: [latin1, gsm7, ucs2]",
        "default_alphabet: latin1",
        "data_coding: {gsm7: 0xF0, ucs2: 0x18}",
        "packed: true",
        "languages: [turkish, portuguese]",
        "transliterate: true",
        "plain_punctuation: true",
        "message_reference: true",
        "price: 0.12 TRY",
        "tlvs:",
        '  - {tag: 0x1400, value: "1101234567890123456"}',
        '  - {tag: 0x1401, type: c-string, value: "{template_id}"}',
        "  - {tag: 0x1402, type: integer, size: 2, value: 258}",
        "  - {tag: 0x1403, type: octets, value: 00ff}",
    ).operators["one"]
    assert [one.data_coding_of(it) for it in (Alphabet.LATIN1, Alphabet.GSM7, Alphabet.UCS2)] == [0, 0xF0, 0x18]
    assert one.languages == [Language.TURKISH, Language.PORTUGUESE]
    assert (one.price, one.tlv_fields) == ("0.12 TRY", {"template_id"})
    assert one.tlvs[0].tlv("1101234567890123456") == Tlv(0x1400, b"1101234567890123456")
    assert one.tlvs[1].tlv("7") == Tlv(0x1401, b"7\0")
    assert one.tlvs[2].tlv("258") == Tlv(0x1402, b"\x01\x02")
    assert one.tlvs[3].tlv("00ff") == Tlv(0x1403, b"\x00\xff")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("alphabets: [gsm7, gsm7]", "the same alphabet twice"),
        ("default_alphabet: latin1", "expected `alphabets: [latin1, ucs2]`"),
        ("default_alphabet: octets", "holds no text"),
        ("data_coding: {ucs2: 256}", "expected 0 to 255"),
        ("data_coding: {ucs2: 0}", "two alphabets have the same data_coding"),
        ("languages: [turkisch]", 'did you mean "turkish"'),
        ("languages: [turkish, turkish]", "the same language twice"),
        ("price: 2,8 RUB", "such as 2.8 RUB"),
        ("tlvs: [{tag: 0x10000, value: a}]", "a tag of two octets"),
        ("tlvs: [{tag: 0x0204, value: a}]", "which the sender sets itself"),
        ("tlvs: [{tag: 0x1400, value: a}, {tag: 0x1400, value: b}]", "0x1400 twice"),
        ('tlvs: [{tag: 0x1400, value: "{a"}]', "never closed"),
        ("tlvs: [{tag: 0x1400, type: integer, value: 256}]", "an integer of 1 octets"),
        ("tlvs: [{tag: 0x1400, type: octets, value: xyz}]", "hexadecimal digits"),
        ("tlvs: [{tag: 0x1400, value: Ж}]", "characters of Latin-1"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"sender\.yaml:7:") as caught:
        account(tmp_path, key)
    assert words in str(caught.value)


@pytest.mark.parametrize("key", ["packed: true", "languages: [turkish]"])
def test_what_belongs_to_gsm7_needs_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="not among the alphabets"):
        account(tmp_path, "alphabets: [ucs2]", key)


def test_a_register_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "register.yaml"
    path.write_text(
        "templates:\n"
        "  - {name: order, text: 'Заказ %d готов'}\n"
        "  - {name: code, kind: authorization, text: 'Код %d'}\n"
        "  - {name: old, text: 'Код %w', state: deregistered}\n",
        encoding="utf-8",
    )
    assert [entry.name for entry in load_register(path).active()] == ["order", "code"]
    path.write_text("templates:\n  - {name: bad, text: 'a  b %w+'}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"register\.yaml:2:.*two spaces"):
        load_register(path)
