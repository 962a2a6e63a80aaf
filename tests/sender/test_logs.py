"""Logs of a program that runs for long: one line each, and no number of a person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from sender.logs import LogFormat, log_to, without_numbers


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("sender.test")
    logger.setLevel(logging.INFO)
    before = list(logging.getLogger().handlers)
    yield logger
    for handler in list(logging.getLogger().handlers):
        if handler not in before:
            logging.getLogger().removeHandler(handler)


def test_json_is_one_object_a_line_with_what_it_is_about(log: logging.Logger) -> None:
    stream = io.StringIO()
    log_to(LogFormat.JSON, stream)
    log.info("from %s\nand more", "77051234567", extra={"message_id": 7, "account": "beeline"})
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry.pop("at") > 0
    assert entry == {
        "level": "info", "logger": "sender.test", "message": "from 7705*****67\nand more", "message_id": 7,
        "account": "beeline",
    }  # fmt: skip


def test_an_exception_is_told_without_numbers(log: logging.Logger) -> None:
    stream = io.StringIO()
    log_to(LogFormat.JSON, stream)
    try:
        raise ValueError("77051234567")
    except ValueError:
        log.exception("it broke")
    assert "77051234567" not in stream.getvalue()
    assert "ValueError" in json.loads(stream.getvalue())["exception"]


def test_text_is_a_line_for_people(log: logging.Logger) -> None:
    stream = io.StringIO()
    log_to(LogFormat.TEXT, stream)
    log.warning("to +77051234567 failed")
    assert stream.getvalue().endswith(" WARNING to 7705*****67 failed\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("77051234567, 77051234568.", "7705*****67, 7705*****68."),
        ("campaign 123456 took 12.3456789012 s", "campaign 123456 took 12.3456789012 s"),
        ("SHOP to 1234", "SHOP to 1234"),
        ("id a77051234567", "id a77051234567"),
    ],
)
def test_what_may_be_a_number_is_masked(text: str, shown: str) -> None:
    assert without_numbers(text) == shown
