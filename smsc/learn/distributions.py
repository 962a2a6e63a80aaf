"""A distribution for measured times: the simplest that they look like.

Times that hardly differ are fixed. Otherwise uniform, normal and lognormal are fitted by their likelihoods, and the
likeliest is taken: all three have two parameters, so none has an advantage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, median, pstdev

from smsc.learn.fit import FEW, Fitted, Spread

ALIKE_SECONDS = 0.002
ALIKE_SHARE = 0.02
_SHORTEST = 1e-6
_Z99 = NormalDist().inv_cdf(0.99)


def fit_times(seconds: Sequence[float]) -> Fitted[Spread] | None:
    """The distribution of some times; None without any."""
    if not seconds:
        return None
    times = sorted(max(0.0, value) for value in seconds)
    count, middle = len(times), median(times)
    low, high = times[int(0.05 * (count - 1))], times[math.ceil(0.95 * (count - 1))]
    if high - low <= max(ALIKE_SECONDS, ALIKE_SHARE * middle):
        return Fitted(Spread("fixed", middle), count, f"{_ms(low)} to {_ms(high)}")
    if count < FEW:
        return Fitted(Spread("uniform", times[0], times[-1]), count, "too few for a shape")
    candidates = (_uniform(times), _normal(times), _lognormal(times))
    _, best = max(candidates, key=lambda candidate: candidate[0])
    p99 = times[min(count - 1, int(0.99 * count))]
    return Fitted(best, count, f"median {_ms(middle)}, p99 {_ms(p99)}, longest {_ms(times[-1])}")


def _uniform(times: Sequence[float]) -> tuple[float, Spread]:
    width = times[-1] - times[0]
    beyond = width / (len(times) - 1)  # the ends of the range lie a little outside of what was seen
    spread = Spread("uniform", max(0.0, times[0] - beyond), times[-1] + beyond)
    return -len(times) * math.log(width), spread


def _normal(times: Sequence[float]) -> tuple[float, Spread]:
    mean, deviation = fmean(times), pstdev(times)
    return _gaussian(len(times), deviation), Spread("normal", mean, deviation)


def _lognormal(times: Sequence[float]) -> tuple[float, Spread]:
    logarithms = [math.log(max(value, _SHORTEST)) for value in times]
    mean, deviation = fmean(logarithms), pstdev(logarithms)
    spread = Spread("lognormal", math.exp(mean), math.exp(mean + _Z99 * deviation))
    return _gaussian(len(times), deviation) - sum(logarithms), spread


def _gaussian(count: int, deviation: float) -> float:
    """The log-likelihood of samples under the normal distribution fitted to them."""
    return -count * (math.log(deviation) + 0.5 * math.log(2 * math.pi) + 0.5)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
