"""The fixture `smsc_scenario`: emulators that play a file, and whole scenarios in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from carrierlab.plugin.emulators import Emulators
from carrierlab.plugin.handle import Smsc
from carrierlab.plugin.played import Played
from carrierlab.plugin.reading import find


def marked(marker: pytest.Mark, request: pytest.FixtureRequest) -> tuple[Path | None, Mapping[str, Any]]:
    """What ``@pytest.mark.smsc_scenario(file, set={…})`` says."""

    def said(file: str | Path | None = None, *, set: Mapping[str, Any] | None = None) -> Any:  # noqa: A002
        return None if file is None else _found(file, request), set or {}

    said.__qualname__ = "@pytest.mark.smsc_scenario"  # what a TypeError calls it
    try:
        found: tuple[Path | None, Mapping[str, Any]] = said(*marker.args, **marker.kwargs)
    except TypeError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    return found


class Scenarios:
    """Plays scenario files for one test. Files are sought beside the test, then from the rootdir."""

    def __init__(self, request: pytest.FixtureRequest, emulators: Emulators) -> None:
        self._request = request
        self._emulators = emulators
        self._stack = ExitStack()
        self._handles: list[Smsc] = []
        self._played: list[Played] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def __call__(self, file: str | Path, *, set: Mapping[str, Any] | None = None) -> Smsc:  # noqa: A002
        """Run the operators of a file until the end of the test."""
        handle = self._stack.enter_context(self._emulators.own(_found(file, self._request), set or {}))
        self._handles.append(handle)
        return handle

    def play(self, file: str | Path, *, seed: int | None = None, set: Mapping[str, Any] | None = None) -> Played:  # noqa: A002
        """Play a whole file, its workload included, in virtual time. ConfigError when it cannot be used."""
        from carrierlab.plugin.playing import job_of, play

        played = Played(play(job_of(_found(file, self._request), seed, set)))
        self._played.append(played)
        return played

    def sections(self) -> list[tuple[str, str]]:
        """See Witness."""
        from carrierlab.plugin.playing import report_text

        said = [section for handle in self._handles for section in handle.sections()]
        return said + [(f"scenario {one.outcome.file}", report_text(one.outcome)) for one in self._played]

    def keep(self, directory: Path, name: str) -> list[Path]:
        """See Witness."""
        return [
            path
            for number, handle in enumerate(self._handles, 1)
            for path in handle.keep(directory, f"{name}-{number}")
        ]


def _found(file: str | Path, request: pytest.FixtureRequest) -> Path:
    return find(file, request.path.parent, request.config.rootpath)
