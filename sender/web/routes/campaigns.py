"""Campaigns: make one of a list or of a file, look, pause, resume, cancel."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta
from twisted.internet.defer import Deferred

from sender.domain.message import MessageClass
from sender.domain.report import CampaignReport
from sender.domain.rows import HeaderError
from sender.domain.template import TemplateError
from sender.pipeline.compose import SenderError
from sender.pipeline.intake import MOST_CHARACTERS, MOST_NAME, Name, read_time
from sender.pipeline.plans import CampaignPlan
from sender.store import intake, lookup
from sender.store.access import Token
from sender.store.intake import CampaignIntake, Refusal
from sender.store.lookup import CampaignView
from sender.web.api import Api
from sender.web.guard import GivenApi, GivenToken, owner
from sender.web.reading import AnyRequest, address_of, body_of, decoded, digest_of, idempotency_key, refused
from sender.web.upload import read_form, sync_directory
from webkit.problem import Problem, known_number, missing
from webkit.turns import of_deferred

_JSON_OCTETS: Final = 8 << 20
_MOST_RECIPIENTS: Final = 50_000
_MOST_OCTETS: Final = 4 << 30
"""Of any body; the configuration's bound is asked piece by piece."""


class CampaignForm(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from", "class_": "class"}
):
    """A campaign whose recipients are in a file."""

    from_: Annotated[str, Meta(max_length=MOST_NAME, description="The sender")]
    template: Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS, description="`{name|Dear client}, …`")]
    name: Name = "API"
    class_: MessageClass = MessageClass.SERVICE
    priority: Annotated[int, Meta(ge=0, le=9)] | None = None
    starts_at: Annotated[str | float, Meta(description="A time, or unix seconds")] | None = None
    expires_at: Annotated[str | float, Meta(description="Nothing is written from then on")] | None = None


class CampaignRequest(CampaignForm, frozen=True, kw_only=True):
    """A campaign with its recipients: each has `to`, and the fields of the template."""

    recipients: Annotated[list[dict[str, str]], Meta(min_length=1, max_length=_MOST_RECIPIENTS)]


class CampaignUpload(msgspec.Struct, frozen=True):
    """A form: `campaign` is JSON, `recipients` a file."""

    campaign: CampaignForm
    recipients: bytes


class CampaignMade(msgspec.Struct, frozen=True):
    """A campaign that is durable; its recipients are being read."""

    id: int
    state: str = "importing"


class CampaignPage(msgspec.Struct, frozen=True):
    """Some campaigns, newest first. `next` is the `cursor` of the next page; null when there is none."""

    campaigns: list[CampaignView]
    next: int | None


@post(
    "/v1/campaigns",
    status_code=202,
    request_max_body_size=_MOST_OCTETS,
    responses={202: ResponseSpec(CampaignMade, description="It is stored; its recipients are being read")},
    opt={
        "scope": "campaigns",
        "reads": {"application/json": CampaignRequest, "multipart/form-data": CampaignUpload},
        "idempotent": True,
    },
)
async def make(request: Request[Any, Any, Any], api: GivenApi, token: GivenToken) -> Response[Any]:
    """Make a campaign. Rows that cannot be sent are left out, and told in its rejects."""
    if token.wallet is not None:
        detail = "a prepaid token sends messages one by one or in batches; campaigns need a token without a wallet"
        raise Problem(402, detail, kind="prepaid")
    key = idempotency_key(request)
    form, path, digest = await _received(request, api)
    try:
        new = api.sender.new_campaign(_plan(form, path, token))
        asked = CampaignIntake(
            token=token.id,
            new=new,
            say=lambda ident: (202, msgspec.json.encode(CampaignMade(ident))),
            at=api.now,
            deed=api.deed(token, address_of(request), "campaigns.make"),
            key=key,
            digest=digest,
        )
        reply = await api.write(partial(intake.accept_campaign, api.store.database, asked))
    except (TemplateError, SenderError, HeaderError) as error:
        path.unlink(missing_ok=True)
        field = {TemplateError: "template", SenderError: "from"}.get(type(error), "recipients")
        raise refused([Refusal(field, str(error))], 422) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if reply.campaign is None:  # the answer to an earlier request: its file is there already
        path.unlink(missing_ok=True)
    else:
        number = reply.campaign
        api.on_campaign(await api.read(lambda store: store.campaign(number)))
    headers = {"Idempotent-Replayed": "true"} if reply.replayed else {}
    return Response(reply.body, status_code=reply.status, media_type="application/json", headers=headers)


async def _received(request: AnyRequest, api: Api) -> tuple[CampaignForm, Path, bytes]:
    api.uploads.mkdir(mode=0o700, exist_ok=True)
    stem = api.uploads / f"campaign-{api.chance(12).hex()}"
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        form = await read_form(
            request.stream(),
            request.headers["content-type"],
            file_field="recipients",
            stem=stem,
            most=api.config.largest_upload,
        )
        if form.file is None:
            raise refused([Refusal("recipients", "the file is missing", "a part named recipients with a file")], 400)
        try:
            said = form.fields.get("campaign", b"")
            return decoded(said, CampaignForm), form.file, digest_of(request, said + form.digest)
        except BaseException:
            form.file.unlink(missing_ok=True)
            raise
    body = await body_of(request, _JSON_OCTETS)
    asked = decoded(body, CampaignRequest)
    path = stem.with_name(stem.name + ".csv")
    await asyncio.to_thread(_write, path, asked.recipients)
    return asked, path, digest_of(request, body)


