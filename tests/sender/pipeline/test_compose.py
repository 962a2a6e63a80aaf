from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender.channels.results import Submit
from sender.config.text import Tag, TlvConfig
from sender.domain.message import MessageClass
from sender.domain.template import MissingField, Template
from sender.pipeline.compose import Composer, SenderError, TextOptions, Wording, check_sender
from sender.pipeline.press import TlvError
from sender.store.records import Claimed
from smppkit.codec import HEADER, HEADER_SIZE, decode
from smppkit.errors import EncodeError
from smppkit.gsm0338 import UnencodableText, pack_septets
from smppkit.national_tables import Language
from smppkit.pdus import SubmitSm
from smppkit.segments import LongMessage, SegmentError, decode_user_data, part_of
from smppkit.states import Version
from smppkit.text import Alphabet
from smppkit.tlvs import Tlv

WORDINGS = {
    "plain": Wording(),
    "latin": Wording(alphabets=(Alphabet.GSM7,)),
    "sar": Wording(long_messages=LongMessage.SAR, source=(0, 1)),
    "payload": Wording(long_messages=LongMessage.PAYLOAD),
}


def composer(text: str, sender: str = "SHOP") -> Composer:
    return Composer(Template.compile(text), sender, MessageClass.SERVICE, WORDINGS)


def submits_of(
    composer: Composer, claimed: Claimed, operator: str, *, tlvs: bool = True, version: Version = Version.V34
) -> list[Submit]:
    return composer.press(operator, version, tlvs=tlvs).submits(claimed)


def claimed(message_id: int = 300, parts_done: tuple[int, ...] = (), parts: int = 0, **fields: str) -> Claimed:
    return Claimed(
        message_id=message_id,
        campaign_id=1,
        number="77051112233",
        fields=fields,
        attempts=2,
        parts=parts,
        parts_done=parts_done,
        resends=1,
        tried_since=5.0,
    )


def pdu_of(submit: Submit) -> SubmitSm:
    pdu = decode(HEADER.pack(HEADER_SIZE + len(submit.body), SubmitSm.command_id, 0, 1) + submit.body)
    assert isinstance(pdu, SubmitSm)
    assert (pdu.source_addr, pdu.destination_addr) == (submit.source_addr, submit.destination_addr)
    return pdu


def test_a_short_text_is_one_submit() -> None:
    (submit,) = submits_of(composer("Dear {name}"), claimed(name="Айгүль"), "plain")
    pdu = pdu_of(submit)
    assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == ("SHOP", 5, 0)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("77051112233", 1, 1)
    assert (pdu.data_coding, pdu.short_message.decode("utf-16-be")) == (8, "Dear Айгүль")
    assert (pdu.esm_class, pdu.registered_delivery) == (0, 1)
    assert (submit.message_id, submit.part, submit.parts) == (300, 1, 1)
    assert (submit.attempts, submit.resends, submit.tried_since) == (2, 1, 5.0)


@pytest.mark.parametrize("number", ["7" * 21, "7705\0", "Ж"])
def test_a_number_that_no_submit_can_carry_is_told(number: str) -> None:
    odd = msgspec.structs.replace(claimed(name="x"), number=number)
    with pytest.raises(EncodeError, match="destination_addr"):
        submits_of(composer("Dear {name}"), odd, "plain")


def test_a_number_as_sender_is_an_international_number() -> None:
    (submit,) = submits_of(composer("hi", sender="77017770000"), claimed(), "plain")
    assert (pdu_of(submit).source_addr_ton, pdu_of(submit).source_addr_npi) == (1, 1)


def test_the_account_may_fix_ton_and_npi() -> None:
    (submit,) = submits_of(composer("hi"), claimed(), "sar")
    assert (pdu_of(submit).source_addr_ton, pdu_of(submit).source_addr_npi) == (0, 1)


