"""Schemas for editors: whatever the programs take is valid, whatever they do not know is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from carrierlab.cli import main
from carrierlab.commands.schema import MODELS, schema_of
from smsc.scenario.personas import persona_files
from tests.docs.blocks import ROOT, of_kind
from tests.yamlmodel.validation import mistakes, valid
from yamlmodel.errors import ConfigError, dotted
from yamlmodel.json_values import of_text
from yamlmodel.loader import loads
from yamlmodel.types import Steps

SCHEMAS = {kind: schema_of(kind) for kind in MODELS}
UNKNOWN = "no-such-key"
WORKLOAD = {"campaign": {"recipients": "recipients.csv", "template": "Hello", "sender": "SHOP"}}


def documents() -> Iterator[tuple[str, str, Any]]:
    """(where it stands, kind of schema, value) of everything that the tests elsewhere show to be accepted."""
    for file in sorted((ROOT / "scenarios").glob("*.yaml")):
        yield file.name, "scenario", of_text(file.read_text())
    for file in sorted((ROOT / "tests" / "smsc" / "behaviours" / "scenarios").glob("*.yaml")):
        yield file.name, "serve", of_text(file.read_text())
    for file in persona_files():
        yield file.name, "persona", of_text(file.read_text())
    for kind in ("scenario", "serve", "sender"):
        for block in of_kind(f"yaml {kind}"):
            yield block.id, kind, of_text(block.text)
    for block in of_kind("yaml operator"):
        yield block.id, "serve", {"operators": {"x": of_text(block.text)}}
    for block in of_kind("yaml part"):
        yield block.id, "scenario", {"operators": {"x": {}}, "workload": WORKLOAD} | of_text(block.text)


DOCUMENTS = list(documents())
named = pytest.mark.parametrize(
    ("kind", "value"), [document[1:] for document in DOCUMENTS], ids=[document[0] for document in DOCUMENTS]
)


def places(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """Every mapping in a value, with the way to it."""
    if isinstance(value, dict):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*path, step))


def along(path: Steps, value: Any) -> Any:
    """The same value with one operator, and lists of one entry on the way: of hundreds the one that is looked at."""
    if not path:
        return value
    step, *rest = path
    if isinstance(value, list):
        return [along(tuple(rest), value[int(step)])]
    if step == "operators" and rest:
        return {**value, step: {rest[0]: along(tuple(rest[1:]), value[step][rest[0]])}}
    return {**value, step: along(tuple(rest), value[step])}


def with_unknown_keys(value: Any) -> Any:
    """The same with a key in every mapping that nobody knows."""
    if isinstance(value, dict):
        return {key: with_unknown_keys(child) for key, child in value.items()} | {UNKNOWN: 1}
    return [with_unknown_keys(child) for child in value] if isinstance(value, list) else value


def where_unknown(value: Any, model: type[msgspec.Struct]) -> set[str]:
    """The mappings in which a model does not know the key, as paths."""
    with pytest.raises(ConfigError) as caught:
        loads(json.dumps(with_unknown_keys(value)), model)
    return {problem.path for problem in caught.value.problems if f'unknown key "{UNKNOWN}"' in problem.message}


@named
def test_what_is_accepted_is_valid(kind: str, value: Any) -> None:
    assert list(mistakes(value, SCHEMAS[kind])) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [document[1:] for document in DOCUMENTS if not {"include", "matrix"} & document[2].keys()],
    ids=[document[0] for document in DOCUMENTS if not {"include", "matrix"} & document[2].keys()],
)
def test_an_unknown_key_is_not_valid_wherever_the_model_does_not_know_it(kind: str, value: Any) -> None:
    """Of entries of a list with the same keys one is enough: the gauntlet has hundreds of rules."""
    told = where_unknown(value, MODELS[kind])
    assert told
    seen = set()
    for path, mapping in places(value):
        shape = tuple(step for step in path if isinstance(step, str)), tuple(mapping)
        if dotted(path) in told and shape not in seen:
            seen.add(shape)
            mapping[UNKNOWN] = 1
            assert not valid(along(path, value), SCHEMAS[kind]), path
            del mapping[UNKNOWN]


@pytest.mark.parametrize("kind", MODELS)
def test_defaults_and_examples_are_what_the_schema_itself_allows(kind: str) -> None:
    schema = SCHEMAS[kind]
    described = 0
    for _, mapping in places(schema):
        for given in [*([mapping["default"]] if "default" in mapping else []), *mapping.get("examples", [])]:
            described += 1
            assert list(mistakes(given, mapping, schema)) == []
    assert described > 5


def test_the_file_for_editors_is_up_to_date() -> None:
    result = subprocess.run([sys.executable, ROOT / "scripts" / "make_schema.py", "--check"], check=False)
    assert result.returncode == 0


def test_a_scenario_is_printed_when_nothing_else_is_named() -> None:
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0
    assert result.output == (ROOT / "docs" / "scenario.schema.json").read_text()


@pytest.mark.parametrize("kind", MODELS)
def test_a_schema_is_written_into_a_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    result = CliRunner().invoke(main, ["schema", kind, "-o", str(file)])
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(file.read_text()) == SCHEMAS[kind]


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "no" / "x.json")])
    assert result.exit_code == 2
    assert "cannot be written" in " ".join(result.output.split())


MATRIX = """
include: [common.yaml]
vars: {rate: 10/s, accounts: [{system_id: shop, password: x}]}
matrix: {window: [1, 10], who: [a, b], exclude: [{window: 1, who: a}]}
operators: {x: {accounts: "${accounts}", submit: "${submit}", commands: "${commands|true}"}}
workload: {campaign: {recipients: a.csv, template: Hello, sender: "${who}", window: "${window}", rate: "${rate}"}}
timeline: "${timeline}"
"""


@pytest.mark.parametrize("kind", ["scenario", "serve"])
def test_a_variable_may_stand_anywhere_and_an_included_file_have_the_rest(kind: str) -> None:
    schema = SCHEMAS[kind]
    assert list(mistakes(of_text(MATRIX), schema)) == []
    assert valid({"include": "common.yaml"}, schema)
    for wrong in ({}, {"include": 1}, {"include": "x", "matrix": {"a": 1}}, {"include": "x", "operators": {"x": "y"}}):
        assert not valid(wrong, schema), wrong


def test_a_variable_is_known_where_files_have_runs_only() -> None:
    assert not valid({"store": "a.sqlite", "operators": "${x}"}, SCHEMAS["sender"])
