"""One YAML scalar into one typed value.

The text in the file decides, not the type that YAML 1.1 would guess for it: `77051234567`, `0123`, `1:30`, `yes` and
`1e3` are what they look like where the model asks for text, and a number is only what a person calls a number.
"""

import enum
import math
import re
import typing
from pathlib import Path
from typing import Any, Literal

import msgspec
from yaml.nodes import ScalarNode

from yamlmodel.nodes import BOOL_TAG, found, is_null
from yamlmodel.suggest import DID_YOU_MEAN, did_you_mean
from yamlmodel.types import choices, expectation, unwrap

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*(_[0-9]+)*)", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS = 40
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Refused(Exception):
    """A scalar that is not of the type; the text says what was found and what is expected.

    `near` when the form is right and only a limit is missed, `hint` is the "did you mean" of the text, or "".
    """

    def __init__(self, message: str, *, near: bool = False) -> None:
        super().__init__(message)
        self.near = near

    @property
    def hint(self) -> str:
        """The text from its "did you mean" on."""
        _, mark, rest = str(self).partition(DID_YOU_MEAN)
        return mark + rest


def read_scalar(node: ScalarNode, annotation: Any) -> Any:
    """Read one scalar as the type of `annotation` (not a union); Refused when it is not one."""
    inner, meta = unwrap(annotation)
    value = _read(node, inner, annotation)
    if meta is not None:
        _check_limits(node, value, meta)
    return value


def _read(node: ScalarNode, inner: Any, annotation: Any) -> Any:
    text: str = node.value
    expected = expectation(annotation)
    if is_null(node):
        hint = '; write "" for an empty text' if inner is str and text == "" else ""
        hint = "; quote it if the word itself is meant" if inner is str and text else hint
        raise Refused(f"found {found(node)}; expected {expected}{hint}")
    if hasattr(inner, "parse"):
        try:
            return inner.parse(text)
        except ValueError as error:
            raise Refused(f"found {found(node)}; {error}") from None
    if typing.get_origin(inner) is Literal or issubclass(inner, enum.Enum):
        return _choice(node, inner, expected)
    if inner is str:
        return text
    if inner is Path:
        return Path(text)
    if inner is bool:
        if node.tag != BOOL_TAG:
            raise Refused(f"found {found(node)}; expected {expected}")
        return _BOOLEANS[text.lower()]
    return _number(node, inner, expected)


def _choice(node: ScalarNode, inner: Any, expected: str) -> Any:
    values = list(typing.get_args(inner)) if typing.get_origin(inner) is Literal else list(inner)
    words = choices(inner)
    for word, value in zip(words, values, strict=True):
        if word == node.value:
            return value
    raise Refused(f"found {found(node)}; expected {expected}{did_you_mean(node.value, words)}")


def _number(node: ScalarNode, inner: type[int] | type[float], expected: str) -> int | float:
    text: str = node.value
    if node.style is not None:
        raise Refused(f"found the text {found(node)}; expected {expected}, without quotes")
    if len(text) <= _MAX_DIGITS:
        if inner is float and _FLOAT.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                return number
        if _INTEGER.fullmatch(text):
            return int(text)
        if inner is int and _HEX.fullmatch(text):
            return int(text, 16)
    raise Refused(f"found {found(node)}; expected {expected}")


def _check_limits(node: ScalarNode, value: Any, meta: msgspec.Meta) -> None:
    limits = (
        (meta.ge, lambda limit: value >= limit, "at least {}"),
        (meta.gt, lambda limit: value > limit, "above {}"),
        (meta.le, lambda limit: value <= limit, "at most {}"),
        (meta.lt, lambda limit: value < limit, "below {}"),
        (meta.min_length, lambda limit: len(value) >= limit, "at least {} characters"),
        (meta.max_length, lambda limit: len(value) <= limit, "at most {} characters"),
        (meta.pattern, lambda limit: re.search(limit, value) is not None, "text like {}"),
    )
    for limit, holds, text in limits:
        if limit is not None and not holds(limit):
            raise Refused(f"found {found(node)}; expected {text.format(limit)}", near=True)


def read_untyped(node: ScalarNode) -> Any:
    """Read a scalar that no model describes: null, true/false, a plain decimal number, else text."""
    text: str = node.value
    if is_null(node):
        return None
    if node.style is None:
        if text in ("true", "false"):
            return text == "true"
        if len(text) <= _MAX_DIGITS:
            if _INTEGER.fullmatch(text):
                return int(text)
            if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text, re.ASCII):
                return float(text)
    return text
