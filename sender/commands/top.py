"""``sender top``: the dashboard on a terminal, also over ssh; keys only."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from sender.commands.beside import beside
from sender.commands.input import bad_input, read_only
from sender.commands.options import config_option
from sender.config.file import SenderConfig, load_config
from sender.dashboard import Rates, Snapshot, console, page, take
from sender.store.access import Deed

_EVERY: Final = 1.0
_KEYS: Final = {"\x1b[A": "up", "\x1bOA": "up", "k": "up", "\x1b[B": "down", "\x1bOB": "down", "j": "down"}
_HELP: Final = "q quit   ↑ ↓ choose   p pause or resume the chosen campaign"


@click.command()
@config_option
def top(config_path: Path) -> None:
    """Watch the sender: binds, queues and campaigns, every second.

    Keys: q quits, the arrows choose a campaign, p pauses it, or resumes it. Where there is no terminal, it prints once
    what `sender status` does.

    \b
    Exit codes:
      0  you have seen it
      2  the command, the configuration or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                target = console()
                target.print(page(take(store, time.time()), width=target.width))
                return
            board, rates = Board(config), Rates()
            with _keys() as descriptor, Live(screen=True, auto_refresh=False) as shown:
                while not board.over:
                    snapshot = take(store, time.time())
                    noted = rates.note(snapshot)
                    board.see(snapshot)
                    shown.update(
                        Group(
                            page(snapshot, noted, board.chosen, width=shown.console.width),
                            Text(f"\n{board.said}"),
                            Text(_HELP, style="dim"),
                        ),
                        refresh=True,
                    )
                    board.press(_read(descriptor, _EVERY))


class Board:
    """What the keys do: which campaign is chosen, and whether it is over."""

    def __init__(self, config: SenderConfig) -> None:
        self._config = config
        self._snapshot: Snapshot | None = None
        self.chosen: int | None = None
        self.over = False
        self.said = ""

    def see(self, snapshot: Snapshot) -> None:
        """This is how it stands now."""
        self._snapshot = snapshot
        known = [view.id for view in snapshot.campaigns]
        if self.chosen not in known:
            self.chosen = known[0] if known else None

    def press(self, key: str) -> None:
        """A key was pressed; "" for none."""
        word = _KEYS.get(key, key)
        if word in ("q", "Q", "\x03", "\x04"):
            self.over = True
        elif word in ("up", "down"):
            self._move(-1 if word == "up" else 1)
        elif word == "p":
            self._pause()

    def _move(self, step: int) -> None:
        known = [view.id for view in self._snapshot.campaigns] if self._snapshot is not None else []
        if self.chosen in known:
            self.chosen = known[max(0, min(len(known) - 1, known.index(self.chosen) + step))]

    def _pause(self) -> None:
        views = self._snapshot.campaigns if self._snapshot is not None else []
        view = next((it for it in views if it.id == self.chosen), None)
        if view is None:
            return
        resume = view.state == "paused"
        what = "campaigns.resume" if resume else "campaigns.pause"
        with beside(self._config) as store, store.database.transaction():
            changed = store.resume(view.id) if resume else store.pause(view.id)
            outcome = "done" if changed else "as it was"
            store.access.note([Deed(time.time(), "console", "local", what, f"campaign {view.id}", outcome)])
        word = "resumed" if resume else "paused"
        self.said = f"campaign {view.id}: {word if changed else f'is {view.state}, and stays so'}"


@contextmanager
def _keys() -> Iterator[int]:
    """The terminal gives each key as it is pressed, and is as it was afterwards."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _read(descriptor: int, seconds: float) -> str:
    """The key that is pressed within some time; "" when none is."""
    try:
        ready, _, _ = select.select([descriptor], [], [], seconds)
    except InterruptedError:
        return ""
    except KeyboardInterrupt:
        return "q"
    return os.read(descriptor, 16).decode("utf-8", "replace") if ready else ""
