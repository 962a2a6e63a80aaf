"""All rules. A file in smsc/lint/rules that declares one is enough to add it."""

from __future__ import annotations

import importlib
import pkgutil

from smsc.lint import rules
from smsc.lint.rule import Rule


def _found() -> dict[str, type[Rule]]:
    found: dict[str, type[Rule]] = {}
    for module in pkgutil.iter_modules(rules.__path__):
        for thing in vars(importlib.import_module(f"{rules.__name__}.{module.name}")).values():
            if not (isinstance(thing, type) and issubclass(thing, Rule) and hasattr(thing, "id")):
                continue
            if found.setdefault(thing.id, thing) is not thing:
                raise ValueError(f"two rules are called {thing.id}")
    return dict(sorted(found.items(), key=lambda entry: (-entry[1].severity, entry[0])))


RULES: dict[str, type[Rule]] = _found()
"""By id; errors first, then by name."""
