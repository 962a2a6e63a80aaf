"""What is wrong with a file, said so that its author can mend it."""

import json

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One mistake at one place; `line` and `column` count from 1, 0 when the file could not be read at all."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(Exception):
    """A file that cannot be used; carries every problem found, in the order of the file.

    `str()` has one line per problem: `file:line:column: path: what was found; what is expected`.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems: tuple[Problem, ...] = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def dotted(path: tuple[str | int, ...]) -> str:
    """Write a path as people do: `("operators", "x", "accounts", 0)` → `operators.x.accounts[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            word = step if step.isprintable() else quoted(step)
            text += f".{word}" if text else word
    return text


def quoted(text: str) -> str:
    """Quote text of a file for a message: on one line, without control characters, and not endless."""
    return json.dumps(text if len(text) <= 60 else text[:57] + "...", ensure_ascii=False)
