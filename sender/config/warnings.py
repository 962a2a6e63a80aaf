"""What in a configuration is allowed and yet hardly meant."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator

from sender.config.binds import Binds
from sender.config.file import SenderConfig
from sender.config.operator import AccountConfig

Steps = tuple[str | int, ...]
Warnings = Iterator[tuple[Steps, str]]

_QUICK = 0.05
"""Seconds: an operator that always answers faster than this is a rare one."""


def warnings(config: SenderConfig) -> Warnings:
    """Each with its place in the file, as `problems` of a model gives them."""
    reached = {account for route in config.routes for name in route.accounts for account in config.accounts_of(name)}
    for name, operator in config.operators.items():
        for account, it in operator.named(name).items():
            steps: Steps = ("operators", name)
            if operator.accounts:
                steps = (*steps, "accounts", account.partition("/")[2])
            if account not in reached:
                yield steps, f"no route leads to {account}: nothing will be sent through it"
            for key, message in _of_account(it):
                yield (*steps, *key), message
    serve = config.serve
    if serve.tls is None and not _is_loopback(serve.listen.address.host):
        yield ("serve", "listen"), "tokens and messages cross the network in clear; `serve.tls`, or a proxy with TLS"


def _of_account(it: AccountConfig) -> Warnings:
    yield from _of_rates(it)
    if it.tls is None and not all(_is_loopback(place.host) for place in it.places):
        yield (), "passwords and messages cross the network in clear; `tls: {}` if the operator has TLS"
    if it.outbind is not None and it.outbind.tls is None and not _is_loopback(it.outbind.listen.host):
        yield ("outbind", "listen"), "this listens beyond this machine, without TLS: keep it behind a firewall or a VPN"
    if it.password is not None and it.password_env is None and it.password_file is None:
        yield ("password",), "the password stands in the file; password_env or password_file keep it elsewhere"
    timers = it.timers
    if timers.inactivity is not None and timers.inactivity <= it.enquire_link:
        yield ("timers", "inactivity"), "idle binds end before their first enquire_link"
    if it.response_timeout < 5:
        yield (
            ("response_timeout",),
            f"{it.response_timeout:g}s: an operator that is slow for a moment leaves much in doubt",
        )
    if timers.refused.first < timers.reconnect.first:
        yield (
            ("timers", "refused"),
            "refused credentials are tried faster than lost connections; operators lock for that",
        )
    if timers.reconnect.first < 0.1:
        yield ("timers", "reconnect", "first"), "an operator that is down is hammered with connections"


def _of_rates(it: AccountConfig) -> Warnings:
    pool: Binds = it.pool
    submitting = pool.transmitters + pool.transceivers
    window = it.window if it.window != "auto" else it.window_most or 100
    if it.rate is not None:
        latency = window * submitting / it.rate
        if latency < _QUICK:
            usual = window * submitting / 0.1
            binds = f"{submitting} bind{'s' * (submitting > 1)}"
            needs = f"{_rate(it.rate)} needs every answer within {latency * 1000:.3g} ms"
            has = f"the window is {window} on {binds}; at 100 ms it is {_rate(usual)}"
            yield ("rate",), f"{needs}: {has}. A larger window, more binds or `window: auto` help"
        if it.bind_rate is not None and it.bind_rate * submitting < it.rate:
            yield (
                ("bind_rate",),
                f"all binds together may write {_rate(it.bind_rate * submitting)}, rate says {_rate(it.rate)}",
            )
        for sender, rate in it.sender_rates.items():
            if rate > it.rate:
                yield ("sender_rates", sender), f"{_rate(rate)} is more than the account may write ({_rate(it.rate)})"
    elif it.window != "auto" and it.window >= 100:
        yield ("window",), "a large window and no rate: most of it will be in doubt when the connection breaks"


def _rate(rate: float) -> str:
    return f"{rate:g}/s" if rate >= 1 or not math.isclose(rate * 60, round(rate * 60)) else f"{rate * 60:g}/m"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