def test_segments_take_their_reference_from_the_message_so_that_a_resend_joins_the_same_text() -> None:
    submits = submits_of(composer("long " * 50), claimed(message_id=300), "plain")
    assert [submit.part for submit in submits] == [1, 2]
    infos = [part_of(pdu_of(submit))[0] for submit in submits]
    assert [(info.reference, info.total, info.number) for info in infos if info] == [(44, 2, 1), (44, 2, 2)]
    assert all(pdu_of(submit).esm_class == 0x40 for submit in submits)


def test_parts_that_are_done_are_left_out() -> None:
    submits = submits_of(composer("long " * 50), claimed(parts_done=(1,)), "plain")
    assert [(submit.part, submit.parts) for submit in submits] == [(2, 2)]


def test_sar_segments_carry_tlvs_and_no_header() -> None:
    first, second = submits_of(composer("long " * 50), claimed(), "sar")
    assert pdu_of(first).esm_class == 0
    assert len(pdu_of(first).tlvs) == len(pdu_of(second).tlvs) == 3


@pytest.mark.parametrize("operator", ["sar", "payload"])
def test_headers_stand_for_tlvs_at_an_operator_that_takes_none_c26(operator: str) -> None:
    submits = submits_of(composer("long " * 50), claimed(), operator, tlvs=False)
    assert [(pdu_of(submit).tlvs, pdu_of(submit).esm_class) for submit in submits] == [((), 0x40), ((), 0x40)]


def test_a_text_that_was_begun_in_parts_is_finished_in_parts() -> None:
    (second,) = submits_of(composer("long " * 50), claimed(parts=2, parts_done=(1,)), "payload", tlvs=True)
    assert (second.part, second.parts, pdu_of(second).esm_class) == (2, 2, 0x40)


def test_a_text_that_only_a_payload_holds_stays_one() -> None:
    (only,) = submits_of(composer("x" * 50_000), claimed(), "payload", tlvs=False)
    assert len(pdu_of(only).tlvs) == 1


_OFTEN = st.sampled_from(["hello", "сәлем", "ğışİ", "€[]", "“quoted” — ’", "👍🏽", "x" * 70, "я" * 35, "{" * 80, "\0"])


@given(st.one_of(st.text(), st.lists(_OFTEN, max_size=6).map("".join)), st.sampled_from(list(WORDINGS)))
def test_the_quick_count_is_that_of_what_is_sent(text: str, operator: str) -> None:
    made = composer("{name}")

    def told(work: Callable[[], int]) -> int | str:
        try:
            return work()
        except (UnencodableText, SegmentError) as error:
            return str(error)

    assert told(lambda: made.count(text, operator)) == told(lambda: len(made.cut(text, operator).segments))


def test_counting_tells_what_cannot_be_sent() -> None:
    made = composer("{name}")
    assert made.count("hello", "latin") == 1
    with pytest.raises(UnencodableText):
        made.count("сәлем", "latin")
    with pytest.raises(MissingField):
        made.text({})


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("SHOP", "SHOP"),
        (" SHOP ", "SHOP"),
        ("+77017770000", "77017770000"),
        ("1234", "1234"),
        ("My Shop 24!", "My Shop 24!"),
    ],
)
def test_senders_that_can_be_shown(written: str, address: str) -> None:
    assert check_sender(written) == address


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "empty"),
        ("TwelveLetter", "12 characters"),
        ("1234567890123456", "16 digits"),
        ("Дүкен", "cannot show"),
        ("Café", "plain Latin"),
        ("[1234567890", "12 characters"),
    ],
)
def test_senders_that_cannot(written: str, problem: str) -> None:
    with pytest.raises(SenderError, match=problem):
        check_sender(written)


def through(wording: Wording, text: str, options: TextOptions | None = None, **fields: str) -> list[SubmitSm]:
    made = Composer(Template.compile(text), "SHOP", MessageClass.SERVICE, {"one": wording}, options)
    return [pdu_of(submit) for submit in submits_of(made, claimed(message_id=70_000, **fields), "one")]


