"""A group of commands that are imported when they are called: help and shell completion are to be quick."""

from __future__ import annotations

import ast
import errno
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import rich_click as click
from click.shell_completion import CompletionItem


class LazyGroup(click.RichGroup):
    """A group whose commands are found by the name of their module: subclass it and fill `modules`."""

    modules: ClassVar[Mapping[str, str]] = {}
    """The module of every command, in the order of the help; a command ``dry-run`` is a function ``dry_run``."""

    summaries: ClassVar[Mapping[str, str]] = {}
    """What commands say of themselves that their module does not define as functions; a test compares them."""

    _listing = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without an import."""
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        """The command, from its module; while commands are listed: its name and docstring, from the source."""
        module = self.modules.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        function = cmd_name.replace("-", "_")
        if self._listing and (found := self.summaries.get(cmd_name) or _docstrings(module).get(function)) is not None:
            return click.RichCommand(name=cmd_name, help=found)
        return getattr(importlib.import_module(module), function)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; output that cannot be written is one line for people, and exit code 2.

        Where standard output is closed nobody wants any.
        """
        if sys.stdout is None:
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                sys.stdout.flush()  # here, and not when the interpreter ends, where nobody is told
        except OSError as error:
            if error.errno not in _UNWRITABLE or error.filename is not None:
                raise
            _give_up_output()
            program = kwargs.get("prog_name") or Path(sys.argv[0]).name
            click.echo(f"{program}: output cannot be written: {error.strerror}", err=True)
            sys.exit(2)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C that it does not take care of itself is one line, and exit code 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\ninterrupted", err=True)
            ctx.exit(_INTERRUPTED)

    def format_help(self, ctx: click.RichContext, formatter: Any) -> None:  # type: ignore[override]
        """The help of the group, for which no command is imported."""
        with self._lists():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands that begin with `incomplete`, for which none is imported."""
        with self._lists():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _lists(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


_INTERRUPTED = 130  # 128 and the number of SIGINT, as shells say it
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _give_up_output() -> None:
    """Let what is left of standard output go nowhere: the interpreter writes it when it ends."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@cache
def _docstrings(module: str) -> Mapping[str, str | None]:
    """What the source of `module` says of its functions; empty where there is no source."""
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and hasattr(spec.loader, "get_source") else None  # type: ignore[union-attr]
    return {
        node.name: ast.get_docstring(node) for node in ast.parse(source or "").body if isinstance(node, ast.FunctionDef)
    }
