#!/usr/bin/env python3
"""Make docs/scenarios.md and docs/sender-configuration.md: every key and every metric, out of the models themselves.

Usage: make_reference.py [--check]     (--check compares only; exit code 1 if a page is out of date)
"""

from __future__ import annotations

import enum
import inspect
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import msgspec
from reference_examples import EXAMPLES

from carrierlab.awaited_client import Client, Until
from carrierlab.expect import Expectation
from carrierlab.expect_message import MessageExpectation, WantedMessage
from carrierlab.expect_trace import TraceExpectation
from carrierlab.load.model import Kind, Load, Stage
from carrierlab.metrics import METRICS, Book
from carrierlab.scenario import Campaign, LabScenario, Workload
from sender.config.binds import Binds, OutbindConfig
from sender.config.file import SenderConfig
from sender.config.incoming import IncomingConfig, KeywordConfig, Replies
from sender.config.operator import AccountConfig, OperatorConfig, Source, TlsConfig
from sender.config.quiet import QuietConfig
from sender.config.receipts import ReceiptsConfig
from sender.config.registered import RegisterConfig, RegisteredConfig
from sender.config.retrying import OperatorRetry, RetryConfig
from sender.config.routes import HealthConfig, RouteConfig, TargetConfig
from sender.config.serve import ServeConfig, TracingConfig
from sender.config.text import TextConfig, TlvConfig
from sender.config.timers import TimersConfig, Waits
from sender.config.tls import ServerTlsConfig
from sender.config.webhooks import WebhookConfig
from smppkit.status import status_name
from smsc.faults.base import Fault
from smsc.scenario.accounts import Access, Account, LockOut, Timers, Tls
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.machines import Machine
from smsc.scenario.mobile import MobileOriginated, MoMessage, MoShape, MoTraffic, Reply, UssdSession
from smsc.scenario.model import Congestion, Operator, Outbind
from smsc.scenario.price import Price, PriceException
from smsc.scenario.receipts import Conflict, Notice, Receipts, Retry
from smsc.scenario.rule_model import Match, ReceiptChange, Rule, RuleReply, When
from smsc.scenario.scalars import Number, Octet, SpokenVersion, Status
from smsc.scenario.submitting import Content, Queue, Schedule, SenderRules, Submit, Throttle
from smsc.scenario.subscribers import Phase, Subscriber
from smsc.scenario.timeline_model import AlertEntry, MoEntry, OutageFault, ThrottleFault, UssdEntry
from smsc.scenario.timing import After, Every, Occasion
from smsc.scenario.tlv_values import ExtraTlv, RequiredTlv, TlvMatch
from yamlmodel.scalars import Duration, Percent, Rate

DOCS = Path(__file__).resolve().parent.parent / "docs"

# The title of each model's section; what is not here is not a section.
SCENARIO: dict[type[msgspec.Struct], str] = {
    LabScenario: "The file",
    Operator: "An operator",
    Account: "An account",
    Access: "access",
    LockOut: "lock_out",
    Tls: "tls",
    Timers: "timers",
    Submit: "submit",
    Throttle: "A throttle",
    Queue: "queue",
    SenderRules: "senders",
    Content: "content",
    RequiredTlv: "A required TLV",
    ExtraTlv: "An added TLV",
    Schedule: "schedule",
    Receipts: "receipts",
    Conflict: "conflict",
    Notice: "A notice",
    Retry: "retry of deliveries",
    Subscriber: "A subscriber",
    Phase: "A phase",
    MobileOriginated: "mobile_originated",
    MoShape: "shape",
    Reply: "A reply",
    MoTraffic: "traffic",
    Rule: "A rule",
    When: "when",
    Match: "not",
    TlvMatch: "tlv of a rule",
    RuleReply: "reply of a rule",
    ReceiptChange: "receipt of a rule",
    Machine: "A state machine",
    Congestion: "congestion",
    Outbind: "outbind",
    Price: "price",
    PriceException: "Another price",
    ThrottleFault: "fault: throttle",
    OutageFault: "fault: outage",
    MoEntry: "A message from a subscriber",
    MoMessage: "mo",
    UssdEntry: "A USSD session",
    UssdSession: "ussd",
    AlertEntry: "An alert",
    Occasion: "when of an entry",
    After: "after",
    Every: "every",
    Workload: "workload",
    Campaign: "campaign",
    Load: "load",
    Stage: "A stage",
    Kind: "A kind of message",
    Client: "client",
    Until: "until",
    Expectation: "An expectation",
    MessageExpectation: "An expectation of messages",
    WantedMessage: "Which messages",
    TraceExpectation: "An expectation of the trace",
}
SENDER: dict[type[msgspec.Struct], str] = {
    SenderConfig: "sender.yaml",
    OperatorConfig: "An operator of the sender",
    AccountConfig: "An operator account",
    Binds: "binds of an account",
    OutbindConfig: "outbind of an account",
    TlsConfig: "tls of an account",
    TimersConfig: "timers of an account",
    Waits: "Waits",
    Source: "source",
    ReceiptsConfig: "receipts of an account",
    TlvConfig: "A TLV of an account",
    RouteConfig: "A route",
    TargetConfig: "to of a route",
    HealthConfig: "health",
    RetryConfig: "retry",
    ServeConfig: "serve",
    ServerTlsConfig: "tls of whoever connects to us",
    TracingConfig: "tracing of serve",
    IncomingConfig: "incoming",
    KeywordConfig: "A keyword",
    Replies: "replies",
    QuietConfig: "quiet",
    WebhookConfig: "A webhook",
    OperatorRetry: "retry of an operator account",
    RegisterConfig: "A register of texts",
    RegisteredConfig: "A registered text",
}
TITLES = SCENARIO | SENDER
GROUPS: dict[type[msgspec.Struct], str] = {
    LabScenario: "The whole",
    Operator: "Operators",
    ThrottleFault: "What befalls them",
    Workload: "What is done to them",
    Expectation: "What must be true",
}
"""The title of each group of sections, by the model that its first section is about."""

