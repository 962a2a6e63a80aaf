"""The loop of the emulator calls who reads directly; all else it does as asyncio does."""

from __future__ import annotations

import asyncio

import pytest
from twisted.python.log import callWithLogger

from smsc.reactor import DirectLoop


def read(*said: object) -> None:
    """A reader of the test, never called."""


def test_who_reads_is_called_without_a_context(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_reader", lambda loop, *asked_for: asked.append(asked_for))
    loop = DirectLoop()
    loop.add_reader(7, callWithLogger, "a logger", read, "a socket", True)
    loop.add_reader(8, read, "another")
    loop.close()
    assert asked[-2:] == [(7, read, "a socket", True), (8, read, "another")]
