"""Messages from programs, one by one: screened, nothing that can be known now is left to fail while sending."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from operator import is_
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from sender.domain.message import MessageClass
from sender.domain.phone import BadNumber, NumberReader
from sender.domain.routing import Router
from sender.domain.template import FieldError, MissingField, Template, TemplateError, field_key
from sender.pipeline.compose import Composer, SenderError, Wording, check_sender
from sender.pipeline.press import TlvError
from sender.store.intake import STANDING_TEMPLATE, NewApiMessage, Refusal
from smppkit.gsm0338 import UnencodableText
from smppkit.segments import SegmentError
from yamlmodel.scalars import Duration

MOST_CHARACTERS: Final = 10_000
MOST_NAME: Final = 100
_MOST_COMPOSERS: Final = 1000
_STANDING: Final = Template.compile(STANDING_TEMPLATE)
_YEAR: Final = 366 * 86_400.0

Name = Annotated[str, Meta(min_length=1, max_length=MOST_NAME)]


class MessageRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from", "class_": "class"}
):
    """A message that a program asks for: `text`, or `template` with `fields`."""

    to: Annotated[
        str, Meta(max_length=MOST_NAME, description="The number, as people write it", examples=["+77051234567"])
    ]
    from_: Annotated[
        str, Meta(max_length=MOST_NAME, description="The sender: a name of at most 11 characters, or a number")
    ]
    text: Annotated[str, Meta(max_length=MOST_CHARACTERS, description="The text")] | None = None
    template: (
        Annotated[str, Meta(max_length=MOST_CHARACTERS, description="`{name|Dear client}, your code …`")] | None
    ) = None
    fields: Annotated[dict[str, str], Meta(description="What the template is filled with")] | None = None
    class_: Annotated[MessageClass, Meta(description="What becomes of it when it is in doubt")] = MessageClass.SERVICE
    priority: Annotated[int, Meta(ge=0, le=9, description="9 goes first; by class when omitted")] | None = None
    valid_for: Annotated[str | float, Meta(description="`10m`, or seconds: it is not written later")] | None = None
    expires_at: (
        Annotated[str | float, Meta(description="The same as a time: 2026-03-01T12:00:00Z, or unix seconds")] | None
    ) = None
    send_at: Annotated[str | float, Meta(description="Not before this time")] | None = None
    reference: Annotated[Name, Meta(description="Your own id, once per token")] | None = None
    callback: Annotated[Name, Meta(description="A label that events about it carry")] | None = None


Blocked = Callable[[str, MessageClass, str], str | None]


class _Wrong(Exception):
    def __init__(self, field: str, detail: str, remedy: str = "", status: int = 422) -> None:
        super().__init__(detail)
        self.refusal = Refusal(field, detail, remedy, status)


class Screen:
    """What every message has to pass. `prices` are for a segment, in millionths, by account."""

    def __init__(
        self,
        router: Router,
        wordings: Mapping[str, Wording],
        country: str,
        blocked: Blocked,
        prices: Mapping[str, int] | None = None,
    ) -> None:
        """`blocked` gives the scope of the suppression list that forbids a message, or None."""
        self._blocked = blocked
        self._router = router
        self._wordings = wordings
        self._numbers = NumberReader(country)
        self._prices = prices or {}
        self._composers: dict[tuple[str, MessageClass], Composer] = {}
        self._made_for: tuple[Wording, ...] = ()

    def forget(self) -> None:
        """The wordings have changed: what was made of them is made anew."""
        self._composers.clear()

    def screen(self, asked: MessageRequest, now: float, senders: tuple[str, ...] = ()) -> NewApiMessage | Refusal:
        """The message that is asked for at unix time `now`, or why it cannot be sent.

        `senders` are the source addresses that may be used; empty = any.
        """
        try:
            return self._screened(asked, now, senders)
        except _Wrong as wrong:
            return wrong.refusal

    def _screened(self, asked: MessageRequest, now: float, senders: tuple[str, ...]) -> NewApiMessage:
        sender = _sender(asked.from_, senders)
        text = _text(asked)
        try:
            number = self._numbers.read(asked.to)
        except BadNumber as error:
            raise _Wrong("to", str(error), "write the number with + and the code of its country") from None
        scope = self._blocked(number, asked.class_, sender)
        if scope is not None:
            raise _Wrong("to", f"opted out: {scope}", "write to nobody who has asked not to be", 409)
        choice = self._router.route(number, sender=sender, message_class=asked.class_)
        if choice is None:
            raise _Wrong("to", "no route leads to this number", "add a route for it to the configuration")
        operator = choice.account
        composer = self._composer(sender, asked.class_)
        fields = _extra(asked, composer)
        try:
            segments = composer.count(text, operator)
            composer.tlvs(fields, operator)
        except TlvError as error:
            raise _Wrong("fields", str(error), "give the field that this operator account asks for") from None
        except (UnencodableText, SegmentError) as error:
            raise _Wrong("text", str(error), "shorten it, or leave these characters out") from None
        due = now if asked.send_at is None else _time("send_at", asked.send_at)
        if due > now + _YEAR:
            raise _Wrong("send_at", "it is more than a year ahead", "send it later")
        due = max(due, now)
        return NewApiMessage(
            number=number,
            sender=sender,
            text=text,
            fields=fields,
            operator=operator,
            message_class=asked.class_,
            priority=asked.class_.priority if asked.priority is None else asked.priority,
            segments=segments,
            due=due,
            expires=_expires(asked, due),
            reference=asked.reference,
            callback=asked.callback,
            price=self._prices.get(operator, 0),
        )

    def _composer(self, sender: str, message_class: MessageClass) -> Composer:
        """What would make the submits of such a message."""
        wordings = tuple(self._wordings.values())
        if len(wordings) != len(self._made_for) or not all(map(is_, wordings, self._made_for)):
            self._made_for = wordings  # another configuration
            self._composers.clear()
        composer = self._composers.get((sender, message_class))
        if composer is None:
            if len(self._composers) >= _MOST_COMPOSERS:
                self._composers.clear()
            composer = Composer(_STANDING, sender, message_class, self._wordings)
            self._composers[sender, message_class] = composer
        return composer


def _extra(asked: MessageRequest, composer: Composer) -> dict[str, str]:
    """The fields that TLVs of operator accounts are made of."""
    if asked.fields is None or composer.columns == _STANDING.fields:
        return {}
    given = {field_key(key): value for key, value in asked.fields.items()}
    return {key: given[key] for key in composer.columns - _STANDING.fields if key in given}


@lru_cache(1024)
def _checked_sender(sender: str) -> str:
    return check_sender(sender)


def _sender(asked: str, allowed: tuple[str, ...]) -> str:
    try:
        sender = _checked_sender(asked)
    except SenderError as error:
        raise _Wrong("from", str(error), "a name of at most 11 Latin characters, or a number") from None
    if allowed and sender not in allowed:
        raise _Wrong("from", f'this token may not send as "{sender}"', f"one of: {', '.join(allowed)}", 403)
    return sender


@lru_cache(256)
def _compiled(template: str) -> Template:
    return Template.compile(template)


def _text(asked: MessageRequest) -> str:
    if (asked.text is None) == (asked.template is None):
        found = "neither" if asked.text is None else "both"
        raise _Wrong("text", f"found {found} of text and template", "give exactly one of them")
    if asked.template is None:
        text = asked.text or ""
    else:
        try:
            text = _compiled(asked.template).render({field_key(key): it for key, it in (asked.fields or {}).items()})
        except TemplateError as error:
            raise _Wrong("template", str(error), "write {field} or {field|fallback}, {{ for a brace") from None
        except MissingField as error:
            raise _Wrong("fields", f'"{error.field}" is missing', "give it, or a fallback in the template") from None
        except FieldError as error:
            raise _Wrong("fields", str(error), "a value that the filter can take") from None
    if not text.strip():
        raise _Wrong("text", "the text is empty", "say something")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Wrong("text", "a half of a surrogate pair is no character", "send whole characters") from None
    return text


def _expires(asked: MessageRequest, due: float) -> float | None:
    if asked.valid_for is not None and asked.expires_at is not None:
        raise _Wrong("valid_for", "found both valid_for and expires_at", "give one of them")
    if asked.expires_at is not None:
        expires = _time("expires_at", asked.expires_at)
        if expires <= due:
            raise _Wrong("expires_at", "it is past before the message is due", "a later time")
        return expires
    if asked.valid_for is None:
        return None
    return due + _span("valid_for", asked.valid_for)


def _span(field: str, value: str | float) -> float:
    try:
        seconds = Duration.parse(value) if isinstance(value, str) else float(value)
    except ValueError as error:
        raise _Wrong(field, f'found "{str(value)[:40]}"', str(error)) from None
    if not 0 < seconds <= _YEAR:
        raise _Wrong(field, f"found {seconds:g} s", "more than 0 s and at most a year")
    return seconds


def _time(field: str, value: str | float) -> float:
    try:
        return read_time(value)
    except ValueError as error:
        raise _Wrong(field, f'found "{str(value)[:40]}"', str(error)) from None


def read_time(value: str | float) -> float:
    """Unix seconds of a time as programs write it; ValueError says what is expected."""
    expected = "expected a time such as 2026-03-01T12:00:00Z, or unix seconds"
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            try:
                seconds = float(value)
            except ValueError:
                raise ValueError(expected) from None
        else:
            if moment.tzinfo is None:
                raise ValueError(f"{expected}; the offset is missing")
            seconds = moment.timestamp()
    else:
        seconds = float(value)
    if not math.isfinite(seconds) or not 0 <= seconds < 1e11:
        raise ValueError(expected)
    return seconds
