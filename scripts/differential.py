#!/usr/bin/env python3
"""Read the same PDUs with smppkit and with other programs, and explain every difference.

The PDUs are those of tests/fuzz/corpus, sound ones of every operation with values of every kind, and damaged ones; all
with a command_length that is true, since one that is not leaves nothing to compare. Compared are header, fields and
TLVs, octet for octet, and whether the PDU is read at all. What differs must be in tests/fuzz/disagreements.yaml, which
says why; anything else is printed, and the exit code is 1.

Programs: smpp.pdu3 and smpplib (in the environment of ``make fuzz-setup``), and tshark where it is installed.

Usage: differential.py [--count N] [--seed N] [--program NAME …]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import yaml
from fuzz import damaged, seeds
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from other_codecs import PROGRAMS, Program, Reading, Refused

from smppkit.codec import CODECS, HEADER_SIZE, Codec
from smppkit.commands import RESPONSE_BIT, command_name
from smppkit.errors import PduError
from smppkit.fields import CString, ShortMessage
from smppkit.pdus import Pdu
from smppkit.states import Version
from smppkit.status import CommandStatus
from tests.fuzz.targets import framed
from tests.smppkit.generated import pdus

FUZZ = Path(__file__).parents[1] / "tests" / "fuzz"
NAMES = {int(status): status.name for status in CommandStatus}
DISAGREEMENTS = FUZZ / "disagreements.yaml"
SHOWN = 40
"""Unexplained differences that are printed."""


class Difference(NamedTuple):
    """Where a program sees something else than we do. `field` is "reading" when only one of the two reads the PDU."""

    program: str
    version: str
    pdu: str
    field: str
    ours: str
    theirs: str


class Disagreement(NamedTuple):
    """A difference that is known: patterns that match all of the text, and why it is right that we differ.

    `both` is a pattern for ours and theirs with a blank between them, which can say how the one makes the other.
    """

    name: str
    program: str
    pdu: str
    field: str
    ours: str
    theirs: str
    both: str
    why: str

    def explains(self, seen: Difference) -> bool:
        """Whether this is the difference."""
        parts = [(getattr(self, part), getattr(seen, part)) for part in ("pdu", "field", "ours", "theirs")]
        parts.append((self.both, f"{seen.ours} {seen.theirs}"))
        return self.program == seen.program and all(re.fullmatch(*part, re.DOTALL) for part in parts)


def disagreements(path: Path = DISAGREEMENTS) -> list[Disagreement]:
    """The known ones, from their file."""
    rows = yaml.safe_load(path.read_text())
    return [Disagreement(**dict.fromkeys(("pdu", "ours", "theirs", "both"), ".*") | row) for row in rows]


# --- PDUs to read -----------------------------------------------------------------------------------------------


def inputs(version: Version, count: int, seed: int) -> list[bytes]:
    """The corpus, and as many sound and damaged PDUs of one version as make `count`."""
    codec, label = CODECS[version], label_of(version)
    corpus = [path.read_bytes() for path in sorted((FUZZ / "corpus").glob(f"*decoder-{label}-*.bin"))]
    kinds = [layout.kind for layout in codec.layouts.values()]
    each = max(1, count // 2 // len(kinds))
    sound = [codec.encode(pdu) for kind in kinds for pdu in generated(kind, codec, each, seed)]
    rng = Random(seed)
    like = sound + seeds(codec) + corpus
    return [*map(framed, corpus), *sound, *(framed(damaged(rng.choice(like), rng)) for _ in range(count - len(sound)))]


def generated(kind: type[Pdu], codec: Codec, count: int, seed: int) -> list[Pdu]:
    """Sound PDUs of one class, the same ones for the same seed."""
    found: list[Pdu] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pdus(kind, codec=codec))
    def collect(pdu: Pdu) -> None:
        found.append(pdu)

    collect()
    return found


def label_of(version: Version) -> str:
    """3.3, 3.4 or 5.0."""
    return f"{version.name[1]}.{version.name[2]}"


# --- reading and comparing --------------------------------------------------------------------------------------


class Ours(NamedTuple):
    """A PDU as smppkit reads it: strings without their NUL, texts without length, of repeated TLVs the last."""

    fields: Reading
    first: Reading
    """Of repeated TLVs the first: a program keeps one of them, and not all the same one."""
    left: int
    """Octets behind what is kept of a response."""

    def __str__(self) -> str:
        """Which TLVs were read, and how much was left."""
        tags = "".join(f" {name.removeprefix('tlv ')}" for name in self.fields if name.startswith("tlv "))
        return f"read{tags}{f', {self.left} octets left' if self.left else ''}"


def our_reading(octets: bytes, codec: Codec) -> Ours | Refused:
    """Header, fields and TLVs as octets."""
    try:
        pdu = codec.decode(octets)
    except PduError as error:
        return Refused(f"{NAMES[error.status]}: {error.reason}")
    fields: Reading = {"command_status": octets[8:12], "sequence_number": octets[12:16]}
    if len(octets) > HEADER_SIZE and not (pdu.command_status and pdu.command_id & RESPONSE_BIT):
        for name, spec in codec.layouts[pdu.command_id].fields:
            written = spec.write(name, getattr(pdu, name))
            fields[name] = written[:-1] if isinstance(spec, CString) else written
            if isinstance(spec, ShortMessage):
                fields[name] = written[1:]
    first: Reading = {}
    for tag, value in pdu.tlvs:
        fields[f"tlv 0x{tag:04x}"] = value
        first.setdefault(f"tlv 0x{tag:04x}", value)
    return Ours(fields, first, max(0, len(octets) - len(codec.encode(pdu))))


def differences(
    program: str, version: str, octets: bytes, ours: Ours | Refused, theirs: Reading | Refused
) -> Iterator[Difference]:
    """Everything in which the two readings differ; what is empty to one may be absent to the other."""
    name = command_name(int.from_bytes(octets[4:8], "big"))
    if isinstance(ours, Refused):
        if not isinstance(theirs, Refused):
            yield Difference(program, version, name, "reading", ours.reason, "read")
    elif isinstance(theirs, Refused):
        yield Difference(program, version, name, "reading", str(ours), theirs.reason)
    else:
        for field in sorted(ours.fields.keys() | theirs.keys()):
            one, other = ours.fields.get(field), theirs.get(field)
            if one != other and (one or other) and other != ours.first.get(field, one):
                yield Difference(program, version, name, field, shown(one), shown(other))


def shown(octets: bytes | None) -> str:
    """Octets for a pattern: hexadecimal, or a word for none."""
    return "absent" if octets is None else octets.hex()


def compare(program: Program, count: int, seed: int) -> Iterator[tuple[bytes, list[Difference]]]:
    """Every input with its differences, of all versions that the program reads."""
    versions = [version for version in Version if label_of(version) in program.versions]
    for version in versions:
        octets = inputs(version, count // len(versions), seed)
        for one, theirs in zip(octets, program.read(octets), strict=True):
            ours = our_reading(one, CODECS[version])
            yield one, list(differences(program.name, label_of(version), one, ours, theirs))


def report(program: Program, known: list[Disagreement], results: Iterable[tuple[bytes, list[Difference]]]) -> int:
    """Print what was found; returns how many differences nobody explains."""
    met: Counter[str] = Counter()
    total = same = 0
    unexplained: list[tuple[bytes, Difference]] = []
    for octets, seen in results:
        total += 1
        same += not seen
        for difference in seen:
            entry = next((entry for entry in known if entry.explains(difference)), None)
            if entry is None:
                unexplained.append((octets, difference))
            else:
                met[entry.name] += 1
    print(f"{program.name}: {total} PDUs, {same} the same, {met.total()} differences explained, {len(unexplained)} not")
    for name, count in met.most_common():
        print(f"  {count:6} {name}")
    for octets, difference in unexplained[:SHOWN]:
        print(f"  unexplained: {difference}\n    {octets[:300].hex()}")
    return len(unexplained)


def main(argv: list[str] | None = None) -> int:
    """Compare with every program that is there; returns the exit code."""
    parser = argparse.ArgumentParser(description="Read the same PDUs with smppkit and with other programs.")
    parser.add_argument("--count", type=int, default=10_000, help="PDUs for each program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", action="append", choices=sorted(PROGRAMS), help="only this one; may be repeated")
    options = parser.parse_args(argv)
    known = disagreements()
    left = 0
    for name in options.program or PROGRAMS:
        program = PROGRAMS[name]()
        missing = program.missing()
        if missing:
            print(f"{name}: left out, {missing}")
            continue
        left += report(program, known, compare(program, options.count, options.seed))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
