"""``sender receipts`` and ``sender dialects``: what came from operators, and how they write it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from sender.commands.beside import beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import IDENT, config_option, seconds
from sender.commands.tables import ago, table
from sender.config.file import load_config
from sender.domain.dialect import Dialect, IdRule, NumberRule, PartsRule, most
from sender.store.sqlite import SqliteStore
from sender.store.unmatched import Unmatched
from smppkit.masking import masked

_SHOWN = 100


@click.command()
@config_option
@click.option("--unmatched", is_flag=True, help="Receipts that found no message.")
@click.option(
    "--older",
    metavar="DURATION",
    callback=seconds,
    default="72h",
    show_default=True,
    help="With --unmatched: that came so long ago, or longer.",
)
@click.option("--message", type=IDENT, help="All receipts of a message, and what was decided about it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--plain", is_flag=True, help="Show whole numbers.")
def receipts(config_path: Path, unmatched: bool, older: float, message: int | None, as_json: bool, plain: bool) -> None:
    """Show receipts: those of a message, or those that found none."""
    with bad_input():
        if unmatched == (message is not None):
            raise BadInput("say which: --unmatched, or --message NUMBER")
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            if message is not None:
                document, lines = _of_message(store, message, plain=plain)
            else:
                document, lines = _unmatched(
                    store, time.time(), older, plain=plain, limit=10_000 if as_json else _SHOWN
                )
    click.echo(_json(document) if as_json else "\n".join(lines))


def _json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _of_message(store: SqliteStore, message: int, *, plain: bool) -> tuple[dict[str, Any], list[str]]:
    rows = [
        (it.part, it.n, _when(it.at), it.stat, it.err or "", it.state.final, it.smsc_id,
         it.number if plain else masked(it.number))
        for it in store.receipts_of(message)
    ]  # fmt: skip
    keys = ("part", "receipt", "at", "stat", "err", "final", "id", "number")
    decided = [
        {"at": _when(it.at), "who": it.who, "source": it.source, "part": it.part, "before": it.before.label,
         "after": it.after.label}
        for it in store.settlements(message)
    ]  # fmt: skip
    document = {"message": message, "receipts": [dict(zip(keys, row, strict=True)) for row in rows], "settled": decided}
    if not rows and not decided:
        return document, [f"No receipt of message {message}."]
    shown = [tuple("final" if it is True else "" if it is False else str(it) for it in row) for row in rows]
    lines = table(keys, shown, right=(0, 1)) if rows else [f"No receipt of message {message}."]
    lines += [
        f"part {it['part']}: {it['before']} became {it['after']}, {it['source']}, {it['who']}, {it['at']}"
        for it in decided
    ]
    return document, lines


def _unmatched(
    store: SqliteStore, now: float, older: float, *, plain: bool, limit: int
) -> tuple[dict[str, Any], list[str]]:
    before = now - older
    counts, found = store.count_unmatched(before), store.unmatched_receipts(before, limit)
    if not plain:
        found = [msgspec.structs.replace(it, number=masked(it.number)) for it in found]
    document = {"counts": counts, "receipts": [{**msgspec.structs.asdict(it), "state": it.state.name} for it in found]}
    if not found:
        return document, ["Every receipt found its message."]
    lines = [f"{name}: {count:,} receipts found no message" for name, count in sorted(counts.items())]
    lines += table(
        ("account", "age", "stat", "err", "id", "number", ""),
        [
            (it.account, ago(now - it.at), it.stat, it.err or "", it.smsc_id, it.number, _remark(it))
            for it in found
        ],
    )  # fmt: skip
    if sum(counts.values()) > len(found):
        lines.append(f"… and {sum(counts.values()) - len(found):,} more")
    return document, lines


def _remark(receipt: Unmatched) -> str:
    return f"{receipt.doubts} parts in doubt have this number" if receipt.doubts > 1 else ""


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all counts.")
@click.option("--forget", metavar="ACCOUNT", help="Learn the dialect of this account anew.")
def dialects(config_path: Path, as_json: bool, forget: str | None) -> None:
    """Show how each operator writes its receipts: what was learned, and what the configuration fixes."""
    with bad_input():
        config = load_config(config_path, os.environ)
        if forget is not None:
            if forget not in config.accounts():
                raise BadInput(f'--forget: found "{forget}"; expected one of {", ".join(config.accounts())}')
            with beside(config) as store, store.database.transaction():
                store.forget_dialect(forget)
        with read_only(config) as store:
            found = store.dialects()
    if as_json:
        click.echo(
            _json({name: _facts(it) | {"counts": msgspec.to_builtins(it.learned)} for name, it in found.items()})
        )
        return
    for name, dialect in found.items():
        click.echo(f"{name}")
        facts = _facts(dialect)
        for line in table(("", "", ""), [(f"  {what}", *told) for what, told in _told(facts, dialect)])[1:]:
            click.echo(line)
    if not found:
        click.echo("No account has sent receipts yet.")


def _facts(dialect: Dialect) -> dict[str, Any]:
    """What holds for an account now; None for what is not known."""
    learned = dialect.learned
    relation = dialect.relation or learned.leaning
    delay = learned.average_delay
    return {
        "ids": None if relation is None else relation.value,
        "ids_certain": dialect.relation is not None,
        "id_from": most(learned.sources),
        "dates": most(learned.dates),
        "stat": sorted(learned.stats),
        "parts": dialect.parts.value,
        "numbers": "compared" if dialect.numbers_count else "ignored",
        "reference": most(learned.references),
        "text": most(learned.words),
        "sender": most(learned.senders),
        "carrier": most(learned.carriers),
        "esm_class": sorted(learned.classes),
        "average_delay": None if delay is None else round(delay, 3),
    }


def _told(facts: dict[str, Any], dialect: Dialect) -> list[tuple[str, tuple[str, str]]]:
    """Lines for people: what, how it is, and how that is known."""
    settings, learned = dialect.settings, dialect.learned

    def known(fixed: bool, seen: dict[str, int]) -> str:
        return "configured" if fixed else _counts(seen)

    ids = facts["ids"] or "not known yet"
    if facts["ids"] and not facts["ids_certain"]:
        ids += " mostly, every reading is tried" if settings.ids is IdRule.ANY else ", not certain yet"
    delay = facts["average_delay"]
    return [
        ("ids, response to receipt", (ids, known(settings.ids is not IdRule.LEARNED, learned.ids))),
        ("id comes from", (facts["id_from"] or "-", _counts(learned.sources))),
        ("dates", (facts["dates"] or "-", _counts(learned.dates))),
        ("words of stat", (" ".join(facts["stat"]) or "-", _counts(learned.stats))),
        ("receipts of a long message", (facts["parts"], known(settings.parts is not PartsRule.LEARNED, learned.parts))),
        ("handset", (facts["numbers"], known(settings.numbers is not NumberRule.LEARNED, {}))),
        ("user_message_reference", (facts["reference"] or "-", _counts(learned.references))),
        ("text of the message", (facts["text"] or "-", _counts(learned.words))),
        ("sender", (facts["sender"] or "-", _counts(learned.senders))),
        ("PDU", (facts["carrier"] or "-", _counts(learned.carriers | learned.classes))),
        ("average delay", ("-" if delay is None else f"{delay:.1f}s", f"{learned.timed:,} receipts")),
    ]


def _counts(seen: dict[str, int]) -> str:
    return ", ".join(f"{word} {times:,}" for word, times in sorted(seen.items(), key=lambda it: -it[1]))
