"""How a whole scenario ended, as a test looks at it."""

from __future__ import annotations

from carrierlab.expect import Verdict
from carrierlab.report.result import Outcome


class Played:
    """One scenario that was played. ``assert played.passed`` shows what was not met, the report stands below."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        """All of it, as ``carrierlab run --report`` writes it."""

    @property
    def passed(self) -> bool:
        """Whether it was played to its end and every expectation was met."""
        return self.outcome.passed

    @property
    def unmet(self) -> list[Verdict]:
        """The expectations that were not met."""
        return [verdict for verdict in self.outcome.verdicts if not verdict.met]

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric over all operators."""
        return self.outcome.metrics

    def __repr__(self) -> str:
        outcome = self.outcome
        wrong = [*outcome.trouble]
        for verdict in self.unmet:
            where = f" of {verdict.whom}" if verdict.whom else ""
            wrong.append(f"{verdict.metric}{where} wanted {verdict.wanted}, found {verdict.found}")
        return f"<{outcome.scenario!r}, seed {outcome.seed}: {'; '.join(wrong) or 'passed'}>"
