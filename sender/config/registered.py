"""A file with the texts that an operator has registered."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sender.domain.registered import Kind, Registered, RegisteredError, RegisteredTemplate
from yamlmodel.loader import load_located

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Standing(Enum):
    """Where a template is in its life; only active ones count."""

    REGISTERING = "registering"
    ACTIVE = "active"
    DEREGISTERING = "deregistering"
    DEREGISTERED = "deregistered"


class RegisteredConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One registered template."""

    name: Annotated[str, Meta(description="How the operator calls it", min_length=1)]
    kind: Annotated[Kind, Meta(description="What it was registered as")] = Kind.SERVICE
    text: Annotated[str, Meta(description="The template, with %w and %d", min_length=1)]
    state: Annotated[Standing, Meta(description="Where it is in its life")] = Standing.ACTIVE

    def problems(self) -> Problems:
        """A text that can be registered."""
        try:
            RegisteredTemplate(self.text)
        except RegisteredError as error:
            yield ("text",), str(error)


class RegisterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The register of one operator."""

    templates: Annotated[list[RegisteredConfig], Meta(description="Registered texts", min_length=1)]

    def active(self) -> list[Registered]:
        """Those that count, compiled."""
        return [
            Registered(it.name, it.kind, RegisteredTemplate(it.text))
            for it in self.templates
            if it.state is Standing.ACTIVE
        ]


def load_register(path: Path) -> RegisterConfig:
    """Read such a file; ConfigError lists everything that is wrong, each at its line."""
    return load_located(path, RegisterConfig).value
