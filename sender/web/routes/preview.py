"""What a text would look like: the same as `sender preview` shows. Nothing is stored or sent."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta

from sender.domain.message import MessageClass
from sender.domain.template import Template, TemplateError, field_key
from sender.pipeline.compose import SenderError, TextOptions, check_sender
from sender.pipeline.intake import MOST_CHARACTERS, MOST_NAME
from sender.pipeline.previewing import Preview, PreviewError, preview
from sender.store.intake import Refusal
from sender.web.guard import GivenApi
from sender.web.reading import body_of, decoded, number_of, refused


class PreviewRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from", "class_": "class"}
):
    """A text, or a template with its fields; with `to`, only through the account that the number goes through."""

    from_: Annotated[str, Meta(max_length=MOST_NAME)]
    text: Annotated[str, Meta(max_length=MOST_CHARACTERS)] | None = None
    template: Annotated[str, Meta(max_length=MOST_CHARACTERS)] | None = None
    fields: dict[str, str] = {}
    to: Annotated[str, Meta(max_length=MOST_NAME)] | None = None
    class_: MessageClass = MessageClass.SERVICE
    transliterate: bool | None = None
    plain_punctuation: bool | None = None


@post(
    "/v1/preview",
    status_code=200,
    responses={200: ResponseSpec(Preview, description="The text through each account")},
    opt={"scope": ("send", "campaigns"), "reads": {"application/json": PreviewRequest}},
)
async def show(request: Request[Any, Any, Any], api: GivenApi) -> Response[bytes]:
    """Show encoding, segments, offending characters, price and what would make it cheaper, through each account."""
    asked = decoded(await body_of(request), PreviewRequest)
    try:
        sender, template = check_sender(asked.from_), _template(asked)
        accounts = api.sender.accounts
        if asked.to is not None:
            account = api.sender.account_for(number_of(api, asked.to), sender, asked.class_)
            if account is None:
                raise refused([Refusal("to", "no route leads to this number", "add a route for it")], 422)
            accounts = {account: accounts[account]}
        fields = {field_key(key): value for key, value in asked.fields.items()}
        options = TextOptions(transliterate=asked.transliterate, plain_punctuation=asked.plain_punctuation)
        shown = preview(template, sender, fields, accounts, options=options)
    except SenderError as error:
        raise refused([Refusal("from", str(error), "a name of at most 11 characters, or a number")], 422) from None
    except TemplateError as error:
        raise refused([Refusal("template", str(error), "write {field} or {field|fallback}")], 422) from None
    except PreviewError as error:
        raise refused([Refusal("fields", str(it), "give it, or a fallback") for it in error.errors], 422) from None
    return Response(msgspec.json.encode(shown), media_type="application/json")


def _template(asked: PreviewRequest) -> Template:
    if (asked.text is None) == (asked.template is None):
        raise refused([Refusal("text", "found neither or both of text and template", "give exactly one")], 422)
    if asked.template is not None:
        return Template.compile(asked.template)
    return Template(asked.text or "", (asked.text or "",))


HANDLERS = [show]
