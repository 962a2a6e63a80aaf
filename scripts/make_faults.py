#!/usr/bin/env python3
"""Make docs/faults.md: every fault, what it does on the wire and how a scenario asks for it, out of the registry.

Usage: make_faults.py [--check]     (--check compares only; exit code 1 if the page is out of date)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from make_reference import cell, default, kind, unwrap

from smsc.faults.base import Fault, WireFault
from smsc.faults.passing import Stage
from smsc.faults.registry import ENTRIES, FAULTS, STANDING

PAGE = Path(__file__).resolve().parent.parent / "docs" / "faults.md"

HEAD = """\
# Faults

<!-- Made by scripts/make_faults.py from smsc/faults; change those. -->

What goes wrong between a client and a message centre, and how a scenario asks for it. A fault works on the octets of
connections: the emulator's codec and sessions stay honest, and what they write is cut, delayed, changed or withheld on
its way. The same faults work in an emulated operator and in a proxy before a real one.

A fault is an entry of the `timeline`, for a while:

```yaml part
timeline:
  - {at: 30s, for: 10s, operator: beeline-kz, fault: slice, size: 1}
  - {at: 60s, for: 20s, fault: reset, stage: response, probability: 2%}
```

or a habit of an operator, under its `faults`, from the start or in a window:

```yaml operator
faults:
  - {fault: no-response, probability: 0.1%}
  - {fault: delay, direction: both, by: uniform 100ms 300ms, from: 10s, until: 5m}
```

Directions are the message centre's: `in` comes from the ESME, `out` goes to it. Faults that work either way have a
`direction`; those that put something wrong on the wire speak to the ESME, also where the stage is one of its own PDUs,
and those that concern the message centre itself (unbind, outbind, restart) happen when they are said to, without a
draw. What is drawn follows from the seed,
the entry, the connection and the number of what passes on it, so that a run is repeated by its seed.

