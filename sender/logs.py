"""Logs of a program that runs for long: a line or a JSON object each, and no number of a person in any."""

from __future__ import annotations

import logging
import re
import sys
from enum import Enum
from typing import Final, TextIO

import msgspec

from smppkit.masking import masked

_NUMBER: Final = re.compile(r"(?<![\w.+-])\+?[1-9]\d{9,14}(?!\w|\.\d)")
"""What may be somebody's number: whoever logs one masks it, and what slips through is masked here."""


class LogFormat(Enum):
    """What a line of the log is."""

    TEXT = "text"
    JSON = "json"


class JsonFormatter(logging.Formatter):
    """A record as a JSON object on one line; what is given as ``extra={"message_id": …}`` becomes a key."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        entry: dict[str, object] = {
            "at": round(record.created, 6),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_numbers(record.getMessage()),
        }
        for key in _EXTRA:
            value = getattr(record, key, None)
            if value is not None:
                entry[key] = value
        if record.exc_info:
            entry["exception"] = without_numbers(self.formatException(record.exc_info))
        return msgspec.json.encode(entry).decode()


_EXTRA: Final = ("message_id", "campaign_id", "account", "token", "route", "status")


class TextFormatter(logging.Formatter):
    """A record as a line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        return without_numbers(super().format(record))


def without_numbers(text: str) -> str:
    """The text with every number that may be a person's masked."""
    return _NUMBER.sub(lambda found: masked(found[0]), text)


def log_to(kind: LogFormat, stream: TextIO | None = None) -> logging.Handler:
    """Log to a stream (standard error) in this form from now on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if kind is LogFormat.JSON else TextFormatter())
    logging.getLogger().addHandler(handler)
    return handler
