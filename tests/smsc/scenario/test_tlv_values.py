import pytest

from smppkit.tlvs import Tlv
from smsc.scenario.scalars import HexOctets, Number
from smsc.scenario.template import Request, RuleTemplate
from smsc.scenario.tlv_values import ExtraTlv, RequiredTlv, extra_tlvs


@pytest.mark.parametrize(
    ("extra", "octets"),
    [
        (ExtraTlv(Number(1), text=RuleTemplate("a{id}b")), b"aX1b\0"),
        (ExtraTlv(Number(1), text=RuleTemplate("é")), b"\xe9\0"),
        (ExtraTlv(Number(1), number=Number(258), size=2), b"\x01\x02"),
        (ExtraTlv(Number(1), octets=HexOctets(b"\0\xff")), b"\0\xff"),
        (ExtraTlv(Number(1)), b""),
    ],
)
def test_a_tlv_has_the_octets_of_its_value(extra: ExtraTlv, octets: bytes) -> None:
    assert extra_tlvs([extra], Request(None, "X1")) == (Tlv(1, octets),)
    assert list(extra.problems()) == []


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        (ExtraTlv(Number(0x10000)), ("tag",)),
        (ExtraTlv(Number(-1)), ("tag",)),
        (ExtraTlv(Number(1), text=RuleTemplate("x"), number=Number(1)), ()),
        (ExtraTlv(Number(1), number=Number(256)), ("number",)),
        (ExtraTlv(Number(1), number=Number(-1)), ("number",)),
        (ExtraTlv(Number(1), text=RuleTemplate("Ж")), ("text",)),
        (ExtraTlv(Number(1), text=RuleTemplate("x"), echo=True), ()),
    ],
)
def test_what_no_tlv_can_be_is_named(extra: ExtraTlv, path: tuple[str, ...]) -> None:
    ((where, message),) = extra.problems()
    assert where == path
    assert "expected" in message


def test_an_echo_is_what_the_submit_had_and_nothing_without_it() -> None:
    extras = [ExtraTlv(Number(1), echo=True), ExtraTlv(Number(2), text=RuleTemplate("x"))]
    assert list(extras[0].problems()) == []
    submitted = (Tlv(3, b"c"), Tlv(1, b"a"), Tlv(1, b""))
    assert extra_tlvs(extras, Request(None, "X1"), submitted) == (Tlv(1, b"a"), Tlv(1, b""), Tlv(2, b"x\0"))
    assert extra_tlvs(extras, Request(None, "X1")) == (Tlv(2, b"x\0"),)


def test_a_required_tlv_is_judged_by_the_first_with_its_tag() -> None:
    required = RequiredTlv(Number(5), length=2, values=["ab"])
    assert required.judge([Tlv(4, b"")]) == 0xC3
    assert required.judge([Tlv(5, b"abc")]) == 0xC4
    assert required.judge([Tlv(5, b"xy"), Tlv(5, b"ab")]) == 0xC4
    assert required.judge([Tlv(4, b""), Tlv(5, b"ab")]) == 0
    (problem,) = RequiredTlv(Number(5), length=9, values=["ab"]).problems()
    assert problem[0] == ("values", 0)
