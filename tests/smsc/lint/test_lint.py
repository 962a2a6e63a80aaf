"""The observer itself: what it keeps, counts and shows; that it never fails, never grows, and suspects nobody."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.pdus import BindTransceiver, DeliverSm, EnquireLink, QuerySm
from smppkit.segments import LongMessage, segment
from smppkit.text import Alphabet, encode_text
from smsc.lint.conversation import MOST_PENDING
from smsc.lint.finding import EXAMPLE_OCTETS, Severity
from smsc.lint.lint import CROWD, MOST_ACCOUNTS, MOST_CONNECTIONS, Lint
from smsc.lint.registry import RULES
from smsc.lint.settings import LintSettings
from tests.smsc.lint.talk import EPOCH, OPERATOR, THROTTLED, Talk, bound, header, message, raw, udh

# But for the byte order mark and its mirror image, which are no characters.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\ufffe")


def send(talk: Talk, text: str, method: LongMessage, reference: int) -> Talk:
    cut = segment(text, reference=reference, method=method)
    for part in cut.segments:
        talk.submit(part.short_message, esm_class=0x40 * part.udhi, data_coding=cut.data_coding, tlvs=part.tlvs)
    return talk


# --- nobody is suspected ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", LongMessage)
def test_whatever_text_is_sent_as_it_should_be_nothing_is_found(method: LongMessage) -> None:
    @given(st.text(CHARACTERS, max_size=400), st.integers(0, 0xFFFF))
    def check(text: str, reference: int) -> None:
        assert send(bound(), text, method, reference).end().found() == []

    check()


@given(st.text(CHARACTERS, max_size=30), st.sampled_from([Alphabet.GSM7, Alphabet.LATIN1, Alphabet.UCS2]))
def test_no_text_of_one_alphabet_is_taken_for_another(text: str, alphabet: Alphabet) -> None:
    try:
        octets = encode_text(text, alphabet)
    except ValueError:
        return
    assert bound().submit(octets, data_coding=alphabet.data_coding).end().found() == []


@pytest.mark.parametrize(
    "text",
    ["Hello, world", "Ваш код 1234", "Сәлем, қалайсыз", "Γειά σου Κόσμε", "שלום עולם", "مرحبا بالعالم", "नमस्ते", "สวัสดี"],
)
def test_ucs2_in_disguise_is_recognised_in_all_alphabets(text: str) -> None:
    assert bound().submit(text.encode("utf-16-be")).end().found() == [("ucs2-as-default", 1)]
    assert bound().submit(text.encode("utf-16-le"), data_coding=8).end().found() == [("ucs2-byte-order", 1)]
    assert bound().submit(text.encode("utf-16-be"), data_coding=8).end().found() == []


@pytest.mark.parametrize("text", ["一刀一刀一刀", "中文短信测试内容", "日本語のテキスト", "한국어 문자 메시지"])
def test_east_asian_texts_are_not_taken_for_little_endian(text: str) -> None:
    assert bound().submit(text.encode("utf-16-be"), data_coding=8).end().found() == []


def test_a_client_that_slows_down_is_left_alone() -> None:
    talk, rate = bound(), 100
    for _ in range(10):
        for _ in range(rate * 5):
            talk.submit(status=THROTTLED).wait(1 / rate)
        rate = max(1, rate // 2)
    assert talk.end().found() == []


def test_a_client_that_backs_off_between_binds_is_left_alone() -> None:
    talk, pause = Talk(), 0.1
    for _ in range(14):
        talk.open().bind(status=0x0D).close().wait(pause)
        pause = min(60, pause * 2)
    assert talk.found() == []


def test_a_client_that_is_cut_off_is_not_blamed() -> None:
    talk = bound().submit(status=None).deliver(None).wait(500)
    assert talk.close("Connection to the other side was lost in a non-clean fashion.").found() == []


def test_a_probe_that_connects_and_leaves_is_no_client() -> None:
    talk = Talk()
    for _ in range(50):
        talk.open().close().wait(0.1)
    assert talk.found() == []


def test_a_part_that_is_sent_again_reuses_nothing() -> None:
    talk = bound().submit(udh(1) + b"one", status=THROTTLED, esm_class=0x40)
    assert talk.submit(udh(1) + b"one", esm_class=0x40).submit(udh(2) + b"two", esm_class=0x40).end().found() == []


# --- what is kept ----------------------------------------------------------------------------------


def test_a_finding_counts_and_keeps_the_first_example() -> None:
    talk = bound()
    talk.submit(b"first", destination_addr="+77051234567").wait(5).submit(b"second", destination_addr="+77051234567")
    (finding,) = talk.lint.findings()
    assert (finding.rule, finding.count, finding.account, finding.operator) == ("plus-in-address", 2, "shop", OPERATOR)
    assert (finding.first_at, finding.last_at) == (EPOCH, EPOCH + 5)
    example = finding.example
    assert example is not None
    assert (example.connection, example.direction, example.command, example.at) == (1, "in", "submit_sm", EPOCH)
    assert "first" in example.fields


def test_numbers_and_passwords_are_masked_in_fields_and_octets() -> None:
    talk = Talk().open(tls_offered=True).bind(password="sesame12").submit(destination_addr="+77051234567").end()
    examples = {finding.rule: finding.example for finding in talk.lint.findings()}
    bind, submit = examples["password-in-clear"], examples["plus-in-address"]
    assert bind is not None
    assert b"sesame" not in bind.octets
    assert "password=***" in bind.fields
    assert "shop" in bind.fields
    assert submit is not None
    assert b"1234" not in submit.octets
    assert "+7705*****67" in submit.fields
    assert len(submit.octets) == submit.length


def test_what_the_codec_refuses_is_shown_as_far_as_it_can_be_read() -> None:
    talk = bound().octets(raw(length=200)).end()
    (finding,) = talk.lint.findings()
    assert finding.detail == "sm_length is 200, 5 octets follow"
    assert finding.example is not None
    assert "source_addr='SHOP'" in finding.example.fields
    assert "unreadable" in finding.example.fields


def test_other_requests_are_judged_too() -> None:
    octets = header(encode(QuerySm(message_id="1", source_addr="SHOP", source_addr_ton=5))[:-3])
    (finding,) = bound().octets(octets).end().lint.findings()
    assert finding.rule == "unreadable-request"
    assert finding.detail.startswith("query_sm: ")


def test_an_unknown_command_is_unreadable() -> None:
    assert bound().octets(header(b"\0" * 16, command_id=0x0A)).end().found() == [("unreadable-request", 1)]


def test_accounts_are_told_apart_and_worst_comes_first() -> None:
    talk = Talk()
    for name in ("b", "a"):
        talk.open().bind(system_id=name).submit(destination_addr="+77051234567").submit(source_addr_ton=0).end()
    found = [(finding.rule, finding.account) for finding in talk.lint.findings()]
    assert found == [(rule, name) for rule in ("alphanumeric-sender-ton", "plus-in-address") for name in ("a", "b")]
    assert [RULES[rule].severity for rule, _ in found[::2]] == [Severity.ERROR, Severity.WARNING]


def test_what_was_done_before_the_time_asked_for_is_not_reported() -> None:
    talk = Talk(since=EPOCH + 10).open().bind().submit(source_addr_ton=0).wait(20)
    assert talk.submit().end().found() == []
    assert talk.open().bind().submit(source_addr_ton=0).end().found() == [("alphanumeric-sender-ton", 1)]


def test_a_window_may_be_known_for_one_account_only() -> None:
    talk = Talk(windows={(OPERATOR, "small"): 1})
    for name in ("small", "large"):
        talk.open().bind(system_id=name).submit(status=None).submit(status=None).end()
    assert [(finding.rule, finding.account) for finding in talk.lint.findings()] == [("window-exceeded", "small")]


def test_a_silent_line_is_found_out_also_when_we_ended_the_silence() -> None:
    assert bound().wait(150).deliver(0.1, pdu=EnquireLink()).end().found() == [("no-enquire-link", 1)]


def test_deliveries_left_behind_at_unbind_are_missing() -> None:
    assert bound().deliver(None).wait(11).submit().end().found() == [("missing-deliver-sm-resp", 1)]


# --- limits ----------------------------------------------------------------------------------------


def test_connections_past_the_limit_are_counted_and_not_watched() -> None:
    lint = Lint()
    for number in range(MOST_CONNECTIONS + 3):
        lint.opened(number, 0.0, OPERATOR, "10.0.0.1:1")
    lint.pdu(MOST_CONNECTIONS + 1, "in", encode(message()), 0.0)
    assert (lint.counters.unwatched_connections, lint.counters.unwatched_pdus) == (3, 1)
    assert lint.counters.connections == MOST_CONNECTIONS


def test_accounts_past_the_limit_are_one_crowd() -> None:
    talk = Talk()
    for number in range(MOST_ACCOUNTS + 20):
        talk.open().bind(system_id=f"u{number}").submit(source_addr_ton=0).wait(0.01).end()
    findings = talk.lint.findings()
    assert len(findings) <= MOST_ACCOUNTS
    assert [(finding.rule, finding.count) for finding in findings if finding.account == CROWD] == [
        ("alphanumeric-sender-ton", talk.lint.counters.crowded_accounts)
    ]


def test_requests_past_the_limit_are_forgotten_and_counted() -> None:
    talk = bound()
    for _ in range(MOST_PENDING + 10):
        talk.submit(status=None).deliver(None)
    assert talk.lint.counters.forgotten == 20
    (watched,) = talk.lint._connections.values()
    assert (len(watched.asked), len(watched.owed)) == (MOST_PENDING, MOST_PENDING)


def test_examples_are_cut() -> None:
    talk = bound().octets(raw(b"\0\1" + b"x" * 3000, text=b"hello")).end()
    example = talk.lint.findings()[0].example
    assert example is not None
    assert len(example.octets) == EXAMPLE_OCTETS
    assert example.length > 3000


def test_memory_stays_where_it_is_whatever_a_client_does() -> None:
    """I8."""

    def trouble(talk: Talk, rounds: int) -> None:
        for number in range(rounds):
            talk.open(peer=f"10.0.{number % 7}.1:{number}").bind(system_id=f"a{number % 40}")
            for index in range(4):
                talk.submit(udh(1, reference=number % 256) + bytes([index] * 50), status=None, esm_class=0x40)
                talk.submit(status=THROTTLED, destination_addr=f"7705{number % 100:07d}").deliver(None).wait(0.01)
            talk.close()

    talk = Talk()
    trouble(talk, 300)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        trouble(talk, 600)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 512 * 1024


# --- anything may come -----------------------------------------------------------------------------

COMMANDS = st.sampled_from([int(command) for command in CommandId]) | st.integers(0, 0xFFFFFFFF)
PDUS = st.builds(
    lambda command, status, sequence, body: header(
        b"\0" * 16 + body, command_id=command, command_status=status, sequence_number=sequence
    ),
    COMMANDS,
    st.sampled_from([0, 0, 0, 0x58, 0xFFFFFFFF]),
    st.integers(0, 6) | st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=80),
)
KNOWN = [
    encode(message()),
    encode(BindTransceiver(system_id="shop", password="secret")),
    encode(BindTransceiver().response()),
    encode(message().response(message_id="7")),
    encode(DeliverSm(source_addr="77051234567", destination_addr="SHOP", short_message=b"id:1 stat:DELIVRD")),
    raw(b"\x02\x0c\0\2\0\7", text=udh(1) + b"x", esm_class=0x40),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.sampled_from(KNOWN)))
    for _ in range(draw(st.integers(0, 4))):
        octets[draw(st.integers(0, len(octets) - 1))] = draw(st.integers(0, 255))
    return bytes(octets[: draw(st.integers(0, len(octets)))] if draw(st.booleans()) else octets)


STEPS = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["in", "out"]), PDUS | damaged() | st.binary(max_size=40), st.floats(0, 99)
    ),
    max_size=25,
)


@given(STEPS)
def test_random_octets_never_raise(steps: list[tuple[int, str, bytes, float]]) -> None:
    lint = Lint(LintSettings(window=2))
    at = EPOCH
    for number in (1, 2):
        lint.opened(number, at, OPERATOR, "10.0.0.1:1")
    for number, direction, octets, wait in steps:
        at += wait
        lint.pdu(number, direction, octets, at)
    lint.closed(1, at, "closed by the peer")
    lint.closed(3, at, "never opened")
    lint.finish(at)
    for finding in lint.findings():
        assert finding.detail.isprintable()
        assert finding.example is None or finding.example.fields.isprintable()
