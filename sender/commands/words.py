"""Numbers and times as people write them on a command line."""

from __future__ import annotations

import time

from sender.commands.input import BadInput
from sender.config.file import SenderConfig
from sender.domain.phone import BadNumber, parse_number
from sender.pipeline.suppression_file import read_time
from yamlmodel.scalars import Duration


def number_of(text: str, config: SenderConfig) -> str:
    """The digits of an international number; BadInput."""
    try:
        return parse_number(text, config.country)
    except BadNumber as error:
        raise BadInput(str(error)) from None


def since_of(text: str) -> float:
    """`--since`: a time, or a span before now; unix seconds. BadInput."""
    try:
        return time.time() - Duration.parse(text)
    except ValueError:
        pass
    try:
        return read_time(text)
    except ValueError as error:
        raise BadInput(f"--since: {error}, or a span such as 1h") from None
