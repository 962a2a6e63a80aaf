"""A preview for people: what goes out through each account, and how it would look on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from clikit.terminal import visible
from sender.domain.transliteration import Change
from sender.pipeline.previewing import AccountPreview, Offender, Preview
from smppkit.graphemes import is_boundary

_COLUMNS = 34
"""Cells of a line on the phone that is drawn."""
_SHOWN = 10
"""Offenders and changes that are listed."""


def preview_text(found: Preview, sender: str, *, registered: bool = False) -> str:
    """The whole preview, for a terminal."""
    lines = [f"{_many(found.characters, 'character')} from {sender}"]
    if registered:
        match = found.registered
        lines.append(
            "registered: no template matches, so it counts as advertising"
            if match is None
            else f'registered: "{match.name}", {match.kind}: {match.text}'
        )
    for account in found.accounts:
        lines += ["", *_account(account, sender)]
    return "\n".join(lines) + "\n"


def _account(account: AccountPreview, sender: str) -> Iterator[str]:
    if account.problem is not None:
        yield f"{account.account}: cannot be sent: {account.problem}"
    else:
        size = _many(account.segments, "segment")
        tables = f", {account.tables}" if account.tables else ""
        price = f", {account.price}" if account.price else ""
        room = f"room for {account.left} more {account.units}"
        yield f"{account.account}: {account.encoding}{tables}, {size}{price} ({room})"
    yield from _changes(account.changed)
    yield from _offenders(account.offenders)
    for tag, value in account.tlvs.items():
        yield f"  TLV {tag}: {value}"
    for part in account.parts:
        header = f", header {part.header}" if part.header else ""
        yield f"  part {part.number} of {account.segments}: {part.octets} octets, {part.used} {account.units}{header}"
        yield f"    {visible(part.text)}"
    for saving in account.savings:
        price = f", {saving.price}" if saving.price else ""
        yield f"  with `{saving.setting}`: {_many(saving.segments, 'segment')} of {saving.encoding}{price}"
        if saving.text != account.text:
            yield f"    {visible(saving.text)}"
    if account.problem is None:
        yield from (f"  {line}" for line in phone(sender, account.text))


def _changes(changed: tuple[Change, ...]) -> Iterator[str]:
    if changed:
        shown = [f"{change.position}: {visible(change.found)} → {visible(change.instead)}" for change in changed]
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        yield f"  changed: {', '.join(shown[:_SHOWN])}{more}"


def _offenders(offenders: tuple[Offender, ...]) -> Iterator[str]:
    if offenders:
        yield "  not in gsm7:"
    for offender in offenders[:_SHOWN]:
        times = f", {offender.times} times" if offender.times > 1 else ""
        instead = "" if offender.suggestion is None else f'; "{offender.suggestion}" could stand for it'
        yield (
            f"    character {offender.position}: {visible(offender.character)} "
            f"{offender.code_point} {offender.name}{times}{instead}"
        )
    if len(offenders) > _SHOWN:
        yield f"    and {len(offenders) - _SHOWN} more"


def phone(sender: str, text: str) -> Iterator[str]:
    """The text in a frame as wide as a small phone's."""
    yield "╭" + f" {sender} ".center(_COLUMNS + 2, "─") + "╮"
    for line in text.splitlines() or [""]:
        for piece in _wrapped(line):
            shown = visible(piece)
            yield f"│ {shown}{' ' * (_COLUMNS - cell_len(shown))} │"
    yield "╰" + "─" * (_COLUMNS + 2) + "╯"


def _wrapped(line: str) -> Iterator[str]:
    """Lines that fit, broken at spaces where there are any; never inside what is one character to a reader."""
    line = visible(line)
    start = 0
    while start < len(line):
        end, space, width = start, 0, 0
        while end < len(line):
            following = end + 1
            while following < len(line) and not is_boundary(line, following):
                following += 1
            width += cell_len(line[end:following])
            if width > _COLUMNS and end > start:
                break
            if line[end] == " ":
                space = end
            end = following
        if end < len(line) and line[end] != " " and space > start:
            end = space
        yield line[start:end].rstrip(" ")
        start = end
        while start < len(line) and line[start] == " ":
            start += 1
    if not line:
        yield ""


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")
