"""The lint beside a running emulator: one for each operator, since each counts its connections by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smsc.lint.finding import Finding
from smsc.lint.lint import Lint
from smsc.lint.registry import RULES
from smsc.lint.report import Report, format_for, render
from smsc.lint.settings import LintSettings
from smsc.scenario.model import Operator, Scenario


class LiveLint:
    """What ``smsc serve --lint FILE`` watches with. Times are unix seconds."""

    def __init__(self, settings: LintSettings | None = None) -> None:
        self._settings = settings or LintSettings()
        self._lints: dict[str, Lint] = {}

    @classmethod
    def of_scenario(cls, scenario: Scenario) -> LiveLint:
        """With the windows that the scenario gives its accounts."""
        return cls(LintSettings(windows=windows_of(scenario.operators)))

    def operator(self, name: str) -> Lint:
        """The lint of one operator: tell it of every connection and PDU."""
        lint = self._lints.get(name)
        if lint is None:
            lint = self._lints[name] = Lint(self._settings)
        return lint

    def finish(self, at: float) -> Report:
        """Stop watching; what was found."""
        for lint in self._lints.values():
            lint.finish(at)
        return self.report()

    def report(self) -> Report:
        """What was found so far."""
        return report_of(list(self._lints.values()))

    def write(self, path: Path, at: float) -> Report:
        """``finish``, and write the report in the format that the name of the file asks for.

        ValueError when it asks for none (see ``format_for``, to ask early), OSError.
        """
        form = format_for(path)
        report = self.finish(at)
        path.write_text(render(report, form), encoding="utf-8")
        return report


def windows_of(operators: Mapping[str, Operator]) -> dict[tuple[str, str], int]:
    """The windows that operators have agreed with their accounts, by operator and system_id."""
    return {
        (name, account.system_id): account.window
        for name, operator in operators.items()
        if operator.accounts != "any"
        for account in operator.accounts
        if account.window is not None
    }


def report_of(lints: list[Lint], source: str | None = None, account: str | None = None) -> Report:
    """What several lints have found, as one report; of one account only, when it is named."""
    order = {rule: number for number, rule in enumerate(RULES)}
    findings: list[Finding] = [
        finding for lint in lints for finding in lint.findings() if account in (None, finding.account)
    ]
    findings.sort(key=lambda finding: (order[finding.rule], finding.operator, finding.account))
    return Report(
        findings=findings,
        connections=sum(lint.counters.connections for lint in lints),
        pdus=sum(lint.counters.pdus for lint in lints),
        unwatched=sum(lint.counters.unwatched_pdus for lint in lints),
        source=source,
    )
