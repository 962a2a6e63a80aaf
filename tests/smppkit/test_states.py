"""The legality table against the rows of the specifications that differ or surprise."""

import pytest

from smppkit.codec import CODECS
from smppkit.commands import CommandId
from smppkit.states import BindState, Role, Version, legal_requests, refusal
from smppkit.status import CommandStatus

TX, RX, TRX, OPEN = BindState.BOUND_TX, BindState.BOUND_RX, BindState.BOUND_TRX, BindState.OPEN


@pytest.mark.parametrize(
    ("command", "role", "version", "states"),
    [
        (CommandId.SUBMIT_SM, Role.ESME, Version.V34, {TX, TRX}),
        (CommandId.SUBMIT_SM, Role.SMSC, Version.V34, set()),
        (CommandId.DELIVER_SM, Role.SMSC, Version.V34, {RX, TRX}),
        (CommandId.DELIVER_SM, Role.ESME, Version.V34, set()),
        (CommandId.REPLACE_SM, Role.ESME, Version.V34, {TX}),
        (CommandId.REPLACE_SM, Role.ESME, Version.V50, {TX, TRX}),
        (CommandId.DATA_SM, Role.ESME, Version.V34, {TX, RX, TRX}),
        (CommandId.DATA_SM, Role.ESME, Version.V50, {TX, TRX}),
        (CommandId.DATA_SM, Role.SMSC, Version.V50, {RX, TRX}),
        (CommandId.BIND_TRANSCEIVER, Role.ESME, Version.V33, set()),
        (CommandId.BIND_TRANSCEIVER, Role.ESME, Version.V34, {OPEN, BindState.OUTBOUND}),
        (CommandId.OUTBIND, Role.SMSC, Version.V34, {OPEN}),
        (CommandId.OUTBIND, Role.SMSC, Version.V33, set()),
        (CommandId.ALERT_NOTIFICATION, Role.SMSC, Version.V50, {RX, TRX}),
        (CommandId.BROADCAST_SM, Role.ESME, Version.V50, {TX, TRX}),
        (CommandId.BROADCAST_SM, Role.SMSC, Version.V50, set()),
        (CommandId.BROADCAST_SM, Role.ESME, Version.V34, set()),
        (CommandId.QUERY_BROADCAST_SM, Role.ESME, Version.V50, {TX, TRX}),
        (CommandId.CANCEL_BROADCAST_SM, Role.ESME, Version.V50, {TX, TRX}),
        (CommandId.QUERY_LAST_MSGS, Role.ESME, Version.V33, {TX, TRX}),
        (CommandId.QUERY_LAST_MSGS, Role.ESME, Version.V34, set()),
        (CommandId.ENQUIRE_LINK, Role.ESME, Version.V34, {TX, RX, TRX}),
        (CommandId.ENQUIRE_LINK, Role.ESME, Version.V50, {OPEN, BindState.OUTBOUND, TX, RX, TRX}),
    ],
)
def test_who_may_send_what_in_which_state(
    command: CommandId, role: Role, version: Version, states: set[BindState]
) -> None:
    assert {state for state in BindState if command in legal_requests(role, state, version)} == states


def test_nothing_may_be_sent_when_unbinding_or_closed() -> None:
    for role in Role:
        for version in Version:
            assert not legal_requests(role, BindState.UNBINDING, version)
            assert not legal_requests(role, BindState.CLOSED, version)


def test_no_version_lets_send_what_it_does_not_have() -> None:
    for role in Role:
        for state in BindState:
            for version in Version:
                assert legal_requests(role, state, version) <= set(CODECS[version].layouts)


@pytest.mark.parametrize(
    ("command", "state", "bind_waits", "status"),
    [
        (CommandId.SUBMIT_SM, OPEN, False, CommandStatus.ESME_RINVBNDSTS),
        (CommandId.SUBMIT_SM, RX, False, CommandStatus.ESME_RINVBNDSTS),
        (CommandId.BIND_TRANSCEIVER, OPEN, False, CommandStatus.ESME_RINVCMDID),
        (CommandId.BIND_TRANSCEIVER, OPEN, True, CommandStatus.ESME_RALYBND),
        (CommandId.BIND_RECEIVER, TX, False, CommandStatus.ESME_RALYBND),
        (CommandId.BIND_RECEIVER, BindState.UNBINDING, False, CommandStatus.ESME_RINVBNDSTS),
    ],
)
def test_c15_c16_c17_c23_what_is_not_legal_earns_a_status(
    command: CommandId, state: BindState, bind_waits: bool, status: CommandStatus
) -> None:
    assert refusal(command, state, bind_waits=bind_waits) is status


@pytest.mark.parametrize(
    ("octet", "version"),
    [
        (0x00, Version.V33),
        (0x33, Version.V33),
        (0x34, Version.V34),
        (0x35, Version.V34),
        (0x4F, Version.V34),
        (0x50, Version.V50),
        (0xFF, Version.V50),
    ],
)
def test_c24_c27_interface_versions_are_clamped(octet: int, version: Version) -> None:
    assert Version.of(octet) is version
