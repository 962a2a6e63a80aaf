"""Files that a file is made of: `include: [common.yaml]` at its top, as paths from where it is.

What is included lies under the file that includes it, and the later of several over the earlier ones. Mappings are
merged key by key. Of lists those at the top of a file (a timeline, expectations) are joined, the included ones first;
any other list is replaced as a whole, as is everything that is neither.
"""

from pathlib import Path
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from yamlmodel.errors import ConfigError, Problem
from yamlmodel.nodes import compose, found, located, read_text
from yamlmodel.presets import nodes_of

KEY: Final = "include"
MAX_DEPTH: Final = 8
MAX_FILES: Final = 64


class Whole:
    """A file with all that it includes: one tree, and where each node of another file stands."""

    def __init__(self, file: str, base: Path | None) -> None:
        self.file = file
        self.base = base
        self.files: dict[Node, str] = {}
        """The file of each node that does not stand in `file`."""
        self._read = 0

    def place(self, node: Node) -> str:
        """The file that a node stands in."""
        return self.files.get(node, self.file)

    def put(self, new: Node, old: Node) -> None:
        """A node was made that stands in the place of another one."""
        if old in self.files:
            self.files[new] = self.files[old]

    def read(self, text: str) -> Node:
        """The tree of the whole. ConfigError."""
        root = compose(text, self.file)
        return self._with_included(root, self.file, () if self.base is None else (Path(self.file).resolve(),))

    def _with_included(self, root: Node, file: str, within: tuple[Path, ...]) -> Node:
        if not isinstance(root, MappingNode):
            return root
        own = MappingNode(root.tag, [], root.start_mark, root.end_mark)
        self.put(own, root)
        names: Node | None = None
        for key, value in root.value:
            if isinstance(key, ScalarNode) and key.value == KEY:
                names = value
            else:
                own.value.append((key, value))
        if names is None:
            return root
        under: MappingNode | None = None
        for name in names.value if isinstance(names, SequenceNode) else [names]:
            included = self._included(name, file, within)
            under = included if under is None else self._joined(under, included, top=True)
        return own if under is None else self._joined(under, own, top=True)

    def _included(self, name: Node, file: str, within: tuple[Path, ...]) -> MappingNode:
        if not isinstance(name, ScalarNode) or not name.value:
            raise self._problem(name, f"found {found(name)}; expected the path of a file, or a list of them")
        if not within:
            raise self._problem(name, "a text that is no file cannot include one")
        path = Path(file).parent / name.value
        resolved = path.resolve()
        if resolved in within:
            circle = " → ".join(step.name for step in (*within[within.index(resolved) :], resolved))
            raise self._problem(name, f"{name.value} includes itself ({circle})")
        self._read += 1
        if len(within) > MAX_DEPTH or self._read > MAX_FILES:
            raise self._problem(name, f"more than {MAX_FILES} files, or {MAX_DEPTH} within each other")
        try:
            root = compose(read_text(path), str(path))
        except ConfigError as error:
            if all(problem.line for problem in error.problems):
                raise
            # Of the file as a whole: the place to mend is where it is named.
            raise self._problem(name, str(error)) from None
        if not isinstance(root, MappingNode):
            raise ConfigError(located(str(path), root, "", f"found {found(root)}; expected a mapping to include"))
        self.files.update(dict.fromkeys(nodes_of(root), str(path)))
        whole = self._with_included(root, str(path), (*within, resolved))
        assert isinstance(whole, MappingNode)  # noqa: S101 - as its root is
        return whole

    def _joined(self, under: MappingNode, over: MappingNode, *, top: bool = False) -> MappingNode:
        """What both say; where both do, what `over` says."""
        theirs = {key.value: value for key, value in under.value if isinstance(key, ScalarNode)}
        mine = {key.value for key, _ in over.value if isinstance(key, ScalarNode)}
        pairs: list[tuple[Node, Node]] = []
        for key, value in over.value:
            other = theirs.get(key.value) if isinstance(key, ScalarNode) else None
            pairs.append((key, self._both(other, value, top=top)))
        pairs += [pair for pair in under.value if not (isinstance(pair[0], ScalarNode) and pair[0].value in mine)]
        made = MappingNode(over.tag, pairs, over.start_mark, over.end_mark)
        self.put(made, over)
        return made

    def _both(self, under: Node | None, over: Node, *, top: bool) -> Node:
        if isinstance(under, MappingNode) and isinstance(over, MappingNode):
            return self._joined(under, over)
        if top and isinstance(under, SequenceNode) and isinstance(over, SequenceNode):
            made = SequenceNode(over.tag, [*under.value, *over.value], over.start_mark, over.end_mark)
            self.put(made, over)
            return made
        return over

    def _problem(self, node: Node, message: str) -> ConfigError:
        problem: Problem = located(self.place(node), node, KEY, message)
        return ConfigError(problem)
