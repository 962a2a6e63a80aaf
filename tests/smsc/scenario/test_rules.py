from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.pdus import SubmitSm
from smppkit.segments import segment
from smppkit.text import Alphabet, encode_text
from smppkit.tlvs import Tlv
from smsc.scenario.dialect import receipt_pdu
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.patterns import AddressPattern, TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule, When
from smsc.scenario.rulebook import Rulebook
from smsc.scenario.rules import Rules
from tests.smsc.scenario.world import fate_of, operator, send
from tests.smsc.scenario.world import message as world_message
from yamlmodel.scalars import Percent

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def rule(
    note: str,
    *,
    to: str | None = None,
    from_: str | None = None,
    text: str | None = None,
    account: str | None = None,
    share: float = 1.0,
) -> Rule:
    def glob(pattern: str | None) -> AddressPattern | None:
        return None if pattern is None else AddressPattern.parse(pattern)

    when = When(glob(to), glob(from_), None if text is None else TextPattern.parse(text), glob(account))
    return Rule(when, receipt="none", probability=Percent(share), note=note)


def rules_of(rules: Sequence[Rule]) -> Rules:
    return Rulebook(rules, {}, Receipts()).rules


def matched(rules: Sequence[Rule], pdu: SubmitSm, system_id: str = "shop") -> str | None:
    found = rules_of(rules).match(Reading(pdu), system_id, Draws(Chance(1, "x"), system_id, pdu))
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
    rules = rules_of([rule("quarter", share=0.25), rule("half", share=0.5), rule("rest")])
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
    rules_of([rule("no", to="9*"), rule("yes", text="hello")]).match(Reading(pdu), "shop", Draws(chance, "shop", pdu))
    assert len(chance) == 0


GLOBS = st.one_of(st.none(), st.text(alphabet="12*?", min_size=1, max_size=4))


@given(
    globs=st.lists(st.tuples(GLOBS, GLOBS, st.sampled_from([None, "shop", "sh*", "other"])), max_size=6),
    to=st.text(alphabet="12", max_size=4),
    from_=st.text(alphabet="12", max_size=3),
)
def test_the_index_never_changes_which_rule_is_first(
    globs: list[tuple[str | None, str | None, str | None]], to: str, from_: str
) -> None:
    rules = [rule(str(index), to=a, from_=b, account=c) for index, (a, b, c) in enumerate(globs)]
    pdu = message(to, from_=from_)
    expected = (
        one.note
        for one in rules
        if all(
            pattern is None or pattern.compile()(value)
            for pattern, value in ((one.when.to, to), (one.when.from_, from_), (one.when.account, "shop"))
        )
    )
    assert matched(rules, pdu) == next(expected, None)


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


def refused(rules: str, *sent: tuple[float, SubmitSm], states: str = "{}") -> list[bool]:
    """Whether messages, sent each at its time, are refused by one of the rules."""
    state = operator(f"{{states: {states}, rules: [{rules}]}}")
    return [send(state, pdu, now).status != 0 for now, pdu in sent]


def at(now: float, to: str = "1", text: str = "hello", **fields: object) -> tuple[float, SubmitSm]:
    return now, world_message(to, text.encode(), **fields)


def test_one_of_several_patterns_is_enough_and_a_regular_expression_is_one() -> None:
    to = [at(0, number) for number in ("77051", "77061", "7799", "+770999")]
    assert refused("{when: {to: ['7705*', '7706*']}, respond: 0x58}", *to) == [True, True, False, False]
    assert refused("{when: {to: '/^770[56]/'}, respond: 0x58}", *to) == [True, True, False, False]
    assert refused("{when: {to: ['7799', /9$/]}, respond: 0x58}", *to) == [False, False, True, True]
    from_ = [at(0, source_addr=sender) for sender in ("SHOP", "BANK", "bank")]
    assert refused("{when: {from: [SH*, /^bank$/]}, respond: 0x58}", *from_) == [True, False, True]


def test_a_tlv_is_known_by_its_value() -> None:
    def sent(value: bytes) -> tuple[float, SubmitSm]:
        return at(0, tlvs=(Tlv(0x1400, value),))

    values = [sent(b"abc\0"), sent(b"abcd"), sent(b"\x01\x00"), sent(b""), at(0)]
    for match, expected in (
        ("0x1400", [True, True, True, True, False]),
        ("{tag: 0x1400}", [True, True, True, True, False]),
        ("{tag: 0x1400, text: abc}", [True, False, False, False, False]),
        ("{tag: 0x1400, text: /^abc/}", [True, True, False, False, False]),
        ("{tag: 0x1400, number: 256}", [False, False, True, False, False]),
        ("{tag: 0x1400, number: 0}", [False, False, False, False, False]),
        ("{tag: 0x1400, octets: 61626364}", [False, True, False, False, False]),
    ):
        assert refused(f"{{when: {{tlv: {match}}}, respond: 0x58}}", *values) == expected, match


