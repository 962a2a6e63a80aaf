"""Parameters of commands: text read by a function of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import rich_click as click

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^\s:\[\]]+):(\d{1,5})")


class Parsed(click.ParamType[Any]):
    """A parameter that is read by a function, whose ValueError says what was expected."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.ParamType."""
        try:
            return self._parse(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT", an IPv6 address in brackets; ValueError."""
    match = _ADDRESS.fullmatch(text.strip())
    wrong = f'found "{text}"; expected HOST:PORT such as 127.0.0.1:2775 or [::1]:2775'
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError(wrong)
    host = match[1].strip("[]")
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError(wrong) from None
    return host, int(match[2])
