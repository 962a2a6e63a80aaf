"""From a request to what is asked for, and from what is declined to a problem."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from smsc.control.declined import Declined, Why
from smsc.control.orders import read_order
from smsc.control.query import Options, query
from webkit.problem import Problem
from yamlmodel.errors import ConfigError
from yamlmodel.errors import Problem as Mistake
from yamlmodel.types import expectation, fields_of, unwrap

T = TypeVar("T")
M = TypeVar("M", bound=msgspec.Struct)

_STATUS: Final = {Why.UNKNOWN: 404, Why.TOO_LATE: 409, Why.IMPOSSIBLE: 400, Why.FULL: 503}
_NEAR: Final = r"(?:; did you mean (?P<near>.*)\?)?"
_FOUND: Final = re.compile(rf"found (?P<found>.*?); expected (?P<expected>.*?){_NEAR}", re.DOTALL)
_UNKNOWN_KEY: Final = re.compile(rf"unknown key (?P<found>\S+?){_NEAR}(?:; known here.*)?", re.DOTALL)


class Nothing(msgspec.Struct, frozen=True):
    """A request that needs no more than its address."""


async def order_of(request: Request[Any, Any, Any], model: type[M]) -> M:
    """The body of a request as a model of scenarios; Problem 400 names every key that is wrong."""
    try:
        return read_order(await request.body(), model)
    except ConfigError as error:
        raise unreadable(error) from None


def done(outcome: T | Declined) -> T:
    """What was done; Problem for what was declined."""
    if isinstance(outcome, Declined):
        fields = {"field": outcome.key} if outcome.key else {}
        raise Problem(_STATUS[outcome.why], outcome.detail, **fields)
    return outcome


def unreadable(error: ConfigError) -> Problem:
    """What is wrong with a body: the first mistake in words, and all of them for programs."""
    first = error.problems[0]
    mistakes = [_mistake(problem) for problem in error.problems]
    return Problem(
        400, f"{first.path}: {first.message}" if first.path else first.message, **mistakes[0], problems=mistakes
    )


def _mistake(problem: Mistake) -> dict[str, Any]:
    said = {"field": problem.path, "message": problem.message}
    match = _FOUND.fullmatch(problem.message) or _UNKNOWN_KEY.fullmatch(problem.message)
    if match is not None:
        said |= {name: value.strip('"') for name, value in match.groupdict().items() if value}
    return said


def asks(model: type[msgspec.Struct], *options: Options) -> dict[str, Any]:
    """What a route is told that takes a model for its body: ``@post(path, **asks(FaultOrder))``."""
    fields = fields_of(model)
    schema = Schema(
        type=OpenAPIType.OBJECT,
        title=model.__name__,
        description=model.__doc__,
        properties={word: Schema(description=_described(field.type)) for word, field in fields.items()},
        required=[word for word, field in fields.items() if field.required] or None,
    )
    return query(*options, body=RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)}))


def _described(annotation: Any) -> str:
    meta = unwrap(annotation)[1]
    words = "" if meta is None or not meta.description else meta.description
    return f"{words} ({expectation(annotation)})" if words else expectation(annotation)
