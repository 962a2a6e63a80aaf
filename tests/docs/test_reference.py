"""The page of the language tells everything: each key is described and written in an example."""

import re
import sys

import msgspec
import pytest

from smsc.scenario.model import Operator
from tests.docs.blocks import ROOT
from yamlmodel.types import fields_of, members, unwrap

sys.path.insert(0, str(ROOT / "scripts"))

from make_reference import SCENARIO
from reference_examples import EXAMPLES


def models_of(model: type[msgspec.Struct], seen: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """A model and those below it, as far as they are the scenario's own."""
    if model not in seen and model.__module__.startswith("smsc.scenario") and not hasattr(model, "parse"):
        seen.add(model)
        for field in fields_of(model).values():
            for form in structs_in(field.type):
                models_of(form, seen)
    return seen


def structs_in(form: object) -> list[type[msgspec.Struct]]:
    found = []
    for member in members(form):
        inner, _ = unwrap(member)
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            found.append(inner)
        else:
            found += [struct for argument in getattr(inner, "__args__", ()) for struct in structs_in(argument)]
    return found


def described(field: object) -> bool:
    notes = [unwrap(member)[1] for member in (field.type, *members(field.type))]  # type: ignore[attr-defined]
    return any(meta is not None and meta.description for meta in notes)


@pytest.mark.parametrize("model", SCENARIO, ids=lambda model: model.__name__)
def test_every_key_is_described_and_in_the_example_of_its_section(model: type[msgspec.Struct]) -> None:
    _, *examples = EXAMPLES[model]
    for key, field in fields_of(model).items():
        assert described(field), f"{model.__name__}.{key}"
        assert re.search(rf"(?<![\w-]){key}\"?:", "".join(examples)), f"{key} is in no example"


OPERATOR_MODELS = sorted(models_of(Operator, set()), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", OPERATOR_MODELS, ids=lambda model: model.__name__)
def test_every_part_of_an_operator_has_a_section(model: type[msgspec.Struct]) -> None:
    assert model in SCENARIO
