"""What is legal when: one table of role × bind state × command × version.

Source: SMPP 3.4 §2.3 table 2-1, SMPP 5.0 §2.4 table 2-2. Responses are not in the table: a response
is legal when, and only when, its request is outstanding.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from smppkit.commands import CommandId
from smppkit.enums import at_hand
from smppkit.status import CommandStatus


@at_hand
class Role(Enum):
    """Which end of the session this is."""

    ESME = "esme"
    SMSC = "smsc"

    @property
    def peer(self) -> Role:
        """The other end."""
        return Role.SMSC if self is Role.ESME else Role.ESME


@at_hand
class BindState(Enum):
    """State of a session (SMPP 3.4 §2.2); both ends go through the same ones."""

    OPEN = "open"  # connected, nobody has bound yet
    OUTBOUND = "outbound"  # the SMSC asked the ESME to bind
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"  # one end has said unbind; what is in flight is being finished
    CLOSED = "closed"


@at_hand
class Version(IntEnum):
    """The protocol versions, by their interface_version octet."""

    V33 = 0x33
    V34 = 0x34
    V50 = 0x50

    @classmethod
    def of(cls, interface_version: int) -> Version:
        """The version an interface_version octet stands for.

        0x00 to 0x33 all mean 3.3 (SMPP 3.4 §3.4); reserved values are clamped down to the version below.
        """
        if interface_version >= cls.V50:
            return cls.V50
        return cls.V34 if interface_version >= cls.V34 else cls.V33


_C = CommandId
_UNBOUND = (BindState.OPEN, BindState.OUTBOUND)
_TX, _RX, _TRX = BindState.BOUND_TX, BindState.BOUND_RX, BindState.BOUND_TRX
_BOUND = (_TX, _RX, _TRX)
_ANY = (*_UNBOUND, *_BOUND)
_ALL = (Version.V33, Version.V34, Version.V50)
_ONLY_33 = (Version.V33,)
_FROM_34 = (Version.V34, Version.V50)
_FROM_50 = (Version.V50,)

BOUND_STATES = (_TRX, _TX, _RX)

# request, who may send it, in which versions, in which states
TABLE: tuple[tuple[CommandId, Role, tuple[Version, ...], tuple[BindState, ...]], ...] = (
    (_C.BIND_TRANSMITTER, Role.ESME, _ALL, _UNBOUND),
    (_C.BIND_RECEIVER, Role.ESME, _ALL, _UNBOUND),
    (_C.BIND_TRANSCEIVER, Role.ESME, _FROM_34, _UNBOUND),
    (_C.OUTBIND, Role.SMSC, _FROM_34, (BindState.OPEN,)),
    (_C.UNBIND, Role.ESME, _ALL, _BOUND),
    (_C.UNBIND, Role.SMSC, _ALL, _BOUND),
    (_C.SUBMIT_SM, Role.ESME, _ALL, (_TX, _TRX)),
    (_C.SUBMIT_MULTI, Role.ESME, _ALL, (_TX, _TRX)),
    (_C.DATA_SM, Role.ESME, (Version.V34,), _BOUND),
    (_C.DATA_SM, Role.ESME, (Version.V50,), (_TX, _TRX)),
    (_C.DATA_SM, Role.SMSC, (Version.V34,), _BOUND),
    (_C.DATA_SM, Role.SMSC, (Version.V50,), (_RX, _TRX)),
    (_C.DELIVER_SM, Role.SMSC, _ALL, (_RX, _TRX)),
    (_C.ALERT_NOTIFICATION, Role.SMSC, _FROM_34, (_RX, _TRX)),
    (_C.QUERY_SM, Role.ESME, _ALL, (_TX, _TRX)),
    (_C.CANCEL_SM, Role.ESME, _ALL, (_TX, _TRX)),
    (_C.REPLACE_SM, Role.ESME, (Version.V33, Version.V34), (_TX,)),
    (_C.REPLACE_SM, Role.ESME, (Version.V50,), (_TX, _TRX)),
    (_C.PARAM_RETRIEVE, Role.ESME, _ONLY_33, (_TX, _TRX)),
    (_C.QUERY_LAST_MSGS, Role.ESME, _ONLY_33, (_TX, _TRX)),
    (_C.QUERY_MSG_DETAILS, Role.ESME, _ONLY_33, (_TX, _TRX)),
    (_C.BROADCAST_SM, Role.ESME, _FROM_50, (_TX, _TRX)),
    (_C.QUERY_BROADCAST_SM, Role.ESME, _FROM_50, (_TX, _TRX)),
    (_C.CANCEL_BROADCAST_SM, Role.ESME, _FROM_50, (_TX, _TRX)),
    (_C.ENQUIRE_LINK, Role.ESME, (Version.V33, Version.V34), _BOUND),
    (_C.ENQUIRE_LINK, Role.ESME, (Version.V50,), _ANY),
    (_C.ENQUIRE_LINK, Role.SMSC, (Version.V33, Version.V34), _BOUND),
    (_C.ENQUIRE_LINK, Role.SMSC, (Version.V50,), _ANY),
)

_LEGAL: dict[tuple[Role, BindState, Version], frozenset[int]] = {
    (role, state, version): frozenset(
        int(command)
        for command, sender, versions, states in TABLE
        if sender is role and version in versions and state in states
    )
    for role in Role
    for state in BindState
    for version in Version
}

STATE_AFTER_BIND: dict[int, BindState] = {
    CommandId.BIND_TRANSMITTER: BindState.BOUND_TX,
    CommandId.BIND_RECEIVER: BindState.BOUND_RX,
    CommandId.BIND_TRANSCEIVER: BindState.BOUND_TRX,
}


def legal_requests(role: Role, state: BindState, version: Version) -> frozenset[int]:
    """The command_ids of the requests that `role` may send in `state` under `version`."""
    return _LEGAL[role, state, version]


def refusal(command_id: int, state: BindState, *, bind_waits: bool) -> CommandStatus:
    """What a request earns that is not legal; `bind_waits`: a bind has been asked for and not been answered."""
    if command_id in STATE_AFTER_BIND:
        if bind_waits or state in BOUND_STATES:
            return CommandStatus.ESME_RALYBND
        if state in _UNBOUND:
            return CommandStatus.ESME_RINVCMDID  # a kind of bind that this version does not have
    return CommandStatus.ESME_RINVBNDSTS
