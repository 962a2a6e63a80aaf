#!/usr/bin/env python3
"""Make docs/lint.md out of the rules themselves.

Usage: make_lint.py [--check]     (--check compares only; exit code 1 if the page is out of date)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from smsc.lint.finding import Severity
from smsc.lint.registry import RULES
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lint.md"

HEAD = """\
# What clients do wrong

<!-- Made by scripts/make_lint.py from the rules in smsc/lint/rules; change those. -->

The emulator can tell a client what it does wrong, from what it heard: afterwards from a journal, or live.

```sh
smsc lint --journal smsc-journal.sqlite
smsc lint --journal smsc-journal.sqlite --account shop --since 10m -o lint.sarif
smsc serve --lint lint.json
```

`smsc lint` exits with 0 when nothing was found that is as bad as `--fail-on` (default: `warning`), with 1 when
something was, and with 2 when a file or option cannot be used. A client that does right has no findings: where the
octets leave a doubt, nothing is said.

A finding says which account broke which rule, how often, when first and last, and shows the first PDU that did: its
fields and its octets in hexadecimal. Passwords are masked, and so are people's numbers in addresses, in both; texts of
messages are not.

| format | file | for |
|---|---|---|
| `text` | `.txt` | people; coloured on a terminal |
| `json` | `.json` | programs: `version`, `summary` and `findings` |
| `junit` | `.xml` | CI: one test case per rule, which fails when an error or a warning was found |
| `sarif` | `.sarif` | code hosts and editors (SARIF 2.1.0); a location names journal, connection and PDU |

A finding in JSON has `rule`, `severity`, `title`, `operator`, `account`, `count`, `first_at`, `last_at`, `detail`,
`why`, `spec`, `remedy` and `example` (null, or `connection`, `peer`, `direction`, `at`, `row`, `command`, `sequence`,
`fields`, `octets`, `length`). New keys may come; when one changes its meaning, so does `version`.

What a journal does not hold is not judged from one: whether a connection was encrypted, and the window that an account
was given (`--window` says it). Nor does it hold what a fault did to the octets on their way: a client that never got a
`deliver_sm` looks like one that does not answer it, so judge clients by runs without such faults; or live, where a
connection is judged no more once a fault has struck it.

A line on which the operator itself asks with `enquire_link` is never silent; to see whether a client does, give the
operator a longer time, such as `timers: {enquire_link: 10m}`.

## Adding a rule

A rule is one file in `smsc/lint/rules` with a subclass of `Rule` (`smsc/lint/rule.py`): its words, and the moments of a
conversation at which it wants to be asked. `scripts/make_lint.py` puts it on this page, and
`tests/smsc/lint/test_rules.py` wants a conversation that breaks it once and one that comes near.
"""

TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
WORDS = {
    Severity.ERROR: "What breaks the protocol or the text.",
    Severity.WARNING: "What costs: messages, money, or the patience of the operator.",
    Severity.NOTE: "What is worth knowing.",
}


def section(rule: type[Rule]) -> Iterator[str]:
    """One rule."""
    yield f"\n### {rule.id}\n"
    yield f"{rule.title}.\n"
    yield f"- Why: {rule.why}"
    yield f"- Remedy: {rule.remedy}"
    yield f"- Source: {rule.spec}"


def written(value: object) -> str:
    """A default, as it would be written."""
    if value is None or value in (frozenset(), {}):
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings() -> Iterator[str]:
    """The limits of the rules."""
    yield "\n## Limits\n"
    yield "What the rules go by (`LintSettings`, for who uses them as a library); times are seconds.\n"
    yield "| limit | default |"
    yield "|---|---|"
    defaults = LintSettings()
    for field in msgspec.structs.fields(LintSettings):
        yield f"| `{field.name}` | {written(getattr(defaults, field.name))} |"


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for severity in sorted(Severity, reverse=True):
        lines += [f"\n## {TITLES[severity]}\n", WORDS[severity]]
        for rule in RULES.values():
            if rule.severity is severity:
                lines += section(rule)
    return "\n".join([*lines, *settings()]).replace("\n\n\n", "\n\n") + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the page; returns the exit code."""
    content = page()
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == content:
            return 0
        print(f"{PAGE.name} is out of date: run scripts/make_lint.py", file=sys.stderr)
        return 1
    if arguments:
        print("usage: make_lint.py [--check]", file=sys.stderr)
        return 2
    PAGE.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
