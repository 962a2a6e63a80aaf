"""A scenario file as the harness reads it: operators and timeline as for ``smsc``, and a workload and expectations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from carrierlab.expect import Expectation
from sender.config import BindMode, Country, Prefix, RetryConfig, RouteConfig
from sender.domain.message import MessageClass
from sender.domain.recipients import HeaderError
from sender.domain.template import Template, TemplateError
from sender.pipeline.compose import SenderError, check_sender
from sender.pipeline.importing import open_recipients
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from smsc.scenario.accounts import Account
from smsc.scenario.model import Operator, Problems, Scenario
from smsc.server.tls import tls_problems
from yamlmodel.errors import ConfigError
from yamlmodel.loader import the_only
from yamlmodel.runs import Draft, Only, Overrides, Run, built, drafts_of
from yamlmodel.scalars import Duration, Rate
from yamlmodel.suggest import did_you_mean

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
        prefixes = [route.prefix for route in self.routes]
        for index, prefix in enumerate(prefixes):
            if prefix in prefixes[:index]:
                yield ("routes", index), f'a second route for the prefix "{prefix}"'


class Workload(msgspec.Struct, frozen=True):
    """What is done to the operators."""

    campaign: Campaign


class LabScenario(Scenario, frozen=True, kw_only=True):
    """A whole file."""

    workload: Annotated[Workload, Meta(description="What our sender does")]
    expect: Annotated[list[Expectation], Meta(description="What must be true at the end")] = msgspec.field(
        default_factory=list
    )

    def problems(self) -> Problems:
        """Names refer to something."""
        yield from super().problems()
        for index, route in enumerate(self.workload.campaign.routes):
            if route.operator not in self.operators:
                yield ("workload", "campaign", "routes", index, "operator"), self._unknown(route.operator)
        for index, expectation in enumerate(self.expect):
            if expectation.operator is not None and expectation.operator not in self.operators:
                yield ("expect", index, "operator"), self._unknown(expectation.operator)
        for name, operator in self.operators.items():
            if operator.accounts == []:
                yield ("operators", name, "accounts"), "nobody may bind; the workload needs an account"

    def routes(self) -> list[RouteConfig]:
        """The routes of the campaign: everything to the first operator when the file names none."""
        return self.workload.campaign.routes or [RouteConfig(operator=next(iter(self.operators)), prefix=Prefix(""))]

    def used_operators(self) -> list[str]:
        """The operators that some route leads to, in the order of the file."""
        used = {route.operator for route in self.routes()}
        return [name for name in self.operators if name in used]

    def _unknown(self, name: str) -> str:
        known = ", ".join(self.operators)
        return f'found "{name}"; expected an operator of this file ({known}){did_you_mean(name, self.operators)}'


def account_of(operator: Operator) -> Account:
    """The account that the workload binds with: the first one."""
    return ANYBODY if operator.accounts == "any" else operator.accounts[0]


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
    return draft.has("workload", "expect")


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
    problem = _recipients_problem(scenario.workload.campaign)
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
