"""The users of a profile: ESMEs, clients of the sender's API, and of the control API."""

from __future__ import annotations

import os
import time
from random import Random
from typing import Any, ClassVar

import gevent
from gevent import GreenletExit
from locust import FastHttpUser, User, task

from carrierlab.loadtest.link import context_of
from carrierlab.loadtest.playing import Due, Player
from carrierlab.loadtest.profile import (
    Address,
    LoadAccount,
    Mode,
    Profile,
    accounts_of,
    anybody_may_bind,
    stranger_problem,
)
from carrierlab.loadtest.smpp_user import SmppUser
from carrierlab.loadtest.thresholds import CONTROL, FINAL, POST_MESSAGE
from smppkit.errors import EncodeError

_FINAL_STATES = frozenset({"delivered", "undelivered", "expired", "rejected", "unknown", "cancelled", "blocked"})
DEFAULT_TOKEN = "TOKEN"  # noqa: S105 - the name of a variable
_ASK_AGAIN = 0.25
_HTTP_OK = frozenset({200, 201, 202, 204})


def user_class(profile: Profile) -> type[User]:
    """The class of the users of a profile; `player` has to be set before they begin."""
    profiled: type[Any] = EsmeUser
    if profile.target.api is not None:
        profiled = ApiUser
    elif profile.target.control is not None:
        profiled = ControlUser
    settings: dict[str, Any] = {"abstract": False, "profile": profile, "host": str(profile.target.smpp or "") or None}
    target = profile.target
    if target.speaks_smpp:
        settings |= {"bind_mode": target.bind, "system_type": target.system_type}
        if target.tls is not None:
            settings |= {"tls": context_of(target.tls), "server_name": target.tls.server_name}
    else:
        settings["concurrency"] = profile.window
        settings["host"] = str(target.api or target.control)
    return type(profiled.__name__, (profiled,), settings)


class _Profiled:
    """What the users of all kinds have."""

    profile: ClassVar[Profile]
    player: ClassVar[Player]
    has_begun = False
    """Bound, or has failed to."""
    has_been_bound = False

    def give_up_receipts(self) -> None:
        """Nothing more is waited for."""


class EsmeUser(_Profiled, SmppUser):
    """Sends what falls due, or as fast as its window and the SMSC allow."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        player, profile = self.player, self.profile
        player.users.append(self)
        self.window = profile.window
        self.response_timeout = float(profile.response_timeout)
        self.receipt_wait = float(profile.receipt_wait)
        self._account = _account(profile, player)

    def on_start(self) -> None:
        """Bind as one of the accounts."""
        try:
            self.system_id, self.password = self._account.system_id, self._account.secret(os.environ)
            where = Address.parse(str(self.environment.host or self.host or ""))
            _check_stranger(self, where)
            self.player.prepare()
            self.address = where.pair
        except (LookupError, ValueError) as error:
            self.has_begun = True
            self.player.unusable(str(error))
            raise GreenletExit from None
        try:
            super().on_start()
        except EncodeError as error:
            self.bind_failed(str(error))
            raise GreenletExit from None
        self.has_begun = self.has_been_bound = True
        self.player.room.found(time.monotonic())

    def on_stop(self) -> None:
        """See Locust."""
        if self.has_been_bound:
            self.player.room.gone(time.monotonic())
        super().on_stop()

    def bind_failed(self, reason: str) -> None:
        """See SmppUser."""
        self.has_begun = True
        self.player.unusable(f"{self.system_id} cannot bind: {reason}")

    def give_up_receipts(self) -> None:
        """See _Profiled."""
        self._tell_lost(self.book.close())

    @task
    def send(self) -> None:
        """The next message, or what is left of the last one."""
        if not self.has_room:
            self._wait_for_room()
        open_loop = self.profile.mode is Mode.OPEN
        due = (None if open_loop else self.player.next_part()) or self.player.next()
        if due is None:
            _rest()
        elif open_loop and not self.has_room:
            self.player.put_back(due)  # the link was lost meanwhile: another bind may have it, or it grows too late
        elif open_loop:
            now = time.monotonic()
            waited = self.player.room.without(now) - due.without  # what else it waited, it waited for the generator
            self.submit(due.job.pdu, due.job.due, now - waited, due.job.stretch)
        else:
            self.submit(due.job.pdu)

    def _wait_for_room(self) -> None:
        self.player.room.gone(time.monotonic())
        try:
            self.wait_for_room()
        finally:
            self.player.room.found(time.monotonic())


class ApiUser(_Profiled, FastHttpUser):
    """Posts messages to the sender's API, `window` requests at once."""

    abstract = True
    outstanding = 0

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.player.users.append(self)
        self._clients: list[gevent.Greenlet] = []
        self._draw = Random(f"{self.profile.seed}/loadtest/follow/{len(self.player.users)}")  # noqa: S311
        self._headers: dict[str, str] = {}

    def on_start(self) -> None:
        """See whether there is a token."""
        name = self.profile.target.token_env or DEFAULT_TOKEN
        if name not in os.environ:
            self.has_begun = True
            self.player.unusable(f"{name} is not set; it is to hold a token of the API (sender tokens create)")
            raise GreenletExit
        try:
            _check_stranger(self, str(self.environment.host or self.host))
            self.player.prepare()
        except ValueError as error:
            self.has_begun = True
            self.player.unusable(str(error))
            raise GreenletExit from None
        self._headers = {"Authorization": f"Bearer {os.environ[name]}"}
        self.has_begun = self.has_been_bound = True
        self._clients = [gevent.spawn(self._post_on) for _ in range(self.profile.window - 1)]

    def on_stop(self) -> None:
        """End the clients beside this one."""
        gevent.killall(self._clients)

    @task
    def post(self) -> None:
        """The next message."""
        due = self.player.next()
        if due is None:
            _rest()
            return
        self.outstanding += 1
        try:
            self._post(due)
        finally:
            self.outstanding -= 1

    def _post_on(self) -> None:
        while True:
            self.post()

    def _post(self, due: Due) -> None:
        written = time.monotonic()
        since = due.job.due if self.profile.mode is Mode.OPEN else written
        body = {"to": due.to, "from": due.sender, "text": due.text}
        context = {"stretch": due.job.stretch, "lag": due.job.looked_at - due.job.due}
        context["waited"] = max(0.0, written - due.job.looked_at)
        with self.client.post(
            "/v1/messages", json=body, headers=self._headers, name=POST_MESSAGE, catch_response=True, context=context
        ) as answer:
            now = time.monotonic()
            answer.request_meta["response_time"] = (now - since) * 1000
            answer.request_meta["context"]["service"] = now - written  # Locust has made a copy of ours
            if answer.status_code != 202:
                answer.failure(_problem(answer))
                return
            answer.success()
            number = answer.json()["id"]
        if self._draw.random() < self.profile.target.follow:
            gevent.spawn(self._follow, number, since, due.job.stretch)

    def _follow(self, number: int, since: float, stretch: int) -> None:
        """Ask until the message is final."""
        self.outstanding += 1
        error: BaseException | None = TimeoutError("not final in time")
        try:
            while time.monotonic() < since + self.profile.receipt_wait:
                gevent.sleep(_ASK_AGAIN)
                url = f"/v1/messages/{number}"
                with self.client.get(
                    url, headers=self._headers, name="GET /v1/messages/{id}", catch_response=True
                ) as answer:
                    if answer.status_code != 200:
                        answer.failure(_problem(answer))
                        continue
                    answer.success()
                    if answer.json()["state"] in _FINAL_STATES:
                        error = None
                        break
        finally:
            self.outstanding -= 1
        self.environment.events.request.fire(
            request_type="API",
            name=FINAL,
            response_time=None if error else (time.monotonic() - since) * 1000,
            response_length=0,
            exception=error,
            context={"stretch": stretch},
        )


