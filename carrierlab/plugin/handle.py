"""What a test holds: one account of a running emulator, or a whole emulator of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

import msgspec

from carrierlab.api.filters import as_keys
from carrierlab.client import Bind, Client, ClientError, Filters, Finding, Message, MessageDetail, NotMet, Pdu
from carrierlab.plugin.later import Awaitables, Deferreds
from carrierlab.plugin.messages import Messages
from carrierlab.plugin.telling import (
    MOST_MESSAGES,
    MOST_PDUS,
    messages_table,
    not_seen_text,
    pdus_table,
    wanted_words,
)

PATIENCE = 5.0
"""Seconds that ``wait_for`` waits unless told otherwise."""


def __tracebackhide__(raised: Any) -> bool:  # noqa: N807 - the name that pytest looks for
    """For pytest: what fails here is shown where a test asks for it, unless it is a fault of ours."""
    return isinstance(raised.value, ClientError | NotSeen)


class NotSeen(AssertionError):
    """The messages are not what a test wanted; the text says what came closest and what came at all."""

    __module__ = "builtins"  # as pytest does with its own: the short name leaves room for the text in a summary


class OperatorAt(msgspec.Struct, frozen=True):
    """Where one operator listens, and with what a test may bind there."""

    name: str
    host: str
    port: int
    system_id: str
    password: str


class Active:
    """A rule or fault that was switched on; ``remove`` or the end of a ``with`` switches it off."""

    def __init__(self, id: int | str, remove: Callable[[], None]) -> None:  # noqa: A002 - the API's word
        self.id = id
        self._remove: Callable[[], None] | None = remove

    def remove(self) -> None:
        """Switch it off; once is enough."""
        remove, self._remove = self._remove, None
        if remove is not None:
            remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()


class TestClock:
    """The clock of an emulator of one's own; durations are written as ``10m``."""

    __test__ = False  # not a class of tests, whatever its name begins with

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self._client.clock().now

    def pause(self) -> None:
        """Stop it."""
        self._client.pause_clock()

    def resume(self) -> None:
        """Let it go on."""
        self._client.resume_clock()

    def advance(self, by: str) -> None:
        """Let that much time pass at once; what was due has happened when this returns."""
        self._client.advance_clock(by)


