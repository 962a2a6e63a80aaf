"""A client of the emulator's control API, for tests and tools in Python: one method for each thing that the API does.

::

    with Client("http://127.0.0.1:2780") as smsc:
        message = smsc.wait(to="77011234567", text="code", timeout=5)[0]
        smsc.mo(from_=message.to, to=message.from_, text="YES", system_id=message.system_id)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx
import msgspec

from carrierlab.api.errors import ClientError, NotMet, Refused, Unreachable
from carrierlab.api.filters import Filters, as_keys
from carrierlab.api.values import (
    Bind,
    Clock,
    Finding,
    Message,
    MessageDetail,
    NearMiss,
    OperatorInfo,
    Pdu,
    Problem,
)

__all__ = [
    "Bind",
    "Client",
    "ClientError",
    "Clock",
    "Filters",
    "Finding",
    "Message",
    "MessageDetail",
    "NearMiss",
    "NotMet",
    "OperatorInfo",
    "Pdu",
    "Refused",
    "Unreachable",
]

T = TypeVar("T")


def __tracebackhide__(raised: Any) -> bool:  # noqa: N807 - the name that pytest looks for
    """For pytest: a request that fails is shown where a test makes it, not in here."""
    return isinstance(raised.value, ClientError)


PAGE = 500
"""Messages in one answer when all are wanted."""
_GRACE = 10.0  # seconds that an answer may come later than the API was told to wait


class _Items(msgspec.Struct):
    items: Any
    next: int | None = None


class _Id(msgspec.Struct):
    id: int | str


class _Report(msgspec.Struct):
    findings: list[Finding]


class _Count(msgspec.Struct):
    count: int


class Client:
    """Talks to the control API of a running emulator. May be used from several threads at once.

    Every method raises `Unreachable` when nobody answers and `Refused` when the API says no.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`url` as `smsc serve` prints it; `token` where the API wants one; `timeout` seconds for one answer.

        `transport` is for whoever wants another way to the API than TCP.
        """
        self.url = url.rstrip("/")
        self._timeout = timeout
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # trust_env: a proxy of the environment is for the world outside, not for an emulator at hand.
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout, trust_env=False, transport=transport
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- messages -----------------------------------------------------------------------------

    def messages(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Message]:
        """The messages that match, in the order they came; with `limit` the newest that many."""
        found: list[Message] = []
        before: int | None = None
        while limit is None or len(found) < limit:
            page = PAGE if limit is None else min(PAGE, limit - len(found))
            items, before = self._page("/api/messages", list[Message], {**filters, "limit": page, "before": before})
            found += items
            if before is None:
                break
        return found[::-1]

    def message(self, message: int) -> MessageDetail:
        """The message with that `id`, with its parts, PDUs and events."""
        return self._ask("GET", f"/api/messages/{message}", MessageDetail)

    def latest(self, **filters: Unpack[Filters]) -> Message:
        """The newest message that matches; NotMet when none does."""
        return self._ask("GET", "/api/messages/latest", Message, params=as_keys(filters))

    def wait(
        self, *, count: int = 1, timeout: float = 10.0, after: int | None = None, **filters: Unpack[Filters]
    ) -> list[Message]:
        """The first `count` complete messages that match, as soon as they are there.

        Those that are there already count too, unless `after` (an id) says otherwise. `timeout` is in seconds of real
        time; NotMet says what came closest until then.
        """
        body = {"filters": as_keys(filters), "count": count, "timeout": timeout, "after": after}
        answer = self._ask("POST", "/api/messages/wait", _Items, json=body, patience=timeout + _GRACE)
        return msgspec.convert(answer.items, list[Message])

    def count(self, **filters: Unpack[Filters]) -> int:
        """How many messages match."""
        return self._ask("POST", "/api/messages/count", _Count, json={"filters": as_keys(filters)}).count

    def verify(
        self,
        *,
        equals: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **filters: Unpack[Filters],
    ) -> int:
        """How many messages match, which must be as many as is said in one of the three ways; else NotMet."""
        wanted = as_keys({"equals": equals, "at_least": at_least, "at_most": at_most})
        body = {"filters": as_keys(filters), **wanted}
        return self._ask("POST", "/api/messages/verify", _Count, json=body).count

    def receipt(
        self,
        message: int,
        stat: str,
        *,
        err: str | None = None,
        delay: str | None = None,
        part: int | None = None,
    ) -> None:
        """Let the message with that `id` come to `stat` now, and its receipt be sent; the planned one is cut short."""
        self._do("POST", f"/api/messages/{message}/receipt", {"stat": stat, "err": err, "delay": delay, "part": part})

    def mo(
        self, *, from_: str, to: str, text: str, system_id: str | None = None, operator: str | None = None, **more: Any
    ) -> int | str:
        """A subscriber writes; the id of the message."""
        body = {"from": from_, "to": to, "text": text, "system_id": system_id, "operator": operator, **more}
        return self._ask("POST", "/api/mo", _Id, json=as_keys(body)).id

    def pdus(self, *, limit: int = 100, **filters: Any) -> list[Pdu]:
        """The newest PDUs with that `connection`, `system_id`, `command`, `direction` or `status`, in order."""
        return self._page("/api/pdus", list[Pdu], {**filters, "limit": limit})[0][::-1]

    def pdu(self, row: int) -> Pdu:
        """One PDU with its fields."""
        return self._ask("GET", f"/api/pdus/{row}", Pdu)

    # --- operators and binds ------------------------------------------------------------------

    def operators(self) -> list[OperatorInfo]:
        """The operators, in the order of the scenario."""
        return self._list("/api/operators", list[OperatorInfo])

    def binds(self, *, system_id: str | None = None) -> list[Bind]:
        """Who is bound; with `system_id` that account's binds only."""
        binds = self._list("/api/binds", list[Bind])
        return [bind for bind in binds if bind.bind and system_id in (None, bind.system_id)]

    def drop(self, connection: int, how: str = "reset") -> None:
        """End a bind: ``unbind`` in order, ``close`` without a word, ``reset`` as a router does that forgot it."""
        self._do("POST", f"/api/binds/{connection}/drop", {"how": how})

    def stall(self, connection: int, for_: str | None = None) -> None:
        """Neither read from a bind nor write to it, for a while or until ``unstall``."""
        self._do("POST", f"/api/binds/{connection}/stall", {"for": for_})

    def unstall(self, connection: int) -> None:
        """Let a stalled bind go on."""
        self._do("POST", f"/api/binds/{connection}/unstall", {})

    def send_pdu(self, connection: int, pdu: Mapping[str, Any]) -> dict[str, Any]:
        """Send any PDU: ``{"hex": …}``, or ``{"command": …}`` and its fields by their SMPP names; what was sent."""
        return self._ask("POST", f"/api/binds/{connection}/pdu", dict[str, Any], json=dict(pdu))

    # --- behaviour ----------------------------------------------------------------------------

    def rules(self, *, operator: str | None = None) -> list[dict[str, Any]]:
        """All rules, those of the scenario too."""
        return self._list("/api/rules", list[dict[str, Any]], as_keys({"operator": operator}))

    def add_rule(
        self,
        rule: Mapping[str, Any],
        *,
        operator: str | None = None,
        namespace: str | None = None,
        first: bool = True,
    ) -> int | str:
        """Add a rule, written as in a scenario file, for one account (`namespace`) or all; its id."""
        body = {"rule": dict(rule), "operator": operator, "namespace": namespace, "first": first}
        return self._ask("POST", "/api/rules", _Id, json=as_keys(body)).id

    def delete_rule(self, rule: int | str) -> None:
        """Take a rule away."""
        self._do("DELETE", f"/api/rules/{rule}")

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are active."""
        return self._list("/api/faults", list[dict[str, Any]])

    def add_fault(
        self,
        fault: Mapping[str, Any],
        *,
        operator: str | None = None,
        namespace: str | None = None,
        for_: str | None = None,
    ) -> int | str:
        """Begin a fault, written as in a scenario file, for one account (`namespace`) or all; its id."""
        body = {"fault": dict(fault), "operator": operator, "namespace": namespace, "for_": for_}
        return self._ask("POST", "/api/faults", _Id, json=as_keys(body)).id

    def delete_fault(self, fault: int | str) -> None:
        """End a fault."""
        self._do("DELETE", f"/api/faults/{fault}")

    def states(self) -> list[dict[str, Any]]:
        """The state machines of rules, and where they are."""
        return self._list("/api/states", list[dict[str, Any]])

    def set_state(
        self, operator: str, name: str, state: str, *, system_id: str | None = None, number: str | None = None
    ) -> None:
        """Put a state machine into a state; of one account or number where each has its own."""
        body = {"state": state, "system_id": system_id, "number": number}
        self._do("PUT", f"/api/states/{operator}/{name}", body)

    # --- time, and the emulator as a whole ----------------------------------------------------

    def clock(self) -> Clock:
        """The time of the emulator."""
        return self._ask("GET", "/api/clock", Clock)

    def pause_clock(self) -> None:
        """Stop the time of the emulator."""
        self._do("POST", "/api/clock/pause", {})

    def resume_clock(self) -> None:
        """Let the time of the emulator go on."""
        self._do("POST", "/api/clock/resume", {})

    def advance_clock(self, by: str) -> None:
        """Let a while pass, such as ``10m``; what was due has happened when this returns."""
        self._do("POST", "/api/clock/advance", {"by": by})

    def reset(self, system_id: str | None = None) -> None:
        """Forget everything of an account, or of all: messages, what is owed, rules and faults made for it."""
        self._do("POST", "/api/reset", {"system_id": system_id})

    def scenario(self) -> dict[str, Any]:
        """What the emulator plays, and how far its timeline is."""
        return self._ask("GET", "/api/scenario", dict[str, Any])

    def begin_scenario(self) -> None:
        """Begin the timeline anew."""
        self._do("POST", "/api/scenario/begin", {})

    def stats(self) -> dict[str, Any]:
        """The counters of the emulator."""
        return self._ask("GET", "/api/stats", dict[str, Any])

    def lint(self, *, system_id: str | None = None) -> list[Finding]:
        """What the clients, or one of them, did wrong so far."""
        return self._ask("GET", "/api/lint", _Report, params=as_keys({"system_id": system_id})).findings

    def export(self, format: str, **filters: Unpack[Filters]) -> bytes:  # noqa: A002 - the API's word
        """The messages that match as ``json``, ``csv``, ``pcap`` or ``junit``."""
        return self._request("GET", "/api/export", params={**as_keys(filters), "format": format}).content

    # --- inside -------------------------------------------------------------------------------

    def _page(self, path: str, kind: type[T], params: Mapping[str, Any]) -> tuple[T, int | None]:
        answer = self._ask("GET", path, _Items, params=as_keys(params))
        return msgspec.convert(answer.items, kind), answer.next

    def _list(self, path: str, kind: type[T], params: Mapping[str, Any] | None = None) -> T:
        """A list, bare or under "items"."""
        answer = msgspec.json.decode(self._request("GET", path, params=params).content)
        return msgspec.convert(answer["items"] if isinstance(answer, dict) and "items" in answer else answer, kind)

    def _do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        self._request(method, path, json=None if body is None else as_keys(body))

    def _ask(self, method: str, path: str, kind: type[T], **how: Any) -> T:
        content = self._request(method, path, **how).content
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            raise Unreachable(f"{self.url}{path} answers what no control API of this version does: {error}") from None

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        patience: float | None = None,
    ) -> httpx.Response:
        try:
            response = self._http.request(
                method, path, params=params, json=json, timeout=self._timeout if patience is None else patience
            )
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.url} does not answer in time ({type(error).__name__})") from None
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} cannot be reached: {error}") from None
        if response.is_success:
            return response
        raise _refusal(response)


def _refusal(response: httpx.Response) -> Exception:
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        where = f"{response.request.method} {response.request.url}"
        return Unreachable(f"{where} answers {response.status_code}, and not as a control API does")
    kind = NotMet if b'"near_misses"' in response.content else Refused
    return kind(response.status_code, problem)
