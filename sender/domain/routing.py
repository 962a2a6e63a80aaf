"""Which operator account a number goes through: the longest matching prefix decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from sender.domain.sharing import shared


class Route(msgspec.Struct, frozen=True):
    """Numbers that begin with `prefix` (E.164 digits) go to `operator`; an empty prefix is the default route."""

    operator: str
    prefix: str = ""


class Router:
    """Routes by the longest prefix; at most one look-up per distinct prefix length.

    `accounts` are those of each operator that has several, with their weights; any other name is an account itself.
    """

    def __init__(self, routes: Iterable[Route], accounts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._accounts = accounts or {}
        self._operators: dict[str, str] = {}
        for route in routes:
            if route.prefix in self._operators:
                raise ValueError(f'two routes for the prefix "{route.prefix}"')
            self._operators[route.prefix] = route.operator
        self._lengths = sorted({len(prefix) for prefix in self._operators}, reverse=True)

    def operator_for(self, number: str) -> str | None:
        """Operator account for E.164 digits without plus; None when no route matches."""
        for length in self._lengths:
            operator = self._operators.get(number[:length])
            if operator is not None:
                accounts = self._accounts.get(operator)
                return operator if accounts is None else shared(number, accounts)
        return None