def test_national_tables_go_out_with_a_header() -> None:
    (pdu,) = through(Wording(languages=(Language.TURKISH,)), "Şş" + "a" * 80)
    assert (pdu.esm_class, pdu.data_coding, pdu.short_message[:8]) == (0x40, 0, b"\x03\x24\x01\x01\x1bS\x1bs")


def test_data_coding_is_what_the_operator_means_by_it() -> None:
    codings = {Alphabet.LATIN1: 0, Alphabet.UCS2: 0x18}
    wording = Wording(alphabets=(Alphabet.LATIN1, Alphabet.UCS2), data_codings=codings)
    assert [(pdu.data_coding, pdu.short_message) for pdu in through(wording, "é")] == [(0, b"\xe9")]
    assert through(wording, "Ж")[0].data_coding == 0x18


def test_septets_may_be_packed() -> None:
    (pdu,) = through(Wording(packed=True), "hello")
    assert pdu.short_message == pack_septets(b"hello")
    first, second = through(Wording(packed=True), "a" * 300)
    assert len(first.short_message) == 140
    assert first.short_message[:6].hex() == second.short_message[:5].hex() + "01"


def test_tlvs_and_the_reference_are_on_every_segment() -> None:
    tlvs = (TlvConfig(tag=Tag(0x1400), value="17"), TlvConfig(tag=Tag(0x1401), value="{id|none}"))
    wording = Wording(tlvs=tlvs, message_reference=True)
    for pdu in through(wording, "a" * 200, id="5"):
        assert pdu.tlvs == (Tlv(0x1400, b"17"), Tlv(0x1401, b"5"), Tlv(0x0204, (70_000 & 0xFFFF).to_bytes(2, "big")))
    assert through(wording, "a")[0].tlvs[1] == Tlv(0x1401, b"none")


def test_the_columns_of_tlvs_are_kept_and_checked() -> None:
    wording = Wording(tlvs=(TlvConfig(tag=Tag(0x1401), value="{id}"),))
    made = Composer(Template.compile("{name}"), "SHOP", MessageClass.SERVICE, {"one": wording})
    assert made.columns == {"name", "id"}
    with pytest.raises(TlvError, match='TLV 0x1401: nothing in the column "id"'):
        made.tlvs({"name": "x"}, "one")


def test_a_bind_of_33_gets_none_of_them() -> None:
    wording = Wording(tlvs=(TlvConfig(tag=Tag(0x1400), value="17"),), message_reference=True)
    made = Composer(Template.compile("hi"), "SHOP", MessageClass.SERVICE, {"one": wording})
    assert pdu_of(submits_of(made, claimed(), "one", version=Version.V33)[0]).tlvs == ()
    assert len(pdu_of(submits_of(made, claimed(), "one", tlvs=False)[0]).tlvs) == 2


@pytest.mark.parametrize(
    ("wording", "options", "text", "expected"),
    [
        (Wording(), None, "Да", "Да"),
        (Wording(transliterate=True), None, "Да — нет", "Da - net"),
        (Wording(transliterate=True), TextOptions(transliterate=False), "Да", "Да"),
        (Wording(), TextOptions(transliterate=True), "Да", "Da"),
        (Wording(transliterate=True), None, "漢 да", "漢 да"),  # still UCS-2, so nothing is lost for nothing
        (Wording(transliterate=True), None, "“a”", '"a"'),
        (Wording(plain_punctuation=True), None, "“a”\u00a0—", '"a" -'),
        (Wording(plain_punctuation=True), None, "“да”", "“да”"),
        (Wording(plain_punctuation=True, languages=(Language.TURKISH,)), None, "“ş”", '"ş"'),
        (Wording(plain_punctuation=True), None, "plain", "plain"),
    ],
)
def test_texts_in_other_letters(wording: Wording, options: TextOptions | None, text: str, expected: str) -> None:
    (pdu,) = through(wording, text, options)
    told = wording if options is None else wording.with_options(options)
    assert told.said(text) == expected
    header = bool(pdu.esm_class & 0x40)
    assert decode_user_data(pdu.short_message, pdu.data_coding, header=header) == expected