Two more concern no octets and are keys of the timeline: [throttle](scenarios.md#fault-throttle) and
[outage](scenarios.md#fault-outage).
"""

STAGES = {
    Stage.ACCEPT: "The connection was made, and nothing has been said",
    Stage.BIND: "A bind, and its response",
    Stage.SUBMIT: "A request of the ESME: submit_sm, data_sm, query_sm and their like",
    Stage.RESPONSE: "The response to such a request",
    Stage.RECEIPT: "What is delivered to the ESME (deliver_sm, data_sm, alert_notification), and its response",
    Stage.CLOSE: "The message centre closes the connection",
    Stage.ANY: "Every PDU, enquire_link and unbind too",
}

TOGETHER = """
## Several at once

{shapes}
change only how octets travel, and work on top of all others and of each other. Of the others, the first that strikes a
PDU is the only one; they are asked in the order in which they began.

Octets keep their order: what is written late delays what comes after it, except where a fault is about order. At most
64 KiB wait in one direction before the writer is asked to pause; a writer that goes on is reset at 4 MiB, counted as
`overflow`.

How often each fault has struck is counted by its name.
"""

HOW_TO = '''
## How to add a fault

1. Write a file in `smsc/faults/` with one class: a frozen `msgspec.Struct` below `WireFault` (or `Directed`, when it
   works both ways). Its docstring says what happens on the wire, its fields are its keys, each with a
   `Meta(description=...)`, and `example` is an entry of a timeline.
2. Give it `act(passing, draw)`: what passes goes in, actions of `smsc/faults/actions.py` come out, and None lets it
   pass. It is a pure function: no clock, no generator, nothing of Twisted. Chance is what `draw` gives.
3. Name the class in `smsc/faults/registry.py`.
4. Add its octets before and after to `tests/smsc/faults/test_octets.py`, and run `make docs`.

A whole one, and how it is tried:

```python
from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage, pdu


class Echo(WireFault, frozen=True, kw_only=True, tag="echo"):
    """A PDU is followed by its header once more."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: echo, times: 1}"

    stage: AtStage = Stage.RESPONSE
    copies: Annotated[int, Meta(description="How often", ge=1)] = 1

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Write it, and its first 16 octets again."""
        return [Write(passing.frame), Write(passing.frame[:16] * self.copies)]


response = pdu(0x80000004, sequence=7)
passing = Passing(Stage.RESPONSE, Direction.OUT, response)
assert Echo(copies=2).act(passing, Draw("a seed")) == [Write(response), Write(response * 2)]
```

A fault of the message centre itself (`unbind`, `restart`) is an `OperatorFault`; `smsc/faults/operator.py` says what it
may ask of an operator.
'''


def link(tag: str) -> str:
    """A fault, by its section."""
    return f"[`{tag}`](#{tag})"


def text(model: type[Fault]) -> str:
    """What a fault does, on one line."""
    return " ".join((model.__doc__ or "").split())


def first_sentence(words: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return words.split(". ")[0].rstrip(".")


def stages(model: type[Fault]) -> str:
    """Where a fault may strike, its default in bold."""
    if not issubclass(model, WireFault):
        return "at its time"
    field = next(field for field in msgspec.structs.fields(model) if field.name == "stage")
    named = [f"**`{stage.value}`**" if stage is field.default else f"`{stage.value}`" for stage in model.stages]
    return ", ".join(["**at once**", *named] if field.default is None else named)


def rows(fields: list[msgspec.structs.FieldInfo]) -> Iterator[str]:
    """A table of keys."""
    yield "| key | what it says | written as | default |"
    yield "|---|---|---|---|"
    for field in fields:
        form, description, examples = unwrap(field.type)
        written = kind(form).replace("](#", "](scenarios.md#")
        if examples:
            written = written.split(" such as ")[0] + ", as in " + ", ".join(f"`{example}`" for example in examples)
        yield f"| `{field.encode_name}` | {cell(description)} | {cell(written)} | {cell(default(field))} |"


def fields_of(model: type[Fault]) -> dict[str, msgspec.structs.FieldInfo]:
    """The keys of a fault."""
    return {field.name: field for field in msgspec.structs.fields(model)}


def common() -> Iterator[str]:
    """The keys that faults have in common."""
    slice_, entry, habit = FAULTS["slice"], ENTRIES["slice"], STANDING["slice"]
    shared = [field for name, field in fields_of(slice_).items() if name in fields_of(WireFault) or name == "direction"]
    yield "\n## Keys of all faults of connections\n"
    yield "`direction` only where a fault says so; the default of `stage` is the fault's own.\n"
    yield from rows(shared)
    yield "\nIn a timeline besides:\n"
    yield from rows([field for name, field in fields_of(entry).items() if name not in fields_of(slice_)])
    yield "\nAs a habit of an operator besides:\n"
    yield from rows([field for name, field in fields_of(habit).items() if name not in fields_of(slice_)])
    yield "\n| stage | what passes |"
    yield "|---|---|"
    for stage in Stage:
        yield f"| `{stage.value}` | {STAGES[stage]} |"


def section(tag: str, model: type[Fault]) -> Iterator[str]:
    """One fault."""
    shared = fields_of(WireFault)
    own = [field for name, field in fields_of(model).items() if name not in shared]
    yield f"\n## {tag}\n"
    yield f"{text(model)}\n"
    yield f"Strikes: {stages(model)}.\n"
    if own:
        yield from rows(own)
        yield ""
    yield f"`- {model.example}`"


def page() -> str:
    """The whole page."""
    shaping = [link(tag) for tag, model in FAULTS.items() if issubclass(model, WireFault) and model.shapes]
    lines = [
        HEAD,
        "| fault | what happens on the wire | strikes (in bold unless told otherwise) |",
        "|---|---|---|",
        *(f"| {link(tag)} | {cell(first_sentence(text(model)))} | {stages(model)} |" for tag, model in FAULTS.items()),
        *common(),
        TOGETHER.format(shapes=", ".join(shaping[:-1]) + " and " + shaping[-1]).rstrip("\n"),
        *(line for tag, model in FAULTS.items() for line in section(tag, model)),
    ]
    return "\n".join(lines) + "\n" + HOW_TO


def main(arguments: list[str]) -> int:
    """Write or check the page; returns the exit code."""
    content = page()
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == content:
            return 0
        print(f"{PAGE.name} is out of date: run scripts/make_faults.py", file=sys.stderr)
        return 1
    if arguments:
        print("usage: make_faults.py [--check]", file=sys.stderr)
        return 2
    PAGE.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
