"""What differs from seed to seed: the operators and their habits, the accounts and their limits, the campaigns."""

from __future__ import annotations

import random

import msgspec

from sender.config.file import SenderConfig
from sender.config.operator import BindMode, OperatorConfig
from sender.config.receipts import ReceiptsConfig
from sender.config.retrying import RetryConfig
from sender.config.routes import RouteConfig
from sender.config.scalars import Country, Prefix
from sender.domain.dialect import IdRule
from sender.domain.message import MessageClass
from smppkit.segments import LongMessage
from yamlmodel.scalars import Duration, Rate

FIRST_PORT = 2775
_PREFIXES = ("7705", "7701")
_REFUSALS = ("ESME_RTHROTTLED", "ESME_RMSGQFUL", "ESME_RSYSERR", "ESME_RSUBMITFAIL", "ESME_RINVDSTADR")


class OperatorTunables(msgspec.Struct, frozen=True):
    """One operator: what it does, and how we are configured for it."""

    name: str
    port: int
    prefix: str
    config: OperatorConfig
    yaml: str
    """Its entry in the scenario of the emulator."""
    hex_receipts: bool
    """Whether receipts write ids in base 16."""


class CampaignTunables(msgspec.Struct, frozen=True):
    """One campaign and when it is asked for."""

    name: str
    begins: float
    message_class: MessageClass
    template: str
    rows: tuple[tuple[str, str], ...]
    """Number with plus, and token."""
    lasts: float | None
    """Seconds from its beginning to its deadline; None = it has none."""


class Tunables(msgspec.Struct, frozen=True):
    """All that is decided before the world begins."""

    seed: int
    trouble_ends: float
    operators: tuple[OperatorTunables, ...]
    campaigns: tuple[CampaignTunables, ...]
    retry: RetryConfig
    writer_latency: float
    latency: tuple[float, float]
    split: float
    dribble: float
    linger: float
    rows_at_once: int
    """Message rows that are made of a chunk in one transaction."""
    queue_low: int
    """Queued messages below which more are made."""
    claim: int
    """Messages claimed at once, at most."""
    checkpoint: int
    """Pages in the log after which SQLite writes them into the database."""

    def config(self) -> SenderConfig:
        """The sender's configuration."""
        return SenderConfig(
            country=Country("KZ"),
            operators={it.name: it.config for it in self.operators},
            routes=[RouteConfig(it.name, Prefix(it.prefix)) for it in self.operators],
            retry=self.retry,
        )

    def scenario(self) -> str:
        """The emulator's scenario file."""
        return f"seed: {self.seed}\noperators:\n" + "".join(it.yaml for it in self.operators)


def draw(seed: int) -> Tunables:
    """Everything about one seed."""
    it = random.Random(f"{seed}/tunables")
    ends = it.uniform(8, 40)
    operators = tuple(_operator(it, index, ends) for index in range(it.choice((1, 1, 2))))
    slow = it.random() < 0.15
    return Tunables(
        seed=seed,
        trouble_ends=ends,
        operators=operators,
        campaigns=_campaigns(it, operators, ends),
        retry=RetryConfig(
            Duration(it.choice((0.2, 1.0))), Duration(it.choice((2.0, 5.0, 20.0))), Duration(it.choice((30.0, 3600.0)))
        ),
        writer_latency=it.choice((0.0005, 0.002, 0.02, 0.2)),
        latency=(0.01, 0.3) if slow else (0.0002, it.choice((0.002, 0.02))),
        split=it.choice((0.0, 0.1, 0.5)),
        dribble=it.choice((0.0, 0.0, 0.02)),
        linger=it.choice((0.0, 0.1, 0.5)),
        rows_at_once=it.choice((2, 7, 500)),
        queue_low=it.choice((3, 10, 2000)),
        claim=it.choice((3, 20, 500)),
        checkpoint=it.choice((10, 40, 1000)),
    )