class ControlUser(_Profiled, FastHttpUser):
    """Looks at an emulator through its control API as the inbox and tests do. It changes nothing."""

    abstract = True
    outstanding = 0

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.player.users.append(self)
        token = os.environ.get("SMSC_TOKEN")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._draw = Random(f"{self.profile.seed}/loadtest/control/{len(self.player.users)}")  # noqa: S311

    def on_start(self) -> None:
        """See whether it may be asked."""
        self.has_begun = True
        try:
            _check_stranger(self, str(self.environment.host or self.host))
            self.player.prepare()
        except ValueError as error:
            self.player.unusable(str(error))
            raise GreenletExit from None
        self.has_been_bound = True

    @task
    def look(self) -> None:
        """One of the looks."""
        due = self.player.next()
        if due is None:
            _rest()
            return
        name = self._draw.choice(CONTROL)
        path = name.removeprefix("GET ")
        path = {"/api/messages": "/api/messages?limit=20", "/api/messages?q=": "/api/messages?q=code&limit=20"}.get(
            path, path
        )
        with self.client.get(path, headers=self._headers, name=name, catch_response=True) as answer:
            if answer.status_code in _HTTP_OK:
                answer.success()
            else:
                answer.failure(_problem(answer))


def _check_stranger(user: Any, address: str) -> None:
    """ValueError for another machine that nobody has named: the address may have been typed into the web UI."""
    options = user.environment.parsed_options
    problem = stranger_problem(address, getattr(options, "yes_this_is", None) or None, user.profile)
    if problem is not None:
        raise ValueError(problem)


def _account(profile: Profile, player: Player) -> LoadAccount:
    accounts = accounts_of(profile.target)
    if anybody_may_bind(profile.target):
        return LoadAccount(f"{accounts[0].system_id}-{player.share + 1}", accounts[0].password)
    return accounts[player.account_number(len(accounts))]


def _problem(answer: Any) -> str:
    """The class of an HTTP failure: its status, or why there was none."""
    if answer.status_code:
        return f"HTTP {answer.status_code}"
    return f"no answer: {type(answer.error).__name__}"


def _rest() -> None:
    """Nothing is to be sent: others get their turn."""
    gevent.sleep(0.1)
