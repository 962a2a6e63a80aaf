"""The simulation by hand: ``python -m tests.simulation --seeds 1..1000``; a single number replays one seed.

Exit code 0 when every invariant held for every seed, 1 when one did not, 2 for a command that makes no sense.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context

import msgspec

from tests.simulation.play import Verdict, play

REPLAY = ".venv/bin/python -m tests.simulation {seed}"


def verdicts(seeds: range, jobs: int, give_up: Callable[[Verdict], bool] = lambda verdict: False) -> Iterator[Verdict]:
    """Play every seed on so many processes, and give the verdicts as they come, until `give_up`."""
    if jobs == 1:
        for seed in seeds:
            verdict = play(seed)
            yield verdict
            if give_up(verdict):
                return
        return
    with get_context("spawn").Pool(jobs) as pool:
        for verdict in pool.imap_unordered(play, seeds, chunksize=8):
            yield verdict
            if give_up(verdict):
                pool.terminate()
                return


def describe(verdict: Verdict, events: int) -> str:
    """What somebody needs who has to find out why."""
    return "\n".join(
        [
            f"seed {verdict.seed}: {verdict.invariant} does not hold: {verdict.reason}",
            f"trace {verdict.trace}",
            *(f"  {line}" for line in (verdict.events[-events:] if events else ())),
            "again: " + REPLAY.format(seed=verdict.seed),
        ]
    )


def main(arguments: list[str]) -> int:
    """See the docstring of this module."""
    parser = argparse.ArgumentParser(prog="simulation", description="Play seeds of the sender's simulation.")
    parser.add_argument("seed", nargs="?", type=int, help="one seed, told in full")
    parser.add_argument("--seeds", default="1..1000", metavar="A..B", help="which seeds (1..1000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one for each core)")
    parser.add_argument("--events", type=int, default=40, help="how many of the last events of a failure are shown")
    parser.add_argument("--failures", type=int, default=5, help="failures after which the rest is not played")
    parser.add_argument("--json", action="store_true", help="a verdict a line, for programs")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        seeds, options.jobs, options.events = range(options.seed, options.seed + 1), 1, 10_000
    else:
        first, _, last = options.seeds.partition("..")
        if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
            parser.error(f'--seeds: found "{options.seeds}"; expected a range such as 1..1000')
        seeds = range(int(first), int(last) + 1)
    return _play_all(seeds, options)


def _summary(played: list[Verdict], failed: list[Verdict], wanted: int, wall: float) -> str:
    cpu, submits = sum(it.cpu for it in played) / len(played), sum(it.submits for it in played)
    hours = sum(verdict.simulated for verdict in played) / 3600
    return (
        f"{len(played)} of {wanted} seeds in {wall:.1f} s, {cpu:.2f} s of CPU each: "
        f"{sum(verdict.messages for verdict in played)} messages, {submits} submits, "
        f"{sum(verdict.crashes for verdict in played)} crashes, {hours:.0f} h of simulated time; "
        + (f"{len(failed)} failed" if failed else "all invariants held")
    )


def _play_all(seeds: range, options: argparse.Namespace) -> int:
    began = time.monotonic()
    played: list[Verdict] = []
    failed: list[Verdict] = []

    def enough(_: Verdict) -> bool:
        return len(failed) >= options.failures

    for verdict in verdicts(seeds, max(1, options.jobs), enough):
        played.append(verdict)
        if options.json:
            print(msgspec.json.encode(verdict).decode(), flush=True)
        if verdict.invariant:
            failed.append(verdict)
            if not options.json:
                print(describe(verdict, options.events), end="\n\n", flush=True)
        elif not options.json and len(played) % 1000 == 0:
            print(f"{len(played)} seeds, {len(failed)} failed, {time.monotonic() - began:.0f} s", flush=True)
    if options.json:
        return 1 if failed else 0
    if len(seeds) == 1 and not failed:
        print(f"seed {played[0].seed}: every invariant holds\ntrace {played[0].trace}")
    print(_summary(played, failed, len(seeds), time.monotonic() - began))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