def _operator(it: random.Random, index: int, ends: float) -> OperatorTunables:
    name = ("beeline", "kcell")[index]
    window, binds = it.choice((1, 2, 5, 10, 30)), it.choice((1, 1, 2, 3))
    rate = it.choice((None, None, 5, 20, 20, 100))
    timeout = it.choice((2.0, 5.0, 10.0))
    config = OperatorConfig(
        host="127.0.0.1",
        port=FIRST_PORT + index,
        system_id="shop",
        password="secret",
        bind=it.choice((BindMode.TRANSCEIVER, BindMode.TRANSCEIVER, BindMode.PAIR)),
        binds=binds,
        window=window,
        rate=None if rate is None else Rate(rate),
        long_messages=it.choice((LongMessage.UDH8, LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR)),
        response_timeout=Duration(timeout),
        enquire_link=Duration(it.choice((5.0, 15.0, 30.0))),
    )
    hex_ids, hex_receipts = it.random() < 0.3, it.random() < 0.3
    if not hex_ids and not hex_receipts and binds != 2:  # so that nothing has to be learned first
        config = msgspec.structs.replace(config, receipts=ReceiptsConfig(ids=IdRule.SAME))
    latency = it.choice(("10ms", "uniform 1ms 300ms", "lognormal 40ms p99 2s", f"spike 30ms to {timeout * 1.5:g}s 10%"))
    delay = it.choice(("0s", "uniform 0ms 2s", "lognormal 500ms p99 20s"))
    lines = [
        f"  {name}:",
        f"    listen: tcp:{FIRST_PORT + index}",
        f"    ids: {it.choice(('hex', 'hex lower')) if hex_ids else 'decimal'}",
        "    accounts: [{system_id: shop, password: secret}]",
        f"    submit: {{latency: {latency}}}",
        (
            f"    receipts: {{delay: {delay}, outcome: {it.choice(_OUTCOMES)}, "
            f"ids: {'hex' if hex_receipts else 'decimal'}, form: {it.choice(('both', 'both', 'text', 'tlv'))}, "
            f"before_response: {'true' if it.random() < 0.2 else 'false'}, copies: {it.choice((1, 1, 1, 2))}, "
            f"route: {it.choice(('round-robin', 'same-bind', 'sibling'))}, "
            f"one_fate: {it.choice(('true', 'false'))}, retry: {{longest: 5s}}, notices: {it.choice(_NOTICES)}}}"
        ),
        f"    timers: {{enquire_link: {it.choice((5, 20))}s, response: {it.choice((3, 10))}s}}",
    ]
    rules = [
        f"      - {{when: {{before: {ends:g}s}}, probability: {share}%, respond: {status}}}"
        for status in it.sample(_REFUSALS, it.randint(0, 3))
        for share in (it.choice((2, 5, 15)),)
    ]
    if it.random() < 0.5:
        rules.append(f"      - {{when: {{before: {ends:g}s}}, probability: {it.choice((2, 10))}%, respond: none}}")
    if rules:
        lines += ["    rules:", *rules]
    return OperatorTunables(name, FIRST_PORT + index, _PREFIXES[index], config, "\n".join(lines) + "\n", hex_receipts)


_NOTICES = (
    "[]",
    "[]",
    "[{stat: ENROUTE, asked: false}]",
    # A second final receipt that contradicts the first.
    "[{stat: UNDELIV, after: 1s, late: true, asked: false, esm_class: 0x04}]",
)
_OUTCOMES = (
    "{DELIVRD: 100%}",
    "{DELIVRD: 90%, UNDELIV: 10%}",
    "{DELIVRD: 60%, EXPIRED: 20%, UNDELIV: 10%, REJECTD: 10%}",
)


def _campaigns(it: random.Random, operators: tuple[OperatorTunables, ...], ends: float) -> tuple[CampaignTunables, ...]:
    campaigns = []
    token = 0
    left = it.randint(12, 45)
    shared = it.random() < 0.3  # the same people in several campaigns
    for number in range(it.choice((1, 1, 2, 3))):
        count = left if number == 0 else max(3, left // 3)
        rows = []
        for row in range(count):
            prefix = it.choice(operators).prefix
            rows.append((f"+{prefix}{1000000 + row + (0 if shared else 1000 * number)}", f"{token:04d}"))
            token += 1
        long = it.random() < 0.25
        template = "#{code}# hello" + (" and more of it #{code}# all the time" * it.choice((6, 9)) if long else "")
        campaigns.append(
            CampaignTunables(
                name=f"campaign {number}",
                begins=0.0 if number == 0 else it.uniform(0, ends * 0.7),
                message_class=it.choice(tuple(MessageClass)),
                template=template,
                rows=tuple(rows),
                lasts=it.uniform(5, 60) if it.random() < 0.15 else None,
            )
        )
    return tuple(campaigns)
