"""What the programs under test complain of while a scenario is played, so that no run passes over it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

_PROGRAMS = ("sender", "smsc", "smppkit")
_MOST = 10


@implementer(ILogObserver)
class _Unhandled:
    """Hears of failures that no Deferred handled, and of exceptions in calls of the reactor."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def __call__(self, event: LogEvent) -> None:
        failure = event.get("log_failure")
        if event.get("log_level") is LogLevel.critical and isinstance(failure, Failure):
            self._tell(f"unhandled {type(failure.value).__name__}: {failure.getErrorMessage()}")


class Complaints(logging.Handler):
    """Collects errors logged by the programs, and failures that nobody handled, while it is entered.

    ``lines`` has one line for each, without repetition, ten at most.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._seen: dict[str, None] = {}
        self._unhandled = _Unhandled(self._add)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was complained of, in order."""
        return tuple(self._seen)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line from the programs' logs."""
        text = f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        self._add(text)

    def __enter__(self) -> Self:
        for name in _PROGRAMS:
            logging.getLogger(name).addHandler(self)
        globalLogPublisher.addObserver(self._unhandled)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        globalLogPublisher.removeObserver(self._unhandled)
        for name in _PROGRAMS:
            logging.getLogger(name).removeHandler(self)

    def _add(self, text: str) -> None:
        if len(self._seen) < _MOST:
            self._seen.setdefault(text)
