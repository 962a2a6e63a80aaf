"""Webhooks in the configuration: where events go, and the secrets they are signed with."""

import base64
import binascii
import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from sender.domain.events import EventType
from smppkit.tls import ClientTls, TlsClient
from yamlmodel.scalars import Duration, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # octets of a secret, by Standard Webhooks
_KEYS = ("secret", "secret_env", "secret_file")


class SecretError(Exception):
    """A secret that cannot be used; `key` says from where. The text never repeats it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Url(str):
    """An address of the web, written `https://example.com/hooks`."""

    __slots__ = ()
    expected: ClassVar[str] = "an address such as https://example.com/hooks"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        url = text.strip()
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise ValueError(f"expected {cls.expected}")
        if parts.username is not None or parts.fragment or not url.isascii() or any(c <= " " for c in url):
            raise ValueError(f"expected {cls.expected}, without user, password, fragment or spaces")
        return cls(url)


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told of events by HTTP POST. Exactly one of secret, secret_env and secret_file is given."""

    url: Annotated[Url, Meta(description="Where events are posted to")]
    events: Annotated[list[EventType], Meta(description="Which events", min_length=1)]
    secret: Annotated[str, Meta(description="The secret itself: `whsec_` and base64")] | None = None
    secret_env: Annotated[str, Meta(description="Environment variable with the secret")] | None = None
    secret_file: Annotated[Path, Meta(description="File with the secret")] | None = None
    old_secret_env: Annotated[str, Meta(description="While it is being changed: the one before")] | None = None
    old_secret_file: Annotated[Path, Meta(description="The same, in a file")] | None = None
    old_secret: Annotated[str, Meta(description="The same, as it is")] | None = None
    rate: Annotated[Rate, Meta(description="Requests; omitted: no limit")] | None = None
    concurrency: Annotated[int, Meta(description="Requests at once", ge=1, le=64)] = 4
    timeout: Annotated[Duration, Meta(description="For a request, from the connection to the end of the answer")] = (
        Duration(15)
    )
    ca: Annotated[Path, Meta(description="Whom to trust; the system's authorities when omitted")] | None = None
    allow_private: Annotated[
        bool, Meta(description="Whether it may be in a private network, on this machine, or without TLS")
    ] = False

    def problems(self) -> Problems:
        """What no single key shows."""
        given = [key for key in _KEYS if getattr(self, key) is not None]
        if not given:
            yield (), "no secret; expected one of secret, secret_env, secret_file"
        for key in given[1:]:
            yield (key,), f"{given[0]} is given too; expected exactly one of secret, secret_env, secret_file"
        old = [key for key in ("old_secret", "old_secret_env", "old_secret_file") if getattr(self, key) is not None]
        for key in old[1:]:
            yield (key,), f"{old[0]} is given too; expected at most one"
        for key in ("secret", "old_secret"):
            text = getattr(self, key)
            if text is not None and (problem := _problem(text)):
                yield (key,), problem
        if self.timeout <= 0:
            yield ("timeout",), "found 0s; expected more than 0s"
        if len(set(self.events)) < len(self.events):
            yield ("events",), "the same event twice"
        if not self.allow_private:
            parts = urlsplit(self.url)
            if parts.scheme == "http":
                yield ("url",), "found http; expected https (or allow_private: true)"
            if _is_private_literal(parts.hostname or ""):
                yield ("url",), "a private address; expected a public one (or allow_private: true)"

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets as octets, the present one first. The configuration must come from `load_config`."""
        if self.secret is None:
            raise RuntimeError("the secret was not read: use load_config")
        return tuple(octets_of(text) for text in (self.secret, self.old_secret) if text is not None)

    def trust(self) -> TlsClient:
        """What connects to it over TLS; TlsFileError when `ca` cannot be used."""
        return TlsClient(ClientTls(self.ca))

    def __repr__(self) -> str:
        return f"<WebhookConfig {self.url}>"  # never the secret


def read_secrets(webhook: WebhookConfig, environ: Mapping[str, str]) -> WebhookConfig:
    """The same with its secrets read, from wherever they are kept; SecretError."""
    return msgspec.structs.replace(
        webhook, secret=_read(webhook, environ, "secret"), old_secret=_read(webhook, environ, "old_secret")
    )


def octets_of(secret: str) -> bytes:
    """The octets of a secret that is written ``whsec_`` and base64; ValueError."""
    if not secret.startswith(_PREFIX):
        raise ValueError("it does not begin with whsec_")
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("what follows whsec_ is not base64") from None


def _read(webhook: WebhookConfig, environ: Mapping[str, str], key: str) -> str | None:
    text: str | None = getattr(webhook, key)
    if text is not None:
        return text
    name, path = getattr(webhook, f"{key}_env"), getattr(webhook, f"{key}_file")
    if name is not None:
        key = f"{key}_env"
        text = environ.get(name)
        if text is None:
            raise SecretError(key, f"the environment variable {name} is not set")
    elif path is not None:
        key = f"{key}_file"
        try:
            text = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SecretError(key, f"{path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SecretError(key, f"{path} is not text") from None
    else:
        return None
    problem = _problem(text)
    if problem:
        raise SecretError(key, problem)
    return text


def _problem(secret: str) -> str | None:
    wanted = f"expected {_PREFIX} and {_SHORTEST} to {_LONGEST} octets in base64"
    try:
        octets = octets_of(secret)
    except ValueError as error:
        return f"not a secret: {error}; {wanted}"
    if not _SHORTEST <= len(octets) <= _LONGEST:
        return f"a secret of {len(octets)} octets; {wanted}"
    return None


def _is_private_literal(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
