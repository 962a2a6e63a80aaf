"""Messages of subscribers in the configuration: keywords, and what they are answered."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from sender.config.text import TextConfig
from sender.domain.incoming_rules import IncomingRules
from sender.domain.keywords import Action, Keyword, Keywords, shape, words_of
from sender.domain.scope import ADVERTISING, read_scope
from yamlmodel.scalars import Duration

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Scope(str):
    """How far an opt-out reaches, written `all`, `advertising` or `from:SHOP`."""

    __slots__ = ()
    expected: ClassVar[str] = "all, advertising, or from:SENDER"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        return cls(read_scope(text))


class Replies(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered to the words that every sender knows; nothing where it is omitted."""

    stop: Annotated[str, Meta(description="To STOP and its sisters", min_length=1)] | None = None
    stop_all: Annotated[str, Meta(description="To STOPALL", min_length=1)] | None = None
    start: Annotated[str, Meta(description="To START and UNSTOP", min_length=1)] | None = None

    def texts(self) -> dict[Action, str]:
        """The texts by what they answer."""
        texts = {Action.STOP: self.stop, Action.STOP_ALL: self.stop_all or self.stop, Action.START: self.start}
        return {action: text for action, text in texts.items() if text is not None}


class KeywordConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Words that mean something to you. A message has the keyword that it begins with."""

    words: Annotated[list[str], Meta(description="Words, in any case and with or without accents", min_length=1)]
    action: Annotated[Action, Meta(description="What they do; `label` notes them")] = Action.LABEL
    alone: Annotated[bool, Meta(description="Only when at most one other word follows")] = False
    label: Annotated[str, Meta(description="What the message is labelled; the first word when omitted")] = ""
    webhook: Annotated[str, Meta(description="The webhook that gets it, in place of all that get incoming")] = ""
    reply: Annotated[str, Meta(description="What is answered")] = ""

    def problems(self) -> Problems:
        """Each is one word."""
        for index, word in enumerate(self.words):
            if words_of(word) != [word]:
                yield ("words", index), f'found "{word}"; expected one word of letters and digits'

    def keywords(self) -> list[Keyword]:
        """What it says, word by word."""
        label = self.label or (self.words[0].lower() if self.action is Action.LABEL else "")
        return [Keyword(word, self.action, self.alone, label, self.webhook, self.reply) for word in self.words]


class IncomingConfig(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Messages of subscribers."""

    keywords: Annotated[list[KeywordConfig], Meta(description="Your own words, beside STOP, START and theirs")] = (
        msgspec.field(default_factory=list)
    )
    replies: Annotated[Replies, Meta(description="What is answered to STOP and START")] = Replies()
    sender: Annotated[str, Meta(description="Who answers; omitted: the address that was written to")] = ""
    period: Annotated[Duration, Meta(description="A number is answered once in so long to a keyword")] = Duration(86400)
    stop_scope: Annotated[Scope, Meta(description="What STOP stops")] = Scope(ADVERTISING)
    parts_timeout: Annotated[Duration, Meta(description="How long the rest of a long message is waited for")] = (
        Duration(900)
    )
    duplicates: Annotated[Duration, Meta(description="The same message within so long is a repetition")] = Duration(300)

    def problems(self) -> Problems:
        """No word means two things."""
        seen: dict[str, str] = {}
        for index, keyword in enumerate(self.keywords):
            for number, word in enumerate(keyword.words):
                other = seen.setdefault(shape(word), word)
                if other is not word:
                    yield ("keywords", index, "words", number), f'"{word}" looks like "{other}", which comes before'
        if self.parts_timeout <= 0:
            yield ("parts_timeout",), "found 0s; expected more than 0s"

    def rules(self, accounts: Mapping[str, TextConfig]) -> IncomingRules:
        """What it says, for the store, and how each account writes its texts."""
        return IncomingRules(
            keywords=Keywords(word for keyword in self.keywords for word in keyword.keywords()),
            replies=self.replies.texts(),
            sender=self.sender,
            period=float(self.period),
            parts_timeout=float(self.parts_timeout),
            duplicates=float(self.duplicates),
            stop_scope=str(self.stop_scope),
            alphabets={name: account.default_alphabet for name, account in accounts.items()},
            packed=frozenset(name for name, account in accounts.items() if account.packed),
        )
