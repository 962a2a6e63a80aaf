"""Which operator, account or connection somebody means: by name, or the only one that it can be."""

from __future__ import annotations

from collections.abc import Mapping

from smsc.control.declined import Declined, Why
from smsc.server.connection import Connection
from smsc.server.server import OperatorServer
from yamlmodel.suggest import did_you_mean

Operators = Mapping[str, OperatorServer]


def operator_named(operators: Operators, name: str | None, system_id: str | None = None) -> OperatorServer | Declined:
    """The operator of that name; without one the only operator, or the only one at which the account is bound."""
    if name is not None:
        operator = operators.get(name)
        if operator is not None:
            return operator
        detail = f'operator: found "{name}"; expected one of {", ".join(operators)}{did_you_mean(name, operators)}'
        return Declined(Why.UNKNOWN, detail, "operator")
    candidates = list(operators.values())
    if len(candidates) > 1 and system_id is not None:
        candidates = [one for one in candidates if any(bind.system_id == system_id for bind in one.bound_connections())]
    if len(candidates) == 1:
        return candidates[0]
    whose = "" if system_id is None else f'"{system_id}" is bound at {len(candidates)} of them; '
    return Declined(
        Why.IMPOSSIBLE,
        f'the key "operator" is missing, and there are several; {whose}expected one of {", ".join(operators)}',
        "operator",
    )


def account_of(operator: OperatorServer, system_id: str) -> Declined | None:
    """Why an operator has no such account; None when it has."""
    if operator.state.account(system_id) is not None:
        return None
    accounts = operator.state.operator.accounts
    known = [] if accounts == "any" else [account.system_id for account in accounts]
    return Declined(
        Why.UNKNOWN,
        f'system_id: found "{system_id}"; expected an account of {operator.name}'
        f" ({', '.join(known)}){did_you_mean(system_id, known)}",
        "system_id",
    )


def connection_numbered(operators: Operators, number: int) -> tuple[OperatorServer, Connection] | Declined:
    """The connection of that number, and whose it is."""
    for operator in operators.values():
        connection = operator.connections.get(number)
        if connection is not None:
            return operator, connection
    numbers = sorted(number for operator in operators.values() for number in operator.connections)
    known = ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
    return Declined(Why.UNKNOWN, f"connection: found {number}; those that stand: {known or 'none'}", "connection")
