"""The walk: a node tree beside a type, giving a value or the list of everything that is wrong."""

import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from yamlmodel.errors import ConfigError, Problem, dotted, quoted
from yamlmodel.nodes import MERGE_TAG, found, is_null, located
from yamlmodel.presets import Preset, bequeathed, nodes_of, overlaid, read_preset
from yamlmodel.scalar_nodes import Refused, read_scalar, read_untyped
from yamlmodel.suggest import did_you_mean
from yamlmodel.types import Split, Steps, expectation, fields_of, own_keys, split, tag_of, unwrap


class _Failed:
    """Stands for a value that could not be built; its problems are already listed."""


FAILED = _Failed()

Entries = dict[str, tuple[ScalarNode, Node]]


class Builder:
    """Builds typed values from nodes and gathers problems; one use per file."""

    def __init__(
        self,
        file: str,
        base: Path | None = None,
        included: Mapping[Node, str] | None = None,
        origins: Mapping[Node, str] | None = None,
    ) -> None:
        """`included`: the file of each node that stands in another one; `origins`: the variable it comes from."""
        self.file = file
        self.base = base
        self.problems: list[Problem] = []
        self._included = included or {}
        self._origins = origins or {}
        self._files = dict(self._included)  # and of those that come from a preset
        self._bequeathed: set[Node] = set()  # what is built once for each heir, and wrong once

    def build(self, node: Node, annotation: Any, path: Steps) -> Any:
        """Return the value of `node` as `annotation`, or FAILED after listing why."""
        if unwrap(annotation)[0] is Any:
            return self._untyped(node, path)
        kinds = split(annotation)
        if is_null(node) and kinds.optional:
            return None
        if isinstance(node, MappingNode) and (kinds.structs or kinds.mappings):
            return self._mapping(node, kinds, path)
        if isinstance(node, SequenceNode) and kinds.sequences:
            return self._sequence(node, kinds.sequences[0], path)
        if isinstance(node, ScalarNode) and kinds.scalars:
            return self._scalar(node, kinds, annotation, path)
        hint = "; or remove the key" if is_null(node) else ""
        return self.fail(node, path, f"found {found(node)}; expected {expectation(annotation)}{hint}")

    def fail(self, node: Node, path: Steps, message: str) -> _Failed:
        """List a problem at the place of `node`."""
        if node in self._origins:
            message += f" (the variable {self._origins[node]})"
        problem = located(self._files.get(node, self.file), node, dotted(path), message)
        known = ((it.line, it.column, it.message) for it in self.problems)
        if node not in self._bequeathed or (problem.line, problem.column, message) not in known:
            self.problems.append(problem)
        return FAILED

    def _base(self, node: Node) -> Path | None:
        """Where the paths in a node begin."""
        file = self._included.get(node)
        return self.base if file is None else Path(file).absolute().parent

    def _scalar(self, node: ScalarNode, kinds: Split, annotation: Any, path: Steps) -> Any:
        refusals: list[Refused] = []
        for candidate in sorted(kinds.scalars, key=_openness):
            try:
                value = read_scalar(node, candidate)
            except Refused as refused:
                refusals.append(refused)
            else:
                base = self._base(node)
                return base / value if isinstance(value, Path) and base is not None else value
        alone = len(refusals) == 1 and not (kinds.structs or kinds.mappings or kinds.sequences)
        telling = refusals[:1] if alone else [refused for refused in refusals if refused.near]
        if telling:
            return self.fail(node, path, str(telling[0]))
        hint = next((refused.hint for refused in refusals if refused.hint), "")
        return self.fail(node, path, f"found {found(node)}; expected {expectation(annotation)}{hint}")

    def _sequence(self, node: SequenceNode, annotation: Any, path: Steps) -> Any:
        inner, meta = unwrap(annotation)
        item_type = typing.get_args(inner)[0]
        items = [self.build(item, item_type, (*path, index)) for index, item in enumerate(node.value)]
        if any(item is FAILED for item in items):
            return FAILED
        if not self._count_is_right(node, len(items), meta, path):
            return FAILED
        return tuple(items) if typing.get_origin(inner) is tuple else items

    def _count_is_right(self, node: Node, count: int, meta: msgspec.Meta | None, path: Steps) -> bool:
        if meta is not None and meta.min_length is not None and count < meta.min_length:
            self.fail(node, path, f"found {count} entries; expected at least {meta.min_length}")
            return False
        if meta is not None and meta.max_length is not None and count > meta.max_length:
            self.fail(node, path, f"found {count} entries; expected at most {meta.max_length}")
            return False
        return True

    def _mapping(self, node: MappingNode, kinds: Split, path: Steps) -> Any:
        if not kinds.structs:
            return self._dict(node, kinds.mappings[0], path)
        entries = self._entries(node, path)
        model = self._choose(node, entries, kinds.structs, path)
        if model is None:
            return FAILED
        preset = getattr(model, "preset", None)
        if isinstance(preset, Preset) and preset.key in entries:
            whole = self._with_preset(node, entries[preset.key][1], preset, path)
            if whole is None:
                return FAILED
            node, entries = whole, self._entries(whole, path)
        heirs = getattr(model, "heirs", None)
        if isinstance(heirs, str) and heirs in entries:
            self._bequeathed.update(nodes_of(node))
            entries[heirs] = (entries[heirs][0], bequeathed(node, heirs))
        return self._struct(node, entries, model, path)

    def _with_preset(self, node: MappingNode, name: Node, preset: Preset, path: Steps) -> MappingNode | None:
        """What a mapping and the preset that it names say together; None after listing what is wrong."""
        if not isinstance(name, ScalarNode):
            self.fail(name, (*path, preset.key), f"found {found(name)}; expected a name")
            return None
        try:
            file, values = read_preset(preset, name.value, self._base(name))
        except (ValueError, LookupError) as error:
            self.fail(name, (*path, preset.key), str(error))
            return None
        except ConfigError as error:
            for problem in error.problems:
                if problem.line:
                    self.problems.append(problem)
                else:  # of the file as a whole: the place to mend is where it is named
                    self.fail(name, (*path, preset.key), str(problem))
            return None
        self._files.update(dict.fromkeys(nodes_of(values), file))
        return overlaid(values, node)

    def _dict(self, node: MappingNode, annotation: Any, path: Steps) -> Any:
        inner, meta = unwrap(annotation)
        key_type, value_type = typing.get_args(inner)
        built: dict[Any, Any] = {}
        failed = False
        for word, (key_node, value_node) in self._entries(node, path).items():
            key = self.build(key_node, key_type, (*path, word))
            value = self.build(value_node, value_type, (*path, word))
            if key is FAILED or value is FAILED:
                failed = True
            elif key in built:
                self.fail(key_node, (*path, word), f"{quoted(word)} stands here twice")
                failed = True
            else:
                built[key] = value
        failed = failed or not self._count_is_right(node, len(built), meta, path)
        return FAILED if failed else built

    def _struct(self, node: MappingNode, entries: Entries, model: type[msgspec.Struct], path: Steps) -> Any:
        fields = fields_of(model)
        tag = tag_of(model)
        known = [*fields, *([tag[0]] if tag else [])]
        before = len(self.problems)
        values: dict[str, Any] = {}
        for word, (key_node, value_node) in entries.items():
            if word in fields:
                values[fields[word].name] = self.build(value_node, fields[word].type, (*path, word))
            elif tag is None or word != tag[0]:
                hint = did_you_mean(word, [name for name in known if name not in entries])
                hint = hint or "; known here: " + ", ".join(known)
                self.fail(key_node, path, f"unknown key {quoted(word)}{hint}")
        for word, field in fields.items():
            if field.required and word not in entries:
                self.fail(node, path, f'the key "{word}" is missing; expected {expectation(field.type)}')
        if len(self.problems) > before or any(value is FAILED for value in values.values()):
            return FAILED
        try:
            value = model(**values)
        except ValueError as error:
            return self.fail(node, path, str(error))
        return value if self._meaningful(node, value, path) else FAILED

    def _meaningful(self, node: Node, value: Any, path: Steps) -> bool:
        """Ask the value for problems that only the whole can show; False when it names some."""
        check = getattr(value, "problems", None)
        found_some = False
        for steps, message in check() if check is not None else ():
            found_some = True
            self.fail(descend(node, steps), (*path, *steps), message)
        return not found_some

    def _choose(
        self, node: MappingNode, entries: Entries, models: tuple[type[msgspec.Struct], ...], path: Steps
    ) -> type[msgspec.Struct] | None:
        if len(models) == 1 and tag_of(models[0]) is None:
            return models[0]
        by_tag: dict[str, dict[str, type[msgspec.Struct]]] = {}
        marks: dict[str, type[msgspec.Struct]] = {}
        for model in models:
            tag = tag_of(model)
            if tag is not None:
                by_tag.setdefault(tag[0], {})[tag[1]] = model
            else:
                marks.update(dict.fromkeys(own_keys(model, models), model))
        for key, tagged in by_tag.items():
            if key in entries:
                word_node = entries[key][1]
                word = str(word_node.value) if isinstance(word_node, ScalarNode) else ""
                if word in tagged:
                    return tagged[word]
                known = ", ".join(tagged)
                self.fail(
                    word_node,
                    (*path, key),
                    f"found {found(word_node)}; expected one of {known}{did_you_mean(word, tagged)}",
                )
                return None
        for key, model in marks.items():
            if key in entries:
                return model
        keys = [*by_tag, *marks]
        names = " or ".join(f'"{key}"' for key in keys)
        hints = (did_you_mean(word, keys) for word in entries)
        self.fail(node, path, f"expected the key {names}{next((hint for hint in hints if hint), '')}")
        return None

    def _entries(self, node: MappingNode, path: Steps) -> Entries:
        """Return the entries of a mapping by the text of their keys; `<<` merges come last and override nothing."""
        entries: Entries = {}
        merged: list[tuple[str, tuple[ScalarNode, Node]]] = []
        for key_node, value_node in node.value:
            if key_node.tag == MERGE_TAG:
                merged.extend(self._merged(value_node, path))
            elif not isinstance(key_node, ScalarNode):
                self.fail(key_node, path, f"found {found(key_node)} as a key; expected a word")
            elif key_node.value in entries:
                first = entries[key_node.value][0].start_mark.line + 1
                self.fail(key_node, path, f"the key {quoted(key_node.value)} stands here twice (first on line {first})")
            else:
                entries[key_node.value] = (key_node, value_node)
        for word, entry in merged:
            entries.setdefault(word, entry)
        return entries

    def _merged(self, node: Node, path: Steps) -> Iterator[tuple[str, tuple[ScalarNode, Node]]]:
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if isinstance(source, MappingNode):
                yield from self._entries(source, path).items()
            else:
                self.fail(source, path, f'found {found(source)} after "<<"; expected a mapping to merge')

    def _untyped(self, node: Node, path: Steps) -> Any:
        if isinstance(node, ScalarNode):
            return read_untyped(node)
        if isinstance(node, SequenceNode):
            return [self._untyped(item, (*path, index)) for index, item in enumerate(node.value)]
        if not isinstance(node, MappingNode):
            raise TypeError(f"a YAML node of an unknown kind: {node!r}")
        return {word: self._untyped(value, (*path, word)) for word, (_, value) in self._entries(node, path).items()}


def _openness(annotation: Any) -> int:
    """Order the scalars of a union: plain text takes anything, so it comes last."""
    return int(unwrap(annotation)[0] in (str, Path))


def descend(node: Node, steps: Steps) -> Node:
    """Follow keys and indices as far as the tree goes; a missing key gives the mapping that lacks it."""
    for step in steps:
        child = _child(node, step)
        if child is None:
            return node
        node = child
    return node


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, SequenceNode):
        return node.value[step] if isinstance(step, int) and step < len(node.value) else None
    if not isinstance(node, MappingNode):
        return None
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.value == str(step):
            return value  # type: ignore[no-any-return]
    sources = [value for key, value in node.value if key.tag == MERGE_TAG]
    merged = [item for source in sources for item in (source.value if isinstance(source, SequenceNode) else [source])]
    children = (_child(source, step) for source in merged)
    return next((child for child in children if child is not None), None)