class Smsc:
    """An emulated SMSC as one test sees it.

    ``system_id``, ``password``, ``host`` and ``port`` are what the code under test binds with. Where several tests
    share an emulator, everything here is about that account alone: messages, waiting, rules and faults.
    """

    def __init__(
        self,
        client: Client,
        operators: Mapping[str, OperatorAt],
        *,
        namespace: str | None,
        own: bool,
        copy_journal: Callable[[Path], None] | None = None,
    ) -> None:
        """`namespace` is the account that is meant, None all of them; `own` says that nobody else uses the emulator.

        `copy_journal` writes its journal to a file.
        """
        self.client = client
        self._own = own
        self._copy_journal = copy_journal
        self.operators = operators
        """By name, in the order of the scenario."""
        self.namespace = namespace
        self._first = next(iter(operators.values()))
        self.aio = Awaitables(self)
        """The same methods as coroutines: ``await smsc.aio.wait_for(…)``."""
        self.deferred = Deferreds(self)
        """The same methods with Deferreds: ``yield smsc.deferred.wait_for(…)``."""

    def __repr__(self) -> str:
        return f"<smsc {self.host}:{self.port} as {self.system_id!r}, inbox at {self.url}>"

    # --- where --------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Where the (first) operator listens."""
        return self._first.host

    @property
    def port(self) -> int:
        """Its SMPP port."""
        return self._first.port

    @property
    def system_id(self) -> str:
        """What to bind with."""
        return self._first.system_id

    @property
    def password(self) -> str:
        """What to bind with."""
        return self._first.password

    @property
    def url(self) -> str:
        """Of the control API and of the inbox."""
        return self.client.url

    # --- what came ----------------------------------------------------------------------------

    @property
    def messages(self) -> Messages:
        """What was submitted until now, in the order it came; a snapshot."""
        return self.search(direction="mt")

    def search(self, **filters: Unpack[Filters]) -> Messages:
        """The messages that match, in both directions unless `direction` says one."""
        return Messages(self.client.messages(**self._mine(filters)))

    def detail(self, message: Message) -> MessageDetail:
        """A message with its parts, their PDUs, and what happened to it."""
        return self.client.message(message.id)

    def wait_for(self, *, timeout: float = PATIENCE, **filters: Unpack[Filters]) -> Message:
        """The first submitted message that matches: one that came already, or the next one within `timeout` seconds.

        A long message matches when all its parts are there. NotSeen (an AssertionError) says what came closest.
        """
        return self.wait_for_all(1, timeout=timeout, **filters)[0]

    def wait_for_all(self, count: int, *, timeout: float = PATIENCE, **filters: Unpack[Filters]) -> Messages:
        """The first `count` submitted messages that match, as soon as they are there. NotSeen otherwise."""
        try:
            return Messages(self.client.wait(count=count, timeout=timeout, **self._submitted(filters)))
        except NotMet as unmet:
            wanted = wanted_words(filters)
            if count == 1:
                headline = f"No message came within {timeout:g} s: {wanted}"
            else:
                headline = f"{unmet.problem.found or 0} of {count} messages came within {timeout:g} s: {wanted}"
            raise self._not_seen(headline, unmet) from None

    def wait_for_none(self, *, within: float, **filters: Unpack[Filters]) -> None:
        """Nothing that matches has come, nor comes for `within` seconds. NotSeen when something does."""
        try:
            came = self.client.wait(timeout=within, **self._submitted(filters))
        except NotMet:
            return
        headline = f"Message {came[0].id} came, and none was to come: {wanted_words(filters)}"
        raise NotSeen(not_seen_text(headline, (), self.messages))

    def verify(
        self,
        *,
        equals: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **filters: Unpack[Filters],
    ) -> int:
        """How many submitted messages match by now, which must be as many as is said. NotSeen otherwise."""
        try:
            return self.client.verify(equals=equals, at_least=at_least, at_most=at_most, **self._submitted(filters))
        except NotMet as unmet:
            limits = {"": equals, "at least ": at_least, "at most ": at_most}
            expected = next(f"{words}{limit}" for words, limit in limits.items() if limit is not None)
            headline = f"{unmet.problem.count} messages, expected {expected}: {wanted_words(filters)}"
            raise self._not_seen(headline, unmet) from None

    def pdus(self, *, limit: int = 100, **filters: Any) -> list[Pdu]:
        """The newest PDUs, in order; filters are `connection`, `command`, `direction` and `status`."""
        return self.client.pdus(limit=limit, **as_keys({"system_id": self.namespace, **filters}))

    # --- what subscribers do ------------------------------------------------------------------

    def reply(self, to: Message | str, text: str, **more: Any) -> int | str:
        """Answer a message as its subscriber would, or the latest message to a number; the id of the MO."""
        message = self._latest_to(to) if isinstance(to, str) else to
        return self.client.mo(
            from_=message.to,
            to=message.from_,
            text=text,
            system_id=message.system_id,
            operator=message.operator,
            **more,
        )

    def mo(self, *, from_: str, to: str, text: str, operator: str | None = None, **more: Any) -> int | str:
        """A subscriber writes unasked; the id of the MO."""
        more = {"system_id": self.namespace, **more}
        return self.client.mo(from_=from_, to=to, text=text, operator=operator, **more)

    def receipt(
        self, message: Message, stat: str = "DELIVRD", *, err: str | None = None, delay: str | None = None
    ) -> None:
        """Let a message come to `stat` now, and its receipt be sent; the planned one is cut short."""
        self.client.receipt(message.id, stat, err=err, delay=delay)

    # --- what the operator does ---------------------------------------------------------------

    def fault(self, kind: str, *, operator: str | None = None, for_: str | None = None, **keys: Any) -> Active:
        """Begin a fault of the scenario language: ``fault("throttle", rate="5/s", for_="10s")``."""
        fault = self.client.add_fault(
            {"fault": kind, **as_keys(keys)}, operator=operator, namespace=self.namespace, for_=for_
        )
        return Active(fault, lambda: self.client.delete_fault(fault))

    def rule(self, *, operator: str | None = None, first: bool = True, **keys: Any) -> Active:
        """Add a rule of the scenario language: ``rule(when={"to": "7705*"}, respond="ESME_RTHROTTLED")``."""
        rule = self.client.add_rule(as_keys(keys), operator=operator, namespace=self.namespace, first=first)
        return Active(rule, lambda: self.client.delete_rule(rule))

    @property
    def binds(self) -> list[Bind]:
        """Who is bound now."""
        return self.client.binds(system_id=self.namespace)

    def drop(self, how: str = "reset") -> int:
        """End all binds: ``unbind`` in order, ``close`` without a word, ``reset``; how many there were."""
        binds = self.binds
        for bind in binds:
            self.client.drop(bind.connection, how)
        return len(binds)

    @property
    def clock(self) -> TestClock:
        """The clock of an emulator of one's own."""
        __tracebackhide__ = True
        if not self._own:
            raise RuntimeError(
                "this emulator's clock is shared with other tests; mark the test with"
                " @pytest.mark.smsc_scenario to give it an emulator, and a clock, of its own"
            )
        return TestClock(self.client)

    @property
    def lint(self) -> list[Finding]:
        """What the code under test did wrong so far."""
        return self.client.lint(system_id=self.namespace)

    def reset(self) -> None:
        """Forget messages, rules, faults and what is owed. Binds stay."""
        self.client.reset(self.namespace)

    # --- for the report of a failing test -----------------------------------------------------

    def sections(self) -> list[tuple[str, str]]:
        """See Witness."""
        messages = Messages(self.client.messages(limit=MOST_MESSAGES, **self._mine({})))
        pdus = self.pdus(limit=MOST_PDUS)
        whose = f"as {self.system_id}" if self.namespace else "all accounts"
        came = messages_table(messages) if messages else "  none came"
        said = [(f"smsc: the latest messages ({whose})", f"{came}\n  inbox at {self.url}")]
        if pdus:
            said.append((f"smsc: the latest PDUs ({whose})", pdus_table(pdus)))
        return said

    def keep(self, directory: Path, name: str) -> list[Path]:
        """See Witness."""
        if self._copy_journal is not None:
            kept = directory / f"{name}.sqlite"
            self._copy_journal(kept)
        else:  # it runs elsewhere: what of it concerns us
            kept = directory / f"{name}.json"
            kept.write_bytes(self.client.export("json", **self._mine({})))
        return [kept]

    # --- inside -------------------------------------------------------------------------------

    def _mine(self, filters: Filters) -> Filters:
        return filters if self.namespace is None else {"system_id": self.namespace, **filters}

    def _submitted(self, filters: Filters) -> Filters:
        return {"direction": "mt", **self._mine(filters)}

    def _latest_to(self, number: str) -> Message:
        try:
            return self.client.latest(**self._submitted({"to": number}))
        except NotMet as unmet:
            raise self._not_seen(f"No message came to {number} that could be answered", unmet) from None

    def _not_seen(self, headline: str, unmet: NotMet) -> NotSeen:
        near_misses = unmet.near_misses
        # A message under another account says something only where this one has none that comes close.
        mine = [one for one in near_misses if self.namespace in (None, one.message.system_id)]
        return NotSeen(not_seen_text(headline, mine or near_misses, self.messages))
