#!/usr/bin/env python3
"""Let libFuzzer look for inputs that reach new code, in every target of tests/fuzz/targets.py, one after the other.

It starts from tests/fuzz/corpus and from what former runs have reached (.fuzz/reached). An input that breaks a promise
is written to tests/fuzz/corpus as regression-…, where the tests repeat it for ever.

Runs in the environment of ``make fuzz-setup``: atheris is in no other.

Usage: fuzz_coverage.py [--seconds N] [--jobs N] [TARGET …]
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
REACHED = ROOT / ".fuzz" / "reached"
LONGEST = {"capture": 4096, "lint": 4096, "session": 2048, "stream": 2048}
"""Octets of an input; others: 1024."""
SLOWEST = 5
"""Seconds after which an input is one that hangs; instrumented code is many times slower than what runs."""


class Outcome(NamedTuple):
    """What a target gave."""

    target: str
    figures: dict[str, str]
    found: Path | None
    output: str


def fuzz(target: str, arguments: list[str]) -> None:
    """Become libFuzzer; does not return. All that is to be watched is imported here, and not before."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["smppkit", "smsc"]):
        from smppkit.codec import CODECS
        from tests.fuzz.targets import TARGETS

    for codec in CODECS.values():
        # What is compiled from declarations is no module, and has to be instrumented by hand.
        for command_id, layout in codec.layouts.items():
            codec.decoders[command_id] = atheris.instrument_func(codec.decoders[command_id])
            codec.encoders[layout.kind] = atheris.instrument_func(codec.encoders[layout.kind])
    atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
    atheris.Fuzz()


def run(target: str, seconds: int) -> Outcome:
    """Fuzz one target in a process of its own, for libFuzzer ends the process it is in."""
    reached, crashes = REACHED / target, REACHED / "crashes"
    for folder in (reached, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for path in seeds_of(target):
        shutil.copy(path, reached / hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest())
    crash = crashes / target
    crash.unlink(missing_ok=True)
    options = {
        "max_total_time": seconds,
        "max_len": LONGEST.get(target, 1024),
        "timeout": SLOWEST,
        "rss_limit_mb": 1024,
        "exact_artifact_path": crash,
        "print_final_stats": 1,
        "seed": 1,
    }
    command = [sys.executable, __file__, "--inside", target, *(f"-{name}={value}" for name, value in options.items())]
    process = subprocess.run([*command, str(reached)], cwd=ROOT, capture_output=True, text=True, check=False)
    output = process.stdout + process.stderr
    found = keep(target, crash) if crash.is_file() else None
    figures = dict(re.findall(r"^stat::(\w+):\s+(\d+)", output, re.MULTILINE))
    figures |= dict(re.findall(r"\b(cov|ft): (\d+)", output))
    if process.returncode and found is None:
        raise RuntimeError(f"{target} ended with {process.returncode}:\n{output[-3000:]}")
    return Outcome(target, figures, found, output)


def seeds_of(target: str) -> Iterator[Path]:
    """The files that a target starts from: its own, and for a decoder those of all versions."""
    kind = target.split("-")[0]
    for path in CORPUS.glob("*.bin"):
        if path.name.removeprefix("regression-").startswith(f"{kind}-"):
            yield path


def keep(target: str, crash: Path) -> Path:
    """Make what was found a file of the corpus."""
    octets = crash.read_bytes()
    kept = CORPUS / f"regression-{target}-{hashlib.sha256(octets).hexdigest()[:8]}.bin"
    kept.write_bytes(octets)
    return kept


def traceback_in(output: str) -> str:
    """What was raised; where nothing was (a hang, too much memory), libFuzzer's own last words."""
    _, found, rest = output.partition("=== Uncaught Python exception: ===")
    return re.split(r"\n(?:==|INFO:)", rest)[0].strip() if found else output[-2000:]


def main(argv: list[str]) -> int:
    """Fuzz the targets; returns the exit code: 1 when something was found."""
    if argv[:1] == ["--inside"]:
        fuzz(argv[1], argv[2:])
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description="Fuzz with coverage as the guide.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    options = parser.parse_args(argv)
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"found the target {sorted(unknown)[0]!r}; expected one of {', '.join(TARGETS)}")
    failed = False
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(partial(run, seconds=options.seconds), options.targets or TARGETS):
            figures = outcome.figures
            print(
                f"{outcome.target}: {figures.get('number_of_executed_units', '0')} inputs, "
                f"{figures.get('average_exec_per_sec', '0')}/s, coverage {figures.get('cov', '0')}, "
                f"{figures.get('new_units_added', '0')} new, at most {figures.get('peak_rss_mb', '0')} MiB",
                flush=True,
            )
            if outcome.found is not None:
                failed = True
                print(traceback_in(outcome.output))
                print(f"{outcome.target}: a promise is broken by {outcome.found.relative_to(ROOT)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