COMPARED = """\
Counts of messages may be compared with a share of the recipients too, and every count with another count. Of metrics
that are many times an expectation names a `percentile`. What an external client believes is not known, so some metrics
need a workload of our own.
"""

BOOKS = {Book.CAMPAIGN: "a campaign", Book.LOAD: "a load", Book.SENDER: "a campaign or a load"}

SCENARIO_HEAD = """\
# Scenario files

<!-- Made by scripts/make_reference.py from the models, with the examples in scripts/reference_examples.py. -->

Every key of a scenario file: what it says, how it is written, what holds when nothing is said, and an example. Each
example here is served or played by a test. How to put the keys to use is in the [guide](scenario-guide.md); the keys of
faults are in [faults.md](faults.md); variables, includes and matrices, which may stand anywhere, in
[their part of the guide](scenario-guide.md#variables-includes-matrices).

Times are written `40ms`, `3s`, `2m` or `1h`, rates `100/s`, `600/m` or `3600/h`, shares `94%`. A latency is a time,
or one of `uniform 10ms 50ms`, `normal 40ms 5ms` (mean and standard deviation), `lognormal 40ms p99 400ms` (median
and 99th percentile), `spike 40ms to 2s 5%` (one in twenty takes 2 s) and `never`. Octets that trickle are a
[fault](faults.md).
"""

SENDER_HEAD = """\
# The sender's configuration

<!-- Made by scripts/make_reference.py from the models; change those. -->

Every key of `sender.yaml`. What they mean to a campaign is in [sender.md](sender.md). Times are written `40ms`, `3s`,
`2m` or `1h`, rates `100/s`, `600/m` or `3600/h`.
"""


def anchor(title: str) -> str:
    """The link target that a heading gets."""
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def cell(text: str) -> str:
    """`text` as a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def unwrap(form: Any) -> tuple[Any, str, list[Any]]:
    """The bare type, the description and the examples of an annotation, wherever in a union they stand."""
    description = ""
    examples: list[Any] = []
    if typing.get_origin(form) is Annotated:
        form, *metas = typing.get_args(form)
        for meta in metas:
            if isinstance(meta, msgspec.Meta):
                description = description or meta.description or ""
                examples = examples or meta.examples or []
    if typing.get_origin(form) in (Union, types.UnionType):
        for member in typing.get_args(form):
            _, inner, more = unwrap(member)
            description, examples = description or inner, examples or more
    return form, description, examples


def kind(form: Any) -> str:
    """What may be written for a type, for people."""
    form, _, _ = unwrap(form)
    origin, arguments = typing.get_origin(form), typing.get_args(form)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind(member) for member in arguments if member is not types.NoneType))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (list, tuple):
        return f"list of {kind(arguments[0])}"
    if origin is dict:
        return f"mapping from {kind(arguments[0])} to {kind(arguments[1])}"
    if form in NAMES:
        return NAMES[form]
    if form in TITLES:
        return f"[{TITLES[form]}](#{anchor(TITLES[form])})"
    if isinstance(form, type) and issubclass(form, enum.Enum):
        return " or ".join(f"`{member.value}`" for member in form)
    if isinstance(form, type) and issubclass(form, Fault):
        return "[a fault](faults.md)"
    if hasattr(form, "expected"):
        return str(form.expected)
    return str(getattr(form, "__name__", form))


NAMES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path of a file",
    Duration: "time",
    Rate: "rate",
    Percent: "share",
    Latency: "latency",
}


def value(given: Any) -> str:
    """A default as it would be written; "" where there is nothing to write."""
    match given:
        case None:
            return "none"
        case bool():
            return f"`{str(given).lower()}`"
        case Duration() | Fixed():
            return f"`{seconds(given.seconds if isinstance(given, Fixed) else given)}`"
        case Percent():
            return f"`{given * 100:g}%`"
        case Status():
            return f"`{status_name(given)}`"
        case Octet():
            return f"`{given:#04x}`"
        case Number() if given > 0xFF:
            return f"`{given:#06x}`"
        case SpokenVersion():
            return f"`{given.version.name[1]}.{given.version.name[2]}`"
        case IdStyle():
            return f"`{given.base.value}`"
        case enum.Enum():
            return f"`{given.value}`"
        case list() if given:
            return ", ".join(value(member) for member in given)
        case dict() if given:
            return ", ".join(f"`{key}: {value(member).strip('`')}`" for key, member in given.items())
        case list() | dict() | msgspec.Struct() | "":
            return f"`{given}`" if type(given).__str__ is not object.__str__ and hasattr(given, "port") else ""
    return f"`{given}`"


def seconds(span: float) -> str:
    """A time span in the unit that leaves a whole number."""
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        if span and span % size == 0:
            return f"{span / size:g}{unit}"
    return f"{span:g}s"


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default of a field, as it would be written."""
    if field.default_factory is not msgspec.NODEFAULT:
        return value(field.default_factory())
    return "**required**" if field.default is msgspec.NODEFAULT else value(field.default)


