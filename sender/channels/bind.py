"""One bind kept up: connect, bind, and again whenever it is lost."""

from __future__ import annotations

import logging
import os
import random
import typing
from enum import Enum
from functools import partial

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from sender.channels.account import Account, BindKind
from sender.channels.backoff import Backoff
from smppkit.events import Bound, Event, NoResponse, Request, Response, Unbound
from smppkit.pdus import Outbind
from smppkit.session import Session
from smppkit.states import Role
from smppkit.status import CommandStatus, status_name
from smppkit.transport import Link, Network

log = logging.getLogger(__name__)

_CREDENTIALS = frozenset(
    {
        CommandStatus.ESME_RBINDFAIL,
        CommandStatus.ESME_RINVPASWD,
        CommandStatus.ESME_RINVSYSID,
        CommandStatus.ESME_RINVSYSTYP,
    }
)

_UNBIND_GRACE = 1.0
"""Seconds that stopping waits beyond the session's own unbind time before the connection is reset."""


class BindStatus(Enum):
    """Where a bind stands."""

    IDLE = "not started"
    CONNECTING = "connecting"
    BINDING = "binding"
    BOUND = "bound"
    UNBINDING = "unbinding"
    WAITING = "waiting to try again"
    LISTENING = "waiting for an outbind"
    STOPPED = "stopped"


class BindOwner(typing.Protocol):
    """Who uses the bind: the channel."""

    def bound(self, bind: Bind, link: Link) -> None:
        """Requests may flow on `link`."""

    def received(self, bind: Bind, link: Link, events: list[Event]) -> None:
        """Events of one turn, but for those about the bind itself."""

    def unbinding(self, bind: Bind, link: Link) -> None:
        """No new request may be sent on `link`: one end has said unbind. `lost` follows."""

    def lost(self, bind: Bind, link: Link) -> None:
        """The connection of a link that was bound is gone."""

    def trouble(self, bind: Bind, reason: str, delay: float) -> None:
        """The bind is down because of `reason`; the next attempt comes in `delay` seconds."""