def test_options_are_read_from_what_a_campaign_keeps() -> None:
    assert TextOptions.of("{}") == TextOptions.of("") == TextOptions()
    assert TextOptions.of('{"reading": {}, "text": {"transliterate": true}}') == TextOptions(transliterate=True)


# many at once

WORDS = st.sampled_from(["Aida", " Bob ", "", "x@y", "€ {5}", "Алия", "del\x7f", "nul\0", "a" * 150])
ROWS = st.fixed_dictionaries({"name": WORDS, "order": st.sampled_from(["7", "A_1", ""])})


@settings(max_examples=100)
@given(
    operator=st.sampled_from(list(WORDINGS)),
    text=st.sampled_from(
        ["{name}", "Hi {name|friend}, {order:upper}!", "[{name}{order|none}]", "Sale", "Скидка {name}"]
    ),
    rows=st.lists(ROWS, min_size=1, max_size=5),
    number=st.sampled_from(["77051112233", "7" * 16, "+7705", ""]),
    tlvs=st.booleans(),
)
def test_many_at_once_are_composed_as_one_by_one(
    operator: str, text: str, rows: list[dict[str, str]], number: str, tlvs: bool
) -> None:
    messages = [claimed(place, **row) for place, row in enumerate(rows)]
    messages[-1] = msgspec.structs.replace(messages[-1], number=number)
    press = composer(text).press(operator, Version.V34, tlvs=tlvs)
    together = press.together(messages)
    if together is not None:
        assert together == [submit for it in messages for submit in press.submits(it)]


@pytest.mark.parametrize("tlvs", [False, True])
@pytest.mark.parametrize("text", ["hi", "Привет", "a" * 160, "a" * 161, "я" * 70, "я" * 71, "{" * 80, "{" * 81])
@pytest.mark.parametrize("operator", WORDINGS)
def test_the_short_way_makes_the_segments_of_the_long_one(operator: str, text: str, tlvs: bool) -> None:
    made = composer("{text}")
    try:
        segmented = made.cut(text, operator, 300, tlvs=tlvs)
    except UnencodableText:
        with pytest.raises(UnencodableText):
            submits_of(made, claimed(text=text), operator, tlvs=tlvs)
        return
    submits = submits_of(made, claimed(text=text), operator, tlvs=tlvs)
    sent = [(pdu.short_message, pdu.tlvs, pdu.esm_class == 0x40, pdu.data_coding) for pdu in map(pdu_of, submits)]
    coding = segmented.alphabet.data_coding
    assert sent == [(it.short_message, it.tlvs, it.udhi, coding) for it in segmented.segments]


@pytest.mark.parametrize("tlvs", [False, True])
def test_what_nearly_all_are_is_composed_at_once(tlvs: bool) -> None:
    press = composer("Dear {name|friend}, {order:upper} is ready").press("plain", Version.V34, tlvs=tlvs)
    rows = [{"name": "Aida", "order": "a1"}, {"name": "Ángel", "order": "b2"}, {"name": " ", "order": "c3"}]
    messages = [claimed(place, **row) for place, row in enumerate(rows)]
    together = press.together(messages[:1]) or []
    assert [pdu_of(submit).short_message for submit in together] == [b"Dear Aida, A1 is ready"]
    assert press.together(messages) is None  # no GSM-7
    assert len(press.together(messages[::2]) or ()) == 2
    assert press.together([claimed(parts_done=(1,), parts=2, name="Aida", order="a1")]) is None
    assert press.together([claimed(name="Aida", order="")]) is None  # who that is, is told one by one
