"""What there is to say of the emulator as a whole: its operators, its counters, its health."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from smppkit.status import status_name
from smsc.app import Emulator
from smsc.journal.journal import Journal
from smsc.server.server import OperatorServer
from smsc.stats import EmulatorStats

Listening = Literal["listening", "out of service", "not listening"]


class OperatorView(msgspec.Struct, frozen=True):
    """One operator. `listen` is its address; `plain` that of connections without TLS beside it."""

    name: str
    listen: str
    plain: str | None
    tls: bool
    connections: int
    binds: int
    rules: int
    faults: int
    outage: bool
    listening: Listening
    stats: dict[str, Any]


class Health(msgspec.Struct, frozen=True):
    """Whether all is well; `journal` is "none" where none is kept."""

    status: Literal["ok", "failing"]
    operators: dict[str, Listening]
    journal: Literal["writing", "failing", "none"]


def operators_of(emulator: Emulator) -> list[OperatorView]:
    """Every operator."""
    return [_operator(server) for server in emulator.operators.values()]


def health_of(emulator: Emulator, journal: Journal | None) -> Health:
    """Whether all operators listen (or are out of service because a scenario says so) and the journal writes."""
    operators = {name: _listening(server) for name, server in emulator.operators.items()}
    writing: Literal["writing", "failing", "none"] = "none"
    if journal is not None:
        writing = "failing" if journal.failing else "writing"
    well = "not listening" not in operators.values() and writing != "failing"
    return Health("ok" if well else "failing", operators, writing)


def stats_of(stats: EmulatorStats) -> dict[str, Any]:
    """The counters of all operators; counts by status are by its name."""
    return {
        "operators": {name: _named(operator) for name, operator in stats.operators.items()},
        "total": _named(stats.total()),
    }


def _operator(server: OperatorServer) -> OperatorView:
    operator = server.state.operator
    host, port = server.address
    plain = server.plain_port
    return OperatorView(
        name=server.name,
        listen=_address(host, port),
        plain=None if plain is None else _address(host, plain),
        tls=operator.tls is not None,
        connections=len(server.connections),
        binds=len(server.bound_connections()),
        rules=len(server.state.rulebook.listed()),
        faults=0 if server.faults is None else len(server.faults.on),
        outage=server.away,
        listening=_listening(server),
        stats=_named(server.stats),
    )


def _listening(server: OperatorServer) -> Listening:
    if server.listening:
        return "listening"
    return "out of service" if server.away else "not listening"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _named(stats: msgspec.Struct) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in stats.__struct_fields__:
        value = getattr(stats, name)
        if isinstance(value, msgspec.Struct):
            value = _named(value)
        elif isinstance(value, dict):
            value = {status_name(key) if isinstance(key, int) else key: count for key, count in value.items()}
        values[name] = value
    return values
