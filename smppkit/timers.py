"""When a session must act without being asked: its timers, as times to be woken at (SMPP 3.4 §7.2)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from smppkit.session_config import SessionConfig
from smppkit.states import BOUND_STATES, BindState, Role


class Due(Enum):
    """What a timer is for."""

    SESSION_INIT = "no bind has come"
    ENQUIRE_LINK = "the peer has been silent"
    ENQUIRE_LINK_OVERDUE = "the peer was silent when it was asked"
    INACTIVITY = "nothing has been done"
    SILENCE = "nothing has been heard"
    UNBIND = "unbinding takes too long"


# Names of their own: on Python 3.11 to look a member up in its enum costs as much as five such names.
_ENQUIRE_LINK: Final = Due.ENQUIRE_LINK
_ENQUIRE_LINK_OVERDUE: Final = Due.ENQUIRE_LINK_OVERDUE
_INACTIVITY: Final = Due.INACTIVITY
_SILENCE: Final = Due.SILENCE
_UNBIND: Final = Due.UNBIND


class Timers:
    """The moments that the timers of one session count from."""

    def __init__(self, role: Role, now: float) -> None:
        self.last_operation = now
        """Of a request or a response that is not of enquire_link."""
        self.enquired_at: float | None = None
        """When the enquire_link was sent that nothing has come after."""
        self.unbind_deadline: float | None = None
        self._role = role
        self._opened_at = now
        self.last_received = now
        """When the peer was last heard."""

    def received(self, now: float) -> None:
        """A PDU came: any proves the peer alive (SMPP 3.4 §4.11), so an enquiry counts as answered."""
        self.last_received = now
        self.enquired_at = None

    def next_deadline(self, state: BindState, config: SessionConfig) -> float | None:
        """When the first of them is due."""
        armed = self._armed(state, config)
        if not armed:
            return None
        return armed[0][0] if len(armed) == 1 else min([at for at, _ in armed])

    def due(self, state: BindState, config: SessionConfig, now: float) -> list[Due]:
        """Those that are due at `now`."""
        return [due for at, due in self._armed(state, config) if at <= now]

    def _armed(self, state: BindState, config: SessionConfig) -> list[tuple[float, Due]]:
        if self.unbind_deadline is not None:
            return [(self.unbind_deadline, _UNBIND)]
        if state not in BOUND_STATES:
            patience = config.session_init_timeout if self._role is Role.SMSC else config.bind_timeout
            if patience is None or state is BindState.CLOSED:
                return []
            return [(self._opened_at + patience, Due.SESSION_INIT)]
        armed: list[tuple[float, Due]] = []
        if self.enquired_at is not None:
            patience = config.enquire_link_timeout
            overdue = self.enquired_at + (config.response_timeout if patience is None else patience)
            armed.append((overdue, _ENQUIRE_LINK_OVERDUE))
        elif config.enquire_link_interval is not None:
            armed.append((self.last_received + config.enquire_link_interval, _ENQUIRE_LINK))
        if config.inactivity_timeout is not None:
            armed.append((self.last_operation + config.inactivity_timeout, _INACTIVITY))
        if config.silence_timeout is not None:
            armed.append((self.last_received + config.silence_timeout, _SILENCE))
        return armed