def own_fields(model: type[msgspec.Struct]) -> list[msgspec.structs.FieldInfo]:
    """The fields of a model; where heirs have the same ones, they stand in the section of those."""
    beneath = next((base for base in model.__mro__[1:] if base in TITLES and hasattr(model, "heirs")), None)
    known = set() if beneath is None else {field.name for field in msgspec.structs.fields(beneath)}
    return [field for field in msgspec.structs.fields(model) if field.name not in known]


def rows(model: type[msgspec.Struct]) -> Iterator[str]:
    """The table of one model."""
    yield "| key | what it says | written as | default |"
    yield "|---|---|---|---|"
    config = model.__struct_config__
    if config.tag_field is not None:
        yield f"| `{config.tag_field}` | What happens | `{config.tag}` | **required** |"
    # The texts of an account are a model of their own, and stand behind the rest of its keys.
    texts = set(TextConfig.__struct_fields__) if issubclass(model, TextConfig) else set()
    for field in sorted(own_fields(model), key=lambda field: field.name in texts):
        form, description, examples = unwrap(field.type)
        written = kind(form)
        if examples:
            written = written.split(" such as ")[0] + ", as in " + ", ".join(f"`{example}`" for example in examples)
        yield f"| `{field.encode_name}` | {cell(description)} | {cell(written)} | {cell(default(field))} |"


def sections(titles: dict[type[msgspec.Struct], str], level: str) -> Iterator[str]:
    """One section for each model."""
    for model, title in titles.items():
        if model in GROUPS:
            yield f"\n## {GROUPS[model]}"
        yield f"\n{level} {title}\n"
        yield f"{inspect.cleandoc(model.__doc__ or '')}\n"
        yield from rows(model)
        if model in EXAMPLES:
            info, *examples = EXAMPLES[model]
            yield from (f"\n```{info}\n{example}```" for example in examples)


def contents() -> Iterator[str]:
    """A line for each group of sections, with links to them."""
    links: dict[str, list[str]] = {}
    group = ""
    for model, title in SCENARIO.items():
        group = GROUPS.get(model, group)
        links.setdefault(group, []).append(f"[{title}](#{anchor(title)})")
    for group, sections_of_it in links.items():
        yield f"- [{group}](#{anchor(group)}): {', '.join(sections_of_it)}"
    yield "- [Metrics](#metrics)"


def scenario_page() -> str:
    """The page of the whole language."""
    metrics = [
        f"| `{metric.name}` | {metric.unit.value}{', many' if metric.values else ''} | {cell(metric.meaning)} |"
        f" {BOOKS.get(metric.book, 'any workload')} |"
        for metric in METRICS.values()
    ]
    lines = [
        SCENARIO_HEAD,
        *contents(),
        *sections(SCENARIO, "###"),
        "\n## Metrics\n",
        COMPARED,
        "| metric | counts | what it says | after |",
        "|---|---|---|---|",
        *metrics,
    ]
    text = "\n".join(lines) + "\n"
    for title in SENDER.values():  # what a campaign has in common with the sender
        text = text.replace(f"](#{anchor(title)})", f"](sender-configuration.md#{anchor(title)})")
    return text


def sender_page() -> str:
    """The page of the sender's configuration."""
    return "\n".join([SENDER_HEAD.rstrip(), *sections(SENDER, "##")]) + "\n"


PAGES = {"scenarios.md": scenario_page, "sender-configuration.md": sender_page}


def main(arguments: list[str]) -> int:
    """Write or check the pages; returns the exit code."""
    if arguments not in ([], ["--check"]):
        print("usage: make_reference.py [--check]", file=sys.stderr)
        return 2
    code = 0
    for name, page in PAGES.items():
        file, content = DOCS / name, page()
        if not arguments:
            file.write_text(content, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != content:
            print(f"{name} is out of date: run scripts/make_reference.py", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
