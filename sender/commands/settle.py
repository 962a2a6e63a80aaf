"""``sender doubts`` and ``sender settle``: what nobody knows about messages, and what a person says of it."""

from __future__ import annotations

import getpass
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import rich_click as click

from sender.commands.beside import beside
from sender.commands.input import BadInput, bad_input, pick, read_only
from sender.commands.options import FILE, IDENT, campaign_option, config_option
from sender.commands.tables import ago, table
from sender.config.file import SenderConfig, load_config
from sender.domain.delivery_file import DeliveryFile, DeliveryFileError, DeliveryRow
from sender.domain.message import State
from sender.domain.rows import BadRow
from sender.domain.settlement import Verdict
from sender.pipeline.rejects import RejectsFile
from sender.store.delivery_file import KNOWN, RowFate
from sender.store.doubts import Doubt, Settled
from sender.store.sqlite import SqliteStore
from smppkit.masking import masked

_BATCH = 500
_SHOWN = 50
_AGES = ((60.0, "under a minute"), (3600.0, "under an hour"), (86_400.0, "under a day"), (float("inf"), "older"))


@click.command()
@config_option
@campaign_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every message.")
@click.option("--plain", is_flag=True, help="Show whole numbers.")
def doubts(config_path: Path, campaign_id: int | None, as_json: bool, plain: bool) -> None:
    """Show the messages of which nobody knows what became of them: by account, cause and age.

    Written and never answered, or cut off by a crash. A receipt that names one settles it; `sender settle` does by
    hand.
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            if campaign_id is not None:
                pick(store, campaign_id)
            found = [it for it in store.doubts() if campaign_id in (None, it.campaign)]
    now = time.time()
    if not plain:
        found = [msgspec.structs.replace(it, number=masked(it.number)) for it in found]
    click.echo(_doubts_json(found, now) if as_json else _doubts_text(found, now), nl=False)


def _groups(found: list[Doubt], now: float) -> Counter[tuple[str, str, str]]:
    return Counter((it.account, it.cause, _age(now - it.since)) for it in found)


def _age(seconds: float) -> str:
    return next(name for limit, name in _AGES if seconds < limit)


def _doubts_json(found: list[Doubt], now: float) -> str:
    groups = [
        {"account": account, "cause": cause, "age": age, "parts": parts}
        for (account, cause, age), parts in sorted(_groups(found, now).items())
    ]
    messages = [
        {
            "message": it.message,
            "part": it.part,
            "account": it.account,
            "number": it.number,
            "campaign": it.campaign,
            "class": it.message_class,
            "cause": it.cause,
            "age": round(now - it.since, 1),
            "resend": bool(it.resend),
            "unmatched_receipts": it.receipts,
        }
        for it in found
    ]
    document = {"parts": len(found), "by": groups, "messages": messages}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _doubts_text(found: list[Doubt], now: float) -> str:
    if not found:
        return "Nothing is in doubt.\n"
    lines = table(
        ("account", "cause", "age", "parts"),
        [(*group, f"{parts:,}") for group, parts in sorted(_groups(found, now).items())],
        right=(3,),
    )
    lines += ["", *table(
        ("message", "part", "campaign", "number", "class", "cause", "age", ""),
        [
            (str(it.message), str(it.part), str(it.campaign), it.number, it.message_class, it.cause,
             ago(now - it.since), _remark(it))
            for it in found[:_SHOWN]
        ],
        right=(0, 1, 2),
    )]  # fmt: skip
    if len(found) > _SHOWN:
        lines.append(f"… and {len(found) - _SHOWN:,} more: --json shows all")
    return "\n".join(lines) + "\n"


def _remark(doubt: Doubt) -> str:
    remarks = ["waits to be sent again"] if doubt.resend else []
    if doubt.receipts:
        remarks.append(f"{doubt.receipts} receipts may be about it")
    return ", ".join(remarks)


@click.command()
@config_option
@click.option("--message", "messages", type=IDENT, multiple=True, help="Number of a message; again.")
@click.option("--campaign", "campaign_id", type=IDENT, help="Every message in doubt of a campaign.")
@click.option("--as", "verdict", type=click.Choice([it.value for it in Verdict]), help="What they are from now on.")
@click.option("--file", "delivery", type=FILE, help="A delivery file of the operator: CSV or text.")
@click.option("--account", help="The account that the file is about.")
@click.option("--rejects", type=FILE, help="Rows that settled nothing; by default beside the file.")
def settle(
    config_path: Path,
    messages: tuple[int, ...],
    campaign_id: int | None,
    verdict: str | None,
    delivery: Path | None,
    account: str | None,
    rejects: Path | None,
) -> None:
    """Decide about messages in doubt, while a sender may be running.

    Either by number, or a whole campaign, or by the delivery file that the operator wrote. `delivered` and
    `undelivered` are final, `resend` sends again (it may arrive twice), `drop` ends them as unknown. Who decided
    what, and when, stays in the store.
    """
    with bad_input():
        if sum((bool(messages), campaign_id is not None, delivery is not None)) != 1:
            raise BadInput("name what to settle: one of --message, --campaign and --file")
        config = load_config(config_path, os.environ)
        if delivery is not None:
            if verdict is not None:
                raise BadInput("--as does not go with --file, which says what became of each message")
            code = _settle_file(config, delivery, account, rejects or delivery.with_suffix(".rejects.csv"))
        else:
            if verdict is None:
                raise BadInput("say what they are: --as " + ", ".join(it.value for it in Verdict))
            code = _settle_messages(config, messages, campaign_id, Verdict(verdict))
    raise SystemExit(code)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def _settle_messages(config: SenderConfig, messages: tuple[int, ...], campaign_id: int | None, verdict: Verdict) -> int:
    with beside(config) as store:
        if campaign_id is None:
            settled = _decide(store, list(messages), verdict)
        else:
            pick(store, campaign_id)
            settled = []
            while batch := store.doubts_of(campaign_id, _BATCH):
                decided = _decide(store, batch, verdict)
                settled += decided
                if all(it.before is it.after for it in decided):
                    break  # a sender that runs has them in hand
    refused = [it for it in settled if it.before is None or it.before is it.after]
    for it in refused:
        click.echo(f"message {it.message}: {_why(it, verdict)}", err=True)
    done = Counter(it.after.label for it in settled if it not in refused and it.after is not None)
    click.echo(", ".join(f"{count:,} {label}" for label, count in done.items()) or "nothing was settled")
    return 1 if refused else 0


def _decide(store: SqliteStore, messages: list[int], verdict: Verdict) -> list[Settled]:
    with store.database.transaction():
        return store.settle(messages, verdict, who=_who(), source="by hand", at=time.time())


def _why(settled: Settled, verdict: Verdict) -> str:
    if settled.before is None:
        return "there is no such message"
    if settled.before in (State.CLAIMED, State.SUBMITTING):
        return "it is being sent at this moment; look again in a minute"
    if settled.before is State.ACCEPTED and verdict is Verdict.RESEND:
        return "the operator has accepted it: sent again, it would arrive twice"
    return f"it is {settled.before.label}, not in doubt"


def _settle_file(config: SenderConfig, file: Path, account: str | None, rejects: Path) -> int:
    known = ", ".join(config.accounts())
    if account is None:
        raise BadInput(f"say whose file it is: --account, one of {known}")
    if account not in config.accounts():
        raise BadInput(f'--account: found "{account}"; expected one of {known}')
    fates: Counter[RowFate] = Counter()
    bad = 0
    with file.open(encoding=_encoding(file), errors="surrogateescape", newline="") as lines:
        try:
            source = DeliveryFile(lines, config.country)
        except DeliveryFileError as error:
            raise BadInput(f"{file}: {error}") from None
        click.echo(f"columns of {file.name}: " + ", ".join(f"{name} {at + 1}" for name, at in source.columns.items()))
        with beside(config) as store, RejectsFile(rejects) as rejected:
            for batch in _batches(source):
                rows = [row for row in batch if isinstance(row, DeliveryRow)]
                with store.database.transaction():
                    found = store.apply_delivery_rows(
                        account, rows, who=_who(), source=f"file {file.name}", at=time.time()
                    )
                for row, (fate, state) in zip(rows, found, strict=True):
                    fates[fate] += 1
                    if fate not in KNOWN:
                        rejected.add(BadRow(row.line, row.raw, _reason(fate, state)))
                for unread in batch:
                    if isinstance(unread, BadRow):
                        rejected.add(unread)
                        bad += 1
            left = rejected.rows
    click.echo(
        f"{fates.total() + bad:,} rows: {fates[RowFate.SETTLED]:,} settled, {fates[RowFate.ALREADY]:,} known already,"
        f" {fates[RowFate.UNFINISHED]:,} not final, {left:,} rejected"
    )
    if left:
        click.echo(f"what settled nothing, and why: {rejects}", err=True)
    return 1 if left else 0


def _batches(source: Iterable[DeliveryRow | BadRow]) -> Iterator[list[DeliveryRow | BadRow]]:
    rows = iter(source)
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch


def _reason(fate: RowFate, state: State | None) -> str:
    if fate is RowFate.CONTRADICTS and state is not None:
        return f"the message is {state.label} already"
    return "no message of this account has this id, and not exactly one in doubt has this number"


def _encoding(file: Path) -> str:
    """UTF-8, or what Excel writes where people write Cyrillic; ids, numbers and states are ASCII in both."""
    with file.open("rb") as octets:
        head = octets.read(65_536)
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 4 else "cp1251"
    return "utf-8-sig"
