"""Scenario files as tests: each is played in virtual time, and passes when its expectations are met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from carrierlab.plugin.playing import jobs_of, play, report_text
from carrierlab.report.result import Outcome
from carrierlab.run import Job
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
        """One test, or one for each run of its matrix."""
        for name, job in jobs_of(self.path):
            item = ScenarioItem.from_parent(self, name=f"{self.path.stem}[{name}]" if name else self.path.stem)
            item.job = job
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong with the file, line by line."""
        return str(excinfo.value) if isinstance(excinfo.value, ConfigError) else super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """One run of a scenario, played with the seed of its file."""

    job: Job

    def runtest(self) -> None:
        """Play it."""
        outcome = play(self.job)
        if not outcome.passed:
            raise NotMet(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report that ``carrierlab run`` prints."""
        if isinstance(excinfo.value, NotMet):
            return report_text(excinfo.value.outcome)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"scenario {self.name}"
