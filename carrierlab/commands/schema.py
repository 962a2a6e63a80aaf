"""``carrierlab schema``: JSON Schemas of the files that people write, for their editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import msgspec
import rich_click as click
from msgspec import Meta

from carrierlab.expect import MetricName
from carrierlab.loadtest.profile import Profile
from carrierlab.metrics import METRICS
from carrierlab.scenario import LabScenario
from sender.config.file import SenderConfig
from smppkit.status import status_name
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.model import Operator, Scenario
from smsc.scenario.personas import Persona
from smsc.scenario.scalars import Number, Octet, SpokenVersion, Status
from yamlmodel.json_schema import Schema, Spellings, json_schema


class PersonaFile(Persona, frozen=True):
    """A profile of an operator, with where its habits were seen."""

    operator: Annotated[Operator, Meta(description="What an operator of a scenario may say")]


MODELS: Final[dict[str, type[msgspec.Struct]]] = {
    "scenario": LabScenario,
    "serve": Scenario,
    "sender": SenderConfig,
    "persona": PersonaFile,
    "load": Profile,
}


def _latency(value: Latency) -> str | None:
    return f"{value.seconds:g}s" if isinstance(value, Fixed) else None


# How defaults are written where `str` of the value is not it.
SPELLINGS: Final[Spellings] = {
    Status: status_name,
    Octet: lambda value: f"{value:#04x}",
    Number: lambda value: f"{value:#06x}" if value > 0xFF else f"{value}",
    SpokenVersion: lambda value: f"{value.version.name[1]}.{value.version.name[2]}",
    Latency: _latency,
    IdStyle: lambda value: str(value.base.value),
}


def schema_of(kind: str) -> Schema:
    """The schema of one of `MODELS`."""
    return json_schema(MODELS[kind], SPELLINGS, {MetricName: tuple(METRICS)})


def schema_text(kind: str) -> str:
    """The same as the text of a file."""
    return json.dumps(schema_of(kind), indent=1, ensure_ascii=False) + "\n"


@click.command("schema")
@click.argument("kind", type=click.Choice(list(MODELS)), default="scenario")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it into this file.")
def schema(kind: str, output: Path | None) -> None:
    """Print the JSON Schema of a KIND of file, for editors; see docs/editors.md.

    `scenario` is what `carrierlab run` takes, `serve` what `smsc serve` does, `sender` is sender.yaml, `persona` a
    ready operator, and `load` a profile of `carrierlab load`.
    """
    _put(schema_text(kind), output)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{output} cannot be written: {error.strerror}", param_hint="--output") from None
