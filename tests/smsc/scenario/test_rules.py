from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.pdus import SubmitSm
from smppkit.segments import segment
from smppkit.text import Alphabet, encode_text
from smppkit.tlvs import Tlv
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.patterns import AddressGlob, TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.rule_model import Rule, When
from smsc.scenario.rules import Rules
from tests.smsc.scenario.world import fate_of, operator, send
from tests.smsc.scenario.world import message as world_message
from yamlmodel.scalars import Percent


def rule(
    note: str,
    *,
    to: str | None = None,
    from_: str | None = None,
    text: str | None = None,
    account: str | None = None,
    share: float = 1.0,
) -> Rule:
    def glob(pattern: str | None) -> AddressGlob | None:
        return None if pattern is None else AddressGlob.parse(pattern)

    when = When(glob(to), glob(from_), None if text is None else TextPattern.parse(text), glob(account))
    return Rule(when, receipt="none", probability=Percent(share), note=note)


def matched(rules: Sequence[Rule], pdu: SubmitSm, system_id: str = "shop") -> str | None:
    found = Rules(rules).match(Reading(pdu), system_id, Draws(Chance(1, "x"), system_id, pdu))
    return None if found is None else found.rule.note


def message(to: str = "77051234567", text: str = "hello", from_: str = "SHOP") -> SubmitSm:
    return SubmitSm(source_addr=from_, destination_addr=to, short_message=encode_text(text, Alphabet.GSM7))


def test_the_first_rule_that_matches_wins() -> None:
    rules = [rule("narrow", to="7705123*"), rule("wide", to="7705*"), rule("never", to="7705*")]
    assert matched(rules, message("77051230000")) == "narrow"
    assert matched(rules, message("77059990000")) == "wide"
    assert matched(rules, message("77010000000")) is None


def test_the_order_holds_whatever_the_kind_of_pattern() -> None:
    rules = [rule("text", text="*casino*"), rule("end", to="*999"), rule("exact", to="1999"), rule("any", to="1?*")]
    assert matched(rules, message("1999", "casino")) == "text"
    assert matched(rules, message("1999")) == "end"
    assert matched(rules, message("1998")) == "any"
    assert matched(rules, message("2998")) is None


def test_all_conditions_must_hold() -> None:
    both = [rule("both", to="7705*", from_="SHOP", text="/hel/", account="sh*")]
    assert matched(both, message()) == "both"
    assert matched(both, message(to="7701")) is None
    assert matched(both, message(from_="BANK")) is None
    assert matched(both, message(text="bye")) is None
    assert matched(both, message(), system_id="bank") is None


def test_a_rule_without_conditions_is_for_every_message() -> None:
    assert matched([rule("never", to="1"), rule("rest")], message()) == "rest"


def test_a_plus_counts_for_nothing_in_an_address() -> None:
    assert matched([rule("r", to="7705*")], message("+77051234567")) == "r"
    assert matched([rule("r", to="+7705*", from_="+7701")], message("77051234567", from_="+7701")) == "r"


@pytest.mark.parametrize("alphabet", list(Alphabet))
def test_text_is_matched_in_its_alphabet(alphabet: Alphabet) -> None:
    text = "Win at the casino"
    pdu = SubmitSm(short_message=encode_text(text, alphabet) if alphabet is not Alphabet.OCTETS else text.encode())
    pdu.data_coding = alphabet.data_coding
    assert matched([rule("spam", text="/casino$/")], pdu) == "spam"


def test_text_is_matched_without_the_header_of_a_part() -> None:
    part = segment("казино " * 20, reference=1).segments[0]
    pdu = SubmitSm(short_message=part.short_message, esm_class=0x40, data_coding=8)
    assert matched([rule("spam", text="КАЗИНО*")], pdu) == "spam"


def test_a_share_of_the_messages_matches_and_the_others_go_on_to_the_next_rule() -> None:
    rules = Rules([rule("quarter", share=0.25), rule("half", share=0.5), rule("rest")])
    chance = Chance(5, "x")
    counts = {"quarter": 0, "half": 0, "rest": 0}
    for number in range(4000):
        pdu = message(str(number))
        found = rules.match(Reading(pdu), "shop", Draws(chance, "shop", pdu))
        assert found is not None
        counts[found.rule.note] += 1
    assert counts["quarter"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert counts["half"] / 4000 == pytest.approx(0.375, abs=0.03)


def test_a_share_of_nothing_never_matches() -> None:
    assert matched([rule("never", share=0.0)], message()) is None


def test_certain_rules_draw_nothing() -> None:
    chance = Chance(1, "x")
    pdu = message()
    Rules([rule("no", to="9*"), rule("yes", text="hello")]).match(Reading(pdu), "shop", Draws(chance, "shop", pdu))
    assert len(chance) == 0


GLOBS = st.one_of(st.none(), st.text(alphabet="12*?", min_size=1, max_size=4))


@given(
    globs=st.lists(st.tuples(GLOBS, GLOBS), max_size=6),
    to=st.text(alphabet="12", max_size=4),
    from_=st.text(alphabet="12", max_size=3),
)
def test_the_index_never_changes_which_rule_is_first(
    globs: list[tuple[str | None, str | None]], to: str, from_: str
) -> None:
    rules = [rule(str(index), to=a, from_=b) for index, (a, b) in enumerate(globs)]
    pdu = message(to, from_=from_)
    one_by_one = (found for one in rules if (found := matched([one], pdu)) is not None)
    assert matched(rules, pdu) == next(one_by_one, None)


def test_rarer_conditions_hold_for_what_they_say() -> None:
    def found(when: str, pdu: SubmitSm) -> bool:
        return (
            fate_of(send(operator(f"rules: [{{when: {{{when}}}, receipt: {{stat: EXPIRED}}}}]"), pdu))[0] == "EXPIRED"
        )

    parts = [
        world_message(text=part.short_message, esm_class=0x40) for part in segment("a" * 200, reference=1).segments
    ]
    cases = [
        ("encoding: ucs2", world_message(data_coding=8), world_message()),
        ("encoding: gsm7", world_message(), world_message(data_coding=3)),
        ("encoding: 0xF5", world_message(data_coding=0xF5), world_message(data_coding=0xF4)),
        ("parts: 2+", parts[0], world_message()),
        ("parts: 1", world_message(), parts[1]),
        ("parts: 2-3", parts[1], world_message()),
        ("part: 2", parts[1], parts[0]),
        ("part: 1", world_message(), parts[1]),
        ("tlv: 0x1400", world_message(tlvs=(Tlv(0x1400, b""),)), world_message(tlvs=(Tlv(0x1401, b""),))),
        ("from_ton: 5", world_message(source_addr_ton=5), world_message()),
        ("registered: true", world_message(), world_message(registered_delivery=0)),
        ("registered: false", world_message(registered_delivery=0x10), world_message()),
    ]
    for when, fits, does_not in cases:
        assert found(when, fits), when
        assert not found(when, does_not), when
