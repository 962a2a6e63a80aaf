"""How long things take: distributions as pure functions of one uniform draw.

Written `40ms`, `fixed 40ms`, `uniform 10ms 50ms`, `normal 40ms 5ms` (mean, standard deviation),
`lognormal 40ms p99 400ms` (median and 99th percentile), `spike 40ms to 2s 5%` (one in twenty takes 2 s) and `never`.
A time below 0 becomes 0, and nothing but `never` takes longer than 31 days.
"""

import math
from collections.abc import Callable, Iterable
from statistics import NormalDist
from typing import ClassVar, Final

import msgspec

from smsc.scenario.draws import uniforms
from yamlmodel.scalars import Duration, Percent

LONGEST: Final = 31 * 86400.0
_SHORTEST_MEDIAN: Final = 1e-6  # keeps every quantile of a lognormal within the range of a float

_STANDARD = NormalDist()
_Z99 = _STANDARD.inv_cdf(0.99)


class Latency(msgspec.Struct, frozen=True):
    """A distribution of seconds; the subclasses are its shapes."""

    expected: ClassVar[str] = (
        'a latency such as 40ms, "uniform 10ms 50ms", "normal 40ms 5ms", "lognormal 40ms p99 400ms", '
        '"spike 40ms to 2s 5%" or never'
    )

    @classmethod
    def parse(cls, text: str) -> "Latency":
        """Read the written form; ValueError says which form or parameter is expected."""
        words = text.split()
        shape = _SHAPES.get(words[0]) if words else None
        if shape is not None:
            return shape(words[1:])
        try:
            seconds = Duration.parse(text)
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None
        if seconds > LONGEST:
            raise ValueError("expected at most 31d")
        return Fixed(seconds)

    def at(self, u: float) -> float:
        """Return the seconds at the draw `u` (0 < u < 1); never below 0, never falling as `u` grows."""
        raise NotImplementedError

    def drawn(self, values: Iterable[int]) -> list[float]:
        """Return the seconds at each of many draws, of which these are the values (see ``draws.uniforms``)."""
        return list(map(self.at, uniforms(values)))


class Fixed(Latency, frozen=True):
    """Always the same."""

    seconds: float

    def at(self, u: float) -> float:
        """Return the constant."""
        return self.seconds


class Uniform(Latency, frozen=True):
    """Anything between two bounds, alike."""

    low: float
    high: float

    def at(self, u: float) -> float:
        """Interpolate between the bounds."""
        return self.low + (self.high - self.low) * u

    def drawn(self, values: Iterable[int]) -> list[float]:
        """Interpolate many times between the bounds."""
        low, width = self.low, self.high - self.low
        return [low + width * (((value >> 12) + 0.5) * 2.0**-52) for value in values]


class Normal(Latency, frozen=True):
    """A mean with a standard deviation; the part below 0 is 0."""

    mean: float
    deviation: float

    def at(self, u: float) -> float:
        """Return the quantile `u`."""
        return min(max(0.0, self.mean + self.deviation * _STANDARD.inv_cdf(u)), LONGEST)


class LogNormal(Latency, frozen=True):
    """A median with a long tail: most are quick, one in a hundred is slower than the 99th percentile."""

    median: float
    sigma: float

    def at(self, u: float) -> float:
        """Return the quantile `u`."""
        return min(self.median * math.exp(self.sigma * _STANDARD.inv_cdf(u)), LONGEST)


class Spike(Latency, frozen=True):
    """Always the same, but for a share that takes much longer."""

    usual: float
    spike: float
    share: float

    def at(self, u: float) -> float:
        """Return the spike for the highest draws."""
        return self.spike if u > 1.0 - self.share else self.usual


class Never(Latency, frozen=True):
    """It does not happen."""

    def at(self, u: float) -> float:
        """Return infinity."""
        return math.inf


def _durations(words: list[str], count: int, form: str) -> list[Duration]:
    if len(words) != count:
        raise ValueError(f'expected the form "{form}"')
    try:
        durations = [Duration.parse(word) for word in words]
    except ValueError:
        raise ValueError(f'expected the form "{form}"') from None
    if max(durations) > LONGEST:
        raise ValueError("expected at most 31d")
    return durations


def _fixed(words: list[str]) -> Latency:
    (seconds,) = _durations(words, 1, "fixed 40ms")
    return Fixed(seconds)


def _uniform(words: list[str]) -> Latency:
    low, high = _durations(words, 2, "uniform 10ms 50ms")
    if high < low:
        raise ValueError(f"expected the lower bound first: uniform {words[1]} {words[0]}")
    return Uniform(low, high)


def _normal(words: list[str]) -> Latency:
    mean, deviation = _durations(words, 2, "normal 40ms 5ms")
    return Normal(mean, deviation)


def _lognormal(words: list[str]) -> Latency:
    form = "lognormal 40ms p99 400ms"
    if words[1:2] != ["p99"]:
        raise ValueError(f'expected the form "{form}"')
    median, p99 = _durations([words[0], *words[2:]], 2, form)
    if not _SHORTEST_MEDIAN <= median < p99:
        raise ValueError(f"expected a median above zero and a p99 above the median, as in {form}")
    return LogNormal(median, math.log(p99 / median) / _Z99)


def _spike(words: list[str]) -> Latency:
    form = "spike 40ms to 2s 5%"
    if len(words) != 4 or words[1] != "to":
        raise ValueError(f'expected the form "{form}"')
    usual, spike = _durations([words[0], words[2]], 2, form)
    if spike < usual:
        raise ValueError(f"expected the longer time last: spike {words[2]} to {words[0]} {words[3]}")
    try:
        share = Percent.parse(words[3])
    except ValueError:
        raise ValueError(f'expected the form "{form}"') from None
    return Spike(usual, spike, share)


def _never(words: list[str]) -> Latency:
    if words:
        raise ValueError("expected never alone")
    return Never()


def _dribble(words: list[str]) -> Latency:  # noqa: ARG001
    # When a PDU leaves is a latency; how its octets do is the connection's.
    raise ValueError(
        "a latency says when a PDU leaves; for octets that trickle use a fault: "
        "{at: 0s, fault: dribble, stage: response, size: 4, gap: 100ms}"
    )


_SHAPES: dict[str, Callable[[list[str]], Latency]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "spike": _spike,
    "never": _never,
    "dribble": _dribble,
}
