"""What people ask for, as JSON: read as the models of scenario files, with the same errors."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from yamlmodel.errors import ConfigError, Problem
from yamlmodel.loader import loads

T = TypeVar("T", bound=msgspec.Struct)

BODY = "body"
"""What problems call the file."""


def read_order(octets: bytes, model: type[T]) -> T:
    """A JSON object as a model of scenarios: durations, rates, statuses and patterns are written as in a file.

    ConfigError lists everything that is wrong, each with the path of its key.
    """
    try:
        value = msgspec.json.decode(octets or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(BODY, 0, 0, "", f"not JSON: {error}")) from None
    # ASCII, since YAML knows characters that it does not take; JSON in ASCII is YAML.
    return loads(json.dumps(value), model, BODY)