def _write(path: Path, recipients: list[dict[str, str]]) -> None:
    columns = list({column: None for row in recipients for column in row})
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows([row.get(column, "") for column in columns] for row in recipients)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.getvalue().encode("utf-8", "replace"))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def _plan(form: CampaignForm, path: Path, token: Token) -> CampaignPlan:
    if token.senders and form.from_ not in token.senders:
        detail = f'this token may not send as "{form.from_}"'
        raise refused([Refusal("from", detail, f"one of: {', '.join(token.senders)}")], 403)
    return CampaignPlan(
        template=form.template,
        sender=form.from_,
        recipients=path,
        message_class=form.class_,
        rejects=_rejects(path),
        name=form.name,
        priority=form.priority,
        starts_at=_moment("starts_at", form.starts_at),
        expires_at=_moment("expires_at", form.expires_at),
    )


def _rejects(path: Path) -> Path:
    return path.with_name(path.name + ".rejects.csv")


def _moment(field: str, value: str | float | None) -> float | None:
    try:
        return None if value is None else read_time(value)
    except ValueError as error:
        raise refused([Refusal(field, f'found "{str(value)[:40]}"', str(error))], 422) from None


@get("/v1/campaigns", opt={"scope": ("read", "campaigns")})
async def page(
    api: GivenApi,
    token: GivenToken,
    cursor: FromQuery[int | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=lookup.MOST)] = 100,
) -> CampaignPage:
    """Campaigns with their counts, newest first."""
    before = None if cursor is None else known_number("cursor", cursor)
    now = api.now
    found = await api.read(
        lambda store: lookup.campaign_views(store.database, now=now, token=owner(token), before=before, limit=limit)
    )
    return CampaignPage(found, found[-1].id if len(found) == limit else None)


@get("/v1/campaigns/{campaign_id:int}", opt={"scope": ("read", "campaigns")})
async def one(api: GivenApi, token: GivenToken, campaign_id: FromPath[int]) -> CampaignView:
    """One campaign with its counts."""
    return await _found(api, token, campaign_id)


@get("/v1/campaigns/{campaign_id:int}/report", opt={"scope": ("read", "campaigns")})
async def report(api: GivenApi, token: GivenToken, campaign_id: FromPath[int]) -> CampaignReport:
    """All figures of a campaign, with the reasons of failures."""
    view = await _found(api, token, campaign_id)
    return await api.read(lambda store: store.report(view.id))


@post("/v1/campaigns/{campaign_id:int}/pause", status_code=200, opt={"scope": "campaigns"})
async def pause(
    request: Request[Any, Any, Any], api: GivenApi, token: GivenToken, campaign_id: FromPath[int]
) -> CampaignView:
    """Write nothing more of it until it is resumed."""
    return await _hold(request, api, token, campaign_id, "pause")


@post("/v1/campaigns/{campaign_id:int}/resume", status_code=200, opt={"scope": "campaigns"})
async def resume(
    request: Request[Any, Any, Any], api: GivenApi, token: GivenToken, campaign_id: FromPath[int]
) -> CampaignView:
    """Go on with a campaign that was paused."""
    return await _hold(request, api, token, campaign_id, "resume")


@post("/v1/campaigns/{campaign_id:int}/cancel", status_code=200, opt={"scope": "campaigns"})
async def cancel(
    request: Request[Any, Any, Any], api: GivenApi, token: GivenToken, campaign_id: FromPath[int]
) -> CampaignView:
    """Write nothing more of it, for ever; what waits becomes cancelled."""
    return await _hold(request, api, token, campaign_id, "cancel")


async def _found(api: Api, token: Token, campaign_id: int) -> CampaignView:
    number, now = known_number("campaign", campaign_id), api.now
    view = await api.read(lambda store: lookup.one_campaign(store.database, number, now=now, token=owner(token)))
    if view is None:
        raise missing("campaign", campaign_id)
    return view


async def _hold(request: AnyRequest, api: Api, token: Token, campaign_id: int, what: str) -> CampaignView:
    view = await _found(api, token, campaign_id)
    deed = api.deed(token, address_of(request), f"campaigns.{what}", f"campaign {view.id}")

    def verb() -> bool:
        changed: bool = getattr(api.store, what)(view.id)
        outcome = "done" if changed else "as it was"
        api.store.access.note([msgspec.structs.replace(deed, outcome=outcome)])
        return changed

    if await api.write(verb):
        await of_deferred(Deferred.fromCoroutine(api.sender.on_outside_change()))
    elif what == "resume" and view.state == "cancelled":
        raise Problem(409, f"campaign {view.id} was cancelled, and stays so", kind="too-late", state=view.state)
    return await _found(api, token, campaign_id)


HANDLERS = [make, page, one, report, pause, resume, cancel]
