"""Bodies and headers as values, and one clear answer to those that cannot be read."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from sender.domain.phone import BadNumber, parse_number
from sender.store.intake import Refusal
from sender.web.api import Api
from webkit.problem import Problem
from yamlmodel.suggest import did_you_mean

T = TypeVar("T")

AnyRequest = Request[Any, Any, Any]

_AT: Final = re.compile(r" - at `\$\.?(.*?)`$")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`")
_ABSENT: Final = re.compile(r"Object missing required field `(.*?)`")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


async def body_of(request: AnyRequest, most: int | None = None) -> bytes:
    """The body of a request that is JSON, of at most so many octets where the route takes more; Problem 415, 413."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != "application/json":
        shown = f'"{found[:100]}"' if found else "missing"
        raise Problem(415, f"the Content-Type is {shown}; expected application/json")
    if most is None:
        return await request.body()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Problem(413, f"more than {most:,} octets of JSON")
    return bytes(body)


def decoded(body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """JSON as a value; Problem 400 with what is wrong where."""
    refusal = None
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        refusal = _explained(str(error), kind)
    except RecursionError:
        refusal = Refusal("", "it is nested too deeply", "flat objects are enough")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        refusal = Refusal("", f"not JSON: {error}", "a JSON object in UTF-8")
    raise refused([msgspec.structs.replace(refusal, status=400)], 400)


def _explained(message: str, kind: type[Any]) -> Refusal:
    at = _AT.search(message)
    field = at[1] if at else ""
    detail = message[: at.start()] if at else message
    absent = _ABSENT.search(detail)
    if absent is not None:
        where = f"{field}.{absent[1]}" if field else absent[1]
        return Refusal(where, "it is missing", f'give "{absent[1]}"')
    unknown = _UNKNOWN.search(detail)
    if unknown is None:
        return Refusal(field, detail)
    names = [name.encode_name for name in msgspec.structs.fields(kind)] if issubclass(kind, msgspec.Struct) else []
    hint = did_you_mean(unknown[1], names).removeprefix("; ") or f"known here: {', '.join(names)}"
    return Refusal(unknown[1][:100], f'unknown key "{unknown[1][:100]}"', hint)


def refused(refusals: list[Refusal], status: int) -> Problem:
    """The problem that these make together."""
    return Problem(
        status,
        "; ".join(f"{it.field}: {it.detail}" if it.field else it.detail for it in refusals),
        kind="invalid",
        errors=[errors_entry(it) for it in refusals],
    )


def errors_entry(refusal: Refusal) -> dict[str, Any]:
    """A refusal as an entry of ``errors``."""
    entry: dict[str, Any] = {"field": refusal.field, "detail": refusal.detail, "remedy": refusal.remedy}
    if refusal.found is not None:
        entry["message"] = refusal.found
    return entry


def idempotency_key(request: AnyRequest) -> str | None:
    """The ``Idempotency-Key`` of a request; Problem 400."""
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(400, "the Idempotency-Key has to be 1 to 255 printable ASCII characters without spaces")
    return key


def digest_of(request: AnyRequest, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()


def number_of(api: Api, written: str, field: str = "to") -> str:
    """A number as people write it, as E.164 digits; Problem 400."""
    try:
        return parse_number(written, api.sender.country)
    except BadNumber as error:
        raise Problem(400, str(error), field=field) from None


def address_of(request: AnyRequest) -> str:
    """From where a request comes."""
    return request.client.host if request.client is not None else "unknown"
