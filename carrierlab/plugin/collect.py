"""Scenario files as tests: each is played in virtual time, and passes when its expectations are met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from carrierlab.plugin.playing import play, report_text
from carrierlab.report.result import Outcome
from yamlmodel.errors import ConfigError


class NotMet(Exception):
    """A scenario was played and not all of its expectations were met."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.scenario)
        self.outcome = outcome


class ScenarioFile(pytest.File):
    """One scenario file."""

    @classmethod
    def of(cls, path: Path, parent: pytest.Collector) -> Self | None:
        """The file, when it is one that has a workload; what else is YAML is not for us."""
        text = path.read_text(encoding="utf-8", errors="replace")
        if not any(line.startswith("workload:") for line in text.splitlines()):
            return None
        made: Self = cls.from_parent(parent, path=path)
        return made

    def collect(self) -> Iterator[pytest.Item]:
        """It is one test."""
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioItem(pytest.Item):
    """One scenario, played with the seed of its file."""

    def runtest(self) -> None:
        """Play it."""
        outcome = play(self.path, seed=None)
        if not outcome.passed:
            raise NotMet(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report that ``carrierlab run`` prints, or what is wrong with the file."""
        if isinstance(excinfo.value, NotMet):
            return report_text(excinfo.value.outcome)
        if isinstance(excinfo.value, ConfigError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"scenario {self.name}"
