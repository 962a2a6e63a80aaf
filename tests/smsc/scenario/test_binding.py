import pytest

from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter
from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.binding import BindFacts, comes_from, decide_bind
from smsc.scenario.decisions import Refusal
from smsc.scenario.engine import OperatorState, apply_fault
from smsc.scenario.model import Scenario
from smsc.scenario.scalars import IpRange
from smsc.scenario.timeline_model import OutageFault
from yamlmodel.loader import loads
from yamlmodel.scalars import Duration

ACCOUNTS = (
    "accounts: [{system_id: shop, password: secret, binds: 2, addresses: [10.0.0.0/8]}, "
    "{system_id: rx, password: secret, bind_types: [receiver]}, {system_id: old, password: secret, version: 3.3}]"
)
HERE = "10.1.2.3"


def operator(text: str = "{}") -> OperatorState:
    return OperatorState(loads(f"operators:\n  x:\n    {text}", Scenario).operators["x"], "x", 1)


def bind(text: str = ACCOUNTS, system_id: str = "shop", said: str = "secret", **facts: object) -> Refusal:
    known = {"peer": HERE} | facts
    pdu = BindTransceiver(system_id=system_id, password=said)
    return decide_bind(operator(text), pdu, BindFacts(**known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("system_id", "password", "binds", "status"),
    [
        ("shop", "secret", 0, CommandStatus.ESME_ROK),
        ("shop", "secret", 1, CommandStatus.ESME_ROK),
        ("shop", "secret", 2, CommandStatus.ESME_RALYBND),
        ("shop", "wrong", 0, CommandStatus.ESME_RBINDFAIL),
        ("shop", "", 0, CommandStatus.ESME_RBINDFAIL),
        ("nobody", "secret", 0, CommandStatus.ESME_RBINDFAIL),
        ("Shop", "secret", 0, CommandStatus.ESME_RBINDFAIL),
    ],
)
def test_c20_a_bind_is_judged_by_credentials_and_number(
    system_id: str, password: str, binds: int, status: CommandStatus
) -> None:
    assert bind(system_id=system_id, said=password, binds_of_system_id=binds) == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (BindReceiver, CommandStatus.ESME_ROK),
        (BindTransmitter, CommandStatus.ESME_RINVCMDID),
        (BindTransceiver, CommandStatus.ESME_RINVCMDID),
    ],
)
def test_c23_a_kind_of_bind_that_the_account_may_not_use_is_unsupported(
    kind: type[BindReceiver | BindTransmitter | BindTransceiver], status: CommandStatus
) -> None:
    assert decide_bind(operator(ACCOUNTS), kind(system_id="rx", password="secret"), BindFacts()) == status


def test_c23_an_account_of_3_3_has_no_transceiver() -> None:
    state = operator(ACCOUNTS)
    account = state.account("old")
    assert account is not None
    assert state.version_of(account) is Version.V33
    assert bind(system_id="old") == CommandStatus.ESME_RINVCMDID
    assert decide_bind(state, BindTransmitter(system_id="old", password="secret"), BindFacts()) == 0
    assert bind("version: 3.3", system_id="anyone") == CommandStatus.ESME_RINVCMDID


def test_an_account_without_a_limit_binds_any_number_of_times() -> None:
    rx = BindReceiver(system_id="rx", password="secret")
    assert decide_bind(operator(ACCOUNTS), rx, BindFacts(binds_of_system_id=500, binds_of_address=500)) == 0


VENDOR = (
    "{access: {wrong_system_id: ESME_RINVSYSID, wrong_password: ESME_RINVPASWD, too_many_binds: drop, "
    "binds_per_address: 3, allow: [10.0.0.0/8, '::1'], address_refused: ESME_RINVCMDID}, "
    "accounts: [{system_id: shop, password: secret, binds: 2}]}"
)


@pytest.mark.parametrize(
    ("system_id", "password", "facts", "refusal"),
    [
        ("shop", "secret", {}, 0),
        ("shop", "secret", {"peer": "::1"}, 0),
        ("shop", "secret", {"peer": "::ffff:10.0.0.1"}, 0),
        ("bank", "secret", {}, 0x0F),
        ("shop", "guess", {}, 0x0E),
        ("shop", "secret", {"binds_of_system_id": 2}, "drop"),
        ("shop", "secret", {"binds_of_address": 3}, "drop"),
        ("shop", "secret", {"peer": "192.0.2.1"}, 0x03),
        ("shop", "secret", {"peer": "not an address"}, 0x03),
        ("bank", "guess", {"locked_out": True}, 0x03),
    ],
)
def test_each_vendor_has_its_own_word_for_a_refused_bind(
    system_id: str, password: str, facts: dict[str, object], refusal: Refusal
) -> None:
    assert bind(VENDOR, system_id, password, **facts) == refusal


def test_an_account_may_be_bound_to_addresses() -> None:
    assert bind(peer="192.0.2.1") == "drop"
    assert bind(system_id="rx", peer="192.0.2.1") == CommandStatus.ESME_RINVCMDID


def test_who_may_not_connect_learns_nothing_about_accounts() -> None:
    refusals = {bind(VENDOR, system_id, password, peer="192.0.2.1") for system_id in "ab" for password in "cd"}
    assert len(refusals) == 1


def test_during_an_outage_nobody_binds() -> None:
    state = operator(ACCOUNTS)
    apply_fault(state, OutageFault(at=Duration(0)), 0.0)
    pdu = BindTransceiver(system_id="nobody", password="x")
    assert decide_bind(state, pdu, BindFacts(peer="192.0.2.1")) == CommandStatus.ESME_RSYSERR


def test_everybody_comes_from_somewhere_when_nothing_is_said() -> None:
    assert comes_from("in memory", None)
    assert not comes_from("in memory", [IpRange.parse("0.0.0.0/0")])
    assert comes_from("1.2.3.4", [IpRange.parse("0.0.0.0/0")])
