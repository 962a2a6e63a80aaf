"""Faults that are put on while the emulator runs, until their time is over or somebody takes them off.

Every fault of the registry and what else a timeline has (throttle, outage), on one operator or on all of them, and
confined to the connections of one account when a namespace is named.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeAlias, Union

import msgspec
from msgspec import Meta
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.control.declined import Declined, Why
from smsc.faults.active import Running
from smsc.faults.base import Fault, WireFault
from smsc.faults.operator import OperatorFault
from smsc.faults.outbind import OutbindFault
from smsc.faults.registry import FAULTS
from smsc.faults.reset import ResetFault
from smsc.faults.restart import Restart
from smsc.faults.unbind import UnbindFault
from smsc.scenario.timeline_model import OutageFault, ThrottleFault
from smsc.server.server import OperatorServer
from yamlmodel.scalars import Duration, Rate
from yamlmodel.suggest import did_you_mean

MOST_FAULTS: Final = 1000
_EVER: Final = Duration(0)
_log = logging.getLogger("smsc")

Undo: TypeAlias = Callable[[], None]


class Throttle(Fault, frozen=True, kw_only=True, tag="throttle"):
    """Every account is limited further; more gets ESME_RTHROTTLED."""

    example: ClassVar[str] = "{at: 30s, for: 20s, fault: throttle, rate: 5/s}"

    rate: Annotated[Rate, Meta(description="Submits at most, per account", examples=["5/s"])]


class Outage(Fault, frozen=True, kw_only=True, tag="outage"):
    """Connections are cut and binds refused."""

    example: ClassVar[str] = "{at: 30s, for: 20s, fault: outage}"


KINDS: Final[dict[str, type[Fault]]] = {"throttle": Throttle, "outage": Outage, **FAULTS}
"""Every fault that can be put on, by the word for it."""

if TYPE_CHECKING:
    AnyKind: TypeAlias = Fault
else:
    AnyKind = Union[tuple(KINDS.values())]  # noqa: UP007 - of a tuple


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """A fault that somebody puts on."""

    fault: Annotated[AnyKind, Meta(description="The fault, as in a timeline")]
    operator: Annotated[str, Meta(description="Whom it befalls; all when omitted")] | None = None
    namespace: Annotated[str, Meta(description="The one account whose connections it befalls")] | None = None
    for_: Annotated[Duration, Meta(description="How long; until it is taken off when omitted")] | None = None


class Disturbance(msgspec.Struct):
    """A fault that is on. Times are seconds of the clock; `runs` are what strikes, where that is counted."""

    number: int
    fault: Fault
    operators: tuple[str, ...]
    everywhere: bool
    namespace: str | None
    since: float
    until: float | None
    runs: list[Running] = []
    undo: list[Undo] = []
    call: IDelayedCall | None = None

    @property
    def strikes(self) -> int:
        """How often it has struck."""
        return sum(running.strikes for running in self.runs)


class RuntimeFaults:
    """The faults that are on, and those who put them there and take them off."""

    def __init__(
        self, operators: Mapping[str, OperatorServer], clock: IReactorTime, changed: Callable[[], None] | None = None
    ) -> None:
        """The operators have to be disturbable; `changed` is told when a fault begins or ends."""
        self._operators = operators
        self._clock = clock
        self._changed = changed or _nobody
        self._on: dict[int, Disturbance] = {}
        self._last = 0

    def put_on(self, order: FaultOrder) -> Disturbance | Declined:
        """Let a fault be on. What happens at once and is over then (unbind, outbind, reset) is not kept."""
        refused = self._refusal(order)
        if refused is not None:
            return refused
        names = tuple(self._operators) if order.operator is None else (order.operator,)
        lasts = order.for_ if order.for_ is not None else getattr(order.fault, "for_", None)
        now = self._clock.seconds()
        self._last += 1
        disturbance = Disturbance(
            number=self._last,
            fault=order.fault,
            operators=names,
            everywhere=order.operator is None,
            namespace=order.namespace,
            since=now,
            until=None if lasts is None else now + lasts,
        )
        for name in names:
            _log.info(
                "%s: %s%s", name, order.fault.words(), f", for {order.namespace} alone" if order.namespace else ""
            )
            _begin(disturbance, self._operators[name])
        if disturbance.undo:
            self._on[disturbance.number] = disturbance
            if lasts is not None:
                disturbance.call = self._clock.callLater(lasts, self._over, disturbance)
        self._changed()
        return disturbance

    def take_off(self, number: int) -> Declined | None:
        """Let a fault be over; None when it is."""
        disturbance = self._on.get(number)
        if disturbance is None:
            known = ", ".join(map(str, self._on)) or "none"
            late = number <= self._last and number > 0
            reason = "is over already" if late else "was never put on"
            return Declined(
                Why.TOO_LATE if late else Why.UNKNOWN, f"the fault {number} {reason}; those that are on: {known}", "id"
            )
        self._over(disturbance)
        return None

    def forget(self, namespace: str | None) -> int:
        """Take off what was put on for an account, or (None) everything; how many there were."""
        leaving = [one for one in self._on.values() if namespace in (None, one.namespace)]
        for disturbance in leaving:
            self._over(disturbance)
        return len(leaving)

    def on(self) -> Sequence[Disturbance]:
        """Those that are on, in the order they came."""
        return tuple(self._on.values())

    # --- inside ---------------------------------------------------------------------------------

    def _refusal(self, order: FaultOrder) -> Declined | None:
        if order.operator is not None and order.operator not in self._operators:
            hint = did_you_mean(order.operator, self._operators)
            detail = f'operator: found "{order.operator}"; expected one of {", ".join(self._operators)}{hint}'
            return Declined(Why.UNKNOWN, detail, "operator")
        if order.namespace is not None and isinstance(order.fault, Outage | Restart | OutbindFault):
            detail = f"namespace: {order.fault.tag} befalls the whole operator; expected no namespace"
            return Declined(Why.IMPOSSIBLE, detail, "namespace")
        if order.for_ is not None and (
            isinstance(order.fault, UnbindFault | OutbindFault)
            or (isinstance(order.fault, ResetFault) and order.fault.at_once)
        ):
            detail = f"for: {order.fault.tag} happens at once and is over; expected no time"
            return Declined(Why.IMPOSSIBLE, detail, "for")
        if len(self._on) >= MOST_FAULTS:
            return Declined(Why.FULL, f"{MOST_FAULTS} faults are on; expected some of them to be taken off first")
        return None

    def _over(self, disturbance: Disturbance) -> None:
        self._on.pop(disturbance.number, None)
        if disturbance.call is not None and disturbance.call.active():
            disturbance.call.cancel()
        for undo in disturbance.undo:
            undo()
        _log.info("%s: no more %s", ", ".join(disturbance.operators), disturbance.fault.words())
        self._changed()


# --- how each kind begins; what it leaves in `undo` ends it ----------------------------------------------


def _begin(disturbance: Disturbance, operator: OperatorServer) -> None:
    fault = disturbance.fault
    for kind, begin in _BEGIN:
        if isinstance(fault, kind):
            begin(disturbance, operator, fault)
            return
    raise NotImplementedError(f"nobody knows how {fault.tag} begins")


def _throttle(disturbance: Disturbance, operator: OperatorServer, fault: Throttle) -> None:
    state, account = operator.state, disturbance.namespace
    limit = ThrottleFault(at=_EVER, rate=fault.rate)
    state.begin(limit, account)
    disturbance.undo.append(lambda: state.end(limit, account))


def _outage(disturbance: Disturbance, operator: OperatorServer, fault: Outage) -> None:  # noqa: ARG001
    outage = OutageFault(at=_EVER)
    operator.state.begin(outage)
    operator.begin_outage()

    def end() -> None:
        operator.state.end(outage)
        operator.end_outage()

    disturbance.undo.append(end)


def _unbind(disturbance: Disturbance, operator: OperatorServer, fault: UnbindFault) -> None:
    for connection in _bound(disturbance, operator, fault.binds):
        connection.link.unbind(at_once=fault.at_once)


def _wire(disturbance: Disturbance, operator: OperatorServer, fault: WireFault) -> None:
    if isinstance(fault, ResetFault) and fault.at_once:
        operator.reset(_bound(disturbance, operator, fault.binds))
        return
    faults = operator.faults
    if faults is None:
        raise LookupError(f"{operator.name} was made without faults, and has {fault.words()}")
    running = faults.begin(fault, f"order {disturbance.number}", disturbance.namespace)
    disturbance.runs.append(running)
    disturbance.undo.append(lambda: faults.end(running))


def _operator(disturbance: Disturbance, operator: OperatorServer, fault: OperatorFault) -> None:
    undo = fault.begin(operator)
    if undo is not None:
        disturbance.undo.append(undo)


def _bound(disturbance: Disturbance, operator: OperatorServer, binds: Literal["all"] | int) -> list[Any]:
    """The bound connections that it is for, those that came first."""
    namespace = disturbance.namespace
    bound = [one for one in operator.bound_connections() if namespace in (None, one.system_id)]
    return bound if binds == "all" else bound[:binds]


_BEGIN: Final[tuple[tuple[type[Fault], Callable[[Disturbance, OperatorServer, Any], None]], ...]] = (
    (Throttle, _throttle),
    (Outage, _outage),
    (UnbindFault, _unbind),
    (WireFault, _wire),
    (OperatorFault, _operator),
)


def _nobody() -> None:
    """Nobody is told."""
