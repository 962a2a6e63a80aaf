import pytest

from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.states import Version
from smppkit.status import CommandStatus
from smppkit.tlvs import Tlv
from tests.smsc.scenario.world import fate_of, message, operator, plan_of, send


def status(text: str, pdu: SubmitSm | None = None, version: Version = Version.V34) -> int:
    return send(operator(text), pdu, version=version).status


@pytest.mark.parametrize(
    ("rules", "sender", "answer"),
    [
        ("{alphanumeric: 11}", ("ELEVENCHARS", 5, 0), 0),
        ("{alphanumeric: 11}", ("TWELVECHARSX", 5, 0), 0x0A),
        ("{alphanumeric: 0, status: 0x48}", ("SHOP", 5, 0), 0x48),
        ("{numeric: 15}", ("123456789012345", 1, 1), 0),
        ("{numeric: 15}", ("+123456789012345", 1, 1), 0),
        ("{numeric: 15}", ("1234567890123456", 1, 1), 0x0A),
        ("{numeric: 15}", ("SHOP", 1, 1), 0),
        ("{strict_ton: true}", ("SHOP", 5, 0), 0),
        ("{strict_ton: true}", ("SHOP", 1, 1), 0x0A),
        ("{strict_ton: true}", ("SHOP", 5, 1), 0x0A),
        ("{strict_ton: true}", ("1234", 5, 0), 0x0A),
        ("{strict_ton: true}", ("1234", 1, 1), 0),
        ("{strict_ton: true, alphanumeric: 3}", ("", 0, 0), 0),
    ],
)
def test_a_sender_is_as_long_and_of_the_type_that_the_operator_allows(
    rules: str, sender: tuple[str, int, int], answer: int
) -> None:
    address, ton, npi = sender
    pdu = message(source_addr=address, source_addr_ton=ton, source_addr_npi=npi)
    assert status(f"submit: {{senders: {rules}}}", pdu) == answer


def unregistered(policy: str) -> str:
    return (
        "{accounts: [{system_id: shop, password: x, senders: [SHOP]}], submit: {senders: {unregistered: "
        + policy
        + "}}}"
    )


def test_an_unregistered_sender_is_rejected_rewritten_or_accepted_and_rejected_later() -> None:
    bank = message(source_addr="BANK")
    assert status(unregistered("reject, status: 0x48"), bank) == 0x48
    rewritten = plan_of(send(operator(unregistered("rewrite, rewrite: '1234'")), bank))
    assert (rewritten.source_addr, rewritten.fate.stat) == ("1234", "DELIVRD")
    assert fate_of(send(operator(unregistered("accept-then-reject")), bank)) == ("REJECTD", "001", 1.0)
    assert fate_of(send(operator(unregistered("accept")), bank)) == ("DELIVRD", "000", 1.0)
    for policy in ("rewrite, rewrite: '1'", "accept-then-reject"):
        plan = plan_of(send(operator(unregistered(policy))))
        assert (plan.source_addr, plan.fate.state) == ("", MessageState.DELIVERED)


def test_only_the_service_types_of_the_operator_are_taken() -> None:
    text = "submit: {service_types: [CMT, '']}"
    assert [status(text, message(service_type=kind)) for kind in ("CMT", "", "USSD")] == [0, 0, 0x15]


@pytest.mark.parametrize(
    ("extra", "version", "answer"),
    [
        ("", Version.V33, 0x45),
        ("", Version.V34, 0x45),
        ("", Version.V50, CommandStatus.ESME_RINVDCS),
        (", data_coding_status: 0x433", Version.V34, 0x433),
        (", data_coding_status: 0x433", Version.V50, 0x433),
    ],
)
def test_c54_another_data_coding_is_refused_in_the_words_of_the_version(
    extra: str, version: Version, answer: int
) -> None:
    text = f"submit: {{data_codings: [0, 0x08]{extra}}}"
    assert status(text, message(data_coding=8), version) == 0
    assert status(text, message(data_coding=4), version) == answer


REQUIRED = (
    "submit: {required_tlvs: [{tag: 0x1400, length: 19, status: 0x45C, wrong: 0x45D}, "
    "{tag: 0x1401, values: ['1107', '1108']}]}"
)


@pytest.mark.parametrize(
    ("tlvs", "answer"),
    [
        ([], 0x45C),
        ([(0x1401, b"1107")], 0x45C),
        ([(0x1400, b"1" * 18), (0x1401, b"1107")], 0x45D),
        ([(0x1400, b"1" * 19)], 0xC3),
        ([(0x1400, b"1" * 19), (0x1401, b"1109")], 0xC4),
        ([(0x1400, b"1" * 19), (0x1401, b"1107")], 0),
        ([(0x1401, b"1108\0"), (0x1400, b"1" * 19)], 0),
    ],
)
def test_tlvs_that_must_be_there_are_of_their_length_and_values(tlvs: list[tuple[int, bytes]], answer: int) -> None:
    pdu = message(tlvs=tuple(Tlv(tag, value) for tag, value in tlvs))
    assert status(REQUIRED, pdu) == answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [(b"Your code is 1234", 0), (b"Your code is lost", 0x258), (b"Your code is 1 CASINO", 0x432), (b"", 0x258)],
)
def test_a_text_has_a_template_and_is_no_spam(said: bytes, answer: int) -> None:
    text = r"submit: {content: {templates: ['/^Your code is \d+/'], spam: ['*casino*']}}"
    assert status(text, message(text=said)) == answer


def test_content_is_read_in_the_alphabet_of_the_operator() -> None:
    text = "submit: {alphabet: latin1, content: {templates: ['caf\u00e9']}}"
    assert status(text, message(text=b"caf\xe9")) == 0
    assert status(text, message(text=b"caf\x05")) == 0x258


DEFAULTS = "submit: {default_messages: {1: Your bill is ready, 0x02: Good bye}, content: {spam: [good*]}}"


def test_c53_a_predefined_message_replaces_the_text_and_an_unknown_one_is_refused() -> None:
    assert plan_of(send(operator(DEFAULTS), message(sm_default_msg_id=1))).text == "Your bill is ready"
    assert plan_of(send(operator(DEFAULTS))).text == ""
    assert status(DEFAULTS, message(sm_default_msg_id=3)) == CommandStatus.ESME_RINVDFTMSGID
    assert status("{}", message(sm_default_msg_id=1)) == CommandStatus.ESME_RINVDFTMSGID
    assert status(DEFAULTS, message(sm_default_msg_id=2)) == 0x432


def test_what_is_judged_uses_no_id_and_no_chance() -> None:
    state = operator("submit: {service_types: [CMT]}")
    assert send(state).status == 0x15
    assert send(state, message(service_type="CMT")).number == 10_000_001
    assert len(state.chance) == 0