def test_the_third_message_to_a_number_is_not_the_third_of_all() -> None:
    sent = [at(0, to) for to in ("1", "2", "1", "2", "1", "1", "2")]
    per_number = refused("{when: {count: 3, per: to}, respond: 0x58}", *sent)
    assert per_number == [False, False, False, False, True, False, True]
    assert refused("{when: {count: 3}, respond: 0x58}", *sent).index(True) == 2
    assert refused("{when: {count: every 2nd}, respond: 0x58}", *sent) == [False, True] * 3 + [False]


def test_only_messages_for_which_all_else_holds_are_counted() -> None:
    sent = [at(0, text=text) for text in ("pay", "other", "pay", "pay")]
    assert refused("{when: {text: pay, count: 2}, respond: 0x58}", *sent) == [False, False, True, False]


def test_a_rate_holds_while_messages_come_faster() -> None:
    sent = [at(0), at(0.1), at(0.2), at(5), at(10)]
    assert refused("{when: {rate: 2/s}, respond: 0x58}", *sent) == [False, False, True, False, False]
    some = refused("{when: {rate: 2/s, count: 2}, respond: 0x58}", *[at(0)] * 5)
    assert some == [False, False, False, True, False]  # the second of those that come too fast
    apart = [at(0, to) for to in ("1", "2", "3", "1", "1")]
    assert refused("{when: {rate: 2/s, per: to}, respond: 0x58}", *apart) == [False, False, False, False, True]


def test_a_rule_has_its_time_of_the_scenario() -> None:
    sent = [at(100 + elapsed) for elapsed in (0, 29, 30, 59, 60)]
    assert refused("{when: {after: 30s, before: 1m}, respond: 0x58}", *sent) == [False, False, True, True, False]


def test_what_fits_the_exception_is_left_out() -> None:
    sent = [at(0, "77051"), at(0, "77051", "urgent"), at(0, "77061")]
    assert refused("{when: {to: '7705*', not: {text: urgent}}, respond: 0x58}", *sent) == [True, False, False]
    assert refused("{when: {not: {to: '7705*', text: urgent}}, respond: 0x58}", *sent) == [True, False, True]
    assert refused("{when: {not: {account: shop, from: SHOP}}, respond: 0x58}", *sent) == [False, False, False]


def test_machines_lead_from_rule_to_rule() -> None:
    rules = (
        "{when: {text: start}, in: {login: started}, then: {login: sent}},"
        "{in: {login: sent}, then: {login: started}, respond: 0x58}"
    )
    sent = [at(0, text=text) for text in ("x", "start", "x", "x", "start", "start")]
    assert refused(rules, *sent, states="{login: started}") == [False, False, True, False, False, True]


def test_a_rule_answers_by_template() -> None:
    state = operator(
        "{ids: decimal, rules: [{when: {text: '/order (?P<order>[0-9]+)/'}, message_id: 'A-{order}-{count}',"
        " tlvs: [{tag: 0x1400, text: '{to:4}/{1}'}], reply: {text: 'thanks for {1}, {from}', after: 2s},"
        " receipt: {text: 'id:{id} stat:{stat} order:{order} of {system_id} to {to}'}}]}"
    )
    pdu = world_message("77051", b"your order 4711 is ready")
    first, second = send(state, pdu), send(state, pdu)
    assert (first.message_id, second.message_id) == ("A-4711-1", "A-4711-2")
    assert first.tlvs == (Tlv(0x1400, b"7705/4711\0"),)
    plan = first.plan
    assert plan is not None
    assert plan.reply is not None
    assert (plan.receipt_id, plan.reply.after, plan.reply.text) == ("A-4711-1", 2.0, "thanks for 4711, SHOP")
    receipt = receipt_pdu(state.operator, plan, plan.fate, pdu, EPOCH, EPOCH)
    assert receipt.short_message == b"id:A-4711-1 stat:DELIVRD order:4711 of shop to 77051"


def test_a_refusal_may_say_why() -> None:
    state = operator("{rules: [{respond: 0x58, tlvs: [{tag: 0x001D, text: 'no credit for {to}'}]}]}")
    assert send(state, world_message("77051")).body == b"\x00\x1d\x00\x14no credit for 77051\0"


def test_ids_say_what_the_message_is() -> None:
    state = operator("{ids: 'hex {to:4}-{}-{from}'}")
    assert send(state, world_message("77051")).message_id == "7705-989681-SHOP"


def test_an_id_by_template_is_one_that_a_response_can_carry() -> None:
    state = operator("{rules: [{message_id: '{text}'}]}")
    assert send(state, world_message(text="é\n".encode("latin-1") * 50)).message_id == "?" * 64
