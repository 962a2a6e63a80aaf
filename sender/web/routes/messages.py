"""Messages: send one, send many, read, list, cancel."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta

from sender.domain.message import MessageClass, State
from sender.pipeline.intake import MessageRequest, read_time
from sender.store import lookup
from sender.store.access import Token
from sender.store.intake import Intake, NewApiMessage, Refusal, Reply
from sender.store.lookup import MessageQuery, MessageView
from sender.web import wording
from sender.web.api import Api
from sender.web.guard import GivenApi, GivenToken, api_of, owner, spend, token_of
from sender.web.reading import AnyRequest, address_of, body_of, decoded, digest_of, idempotency_key, number_of, refused
from sender.web.wording import Accepted, BatchResult
from webkit.problem import Problem, known_number, missing, unknown

MOST_IN_A_BATCH: Final = 1000
_BATCH_OCTETS: Final = 8 << 20
_SCREENED_AT_ONCE: Final = 50
"""Messages that are screened before others get their turn: some milliseconds."""


class BatchRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to a thousand messages."""

    messages: Annotated[list[MessageRequest], Meta(min_length=1, max_length=MOST_IN_A_BATCH)]


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same, with every message still to be read: one that cannot be read is refused alone."""

    messages: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MOST_IN_A_BATCH)]


class MessagePage(msgspec.Struct, frozen=True):
    """Some messages, newest first. `next` is the `cursor` of the next page; null when there is none."""

    messages: list[MessageView]
    next: int | None


def _answer(reply: Reply) -> Response[Any]:
    media = "application/json" if reply.status < 400 or b'"results"' in reply.body[:60] else "application/problem+json"
    headers = {"Idempotent-Replayed": "true"} if reply.replayed else {}
    return Response(reply.body, status_code=reply.status, media_type=media, headers=headers)


@post(
    "/v1/messages",
    status_code=202,
    responses={202: ResponseSpec(Accepted, description="It is stored, and will be sent")},
    opt={"scope": "send", "reads": {"application/json": MessageRequest}, "idempotent": True},
)
async def send(request: Request[Any, Any, Any]) -> Response[Any]:
    """Send a message. The answer comes after the commit: what was accepted survives a power cut."""
    api, token = api_of(request), token_of(request)  # asked for, and not given: giving two costs as much as the store
    body = await body_of(request)
    asked = decoded(body, MessageRequest)
    screened = api.screen.screen(asked, api.now, token.senders)
    if isinstance(screened, Refusal):
        api.counts.refused += 1
        raise refused([screened], screened.status)
    return _answer(await _accept(request, api, token, body, [screened], wording.one))


@post(
    "/v1/messages/batch",
    status_code=202,
    request_max_body_size=_BATCH_OCTETS,
    responses={202: ResponseSpec(BatchResult, description="What was accepted is stored, and will be sent")},
    opt={"scope": "send", "reads": {"application/json": BatchRequest}, "idempotent": True, "counts_itself": True},
)
async def send_batch(request: Request[Any, Any, Any]) -> Response[Any]:
    """Send up to a thousand messages in one commit; each is accepted or refused by itself."""
    api, token = api_of(request), token_of(request)
    body = await body_of(request)
    raw = decoded(body, _Batch).messages
    spend(request, api, token, len(raw))
    items: list[NewApiMessage | Refusal] = []
    for start in range(0, len(raw), _SCREENED_AT_ONCE):
        now = api.now
        items += [_screened(api, token, it, now) for it in raw[start : start + _SCREENED_AT_ONCE]]
        await asyncio.sleep(0)
    return _answer(await _accept(request, api, token, body, items, wording.many))


def _screened(api: Api, token: Token, raw: msgspec.Raw, now: float) -> NewApiMessage | Refusal:
    try:
        asked = decoded(raw, MessageRequest)
    except Problem as problem:
        (wrong,) = problem.fields["errors"]
        return Refusal(wrong["field"], wrong["detail"], wrong["remedy"], 400)
    return api.screen.screen(asked, now, token.senders)


async def _accept(
    request: AnyRequest, api: Api, token: Token, body: bytes, items: list[NewApiMessage | Refusal], say: Any
) -> Reply:
    key = idempotency_key(request)
    intake = Intake(
        token=token.id,
        items=items,
        say=say,
        at=api.now,
        deed=api.deed(token, address_of(request), "messages.send"),
        key=key,
        digest=b"" if key is None else digest_of(request, body),
        wallet=token.wallet,
    )
    codes = any(isinstance(item, NewApiMessage) and item.message_class is MessageClass.CODE for item in items)
    reply = await api.write(partial(api.store.accept, intake), urgent=codes)
    if reply.replayed:
        api.counts.replayed += 1
    else:
        for item in items:
            if isinstance(item, NewApiMessage):
                api.counts.accepted[item.message_class.value] += 1
            else:
                api.counts.refused += 1
        api.sender.poke(reply.operators)
    return reply


@get("/v1/messages/{message_id:int}", opt={"scope": ("read", "send")})
async def one(api: GivenApi, token: GivenToken, message_id: FromPath[int]) -> MessageView:
    """One message with its text, its segments and what the operator said about each."""
    number = known_number("message", message_id)
    found = await api.read(lambda store: lookup.message(store.database, number, owner(token)))
    if found is None:
        raise missing("message", message_id)
    return found


@get("/v1/messages/by-reference/{reference:str}", opt={"scope": ("read", "send")})
async def by_reference(api: GivenApi, token: GivenToken, reference: FromPath[str]) -> MessageView:
    """The message that this token gave a reference of its own."""
    found = await api.read(lambda store: lookup.by_reference(store.database, token.id, reference))
    if found is None:
        raise missing("message with the reference", reference[:100])
    return found


@get("/v1/messages", opt={"scope": "read"})
async def page(
    api: GivenApi,
    token: GivenToken,
    to: FromQuery[str | None] = None,
    campaign: FromQuery[int | None] = None,
    states: Annotated[str | None, QueryParameter(name="state")] = None,
    reference: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    cursor: FromQuery[int | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=lookup.MOST)] = 100,
) -> MessagePage:
    """Messages, newest first. `state` may name several with commas; `cursor` is the `next` of the page before."""
    query = MessageQuery(
        token=owner(token),
        number=None if to is None else number_of(api, to),
        campaign=None if campaign is None else known_number("campaign", campaign),
        states=_states(states),
        reference=reference,
        since=_moment("since", since),
        until=_moment("until", until),
        before=None if cursor is None else known_number("cursor", cursor),
        limit=limit,
    )
    found = await api.read(lambda store: lookup.messages(store.database, query))
    return MessagePage(found, found[-1].id if len(found) == limit else None)


@delete("/v1/messages/{message_id:int}", status_code=200, opt={"scope": "send"})
async def cancel(
    request: Request[Any, Any, Any], api: GivenApi, token: GivenToken, message_id: FromPath[int]
) -> MessageView:
    """Cancel a message that still waits; 409 when it is on its way, or was."""
    number = known_number("message", message_id)
    deed = api.deed(token, address_of(request), "messages.cancel", f"message {number}")

    def verb() -> tuple[State | None, MessageView | None]:
        state = lookup.cancel_message(api.store.database, number, owner(token))
        outcome = "none" if state is None else state.label
        api.store.access.note([msgspec.structs.replace(deed, outcome=outcome)])
        return state, lookup.message(api.store.database, number, owner(token))

    state, view = await api.write(verb)
    if state is None or view is None:
        raise missing("message", message_id)
    if state is not State.CANCELLED:
        detail = f"message {number} is {state.label}, and what was written cannot be taken back"
        raise Problem(409, detail, kind="too-late", state=state.label)
    return view


def _states(text: str | None) -> tuple[State, ...]:
    if text is None:
        return ()
    known = {state.label: state for state in State}
    for word in text.split(","):
        if word not in known:
            raise unknown("state", word, known)
    return tuple(known[word] for word in text.split(","))


def _moment(name: str, value: str | None) -> float | None:
    try:
        return None if value is None else read_time(value)
    except ValueError as error:
        raise Problem(400, f'{name}: found "{str(value)[:40]}"; {error}', field=name) from None


HANDLERS = [send, send_batch, by_reference, one, page, cancel]
