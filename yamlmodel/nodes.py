"""YAML text as a tree of nodes with positions; no objects are built here, and no tag can build one.

The tree is bounded before anybody walks it: size of the file, nesting, and how far aliases may expand
(an alias is the same node again, so a few lines can describe billions of values).
"""

from pathlib import Path

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from yamlmodel.errors import ConfigError, Problem, quoted

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 200_000

_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
)
MERGE_TAG = "tag:yaml.org,2002:merge"
NULL_TAG = "tag:yaml.org,2002:null"
BOOL_TAG = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """PyYAML's composer, that also refuses nesting which would exhaust the stack."""

    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.depth >= MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"more than {MAX_DEPTH} levels of nesting", problem_mark=mark)
        if self.check_event(AliasEvent):
            return super().compose_node(parent, index)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read_text(path: Path) -> str:
    """Read a file as UTF-8; ConfigError for whatever stops that."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            octets = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(Problem(file, 0, 0, "", "no such file")) from None
    except IsADirectoryError:
        raise ConfigError(Problem(file, 0, 0, "", "is a directory; expected a YAML file")) from None
    except OSError as error:
        raise ConfigError(Problem(file, 0, 0, "", f"cannot be read: {error.strerror or error}")) from None
    if len(octets) > MAX_BYTES:
        raise ConfigError(Problem(file, 0, 0, "", f"larger than {MAX_BYTES >> 20} MiB"))
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        column = error.start - octets.rfind(b"\n", 0, error.start)
        message = f"not UTF-8 (octet 0x{octets[error.start]:02x}); save the file as UTF-8"
        raise ConfigError(Problem(file, line, column, "", message)) from None


def compose(text: str, file: str) -> Node:
    """Parse one YAML document into nodes; ConfigError with the position of what cannot be parsed."""
    try:
        loader = _Loader(text)
        try:
            root: Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax_problem(error, file)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        character = f"U+{ord(text[error.position]):04X}"
        message = f"the control character {character} cannot stand in YAML"
        raise ConfigError(Problem(file, line, column, "", message)) from None
    if root is None:
        raise ConfigError(Problem(file, 1, 1, "", "the file is empty"))
    bound(root, file)
    return root


def bound(root: Node, file: str) -> None:
    """Refuse foreign tags, cycles, and trees that aliases blow up; size and height are counted as expanded."""
    measured: dict[int, tuple[int, int]] = {}
    open_nodes: set[int] = set()

    def measure(node: Node) -> tuple[int, int]:
        # An alias comes after its anchor, so what it names is measured already: this never goes deeper than the text.
        known = measured.get(id(node))
        if known is not None:
            return known
        if id(node) in open_nodes:
            raise ConfigError(located(file, node, "", "an alias refers to the value that contains it"))
        if node.tag not in _CORE_TAGS:
            tag = node.tag.removeprefix("tag:yaml.org,2002:")
            message = f'the tag "{tag}" is not used here; quote text that begins with "!"'
            raise ConfigError(located(file, node, "", message))
        if isinstance(node, ScalarNode) and not node.value.isascii():
            node.value = _without_surrogates(node, file)
        open_nodes.add(id(node))
        inner = [measure(child) for child in _children(node)]
        open_nodes.discard(id(node))
        size = 1 + sum(size for size, _ in inner)
        height = 1 + max((height for _, height in inner), default=0)
        if size > MAX_NODES:
            raise ConfigError(located(file, node, "", f"more than {MAX_NODES} values, aliases expanded"))
        if height > MAX_DEPTH:
            raise ConfigError(located(file, node, "", f"more than {MAX_DEPTH} levels of nesting, aliases expanded"))
        measured[id(node)] = size, height
        return size, height

    measure(root)


def _without_surrogates(node: ScalarNode, file: str) -> str:
    """Join the surrogate pairs that JSON-style escapes leave; half a pair is no character."""
    try:
        return str(node.value).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise ConfigError(
            located(file, node, "", "half a surrogate pair (\\ud800 to \\udfff) is no character")
        ) from None


def _children(node: Node) -> list[Node]:
    if isinstance(node, SequenceNode):
        return list(node.value)
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return []


def located(file: str, node: Node, path: str, message: str) -> Problem:
    """Make a problem at the place where `node` begins."""
    mark = node.start_mark
    return Problem(file, mark.line + 1, mark.column + 1, path, message)


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    text = str(error.problem or "cannot be parsed as YAML")
    if error.context and error.context_mark is not None:
        text += f" ({error.context} of line {error.context_mark.line + 1})"
    if "undefined alias" in text or "expected alphabetic or numeric character" in text:
        text = 'quote a value that begins with "*" or "&": YAML takes it for an alias'
    elif "'\\t'" in text:
        text = "a tab cannot indent YAML; use spaces"
    elif "but got '{'" in text:
        text += '; quote a value with a variable, as in "${rate}"'
    elif "cannot start any token" in text:
        text += "; quote the value"
    elif "expected a single document" in str(error.context):
        text = 'a second document begins here ("---"); expected one'
    return Problem(file, line, column, "", f"not valid YAML: {text}")


def found(node: Node) -> str:
    """Say what stands in the file, for "found …; expected …"."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if is_null(node):
        return str(node.value) or "nothing"
    return quoted(node.value)


def is_null(node: Node) -> bool:
    """Tell a null (`~`, `null` or nothing at all) from text."""
    return isinstance(node, ScalarNode) and node.tag == NULL_TAG
