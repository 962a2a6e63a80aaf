"""A group of commands that are imported when they are called: help and shell completion are to be quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar

import rich_click as click


class LazyGroup(click.RichGroup):
    """A group whose commands are found by the name of their module: subclass it and fill `modules`."""

    modules: ClassVar[Mapping[str, str]] = {}
    """The module of every command, in the order of the help; a command ``dry-run`` is a function ``dry_run``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without an import."""
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        """The command, from its module."""
        module = self.modules.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        return getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
