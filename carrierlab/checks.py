"""What is wrong with a scenario as a whole: expectations, phases and workloads speak of what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from carrierlab.expect import Compared, Expectation
from carrierlab.expect_trace import TraceExpectation
from carrierlab.metrics import Book, Metric, Unit
from smsc.scenario.price import Price
from yamlmodel.suggest import did_you_mean

if TYPE_CHECKING:
    from carrierlab.scenario import LabScenario

Problems = Iterator[tuple[tuple[str | int, ...], str]]

# Which workloads have what a metric cannot do without; a book that is not here is always there.
_BOOKS = {
    Book.CAMPAIGN: frozenset({"campaign"}),
    Book.LOAD: frozenset({"load"}),
    Book.SENDER: frozenset({"campaign", "load"}),
}


def whole_problems(scenario: LabScenario) -> Problems:
    """Everything that only the whole file can show."""
    yield from _workload_problems(scenario)
    yield from _phase_problems(scenario)
    for index, expectation in enumerate(scenario.expect):
        path = ("expect", index)
        if isinstance(expectation, TraceExpectation):
            if scenario.workload.kind == "client":
                yield (*path, "trace"), "an external client knows no virtual time, so there is no trace; remove it"
            continue
        yield from _scope_problems(scenario, expectation, path)
        if isinstance(expectation, Expectation):
            yield from _metric_problems(scenario, expectation, path)


def _workload_problems(scenario: LabScenario) -> Problems:
    workload = scenario.workload
    if workload.campaign is not None:
        for index, route in enumerate(workload.campaign.routes):
            for account in route.accounts:
                if account not in scenario.operators:
                    key = "operator" if route.operator else "to"
                    yield ("workload", "campaign", "routes", index, key), unknown(account, scenario.operators)
    if workload.load is not None:
        named: list[tuple[tuple[str | int, ...], str | None]] = [(("operator",), workload.load.operator)]
        named += [(("mix", index, "operator"), kind.operator) for index, kind in enumerate(workload.load.mix)]
        for steps, name in named:
            if name is not None and name not in scenario.operators:
                yield ("workload", "load", *steps), unknown(name, scenario.operators)
                return
        for name in scenario.used_operators():
            accounts = scenario.operators[name].accounts
            wanted = workload.load.account
            if wanted is not None and accounts != "any" and wanted not in [each.system_id for each in accounts]:
                known = ", ".join(each.system_id for each in accounts)
                yield ("workload", "load", "account"), f'found "{wanted}"; expected an account of {name} ({known})'
    for name, operator in scenario.operators.items():
        if operator.accounts == []:
            yield ("operators", name, "accounts"), "nobody may bind; the workload needs an account"


def _phase_problems(scenario: LabScenario) -> Problems:
    names = [entry.name for entry in scenario.timeline if entry.name is not None]
    for name, span in scenario.phases.items():
        if span.entry is not None and span.entry not in names:
            known = f"one of {', '.join(names)}" if names else "an entry with a name, and there is none"
            yield ("phases", name), f'found "{span.entry}"; expected {known}{did_you_mean(span.entry, names)}'


def _scope_problems(scenario: LabScenario, expectation: Compared, path: tuple[str | int, ...]) -> Problems:
    operator = expectation.operator
    if operator is not None and operator not in scenario.operators:
        yield (*path, "operator"), unknown(operator, scenario.operators)
        return
    if expectation.phase is not None and expectation.phase not in scenario.phases:
        phases = list(scenario.phases)
        known = f"a phase of this file ({', '.join(phases)})" if phases else "a phase, and this file has none"
        hint = did_you_mean(expectation.phase, phases)
        yield (*path, "phase"), f'found "{expectation.phase}"; expected {known}{hint}'
    operators = list(scenario.operators.values()) if operator is None else [scenario.operators[operator]]
    lists = [each.accounts for each in operators]
    known_accounts = [account.system_id for accounts in lists if accounts != "any" for account in accounts]
    if expectation.account is not None and "any" not in lists and expectation.account not in known_accounts:
        hint = did_you_mean(expectation.account, known_accounts)
        yield (*path, "account"), f'found "{expectation.account}"; expected one of {", ".join(known_accounts)}{hint}'


def _metric_problems(scenario: LabScenario, expectation: Expectation, path: tuple[str | int, ...]) -> Problems:
    for key, metric in expectation.metrics():
        missing = _not_there(metric, scenario.workload.kind)
        if missing:
            yield (*path, key), missing
    if expectation.definition.unit is Unit.MONEY:
        yield from _price_problems(scenario, expectation.operator, (*path, "metric"))


def _not_there(metric: Metric, kind: str) -> str:
    """Why a metric cannot be judged after a workload of this kind; "" when it can."""
    kinds = _BOOKS.get(metric.book)
    if kinds is None or kind in kinds:
        return ""
    if kind == "client":
        return (
            f"{metric.name} needs {metric.book.value}, and what an external client believes is not known;"
            " expected what the operators see, such as submits or message"
        )
    return f"{metric.name} needs {metric.book.value}; the workload of this file is a {kind}"


def _price_problems(scenario: LabScenario, operator: str | None, path: tuple[str | int, ...]) -> Problems:
    operators = scenario.operators if operator is None else {operator: scenario.operators[operator]}
    prices = [Price.of(each.price) for each in operators.values() if each.price is not None]
    if not prices:
        yield path, "no operator has a price; expected the key price, such as price: 4.00"
    currencies = list(dict.fromkeys(price.currency for price in prices))
    if len(currencies) > 1:
        yield path, f"prices are in {' and '.join(currencies)}; expected the key operator, to judge one of them"


def unknown(name: str, operators: Collection[str]) -> str:
    """That a name is none of an operator, for people."""
    return f'found "{name}"; expected an operator of this file ({", ".join(operators)}){did_you_mean(name, operators)}'
