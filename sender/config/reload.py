"""What a new configuration changes in a running one: a list to look at before it is applied, and how each applies.

Configurations are compared as *documents*: plain values, accounts by their full name, and a digest in place of every
secret. So the one that was applied last can be kept in the store, where other processes see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

import msgspec

from sender.config.file import SenderConfig

Document = Mapping[str, Any]

_SECRETS: Final = frozenset({"password", "secret", "old_secret"})

_REBIND: Final = frozenset(
    {
        "host",
        "port",
        "endpoints",
        "tls",
        "system_id",
        "password",
        "system_type",
        "interface_version",
        "address_range",
        "addr_ton",
        "addr_npi",
    }
)
"""Keys of an account that a session has from its beginning."""

_IN_PLACE: Final = frozenset(
    {
        "password_env",  # where a secret is kept says nothing of what it is
        "password_file",
        "weight",
        "bind",
        "binds",
        "outbind",
        "window",
        "window_most",
        "rate",
        "bind_rate",
        "sender_rates",
        "alphabets",
        "default_alphabet",
        "price",
        "long_messages",
        "response_timeout",
        "enquire_link",
        "timers",
        "retry",
        "source",
        "data_coding",
        "packed",
        "languages",
        "transliterate",
        "plain_punctuation",
        "message_reference",
        "tlvs",
        "reserve",
        "receipts",
    }
)
"""Keys of an account that sessions which stand go on under."""

_ROUTING: Final = frozenset({"routes", "networks", "default_network", "retry"})
"""Keys of the file that hold for what is decided from now on."""


class How(Enum):
    """How a change comes to hold."""

    ADDED = "connects"
    REMOVED = "no new message, what is on the wire is answered, then it unbinds"
    IN_PLACE = "at once"
    REBIND = "binds are made anew, one at a time"
    RESTART = "needs a restart"


class Change(msgspec.Struct, frozen=True):
    """One difference; `before` and `after` are for people, with secrets left out."""

    key: str
    how: How
    account: str = ""
    """The account that it is about, if it is about one."""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        what = f"account {self.account}" if self.account else self.key
        if self.how is How.ADDED:
            return f"+ {what}: {self.how.value}"
        if self.how is How.REMOVED:
            return f"- {what}: {self.how.value}"
        name = f"{what}: {self.key}" if self.account else what
        sign = "!" if self.how is How.RESTART else "~"
        return f"{sign} {name}: {self.before} → {self.after} ({self.how.value})"


def changes_text(changes: list[Change]) -> str:
    """The list for people."""
    if not changes:
        return "nothing changes"
    return "\n".join(str(change) for change in changes)


def document(config: SenderConfig, salt: bytes) -> Document:
    """The configuration as plain values. The digests of secrets are the same for the same `salt` only."""
    values: dict[str, Any] = msgspec.to_builtins(config, enc_hook=_plain)
    del values["operators"]
    values["accounts"] = {
        name: {
            key: value
            for key, value in msgspec.to_builtins(account, enc_hook=_plain).items()
            if key not in ("accounts", *_default_place(account.endpoints))
        }
        for name, account in config.accounts().items()
    }
    return {key: _digested(value, key, salt) for key, value in values.items()}


def compare(before: Document, after: Document) -> list[Change]:
    """Every difference, accounts first."""
    old, new = before["accounts"], after["accounts"]
    changes = [Change("", How.REMOVED, name) for name in old if name not in new]
    changes += [Change("", How.ADDED, name) for name in new if name not in old]
    for name in new:
        if name in old:
            changes += _of_account(name, old[name], new[name])
    for key in dict.fromkeys([*before, *after]):
        if key != "accounts":
            how = How.IN_PLACE if key in _ROUTING else How.RESTART
            changes += [
                Change(path, how, "", *pair) for path, *pair in _differences(key, before.get(key), after.get(key))
            ]
    return changes


def _of_account(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*old, *new]):
        how = How.REBIND if key in _REBIND else How.IN_PLACE if key in _IN_PLACE else How.RESTART
        for path, was, will_be in _differences(key, old.get(key), new.get(key)):
            yield Change(path, how, name, was, will_be)


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, str, str]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
        return
    if path.rpartition(".")[2] in _SECRETS:
        yield path, "a secret", "another one"
    else:
        yield path, _shown(old), _shown(new)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list) and any(True for _ in _secrets_in(value)):
        return "…"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:77] + "..."


def _secrets_in(value: Any) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else (("", it) for it in value):
        if key in _SECRETS and inner:
            yield key
        elif isinstance(inner, dict | list):
            yield from _secrets_in(inner)


def _digested(value: Any, key: str, salt: bytes) -> Any:
    if key in _SECRETS and value is not None:
        octets = msgspec.json.encode(value)
        return hashlib.scrypt(octets, salt=salt, n=4096, r=8, p=1, dklen=12).hex()
    if isinstance(value, dict):
        return {inner: _digested(it, inner, salt) for inner, it in value.items()}
    if isinstance(value, list):
        return [_digested(it, "", salt) for it in value]
    return value


def _default_place(endpoints: list[Any]) -> tuple[str, ...]:
    """With `endpoints` the port says nothing."""
    return ("host", "port") if endpoints else ()


def _plain(value: Any) -> Any:
    """Values of classes of our own, and paths."""
    if isinstance(value, Path | str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)