class Bind:
    """Keeps one connection to an operator account bound until it is stopped.

    A bind that `listens` makes no connection: it takes those that the operator made, after its outbind (`adopt`).
    """

    def __init__(
        self,
        name: str,
        kind: BindKind,
        account: Account,
        owner: BindOwner,
        *,
        clock: IReactorTime,
        network: Network,
        rng: random.Random,
        listens: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.listens = listens
        self.status = BindStatus.IDLE
        self.trouble: str | None = None
        """Why it is down."""
        self.outbinds = 0
        """How often the operator has asked us to bind."""
        self.bound_times = 0
        """How often it came up."""
        self.bound_at: float | None = None
        """Since when it is up."""
        self._owner = owner
        self._clock = clock
        self._network = network
        self._rng = rng
        self.began_with: Account | None = None
        """What the latest connection was made for: another configuration may ask for a new one."""
        self._account: Account
        self.use(account)
        self._place = 0  # which of the account's places is tried
        self._link: Link | None = None
        self._attempt: Deferred[IProtocol] | None = None
        self._timer: IDelayedCall | None = None
        self._last_delay = 0.0
        self._refusal: int | None = None  # the status that answered our bind request
        self._at_once = False  # the next connection waits for nothing: we ended the last one
        self._rebinding: list[Deferred[str | None]] = []
        self._stopping = False
        self._stopped: list[Deferred[None]] = []

    # --- for the channel ----------------------------------------------------------------------

    @property
    def link(self) -> Link | None:
        """The connection that there is."""
        return self._link

    @property
    def place(self) -> tuple[str, int]:
        """Host and port that it is, or will be, connected to."""
        return self._account.places[self._place % len(self._account.places)]

    def use(self, account: Account) -> None:
        """What holds from the next connection on."""
        self._account = account
        self._lost_backoff = Backoff(account.reconnect_first, account.reconnect_longest, self._rng)
        self._refused_backoff = Backoff(account.refused_first, account.refused_longest, self._rng)
        self._place = 0

    def start(self) -> None:
        """Connect now, or listen."""
        if self.status is BindStatus.IDLE:
            if self.listens:
                self.status = BindStatus.LISTENING
            else:
                self._connect()

    def adopt(self, link: Link) -> None:
        """Bind on a connection that the operator made; its events must come here from now on."""
        self.outbinds += 1
        log.info("%s: %s asks us to bind", self.name, link.peer)
        self.connected(link)

    def rebind(self) -> Deferred[str | None]:
        """Unbind when what is in flight is answered, and bind again at once with what `use` was given.

        Fires with None when the bind stands, with the reason when the first attempt failed (it goes on trying).
        """
        if self._stopping:
            return succeed("stopped")
        waiting: Deferred[str | None] = Deferred()
        self._rebinding.append(waiting)
        self._at_once = True
        if self._link is not None:
            self._link.unbind()
        elif self._attempt is not None:
            self._attempt.cancel()
        elif self._timer is not None:
            self._timer.cancel()
            self._connect()
        elif self.listens:
            self._rebound(None)  # the next outbind will find what `use` was given
        return waiting

    def stop(self) -> Deferred[None]:
        """Unbind and close; fires when the connection is gone."""
        link = self._link
        if link is None or not self._stopping:
            self._try_no_more()
        if link is None:
            self.status = BindStatus.STOPPED
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._stopped.append(waiting)
        if len(self._stopped) == 1:
            grace = self._account.unbind_timeout + _UNBIND_GRACE
            self._timer = self._clock.callLater(grace, self._give_up_unbinding, link)
            self.status = BindStatus.UNBINDING
            link.unbind()
        return waiting

    def abort(self) -> None:
        """Drop the connection at once."""
        self._try_no_more()
        if self._link is not None:
            self._link.reset()

    def _try_no_more(self) -> None:
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._attempt is not None:
            self._attempt.cancel()
        self._rebound("stopped")

    # --- connecting ---------------------------------------------------------------------------

    def _connect(self) -> None:
        self._timer = None
        self._at_once = False
        self.status = BindStatus.CONNECTING
        account, (host, port) = self._account, self.place
        self.began_with = account
        endpoint = self._network.client(host, port, account.connect_timeout)
        if account.tls is not None:
            endpoint = account.tls.around(endpoint, host, self._clock)
        attempt = endpoint.connect(_LinkFactory(self, self._clock, account))
        self._attempt = attempt
        attempt.addCallbacks(self._connect_succeeded, self._connect_failed)

    def _connect_succeeded(self, _: IProtocol) -> None:
        self._attempt = None

    def _connect_failed(self, failure: Failure) -> None:
        self._attempt = None
        failure.trap(  # type: ignore[no-untyped-call]
            ConnectError, DNSLookupError, OSError, ConnectingCancelledError, CancelledError
        )
        if self._stopping:
            self.status = BindStatus.STOPPED
            return
        if self._at_once:
            self._connect()
            return
        host, port = self.place
        self._failed(f"cannot connect to {host}:{port}: {_explained(failure)}")

    def _failed(self, reason: str) -> None:
        """A place is no good: the next one is tried at once, and after the last one there is a wait."""
        self._place += 1
        if self._place % len(self._account.places):
            log.warning("%s: %s; trying the next place", self.name, reason)
            self.trouble = reason
            self._timer = self._clock.callLater(0, self._connect)
            return
        self._wait(reason, self._lost_backoff)

    def _wait(self, reason: str, backoff: Backoff) -> None:
        self.trouble = reason
        delay = self._last_delay = backoff.next()
        self.status = BindStatus.WAITING
        self._timer = self._clock.callLater(delay, self._connect)
        log.warning("%s: %s; next attempt in %.1f s", self.name, reason, delay)
        self._owner.trouble(self, reason, delay)
        self._rebound(reason)

    def _rebound(self, reason: str | None) -> None:
        waiting, self._rebinding = self._rebinding, []
        for deferred in waiting:
            deferred.callback(reason)

    # --- Handler of the link ------------------------------------------------------------------

    def connected(self, link: Link) -> None:
        """The connection stands: ask to bind."""
        if self._stopping:
            link.close()
            return
        self._link = link
        self._refusal = None
        self.bound_at = None
        self.status = BindStatus.BINDING
        link.send(self._account.bind_request(self.kind))

    def received(self, link: Link, events: list[Event]) -> None:
        """Take what is about the bind itself; the owner gets the rest."""
        rest: list[Event] = []
        for event in events:
            kind = type(event)
            if kind is Response and event.context is None:  # type: ignore[union-attr]
                self._bind_answered(link, event)  # type: ignore[arg-type]
            elif kind is NoResponse and event.context is None:  # type: ignore[union-attr]
                continue  # the bind request: Closing or the disconnection says the rest
            elif kind is Request and type(event.pdu) is Outbind:  # type: ignore[union-attr]
                self._asked_to_bind(link)
            elif kind is Bound:
                self._now_bound(link)
            elif kind is Unbound:
                self._now_unbinding(link, by_peer=event.by_peer)  # type: ignore[union-attr]
            else:
                rest.append(event)
        if rest:
            self._owner.received(self, link, rest)

    def disconnected(self, link: Link, reason: str) -> None:
        """The connection is gone: try again later, unless stopped."""
        if link is not self._link:
            return
        self._link = None
        was_bound_at, self.bound_at = self.bound_at, None
        if was_bound_at is not None:
            self._owner.lost(self, link)
        if self._stopping:
            self._now_stopped()
        elif self.listens:
            self._listen_again(reason)
        elif self._at_once:
            self._connect()
        elif self._refusal is not None:
            name = status_name(self._refusal)
            if self._refusal in _CREDENTIALS:
                self._wait(f"the operator refuses our credentials ({name})", self._refused_backoff)
            else:
                self._failed(f"the operator refuses the bind ({name})")
        elif was_bound_at is None:
            self._failed(f"connection lost ({reason})")
        else:
            # A link that dies as soon as it stands must not be renewed at full speed.
            if self._clock.seconds() - was_bound_at >= self._last_delay:
                self._lost_backoff.reset()
                self._place = 0
            else:
                self._place += 1
            self._wait(f"connection lost ({reason})", self._lost_backoff)

    def _listen_again(self, reason: str) -> None:
        if self._refusal is not None:
            reason = f"the operator refuses the bind it asked for ({status_name(self._refusal)})"
        log.warning("%s: %s", self.name, reason)
        self.trouble = reason
        self.status = BindStatus.LISTENING
        self._at_once = False
        self._rebound(None)

    def _now_bound(self, link: Link) -> None:
        self.bound_at = self._clock.seconds()
        self.bound_times += 1
        self.trouble = None
        self._refused_backoff.reset()
        self.status = BindStatus.BOUND
        log.info("%s: bound as %s to %s", self.name, self.kind.value, link.peer)
        self._owner.bound(self, link)
        self._rebound(None)

    def _bind_answered(self, link: Link, answer: Response) -> None:
        status = answer.response.command_status
        if self.status is BindStatus.BINDING and not link.session.bound:
            self._refusal = status or CommandStatus.ESME_RBINDFAIL
            link.close("the bind was refused")

    def _asked_to_bind(self, link: Link) -> None:
        """An outbind (SMPP 3.4 §2.2.1): our own bind is under way, and answers it if it is one that receives."""
        self.outbinds += 1
        log.info("%s: the operator asks us to bind", self.name)
        if self.kind is BindKind.TRANSMITTER:
            link.close("the operator asked for a receiver on a transmitter's connection")

    def _now_unbinding(self, link: Link, *, by_peer: bool) -> None:
        if by_peer:
            log.info("%s: the operator unbinds", self.name)
        if self.status is BindStatus.BOUND:
            self.status = BindStatus.UNBINDING
            self._owner.unbinding(self, link)

    def _give_up_unbinding(self, link: Link) -> None:
        self._timer = None
        log.warning("%s: unbinding takes too long, dropping the connection", self.name)
        link.reset()

    def _now_stopped(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.status = BindStatus.STOPPED
        waiting, self._stopped = self._stopped, []
        for deferred in waiting:
            deferred.callback(None)


def _explained(failure: Failure) -> str:
    """Why a connection could not be made, without the frame that Twisted puts around it."""
    number = getattr(failure.value, "osError", None)
    return os.strerror(number) if isinstance(number, int) else failure.getErrorMessage().rstrip(".")


class _LinkFactory(Factory):
    """Makes the link of one connection attempt."""

    noisy = False

    def __init__(self, bind: Bind, clock: IReactorTime, account: Account) -> None:
        self._bind = bind
        self._clock = clock
        self._new_session = partial(Session, Role.ESME, account.session_config())

    def buildProtocol(self, addr: IAddress | None) -> typing.Any:  # noqa: N802 - Twisted's name
        """The link; its handler is the bind."""
        return Link(self._new_session, self._bind, self._clock)
