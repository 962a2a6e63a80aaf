"""Who may bind, and how those who may not are told."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from smppkit.commands import CommandId
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter
from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.accounts import BindType
from smsc.scenario.decisions import Refusal
from smsc.scenario.scalars import IpRange

if TYPE_CHECKING:
    from smsc.scenario.engine import OperatorState

_BIND_TYPES: Final = {
    CommandId.BIND_RECEIVER: BindType.RECEIVER,
    CommandId.BIND_TRANSMITTER: BindType.TRANSMITTER,
    CommandId.BIND_TRANSCEIVER: BindType.TRANSCEIVER,
}
_OUT_OF_SERVICE: Final = int(CommandStatus.ESME_RSYSERR)
_NOT_SUPPORTED: Final = int(CommandStatus.ESME_RINVCMDID)


class BindFacts(msgspec.Struct, frozen=True):
    """What only the server knows about a bind.

    `peer` is the IP address it comes from, without a port. The binds are those there are already: of its system_id,
    ghosts included, and from its address. `locked_out`: too many binds from there have failed.
    """

    peer: str = ""
    binds_of_system_id: int = 0
    binds_of_address: int = 0
    locked_out: bool = False


def comes_from(peer: str, ranges: Sequence[IpRange] | None) -> bool:
    """Whether an address is in one of the ranges; None are all. What is no IP address is in none."""
    if ranges is None:
        return True
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in known.network() for known in ranges)


def decide_bind(
    state: OperatorState, pdu: BindReceiver | BindTransmitter | BindTransceiver, facts: BindFacts
) -> Refusal:
    """Return the command_status for a bind, 0 to let it in, or "drop".

    Where it comes from is judged first, then who it is, then what it wants: whoever may not connect learns nothing
    about accounts, and whoever has no account nothing about limits.
    """
    if state.outage:
        return _OUT_OF_SERVICE
    operator = state.operator
    access = operator.access
    if facts.locked_out or not comes_from(facts.peer, access.allow):
        return access.address_refused
    account = state.account(pdu.system_id)
    if account is None:
        return access.wrong_system_id
    if operator.accounts != "any" and account.password != pdu.password:
        return access.wrong_password
    if not comes_from(facts.peer, account.addresses):
        return access.address_refused
    kind = _BIND_TYPES[pdu.command_id]
    if kind not in account.bind_types:
        return _NOT_SUPPORTED
    # SMPP 3.3 has no bind_transceiver: to an account that speaks no more it is an unknown command.
    if kind is BindType.TRANSCEIVER and state.version_of(account) <= Version.V33:
        return _NOT_SUPPORTED
    if account.binds and facts.binds_of_system_id >= account.binds:
        return access.too_many_binds
    if access.binds_per_address and facts.binds_of_address >= access.binds_per_address:
        return access.too_many_binds
    return 0
