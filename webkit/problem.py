"""What is wrong with a request, as RFC 9457 says it. Anything below the routes may raise it; it knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yamlmodel.suggest import did_you_mean

_TITLES = {
    400: "The request cannot be understood",
    401: "A token is needed",
    402: "The balance does not suffice",
    403: "Refused",
    404: "Not found",
    405: "Not allowed here",
    408: "Nothing came in time",
    409: "Not possible as things are",
    413: "Too large",
    415: "The wrong content type",
    422: "Refused as it is written",
    429: "Too many in too little time",
    431: "Too large",
    500: "A fault of the program",
    503: "Not possible at present",
}


class Problem(Exception):
    """A request that is answered with `status`; `detail` is one sentence for people, `fields` are for programs."""

    def __init__(self, status: int, detail: str, *, kind: str = "about:blank", **fields: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """As JSON has it (RFC 9457 §3)."""
        title = _TITLES.get(self.status, "The request was refused")
        return {"type": self.kind, "title": title, "status": self.status, "detail": self.detail, **self.fields}


def unknown(what: str, found: str, known: Iterable[str], status: int = 400) -> Problem:
    """A name that nobody knows."""
    names = list(known)
    hint = did_you_mean(found, names) or (f"; there are {', '.join(names)}" if names else "; there is none")
    return Problem(status, f'{what}: "{found[:100]}" is not known{hint}', field=what, found=found[:100])


def missing(what: str, found: object) -> Problem:
    """Something that is asked for by its number, and is not there."""
    return Problem(404, f"there is no {what} {found}")


MOST = 1 << 62
"""No number of ours is as high, and SQLite takes it."""


def known_number(what: str, number: int) -> int:
    """A number that something may have; Problem 404 for any other."""
    if not 0 <= number < MOST:
        raise missing(what, number)
    return number
