"""What stands behind the `?` of an address: declared once for each route, read, checked and documented from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.spec import Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from smsc.journal.message_filter import FilterError, MessageFilter
from webkit.asked import check_parameter
from webkit.problem import Problem
from yamlmodel.suggest import did_you_mean

_TYPES = {"integer": OpenAPIType.INTEGER, "number": OpenAPIType.NUMBER, "boolean": OpenAPIType.BOOLEAN}


class Option(msgspec.Struct, frozen=True):
    """One query parameter: what it is for, and its type in the words of OpenAPI."""

    description: str
    type: str = "string"
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


Options = Mapping[str, Option]

FILTERS: Options = {
    "to": Option("Destination; a glob with * and ?, a leading + counts on neither side"),
    "from": Option("Source address; a glob as well"),
    "text": Option("A part of the whole text, in any case"),
    "text_matches": Option("A regular expression that fits somewhere in the whole text"),
    "operator": Option("The operator's name"),
    "system_id": Option("The account"),
    "direction": Option("mt: to a subscriber, mo: from one", choices=("mt", "mo")),
    "state": Option("Such as DELIVRD or ENROUTE; of a long message that of its worst part"),
    "status": Option("command_status of the answer: a name such as ESME_RTHROTTLED, or a number"),
    "command": Option("submit_sm, data_sm or deliver_sm"),
    "encoding": Option("gsm7, ucs2, latin1, ascii or octets"),
    "parts": Option("In how many parts it is, or in how many at least: 2+"),
    "complete": Option("Whether all its parts have come", "boolean"),
    "message_id": Option("The id that its answer gave; of a long message that of any part"),
    "id": Option("The message's own number here", "integer"),
    "since": Option("Not before this time: unix seconds, or 2026-03-01T12:00:00Z"),
    "until": Option("Not after this time"),
    "q": Option("Words, each somewhere in an address, the text, the id, the state or the status's name"),
}


def limit(most: int) -> Options:
    """How many are asked for."""
    return {"limit": Option(f"How many at most; 50 unless given, up to {most:,}", "integer", 1, most)}


def page(most: int) -> Options:
    """Which part of what there is."""
    return {
        **limit(most),
        "before": Option("Only what is older than this", "integer", 0),
        "after": Option("Only what is newer than this, the oldest first", "integer", 0),
    }


def query(*options: Options, body: RequestBody | None = None) -> dict[str, Any]:
    """What a route is told that takes these parameters: ``@get(path, **query(FILTERS))``; and what its body is."""
    merged = {name: option for some in options for name, option in some.items()}

    @dataclass
    class _Documented(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *(_parameter(name, merged[name]) for name in merged)]
            self.request_body = body or self.request_body

    return {"operation_class": _Documented, "opt": {"query": merged}}


class Query:
    """The parameters of one request, checked."""

    def __init__(self, values: dict[str, Any], known: Options) -> None:
        self._values = values
        self._known = known

    def get(self, name: str, default: Any = None) -> Any:
        """The value of one; `default` when it was not given."""
        return self._values.get(name, default)

    def filters(self) -> MessageFilter:
        """Those that are filters; Problem."""
        return read_filters(
            {name: value for name, value in self._values.items() if _is_filter(name, self._known[name])}
        )


def read_filters(values: Mapping[str, object]) -> MessageFilter:
    """Conditions by their names; Problem."""
    try:
        return MessageFilter.of(values)
    except FilterError as error:
        raise Problem(400, str(error), field=error.field) from None


def read_query(request: Request[Any, Any, Any]) -> Query:
    """The parameters of a request as its route declares them; Problem for any other."""
    known: Options = request.route_handler.opt.get("query", {})
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        check_parameter(name, known)
        option = known[name]
        if name in values:
            raise Problem(400, f"{name}: found twice; expected once", field=name)
        values[name] = _read(name, value, option)
    return Query(values, known)


def _read(name: str, value: str, option: Option) -> Any:
    if _is_filter(name, option):
        return value  # MessageFilter.of knows how
    if option.choices and value not in option.choices:
        hint = did_you_mean(value, option.choices)
        raise _wrong(name, value, f"one of {', '.join(option.choices)}{hint}")
    if option.type != "integer":
        return value
    if not value.isdecimal() or len(value) > 18:
        raise _wrong(name, value, "a whole number")
    number = int(value)
    if (option.least is not None and number < option.least) or (option.most is not None and number > option.most):
        raise _wrong(name, value, f"{option.least or 0} to {option.most or 'any'}")
    return number


def _is_filter(name: str, option: Option) -> bool:
    return FILTERS.get(name) is option


def _wrong(name: str, value: str, expected: str) -> Problem:
    return Problem(400, f'{name}: found "{value[:100]}"; expected {expected}', field=name, found=value[:100])


def _parameter(name: str, option: Option) -> Parameter:
    schema = Schema(
        type=_TYPES.get(option.type, OpenAPIType.STRING),
        enum=list(option.choices) or None,
        minimum=option.least,
        maximum=option.most,
    )
    return Parameter(name=name, param_in="query", description=option.description, schema=schema, required=False)
