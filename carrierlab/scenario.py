"""A scenario file as the harness reads it: operators and timeline as for ``smsc``, and a workload and expectations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from carrierlab.awaited_client import Client
from carrierlab.books import AnyExpectation
from carrierlab.checks import whole_problems
from carrierlab.load.model import Load
from carrierlab.phases import PhaseSpan
from sender.config.binds import BindMode
from sender.config.retrying import RetryConfig
from sender.config.routes import RouteConfig
from sender.config.scalars import Country, Prefix
from sender.domain.message import MessageClass
from sender.domain.rows import HeaderError
from sender.domain.template import Template, TemplateError
from sender.pipeline.compose import SenderError, check_sender
from sender.pipeline.reading.opening import open_recipients
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from smsc.scenario.accounts import Account
from smsc.scenario.model import Operator, Problems, Scenario
from smsc.server.tls import tls_problems
from yamlmodel.errors import ConfigError
from yamlmodel.loader import the_only
from yamlmodel.runs import Draft, Only, Overrides, Run, built, drafts_of
from yamlmodel.scalars import Duration, Rate

ANYBODY = Account(system_id="lab", password="lab")  # noqa: S106 - for operators that let anyone in


class Campaign(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """A campaign of our sender against the emulated operators."""

    recipients: Annotated[Path, Meta(description="CSV file, relative to this file", examples=["people.csv"])]
    limit: Annotated[int, Meta(description="Use the first rows only", ge=1)] | None = None
    template: Annotated[str, Meta(description="Text with {column} and {column|fallback}")]
    sender: Annotated[str, Meta(description="Source address", examples=["SHOP"])]
    country: Annotated[Country, Meta(description="Where numbers without + belong", examples=["KZ"])] = Country("KZ")
    class_: Annotated[MessageClass, Meta(description="What happens to a message in doubt")] = MessageClass.ADVERTISING
    routes: Annotated[list[RouteConfig], Meta(description="By prefix; all to the first operator when omitted")] = []
    binds: Annotated[int, Meta(description="Binds per operator", ge=1)] = 1
    bind: Annotated[BindMode, Meta(description="How to bind")] = BindMode.TRANSCEIVER
    window: Annotated[int, Meta(description="Unanswered submits per bind; the account's when omitted", ge=1)] | None = (
        None
    )
    rate: (
        Annotated[Rate, Meta(description="Segments a second; the account's when omitted")] | Literal["unlimited"] | None
    ) = None
    alphabets: Annotated[list[Alphabet], Meta(description="In order of preference", min_length=1)] = msgspec.field(
        default_factory=lambda: [Alphabet.GSM7, Alphabet.UCS2]
    )
    long_messages: Annotated[LongMessage, Meta(description="How long texts are cut")] = LongMessage.UDH8
    retry: Annotated[RetryConfig, Meta(description="Refusals that pass")] = RetryConfig()
    response_timeout: Annotated[Duration, Meta(description="For a response to a submit_sm")] = Duration(30)
    receipt_wait: Annotated[Duration, Meta(description="Wait after the last receipt for those still missing")] = (
        Duration(30)
    )

    def problems(self) -> Problems:
        """Template and sender must be usable."""
        try:
            Template.compile(self.template)
        except TemplateError as error:
            yield ("template",), str(error)
        try:
            check_sender(self.sender)
        except SenderError as error:
            yield ("sender",), str(error)
        seen: set[object] = set()
        for index, route in enumerate(self.routes):
            if route.accounts and (conditions := route.route().conditions) in seen:
                yield ("routes", index), f"a second route for {route.route().describe()}"
            elif route.accounts:
                seen.add(conditions)


class Workload(msgspec.Struct, frozen=True):
    """What is done to the operators: exactly one of these."""

    campaign: Annotated[Campaign, Meta(description="A campaign of our sender")] | None = None
    load: Annotated[Load, Meta(description="A generated load of ESMEs of our own")] | None = None
    client: Annotated[Client, Meta(description="Whatever an external client does")] | None = None

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return next(kind for kind in self.__struct_fields__ if getattr(self, kind) is not None)

    def problems(self) -> Problems:
        """There is one."""
        given = [kind for kind in self.__struct_fields__ if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            yield (), f"found {found}; expected exactly one of {', '.join(self.__struct_fields__)}"


class LabScenario(Scenario, frozen=True, kw_only=True):
    """A whole file."""

    phases: Annotated[
        dict[str, PhaseSpan],
        Meta(description="Spans of the run by name, for expectations", examples=["{calm: 0s-30s}"]),
    ] = msgspec.field(default_factory=dict)
    workload: Annotated[Workload, Meta(description="What is done to the operators")]
    expect: Annotated[list[AnyExpectation], Meta(description="What must be true at the end")] = msgspec.field(
        default_factory=list
    )

    def problems(self) -> Problems:
        """Names refer to something, and what is expected can be judged."""
        yield from super().problems()
        yield from whole_problems(self)

    def routes(self) -> list[RouteConfig]:
        """The routes of the campaign: everything to the first operator when the file names none."""
        campaign = self.workload.campaign
        given = [] if campaign is None else campaign.routes
        return given or [RouteConfig(operator=next(iter(self.operators)), prefix=Prefix(""))]

    def used_operators(self) -> list[str]:
        """The operators that the workload leads to, in the order of the file."""
        load = self.workload.load
        if self.workload.client is not None:
            return list(self.operators)
        if load is None:
            used = {account for route in self.routes() for account in route.accounts}
        else:
            usual = load.operator or next(iter(self.operators))
            used = {kind.operator or usual for kind in load.mix}
        return [name for name in self.operators if name in used]

    def expects(self, metric: str) -> bool:
        """Whether an expectation names this metric."""
        return any(expectation.metric == metric for expectation in self.expect)


def account_of(operator: Operator, system_id: str | None = None) -> Account:
    """The account that the workload binds with: the one that it names, or else the first one."""
    if operator.accounts == "any":
        return ANYBODY if system_id is None else msgspec.structs.replace(ANYBODY, system_id=system_id)
    return next((each for each in operator.accounts if each.system_id == system_id), operator.accounts[0])


def load_scenario(path: Path, values: Overrides | None = None, only: Only | None = None) -> LabScenario:
    """Read and check a scenario file, and the head of the recipients file that it names (ConfigError).

    `values` of variables take the place of the file's, and `only` picks runs of its matrix: one must be left.
    """
    return _lab(the_only(drafts_of(path, values, only), str(path)))


def load_scenario_runs(path: Path, values: Overrides | None = None, only: Only | None = None) -> list[Run[LabScenario]]:
    """As `load_scenario`: all runs of the file, each with its name in that of the scenario."""
    return built(drafts_of(path, values, only), _lab)


def load_any_runs(path: Path, values: Overrides | None = None, only: Only | None = None) -> list[Run[Scenario]]:
    """As `load_scenario_runs`; without workload and expectations it is a file that `smsc serve` alone plays."""
    return built(drafts_of(path, values, only), lambda draft: _lab(draft) if _is_lab(draft) else _served(draft))


def _is_lab(draft: Draft) -> bool:
    return draft.has("workload", "expect", "phases")


def _served(draft: Draft) -> Scenario:
    loaded = draft.build(Scenario)
    if problems := tls_problems(loaded):
        raise ConfigError(*problems)
    return loaded.value


def _lab(draft: Draft) -> LabScenario:
    loaded = draft.build(LabScenario)
    if problems := tls_problems(loaded):
        raise ConfigError(*problems)
    scenario = loaded.value
    campaign = scenario.workload.campaign
    problem = None if campaign is None else _recipients_problem(campaign)
    if problem is not None:
        key, message = problem
        raise ConfigError(loaded.problem(("workload", "campaign", key), message))
    if not draft.name:
        return scenario
    return msgspec.structs.replace(scenario, scenario=f"{scenario.scenario or draft.file} [{draft.name}]")


def _recipients_problem(campaign: Campaign) -> tuple[str, str] | None:
    """The key to blame and why, when no campaign can be made of the recipients file."""
    file = campaign.recipients
    try:
        with open_recipients(file, campaign.country, Template.compile(campaign.template)):
            return None
    except FileNotFoundError:
        return "recipients", f"no such file: {file}"
    except OSError as error:
        return "recipients", f"{file} cannot be read: {error.strerror}"
    except HeaderError as error:
        return "recipients", f"{file}: {error}"
    except TemplateError as error:
        return "template", str(error)
