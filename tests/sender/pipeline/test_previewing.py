import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.config.operator import AccountConfig
from sender.config.text import TlvConfig, TlvType
from sender.domain.prices import Price
from sender.domain.registered import Kind, Registered, RegisteredTemplate
from sender.domain.template import Template
from sender.pipeline.compose import TextOptions
from sender.pipeline.previewing import AccountPreview, Preview, PreviewError, preview
from smppkit.national_tables import Language
from smppkit.segments import LongMessage
from smppkit.text import Alphabet


def account(**keys: object) -> AccountConfig:
    return AccountConfig(host="127.0.0.1", system_id="shop", password="x", **keys)  # type: ignore[arg-type]


def look(text: str, fields: dict[str, str] | None = None, **keys: object) -> AccountPreview:
    found: Preview = preview(Template.compile(text), "SHOP", fields or {}, {"one": account(**keys)})
    return found.accounts[0]


def test_a_plain_text() -> None:
    found = look("Dear {name}, €5", {"name": "Ivan"}, price=Price("2.8 RUB"))
    assert (found.problem, found.text, found.encoding, found.data_coding) == (None, "Dear Ivan, €5", "gsm7", 0)
    assert (found.segments, found.units, found.left, found.price) == (1, "septets", 146, "2.8 RUB")
    assert (found.offenders, found.savings, found.changed) == ((), (), ())
    (part,) = found.parts
    assert (part.text, part.octets, part.used, part.header) == ("Dear Ivan, €5", 14, 14, "")


def test_offenders_are_named_once_with_place_and_remedy() -> None:
    found = look("“Цена” — 5 ₸ 漢")
    assert [(it.position, it.character, it.code_point, it.times, it.suggestion) for it in found.offenders] == [
        (1, "“", "U+201C", 1, '"'),
        (2, "Ц", "U+0426", 1, "Ts"),
        (3, "е", "U+0435", 1, "e"),
        (4, "н", "U+043D", 1, "n"),
        (5, "а", "U+0430", 1, "a"),
        (6, "”", "U+201D", 1, '"'),
        (8, "—", "U+2014", 1, "-"),
        (12, "₸", "U+20B8", 1, "KZT"),
        (14, "漢", "U+6F22", 1, None),
    ]
    assert found.offenders[6].name == "EM DASH"
    assert look("漢" * 3).offenders[0].times == 3


def test_parts_are_the_text_and_the_last_has_room() -> None:
    found = look("ж" * 140, price=Price("2.8 RUB"))
    assert [(part.number, len(part.text), part.octets, part.used) for part in found.parts] == [
        (1, 67, 140, 67),
        (2, 67, 140, 67),
        (3, 6, 18, 6),
    ]
    assert (found.left, found.price) == (61, "8.4 RUB")
    assert found.parts[0].header == "050003010301"


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ({"long_messages": LongMessage.UDH8}, 153 * 2 - 200),
        ({"long_messages": LongMessage.UDH16}, 152 * 2 - 200),
        ({"long_messages": LongMessage.SAR}, 153 * 2 - 200),
        ({"long_messages": LongMessage.PAYLOAD}, 0),
        ({"packed": True}, 153 * 2 - 200),
    ],
)
def test_room_in_the_last_segment(keys: dict[str, object], left: int) -> None:
    assert look("a" * 200, **keys).left == left


def test_national_tables_are_named_and_suggested() -> None:
    text = "ş" + "a" * 90
    with_table = look(text, languages=[Language.TURKISH])
    assert (with_table.tables, with_table.segments, with_table.left) == ("turkish single shift", 1, 155 - 92)
    without = look(text)
    assert without.segments == 2
    assert [(it.setting, it.segments, it.text) for it in without.savings] == [
        ("transliterate: true", 1, "s" + "a" * 90),
        ("languages: [turkish]", 1, text),
    ]
    dashed = look("ş — " + "a" * 90)
    assert dashed.savings[-1].setting == "languages: [turkish] and plain_punctuation: true"


def test_what_is_changed_is_told() -> None:
    found = preview(
        Template.compile("Щи — да"), "SHOP", {}, {"one": account()}, options=TextOptions(transliterate=True)
    ).accounts[0]
    assert found.text == "Shchi - da"
    assert [(change.position, change.found, change.instead) for change in found.changed][:2] == [
        (1, "Щ", "Shch"),
        (2, "и", "i"),
    ]
    assert found.offenders == ()


def test_what_cannot_be_sent_has_a_problem_and_a_way_out() -> None:
    found = look("Жду", alphabets=[Alphabet.GSM7])
    assert found.problem is not None
    assert "U+0416" in found.problem
    assert (found.segments, found.parts, found.price) == (0, (), None)
    assert [it.setting for it in found.savings] == ["transliterate: true", "alphabets: [gsm7, ucs2]"]
    assert look("{v|}").problem == "the text is empty"
    assert "255 parts" in str(look("a" * 50_000).problem)


def test_tlvs_of_the_account_are_shown() -> None:
    tlvs = [TlvConfig(tag=0x1400, value="123"), TlvConfig(tag=0x1401, value="{id}", type=TlvType.INTEGER, size=2)]
    assert look("hi", {"id": "258"}, tlvs=tlvs).tlvs == {"0x1400": "313233", "0x1401": "0102"}
    assert "TLV 0x1401" in str(look("hi", {}, tlvs=tlvs).problem)


def test_a_row_that_does_not_fit_is_told_whole() -> None:
    with pytest.raises(PreviewError, match=r'"a", and no fallback.*the column "b"') as caught:
        preview(Template.compile("{a} {b:money}"), "SHOP", {"b": "x"}, {"one": account()})
    assert [(error.field, error.position) for error in caught.value.errors] == [("a", 1), ("b", 5)]


def test_the_registered_template_is_found() -> None:
    register = [Registered("code", Kind.AUTHORIZATION, RegisteredTemplate("Код %d"))]
    found = preview(Template.compile("Код {code}"), "SHOP", {"code": "1234"}, {}, register=register)
    assert found.registered is not None
    assert (found.registered.name, found.registered.kind) == ("code", "authorization")
    assert preview(Template.compile("Привет"), "SHOP", {}, {}, register=register).registered is None


@given(
    st.text(st.sampled_from("aşЖ€{}—😀\n" + "é"), min_size=1, max_size=400),
    st.sampled_from(list(LongMessage)),
    st.booleans(),
    st.booleans(),
)
def test_parts_together_are_the_text(text: str, method: LongMessage, transliterate: bool, national: bool) -> None:
    languages = [Language.TURKISH] if national else []
    found = look(
        text.replace("{", "{{").replace("}", "}}"),
        long_messages=method,
        transliterate=transliterate,
        languages=languages,
    )
    assert "".join(part.text for part in found.parts) == found.text
    assert len(found.parts) == found.segments
    assert found.left >= 0
    assert all(saving.segments < found.segments for saving in found.savings)
