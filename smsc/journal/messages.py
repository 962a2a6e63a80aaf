"""Reading the messages of a journal as people mean them: a long message is one, wherever its parts are.

SQL finds the candidates; what a long message is as a whole is said in one place, `smsc.journal.whole`, and where SQL
cannot know it (the state of the worst part) that has the last word.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from math import inf
from types import MappingProxyType
from typing import Any

import msgspec

from smppkit.status import CommandStatus
from smsc.journal.message_filter import FilterError, MessageFilter, contains, least_of, matcher, near_state
from smsc.journal.whole import PartRow, WholeMessage, encoding_of, joined
from yamlmodel.suggest import nearest

LONGEST_SEARCH = 5.0  # seconds of one search by a regular expression
CHUNK = 200  # candidates of which the other parts are read at once
EVERYTHING = MessageFilter()


class Conversation(msgspec.Struct, frozen=True):
    """All messages from and to one subscriber's number."""

    number: str
    last: WholeMessage
    count: int


class Messages:
    """The messages of a journal. Times are unix seconds."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        alphabets: Mapping[str, str] = MappingProxyType({}),
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """`alphabets` is what operators mean by data_coding 0, where that is not gsm7.

        `seconds` is a clock: with one, a search with `text_matches` is given up after `LONGEST_SEARCH` (FilterError).
        """
        self._connection = connection
        self._alphabets = alphabets
        self._seconds = seconds
        self._ends = inf
        connection.create_function("contains", 2, contains, deterministic=True)
        connection.create_function("fits", 2, self._fits)

    # --- many -----------------------------------------------------------------------------------

    def page(
        self,
        wanted: MessageFilter,
        now: float,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
    ) -> list[WholeMessage]:
        """The newest `limit` that match, newest first, older than `before`; with `after` the oldest after it first."""
        return list(islice(self.matching(wanted, now, before=before, after=after), limit))

    def matching(
        self, wanted: MessageFilter, now: float, *, before: int | None = None, after: int | None = None
    ) -> Iterator[WholeMessage]:
        """Those that match, newest first; with `after` (an id) oldest first. As of `now`."""
        where = self._where(wanted, now)
        if before is not None:
            where.add("row < :before", before=before)
        if after is not None:
            where.add("row > :after", after=after)
        order = "DESC" if after is None else "ASC"
        rows = self._rows(f"WHERE first IS NULL AND {where} ORDER BY row {order}", where.values)
        fits = matcher(wanted)
        while heads := list(islice(rows, CHUNK)):
            for message in self._whole(heads, now):
                if message.parts == 1 or not where.is_loose or fits(message):
                    yield message

    def count(self, wanted: MessageFilter, now: float, *, after: int | None = None) -> int:
        """How many match, with an id above `after`."""
        where, alone = self._where(wanted, now), self._where(wanted, now)
        if after is not None:
            where.add("head.row > :after", after=after)
            alone.add("head.row > :after", after=after)
        if not where.is_loose:
            return self._count(where)
        alone.add("head.parts = 1")
        where.add("head.parts > 1")
        count, fits = self._count(alone), matcher(wanted)
        rows = self._rows(f"WHERE first IS NULL AND {where}", where.values)
        while heads := list(islice(rows, CHUNK)):
            count += sum(fits(message) for message in self._whole(heads, now))
        return count

    def hint(self, wanted: MessageFilter) -> str | None:
        """Which condition names what no message has, and what it may mean; None when there is nothing to say."""
        for name in ("operator", "system_id", "state"):
            value = getattr(wanted, name)
            if value is None:
                continue
            known = {word for (word,) in self._connection.execute(f"SELECT DISTINCT {name} FROM messages")}  # noqa: S608
            near = None
            if value not in known:
                near = near_state(value) if name == "state" else nearest(value, known - {None})
            if near is not None:
                return f'{name}: no message has "{value}"; did you mean "{near}"?'
        return None

    def of_rows(self, rows: Iterable[int], now: float) -> list[WholeMessage]:
        """The messages that these rows are, or are parts of, in the order they came."""
        heads = self._rows(
            "WHERE row IN (SELECT coalesce(first, row) FROM messages WHERE row IN (SELECT value FROM json_each(:rows)))"
            " ORDER BY row",
            {"rows": _json(rows), "now": now},
        )
        return list(self._whole(list(heads), now))

    def changing(self, now: float, most: int, rows: Iterable[int] | None = None) -> list[tuple[float, int]]:
        """When messages change by time alone after `now`, and their rows: the next `most`, of all or of `rows`."""
        among = "true" if rows is None else "row IN (SELECT value FROM json_each(:rows))"
        return self._connection.execute(
            f"SELECT changes_at, row FROM {_HEADS} WHERE {among} AND changes_at IS NOT NULL"  # noqa: S608 - our names
            " ORDER BY changes_at LIMIT :most",
            {"now": now, "most": most, "rows": None if rows is None else _json(rows)},
        ).fetchall()

    # --- one ------------------------------------------------------------------------------------

    def parts(self, row: int, now: float) -> list[PartRow]:
        """The parts of a message in the order they came; empty when there is none. `row` is that of any part."""
        return list(
            self._rows(
                "WHERE row = (SELECT coalesce(first, row) FROM messages WHERE row = :row)"
                " OR first = (SELECT coalesce(first, row) FROM messages WHERE row = :row) ORDER BY row",
                {"row": row, "now": now},
            )
        )

    def joined(self, parts: Sequence[PartRow]) -> WholeMessage:
        """The message of which these are the parts."""
        return joined(parts, self._alphabets)

    # --- conversations --------------------------------------------------------------------------

    def conversations(self, q: str | None, now: float, limit: int) -> list[Conversation]:
        """One for each subscriber's number, the latest first; `q` is a part of the number, or words of a message."""
        values: dict[str, Any] = {"limit": limit, "now": now}
        condition = "true"
        if q:
            where = self._where(MessageFilter(q=q), now)
            condition, values = str(where), {**where.values, **values}
        found = self._connection.execute(
            f"SELECT {_NUMBER} AS number, max(row), count(*)"  # noqa: S608 - our names
            f" FROM {_HEADS} WHERE first IS NULL AND {condition} GROUP BY 1 ORDER BY 2 DESC LIMIT :limit",
            values,
        ).fetchall()
        last = {message.id: message for message in self.of_rows([row for _, row, _ in found], now)}
        return [Conversation(number, last[row], count) for number, row, count in found]

    def conversation(
        self, number: str, now: float, *, system_id: str | None, limit: int, before: int | None = None
    ) -> list[WholeMessage]:
        """The newest messages from and to a subscriber's number, oldest first."""
        where = self._where(MessageFilter(system_id=system_id), now)
        where.add(f"{_NUMBER} = :number", number=number)
        if before is not None:
            where.add("row < :before", before=before)
        rows = self._rows(
            f"WHERE first IS NULL AND {where} ORDER BY row DESC LIMIT :limit", {**where.values, "limit": limit}
        )
        return list(self._whole(list(rows), now))[::-1]

    # --- inside ---------------------------------------------------------------------------------

    def _rows(self, rest: str, values: Mapping[str, Any]) -> Iterator[PartRow]:
        with self._patience():
            for row in self._connection.execute(f"SELECT {_COLUMNS} FROM {_HEADS} {rest}", values):  # noqa: S608 - ours
                yield PartRow(*row)

    def _count(self, where: _Where) -> int:
        sql = f"SELECT count(*) FROM {_HEADS} WHERE first IS NULL AND {where}"  # noqa: S608 - our names
        with self._patience():
            return int(self._connection.execute(sql, where.values).fetchone()[0])

    def _fits(self, pattern: str, text: str) -> bool:
        if self._is_late():
            raise TimeoutError  # SQLite says only that something was raised
        return re.search(pattern, text) is not None  # re keeps what it has compiled

    def _is_late(self) -> bool:
        return self._seconds is not None and self._seconds() > self._ends

    @contextmanager
    def _patience(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError:
            if not self._is_late():
                raise
            detail = f"text_matches: the search took more than {LONGEST_SEARCH:g} s, and was given up; try text, or q"
            raise FilterError("text_matches", detail) from None

    def _whole(self, heads: Sequence[PartRow], now: float) -> Iterator[WholeMessage]:
        """The messages that begin with these rows."""
        long = [head.row for head in heads if head.parts > 1]
        others: dict[int, list[PartRow]] = {}
        if long:
            values = {"rows": _json(long), "now": now}
            for part in self._rows("WHERE first IN (SELECT value FROM json_each(:rows)) ORDER BY row", values):
                others.setdefault(part.first or 0, []).append(part)
        for head in heads:
            yield joined((head, *others.get(head.row, ())), self._alphabets)

    def _where(self, wanted: MessageFilter, now: float) -> _Where:
        where = _Where(now)
        if self._seconds is not None:
            self._ends = self._seconds() + LONGEST_SEARCH
        for name, value in wanted.given().items():
            _CONDITIONS[name](where, value, self._alphabets)
        return where


# --- SQL -------------------------------------------------------------------------------------------


class _Where:
    """Conditions and their values. A loose one lets through long messages that may not match."""

    def __init__(self, now: float) -> None:
        self.values: dict[str, Any] = {"now": now}
        self.is_loose = False
        self._terms: list[str] = []

    def __str__(self) -> str:
        return " AND ".join(f"({term})" for term in self._terms) or "true"

    def add(self, sql: str, **values: Any) -> None:
        self._terms.append(sql)
        self.values.update(values)


_STATED = {
    "state": (
        "CASE WHEN settles_at <= :now THEN outcome"
        " WHEN final_at IS NULL AND starts_at > :now THEN 'SCHEDLD' ELSE state END"
    ),
    "final_at": "CASE WHEN settles_at <= :now THEN settles_at ELSE final_at END",
    "changes_at": (
        "CASE WHEN final_at IS NULL AND starts_at > :now AND (settles_at IS NULL OR starts_at < settles_at)"
        " THEN starts_at WHEN settles_at > :now THEN settles_at END"
    ),
}
_COLUMNS = ", ".join(PartRow.__struct_fields__)
_AS_OF = (
    "(SELECT "  # noqa: S608 - our names
    + ", ".join(f"{_STATED[name]} AS {name}" if name in _STATED else name for name in PartRow.__struct_fields__)
    + " FROM messages)"
)
"""The rows as they are at a time, `:now`."""
_HEADS = f"{_AS_OF} AS head"
_NUMBER = "CASE head.command WHEN 'deliver_sm' THEN head.source ELSE head.destination END"
"""Of the subscriber."""
# Of a part that came twice the later one counts, as in whole.joined. SQLite keeps the order for group_concat.
_TEXT = (
    "CASE head.parts WHEN 1 THEN head.text ELSE (SELECT group_concat(part_text, '') FROM"
    " (SELECT p.text AS part_text, max(p.row) FROM messages p WHERE p.row = head.row OR p.first = head.row"
    " GROUP BY p.part ORDER BY p.part)) END"
)
_CAME = "(SELECT count(DISTINCT p.part) FROM messages p WHERE p.row = head.row OR p.first = head.row)"


def _json(rows: Iterable[int]) -> str:
    return msgspec.json.encode(list(rows)).decode()


def _other_part(condition: str) -> str:
    """A condition on columns of `{0}`, met by a part of a long message that is not its first row."""
    others = condition.format("p")
    return (
        "head.parts > 1 AND EXISTS"  # noqa: S608 - our names
        f" (SELECT 1 FROM {_AS_OF} AS p WHERE p.first = head.row AND ({others}))"
    )


def _any_part(condition: str) -> str:
    """A condition on columns of `{0}`, met by the first part or any other one of a long message."""
    return f"{condition.format('head')} OR {_other_part(condition)}"


def _within(column: str, value: str, name: str) -> str:
    """Whether a column has the value of that name in it, as `contains` says it."""
    # What SQLite can do by itself is ten times faster; it knows the case of ASCII only.
    if value.isascii():
        return f"instr(lower({column}), :{name})"
    return f"length(CAST({column} AS BLOB)) > length({column}) AND contains({column}, :{name})"


def _folded(value: str) -> str:
    return value.lower() if value.isascii() else value


def _glob(value: str) -> str:
    return value.lstrip("+").replace("[", "[[]")


_Alphabets = Mapping[str, str]


def _equal(column: str, name: str) -> Callable[[_Where, Any, _Alphabets], None]:
    return lambda where, value, _: where.add(f"head.{column} = :{name}", **{name: value})


def _address(column: str, name: str) -> Callable[[_Where, Any, _Alphabets], None]:
    return lambda where, value, _: where.add(f"ltrim(head.{column}, '+') GLOB :{name}", **{name: _glob(value)})


def _worst(column: str) -> Callable[[_Where, Any, _Alphabets], None]:
    def add(where: _Where, value: Any, _: _Alphabets) -> None:
        where.is_loose = True
        where.add(_any_part(f"{{0}}.{column} = :{column}"), **{column: value})

    return add


def _parts(where: _Where, value: int | str, _: _Alphabets) -> None:
    least = least_of(value)
    where.add(f"head.parts {'=' if least is None else '>='} :parts", parts=value if least is None else least)


def _direction(where: _Where, value: str, _: _Alphabets) -> None:
    where.add(f"head.command {'=' if value == 'mo' else '<>'} 'deliver_sm'")


def _complete(where: _Where, value: bool, _: _Alphabets) -> None:
    whole = f"head.parts = 1 OR {_CAME} = head.parts"
    where.add(whole if value else f"NOT ({whole})")


def _encoding(where: _Where, value: str, alphabets: _Alphabets) -> None:
    def named(default: str) -> str:
        codes = [str(code) for code in range(256) if encoding_of(code, default) == value]
        return f"head.data_coding IN ({', '.join(codes)})"

    others = list(alphabets)
    names = {f"operator_{number}": operator for number, operator in enumerate(others)}
    terms = [f"head.operator = :{name} AND {named(alphabets[operator])}" for name, operator in names.items()]
    marks = ", ".join(f":{name}" for name in names)
    terms.append(f"head.operator NOT IN ({marks}) AND {named('gsm7')}")
    where.add(" OR ".join(terms), **names)


_PLACES = (
    "{0}.destination || x'1f' || {0}.source || x'1f' || coalesce({0}.message_id, '')"
    " || x'1f' || coalesce({0}.state, '')"
)
_OF_STATUSES = frozenset("0123456789abcdefx")


def _q(where: _Where, value: str, _: _Alphabets) -> None:
    where.is_loose = True
    for number, word in enumerate(value.split()):
        name = f"word_{number}"
        # The addresses and the text in one go; then what other parts of long messages have.
        alone = _within(f"{_PLACES.format('head')} || x'1f' || head.text", word, name)
        terms = [alone, f"head.parts > 1 AND ({_within(_TEXT, word, name)})", _other_part(_within(_PLACES, word, name))]
        if known := [str(int(status)) for status in CommandStatus if contains(status.name, word)]:
            terms.append(_any_part(f"{{0}}.status IN ({', '.join(known)})"))
        if _OF_STATUSES.issuperset(word.lower()):  # of vendors' own the number
            terms.append(_any_part(f"{{0}}.status > 255 AND instr(printf('0x%08x', {{0}}.status), :{name})"))
        where.add(" OR ".join(f"({term})" for term in terms), **{name: _folded(word)})


_CONDITIONS: dict[str, Callable[[_Where, Any, _Alphabets], None]] = {
    "to": _address("destination", "to"),
    "from": _address("source", "from"),
    "text": lambda where, value, _: where.add(_within(_TEXT, value, "text"), text=_folded(value)),
    "text_matches": lambda where, value, _: where.add(f"fits(:text_matches, {_TEXT})", text_matches=value),
    "operator": _equal("operator", "operator"),
    "system_id": _equal("system_id", "system_id"),
    "direction": _direction,
    "state": _worst("state"),
    "status": _worst("status"),
    "command": _equal("command", "command"),
    "encoding": _encoding,
    "parts": _parts,
    "complete": _complete,
    "message_id": lambda where, value, _: where.add(_any_part("{0}.message_id = :message_id"), message_id=value),
    "id": _equal("row", "id"),
    "since": lambda where, value, _: where.add("head.at >= :since", since=value),
    "until": lambda where, value, _: where.add("head.at <= :until", until=value),
    "q": _q,
}
