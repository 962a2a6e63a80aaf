"""What a scenario file says: operators with their accounts and habits, and a timeline of what befalls them.

The names are the keys of the file, and each has its description beside it. Times are seconds.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from smsc.faults.registry import StandingFault
from smsc.scenario.accounts import DEFAULT_VERSION, Access, Account, Timers, Tls
from smsc.scenario.id_style import LONGEST_V33, IdStyle
from smsc.scenario.machines import Machine, machine_problems
from smsc.scenario.mobile import MobileOriginated
from smsc.scenario.personas import find_persona
from smsc.scenario.price import Amount, Price
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule
from smsc.scenario.scalars import DEFAULT_HOST, Listen, SpokenVersion
from smsc.scenario.submitting import Submit
from smsc.scenario.subscribers import Subscriber
from smsc.scenario.timeline_model import TimelineEntry, timeline_problems
from yamlmodel.presets import Preset
from yamlmodel.scalars import Rate
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]

# High enough that the ids of one run, read in the wrong base, do not fall among themselves; short enough for the
# eight octets of SMPP 3.3.
FIRST_MESSAGE_NUMBER: Final = 10_000_001


class Congestion(msgspec.Struct, frozen=True):
    """What congestion_state says, in responses to ESMEs that speak SMPP 5.0."""

    state: Annotated[int, Meta(description="Always this; from the load when omitted", ge=0, le=100)] | None = None
    capacity: (
        Annotated[Rate, Meta(description="Submits that are a state of 85, the optimum", examples=["100/s"])] | None
    ) = None

    def problems(self) -> Problems:
        """It comes from somewhere."""
        if (self.state is None) is (self.capacity is None):
            found = "neither state nor capacity" if self.state is None else "both state and capacity"
            yield (), f"found {found}; expected one of them, such as capacity: 100/s"


class Outbind(msgspec.Struct, frozen=True):
    """Where ESMEs wait for an outbind, by account, and what is said to them (SMPP 3.4 §2.2.1)."""

    addresses: Annotated[dict[str, Listen], Meta(description="Address by system_id", examples=["{shop: tcp:2776}"])]
    system_id: Annotated[str, Meta(description="How the operator introduces itself", max_length=15)] = ""
    password: Annotated[str, Meta(description="Its password", max_length=8)] = ""


class Operator(msgspec.Struct, frozen=True):
    """One emulated operator."""

    preset: ClassVar[Preset] = Preset("persona", "operator", find_persona)

    persona: Annotated[str, Meta(description="A ready profile by name, or a file; what is here overrides it")] = ""
    listen: Annotated[Listen, Meta(description="Address", examples=["tcp:2775"])] = Listen(DEFAULT_HOST, 2775)
    tls: Annotated[Tls, Meta(description="Take TLS connections")] | None = None
    version: Annotated[SpokenVersion, Meta(description="Version of SMPP spoken at most")] = DEFAULT_VERSION
    says_version: Annotated[bool, Meta(description="Say sc_interface_version in bind responses")] = True
    system_id: Annotated[str, Meta(description="Its name in bind responses", max_length=15)] = ""
    accounts: Annotated[Literal["any"] | list[Account], Meta(description="Who may bind; `any` lets everyone in")] = (
        "any"
    )
    access: Annotated[Access, Meta(description="Who may connect, and how others are told")] = Access()
    submit: Annotated[Submit, Meta(description="How messages are taken")] = Submit()
    receipts: Annotated[Receipts, Meta(description="What becomes of messages")] = Receipts()
    subscribers: Annotated[list[Subscriber], Meta(description="People behind the numbers, first match wins")] = []
    mobile_originated: Annotated[MobileOriginated, Meta(description="What subscribers send")] = MobileOriginated()
    rules: Annotated[list[Rule], Meta(description="Special treatment, first match wins")] = []
    states: Annotated[
        dict[str, Machine | str],
        Meta(description="State machines that rules move, each with its first state", examples=["{login: started}"]),
    ] = {}
    ids: Annotated[IdStyle, Meta(description="How ids are written in responses")] = IdStyle()
    ids_v33: (
        Annotated[
            IdStyle, Meta(description="The same to ESMEs of SMPP 3.3, 8 characters at most; as `ids` when omitted")
        ]
        | None
    ) = None
    congestion: Annotated[Congestion, Meta(description="congestion_state; none when omitted")] | None = None
    commands: Annotated[bool, Meta(description="Obey commands in the text of messages, such as `#status=88`")] = False
    broadcast: Annotated[bool, Meta(description="Take broadcast_sm (SMPP 5.0)")] = True
    outbind: Annotated[Outbind, Meta(description="Ask ESMEs to bind when there is something for them")] | None = None
    timers: Annotated[Timers, Meta(description="Timers of its sessions")] = Timers()
    faults: Annotated[list[StandingFault], Meta(description="What befalls its connections, see faults.md")] = []
    price: (
        Annotated[Amount, Meta(description="What a segment costs; for `carrierlab` to judge", examples=["4.00 KZT"])]
        | Price
        | None
    ) = None

    def problems(self) -> Problems:
        """Accounts are distinct, rules speak of what there is, SMPP 3.3 can carry its ids, ports are free."""
        yield from self._rule_problems()
        if self.tls is not None and self.tls.also_plain and self.tls.also_plain == self.listen.port:
            yield ("tls", "also_plain"), f"{self.listen.port} is the port that takes TLS; expected another"
        if self.ids_v33 is not None:
            example = self.ids_v33.writer(255, 255)(FIRST_MESSAGE_NUMBER)
            if len(example) > LONGEST_V33:
                yield ("ids_v33",), f"writes ids such as {example}; SMPP 3.3 has room for {LONGEST_V33} characters"
        if self.accounts == "any":
            return
        seen: list[str] = []
        for index, account in enumerate(self.accounts):
            if account.system_id in seen:
                yield ("accounts", index, "system_id"), f'a second account "{account.system_id}"'
            seen.append(account.system_id)
        for system_id in self.outbind.addresses if self.outbind is not None else ():
            if system_id not in seen:
                message = f'found "{system_id}"; expected an account of this operator{did_you_mean(system_id, seen)}'
                yield ("outbind", "addresses", system_id), message
        for index, rule in enumerate(self.rules):
            pattern = rule.when.account
            if pattern is not None and not any(pattern.compile()(system_id) for system_id in seen):
                message = f'found "{pattern}"; expected an account of this operator{did_you_mean(pattern, seen)}'
                yield ("rules", index, "when", "account"), message

    def _rule_problems(self) -> Problems:
        """Ids are distinct, and states can be come to."""
        taken: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.id in taken:
                yield ("rules", index, "id"), f'a second rule "{rule.id}"'
            taken |= {rule.id} - {""}
        for path, message in machine_problems(self.states, [(rule.in_, rule.then) for rule in self.rules]):
            yield ("rules", *path), message


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `phases`, `workload` and `expect` are the harness's: accepted here and left alone."""

    has_runs: ClassVar[bool] = True

    scenario: Annotated[str, Meta(description="What it is about, in one line")] = ""
    seed: Annotated[int, Meta(description="Everything random follows from it", ge=0)] = 0
    operators: Annotated[dict[str, Operator], Meta(description="Operators by name", min_length=1)]
    timeline: Annotated[list[TimelineEntry], Meta(description="What happens when")] = []
    phases: Any = None
    workload: Any = None
    expect: Any = None

    def problems(self) -> Problems:
        """Names refer to something, and no two operators want one address."""
        for path, message in timeline_problems(self.timeline, self.operators):
            yield ("timeline", *path), message
        taken: dict[Listen, str] = {}
        for name, operator in self.operators.items():
            if operator.listen.port and operator.listen in taken:
                other = taken[operator.listen]
                yield ("operators", name, "listen"), f"{operator.listen} is already the address of {other}"
            taken.setdefault(operator.listen, name)
