import pytest

from smppkit.status import CommandStatus
from smsc.scenario.scalars import Listen, Stat, Status


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
