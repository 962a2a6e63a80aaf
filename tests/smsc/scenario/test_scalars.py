import pytest

from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.scalars import HexOctets, IpRange, Listen, Number, Octet, Span, SpokenVersion, Stat, Status


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp:2775", "127.0.0.1", 2775),
        ("tcp::2775", "127.0.0.1", 2775),
        ("tcp:0.0.0.0:2775", "0.0.0.0", 2775),  # noqa: S104
        ("tcp:smsc.example:0", "smsc.example", 0),
        ("tcp:[::1]:2775", "::1", 2775),
    ],
)
def test_an_address_is_a_port_with_or_without_a_host(text: str, host: str, port: int) -> None:
    assert Listen.parse(text) == Listen(host, port)


@pytest.mark.parametrize(
    "text", ["", "2775", "tcp:", "tcp:65536", "tcp:x", "udp:2775", "tcp:a:b:1", "tcp:-1", "tcp: 1"]
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="expected an address such as tcp:2775 or "):
        Listen.parse(text)


@pytest.mark.parametrize("text", ["tcp:127.0.0.1:2775", "tcp:[::1]:2775", "tcp:smsc:1"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(Listen.parse(text)) == text


@pytest.mark.parametrize("text", ["ESME_RTHROTTLED", "RTHROTTLED", "esme_rthrottled", "88", "0x58"])
def test_a_status_is_a_name_or_a_number(text: str) -> None:
    assert Status.parse(text) == int(CommandStatus.ESME_RTHROTTLED)


def test_a_vendors_status_is_its_number() -> None:
    assert Status.parse("0x4A1") == 0x4A1


def test_an_unknown_status_names_the_nearest() -> None:
    with pytest.raises(ValueError, match='such as ESME_RTHROTTLED or 0x58; did you mean "ESME_RINVDSTADR"'):
        Status.parse("ESME_RINVDSTADDR")


def test_a_state_keeps_the_vendors_word() -> None:
    assert Stat.parse("DELIVRD") == "DELIVRD"
    assert Stat.parse("ABSENT-SUB") == "ABSENT-SUB"


def test_an_unknown_state_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r'expected a state of a receipt such as DELIVRD.*did you mean "DELIVRD"'):
        Stat.parse("DELVRD")


@pytest.mark.parametrize(
    ("text", "inside", "outside"), [("3", [3], [2, 4]), ("2-5", [2, 5], [1, 6]), ("2+", [2, 255], [1]), ("0", [0], [1])]
)
def test_a_span_is_a_number_or_a_range(text: str, inside: list[int], outside: list[int]) -> None:
    span = Span.parse(text)
    assert all(number in span for number in inside)
    assert not any(number in span for number in outside)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Octet, "4", 4),
        (Octet, "0xff", 255),
        (Number, "0x0400", 1024),
        (Number, "1024", 1024),
        (HexOctets, "0a 1b", b"\n\x1b"),
        (HexOctets, "", b""),
        (IpRange, "10.1.2.3", "10.1.2.3/32"),
        (IpRange, "::1", "::1/128"),
        (SpokenVersion, "3.3", 0x33),
        (SpokenVersion, "5", 0x50),
    ],
)
def test_words_stand_for_values(kind: type, text: str, value: object) -> None:
    assert kind.parse(text) == value  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Octet, "256"),
        (Octet, "-1"),
        (Octet, "x"),
        (Number, "ten"),
        (HexOctets, "0a1"),
        (IpRange, "10.0.0.1/8"),
        (IpRange, "localhost"),
        (SpokenVersion, "3.5"),
        (Span, "5-2"),
        (Span, "+2"),
        (Span, ""),
    ],
)
def test_other_words_say_what_is_expected(kind: type, text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        kind.parse(text)  # type: ignore[attr-defined]


def test_a_version_and_a_network_are_themselves() -> None:
    assert SpokenVersion.parse("3.4").version is Version.V34
    assert IpRange.parse("10.0.0.0/8").network().num_addresses == 1 << 24
