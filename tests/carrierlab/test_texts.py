"""What the sender writes is what an emulated operator reads, whatever the account says about texts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sender.config.text import Tag, TlvConfig
from sender.domain.message import MessageClass
from sender.domain.template import Template
from sender.pipeline.compose import Composer, Wording
from sender.store.records import Claimed
from smppkit.codec import HEADER, HEADER_SIZE, decode
from smppkit.national_tables import Language
from smppkit.pdus import SubmitSm
from smppkit.segments import LongMessage, part_of
from smppkit.states import Version
from smppkit.text import Alphabet
from smsc.scenario.model import Scenario
from smsc.scenario.reading import read
from yamlmodel.loader import loads

TURKISH = (Language.TURKISH,)
WORDINGS = {
    "gsm7": Wording(),
    "gsm7-packed": Wording(packed=True, languages=TURKISH),
    "latin1": Wording(alphabets=(Alphabet.LATIN1, Alphabet.UCS2), data_codings={Alphabet.LATIN1: 0, Alphabet.UCS2: 8}),
    "ascii": Wording(alphabets=(Alphabet.ASCII, Alphabet.UCS2), data_codings={Alphabet.ASCII: 0, Alphabet.UCS2: 8}),
}
"""By what the operator means by data_coding 0."""


def written(wording: Wording, text: str, **fields: str) -> list[SubmitSm]:
    composer = Composer(Template.compile("{text}"), "SHOP", MessageClass.SERVICE, {"one": wording})
    claimed = Claimed(
        message_id=7,
        campaign_id=1,
        number="905301112233",
        fields={"text": text, **fields},
        attempts=0,
        parts=0,
        parts_done=(),
        resends=0,
        tried_since=None,
    )
    pdus = []
    for submit in composer.press("one", Version.V34, tlvs=True).submits(claimed):
        pdu = decode(HEADER.pack(HEADER_SIZE + len(submit.body), SubmitSm.command_id, 0, 1) + submit.body)
        assert isinstance(pdu, SubmitSm)
        pdus.append(pdu)
    return pdus


@given(
    st.lists(st.sampled_from(["a", "ş", "ğ ", "€", "é", "Ж", "😀", "क्षि", "word "]), min_size=1, max_size=250).map(
        "".join
    ),
    st.sampled_from(list(WORDINGS)),
    st.sampled_from(list(LongMessage)),
    st.sampled_from([(), TURKISH, (Language.HINDI, Language.TURKISH)]),
)
def test_what_is_written_is_read(
    text: str, alphabet: str, method: LongMessage, languages: tuple[Language, ...]
) -> None:
    changed: dict[str, Any] = {"long_messages": method}
    if Alphabet.GSM7 in WORDINGS[alphabet].alphabets:
        changed["languages"] = languages
    wording = Wording(**{name: getattr(WORDINGS[alphabet], name) for name in Wording.__struct_fields__} | changed)
    pdus = written(wording, text.strip())
    assert "".join(read(pdu, alphabet) for pdu in pdus) == text.strip()
    if len(pdus) > 1:
        parts = [part_of(pdu)[0] for pdu in pdus]
        assert [(part.number, part.total) for part in parts if part] == [
            (n, len(pdus)) for n in range(1, len(pdus) + 1)
        ]


def test_an_operator_that_wants_registered_numbers_gets_them() -> None:
    operator = loads("operators:\n  india: {persona: dlt-india}\n", Scenario).operators["india"]
    wanted = operator.submit.required_tlvs
    assert [int(tlv.tag) for tlv in wanted] == [0x1400, 0x1401]
    tlvs = (
        TlvConfig(tag=Tag(0x1400), value="1101234567890123456"),
        TlvConfig(tag=Tag(0x1401), value="{template_id}"),
    )
    for pdu in written(Wording(tlvs=tlvs), "Dear client " * 30, template_id="1107123456789012345"):
        assert [tlv.judge(pdu.tlvs) for tlv in wanted] == [0, 0]
    (pdu,) = written(Wording(), "Dear client")
    assert [tlv.judge(pdu.tlvs) for tlv in wanted] == [0x45C, 0x460]
