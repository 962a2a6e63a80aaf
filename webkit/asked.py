"""What every request is held to, whatever it asks for: the size of its head, and names that the route knows."""

from __future__ import annotations

from collections.abc import Collection

from litestar.types import Scope

from webkit.problem import Problem
from webkit.server import HEADER_OCTETS
from yamlmodel.suggest import did_you_mean


def check_parameter(name: str, known: Collection[str]) -> None:
    """Problem for a query parameter that its route does not know: one that is misspelt must not list everything."""
    if name not in known:
        hint = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "; there is none here")
        raise Problem(400, f'"{name[:100]}" is no query parameter{hint}', field=name[:100])


def check_head(scope: Scope) -> None:
    """Problem for an address and headers that are longer than anybody reads."""
    size = len(scope["raw_path"]) + len(scope["query_string"])
    if size + sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_OCTETS:
        raise Problem(431, f"address and headers are too long; at most {HEADER_OCTETS:,} octets are read")
