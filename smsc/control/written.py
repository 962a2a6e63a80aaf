"""Values of a scenario as they stand in a file, for people: what is as usual is left out."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from math import exp
from statistics import NormalDist
from typing import Any, Final

import msgspec

from smppkit.status import status_name
from smsc.scenario.counting import Count
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, Latency, LogNormal, Spike
from smsc.scenario.scalars import HexOctets, Listen, Span, Status
from yamlmodel.scalars import Duration, Percent, Rate

_ENDLESS: Final = {Span: 999, Count: 1 << 40}  # upper ends that nobody has written
_Z99: Final = NormalDist().inv_cdf(0.99)


def written(value: Any) -> Any:
    """A value as JSON that says what a file would."""
    for kind, write in _WRITE:
        if isinstance(value, kind):
            return write(value)
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if isinstance(value, Mapping):
        return {str(written(key)): written(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [written(one) for one in value]
    return str(value)


def _struct(value: msgspec.Struct) -> dict[str, Any]:
    config = value.__struct_config__
    said: dict[str, Any] = {} if config.tag is None else {str(config.tag_field): config.tag}
    for field in msgspec.structs.fields(value):
        one = getattr(value, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if one != default or (type(one) is bool) is not (type(default) is bool):
            said[field.encode_name] = written(one)
    return said


def _span(value: Span | Count) -> str:
    if isinstance(value, Count) and value.every > 1:
        return f"every {value.every}"
    if value.high >= _ENDLESS[type(value)]:
        return f"{value.low}+"
    return str(value.low) if value.low == value.high else f"{value.low}-{value.high}"


def _latency(value: Latency) -> str:
    match value:
        case Fixed():
            return f"{value.seconds:g}s"
        case LogNormal():
            return f"lognormal {value.median:g}s p99 {value.median * exp(value.sigma * _Z99):g}s"
        case Spike():
            return f"spike {value.usual:g}s to {value.spike:g}s {value.share * 100:g}%"
    return " ".join([type(value).__name__.lower(), *(f"{getattr(value, name):g}s" for name in value.__struct_fields__)])


def _ids(value: IdStyle) -> str:
    words = [value.base.value, value.case, str(value.width or ""), "large" if value.large else ""]
    return " ".join(word for word in [*words, value.around if value.around != "{}" else ""] if word)


_WRITE: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (type(None), lambda value: None),  # noqa: ARG005
    (bool, bool),
    (Status, lambda value: status_name(int(value))),
    (Duration, lambda value: f"{float(value):g}s"),
    (Rate, lambda value: f"{float(value):g}/s"),
    (Percent, lambda value: f"{value * 100:g}%"),
    (Latency, _latency),
    (Span | Count, _span),
    (IdStyle, _ids),
    (Listen, str),
    (HexOctets, lambda value: value.hex()),
    (enum.Enum, lambda value: value.value),
    (str, str),
    (int, int),
    (float, float),
    (bytes, lambda value: value.hex()),
)
