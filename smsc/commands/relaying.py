"""The services of ``smsc proxy`` and ``smsc replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from smsc.commands.running import address_text

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from smsc.capture.mishaps import MishapPlayer
    from smsc.capture.proxy import Proxy
    from smsc.capture.replay import Replay
    from smsc.journal.journal import Journal


class Proxying:
    """A proxy with its faults and its journal."""

    def __init__(self, made: Proxy, player: MishapPlayer | None, journal: Journal | None, what: str) -> None:
        self._what = what
        self._proxy = made
        self._player = player
        self._journal = journal

    def start(self) -> Deferred[str]:
        """See Service."""
        if self._player is not None:
            self._player.begin()
        return self._proxy.start().addCallback(lambda address: f"{address_text(*address)} ({self._what})")

    def stop(self) -> Deferred[None]:
        """See Service."""
        if self._player is not None:
            self._player.stop()
        return self._proxy.stop()

    def ended(self, started: bool) -> int:
        """See Service."""
        if self._journal is not None:
            self._journal.close()
        return _say(self._summary() if started else [])

    def _summary(self) -> list[str]:
        stats, recorder = self._proxy.stats, self._proxy.recorder
        said = [f"{stats.connections} connections, {stats.octets_in} octets in, {stats.octets_out} out"]
        if stats.unreachable or stats.refused:
            said.append(f"{stats.unreachable} found the SMSC unreachable, {stats.refused} were too many")
        if recorder is not None:
            said.append(f"{recorder.counters.pdus} PDUs recorded, {recorder.counters.unframed} octets that are none")
        if self._player is not None and self._player.faults.counts:
            struck = ", ".join(f"{tag} {count} times" for tag, count in sorted(self._player.faults.counts.items()))
            said.append(f"faults: {struck}")
        return said


class Replaying:
    """A replay."""

    def __init__(self, made: Replay, what: str) -> None:
        self._what = what
        self._replay = made

    def start(self) -> Deferred[str]:
        """See Service."""
        return self._replay.start().addCallback(lambda address: f"{address_text(*address)} ({self._what})")

    def stop(self) -> Deferred[None]:
        """See Service."""
        return self._replay.stop()

    def ended(self, started: bool) -> int:
        """See Service."""
        return _say(self._replay.summary() if started else [])


def _say(lines: list[str]) -> int:
    for line in lines:
        click.echo(f"smsc: {line}")
    return 0
