"""What the checks found, for people: a table, the choices, what did not apply, and the failures with their octets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from carrierlab.conformance.check import VERSION_NAMES, Check, Choice, Failed, NotApplicable, Passed
from carrierlab.conformance.runner import Result, Tally
from carrierlab.conformance.showing import shown
from smppkit.states import Version

K = TypeVar("K")
T = TypeVar("T")

_MARKS = {
    Passed: "[green]pass[/]",
    Failed: "[bold red]FAIL[/]",
    Choice: "[cyan]choice[/]",
    NotApplicable: "[dim]n/a[/]",
}


def print_report(results: Sequence[Result], console: Console) -> None:
    """Print everything that was found, the verdict last."""
    console.print(_table(results))
    _print_choices(results, console)
    _print_not_applicable(results, console)
    _print_failures(results, console)
    console.print(f"\n{summary(results)}")


def print_list(checks: Sequence[Check], console: Console) -> None:
    """Print the checks themselves."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "check", "source", "versions", "messages"):
        table.add_column(column, justify="right" if column == "messages" else "left")
    for check in checks:
        versions = _versions(check.versions)
        table.add_row(check.id, escape(check.title), escape(check.spec), versions, str(check.messages or ""))
    console.print(table)


def summary(results: Sequence[Result]) -> str:
    """How many of each verdict, with markup."""
    tally = Tally.of(results)
    verdict = "[bold red]FAILED[/]" if tally.failed else "[bold green]PASSED[/]"
    return (
        f"{verdict}: {tally.passed} passed, {tally.failed} failed, {tally.choices} choices, "
        f"{tally.not_applicable} not applicable"
    )


def evidence(failed: Failed) -> Iterator[str]:
    """A failure in lines: the reason, what was sent, what was seen."""
    yield failed.reason
    for what, octets in (("sent", failed.sent), ("seen", failed.seen)):
        yield f"{what}:" if octets else f"{what}: nothing"
        yield from (f"  {line}" for line in shown(octets))


def _table(results: Sequence[Result]) -> Table:
    versions = sorted({result.version for result in results})
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("check")
    table.add_column("source", style="dim")
    for version in versions:
        table.add_column(VERSION_NAMES[version])
    for number, group in _grouped(results, lambda result: result.check.number).items():
        check = group[0].check
        marks = {result.version: _MARKS[type(result.verdict)] for result in group}
        row = (f"C{number:02}", escape(check.title), escape(check.spec))
        table.add_row(*row, *(marks.get(version, "") for version in versions))
    return table


def _print_choices(results: Sequence[Result], console: Console) -> None:
    chosen = [(result, result.verdict.does) for result in results if isinstance(result.verdict, Choice)]
    if chosen:
        console.print("\n[bold]Where the specification is silent[/]")
    for subject, does in _by_check(chosen):
        _line(console, f"  {subject} → {does}")


def _print_not_applicable(results: Sequence[Result], console: Console) -> None:
    found = [(result, result.verdict.why) for result in results if isinstance(result.verdict, NotApplicable)]
    if found:
        console.print("\n[bold]Not applicable[/]")
    for why, group in _grouped(found, lambda pair: pair[1]).items():
        _line(console, f"  {_ranges([result for result, _ in group], results)}: {why}")


def _print_failures(results: Sequence[Result], console: Console) -> None:
    failed = [(result, result.verdict) for result in results if isinstance(result.verdict, Failed)]
    # What fails the same way under several versions is shown once.
    for group in _grouped(failed, lambda pair: (pair[0].check.number, pair[1].reason)).values():
        (result, verdict), versions = group[0], _versions(other.version for other, _ in group)
        title, spec = escape(result.check.title), escape(result.check.spec)
        console.print(f"\n[bold red]{result.check.id}[/] ({versions}) {title} [dim]{spec}[/]")
        for line in evidence(verdict):
            _line(console, f"  {line}")


def _by_check(chosen: Sequence[tuple[Result, str]]) -> Iterator[tuple[str, str]]:
    for group in _grouped(chosen, lambda pair: (pair[0].check.number, pair[1])).values():
        result, does = group[0]
        others = sum(other.check.number == result.check.number for other, _ in chosen)
        versions = "" if others == len(group) else f" ({_versions(other.version for other, _ in group)})"
        yield f"{result.check.id}{versions} {result.check.title}", does


def _ranges(some: Sequence[Result], everything: Sequence[Result]) -> str:
    """Checks by version, in short: "3.4 C28, C30-C31; all of 5.0"."""
    parts = []
    for version, group in _grouped(some, lambda result: result.version).items():
        of_version = [result for result in everything if result.version == version and not result.check.esme]
        if len(group) >= len(of_version):
            parts.append(f"all of {VERSION_NAMES[version]}")
            continue
        parts.append(f"{VERSION_NAMES[version]} {_runs([result.check.number for result in group])}")
    return "; ".join(parts)


def _runs(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"C{run[0]:02}" if len(run) == 1 else f"C{run[0]:02}-C{run[-1]:02}" for run in runs)


def _versions(versions: Iterable[Version]) -> str:
    return ", ".join(VERSION_NAMES[version] for version in versions)


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The items by their key, in the order of their coming."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
