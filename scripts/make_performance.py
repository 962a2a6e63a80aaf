#!/usr/bin/env python3
"""Make the tables and pictures of docs/performance.md of what loadtests/bench.py and loadtests/growth.py have measured.

Usage: make_performance.py [--check]     (--check only says, by its exit code, whether all is up to date)
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from plots import bars, curves

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGE = DOCS / "performance.md"
RESULTS = ROOT / "loadtests" / "results"
Figures = dict[str, Any]

TARGETS: dict[tuple[bool, bool, bool], float] = {
    (False, False, False): 5,
    (False, True, False): 12,
    (True, False, False): 9,
    (True, False, True): 9,
    (True, True, False): 22,
    (True, True, True): 22,
}
"""Microseconds that a message may cost the emulator: without and with receipts and journal, and where chance decides
about every receipt."""
TARGET_SHAPE = (10, 100)
ROUND_TRIP_TARGET = 120
SENDER_TARGET = (45, 20_000)
START_TARGET = (0.6, 60)
THEN: dict[tuple[str, str], tuple[float | None, ...]] = {
    ("servers", "smpp.twisted3"): (None, 120, 230),
    ("servers", "node-smpp"): (None, 21, 70),
    ("clients", "smpplib"): (84,),
    ("clients", "smpp.twisted3"): (71,),
    ("clients", "node-smpp"): (33,),
    ("clients", "Net::SMPP"): (38,),
}
"""Microseconds that others took on the machine on which the targets were set, by the columns of "Beside others" (the
middle where it was a range)."""

UNITS = {
    "binds": "idle binds",
    "journal": "messages in the journal",
    "store": "messages in the store",
    "rules": "rules",
    "operators": "operators",
}


def table(headings: list[str], rows: list[list[str]]) -> Iterator[str]:
    """A table of Markdown; all columns but the first to the right."""
    yield "| " + " | ".join(headings) + " |"
    yield "|---|" + "--:|" * (len(headings) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def number(value: float | None, digits: int = 1) -> str:
    """A figure; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def part(found: Figures, name: str, make: Callable[[Figures], Iterator[str]]) -> Iterator[str]:
    """What is said of a part, or why nothing is."""
    figures = found.get(name, {"missing": "not measured"})
    if "missing" in figures:
        yield f"Not measured: {figures['missing']}"
    else:
        yield from make(figures)
    yield ""


def about(found: Figures) -> Iterator[str]:
    """Where and when."""
    where = found["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in where["packages"].items())
    yield (
        f"{where['processor']}, {where['cores']} cores, {where['system']}, Python {where['python']}, {packages}; "
        f"commit `{where['commit']}`, seed {where['seed']}, size *{where['size']}*."
    )
    rows = [row for row in found.get("codec", {}).get("rows", ()) if row["pdu"].startswith("submit_sm, 160")]
    decode = f", and to decode a submit_sm takes smpp.pdu3 {rows[0]['decode_pdu3']:.1f} µs" if rows else ""
    turn = found["calibration"]["loop_nanoseconds"]
    yield (
        f"Calibration: one turn of a fixed loop of Python takes {turn:.0f} ns{decode}. Where these are twice as high, "
        "so is everything below."
    )
    yield ""


def slowness(found: Figures) -> list[tuple[str, str, float, float]]:
    """What others took where the targets were set, and what they take here: name, load, then, now."""
    pairs = []
    for (part_name, name), then in THEN.items():
        figures = found.get(part_name, {})
        for row in figures.get("rows", ()):
            if row["name"] == name and "microseconds" in row:
                for before, now, shape in zip(then, row["microseconds"], figures["shapes"], strict=True):
                    if before is not None and now is not None:
                        pairs.append((name, f"{part_name[:-1]}, {load(shape)}", before, now))
    return pairs


def factor(found: Figures) -> float | None:
    """How many times as long as there the same programs take here, at the median; None where none was measured."""
    ratios = [now / then for _, _, then, now in slowness(found)]
    return statistics.median(ratios) if ratios else None


def load(shape: Sequence[int | bool]) -> str:
    """A load in words: connections, window, and whether receipts are asked for."""
    return f"{shape[0]} × {shape[1]}" + (", receipts" if shape[2] else "")


def at_most(target: float, slower: float | None, unit: str = "") -> str:
    """A target, and what it is at the speed of this machine."""
    return f"≤ {target:g}{unit}" + (
        "" if slower is None else f" ({target * slower:.{0 if target * slower >= 20 else 1}f})"
    )


def targets(found: Figures) -> Iterator[str]:
    """What the targets mean here."""
    slower = factor(found)
    if slower is not None:
        yield (
            f"The targets are of another machine. The same programs of others take {slower:.2f} times as long on this "
            "one, at the median ([How fast this machine is](#how-fast-this-machine-is)): behind each target stands, in "
            "brackets, what it is at that speed."
        )
        yield ""


def emulator(slower: float | None, figures: Figures) -> Iterator[str]:
    """What a message costs, and what it may."""
    yield "### Emulator"
    yield ""
    yield (
        "Microseconds of `smsc serve` for a message of 160 characters; its 24 rules of magic numbers are active. The "
        "target is for 10 connections with a window of 100."
    )
    yield ""
    shapes = sorted({(row["connections"], row["window"]) for row in figures["rows"]})
    headings = ["connections × window", *(f"{connections} × {window}" for connections, window in shapes), "target"]
    lines = []
    for (receipts, journal, drawn), target in TARGETS.items():
        cells = {
            (row["connections"], row["window"]): row["microseconds"]
            for row in figures["rows"]
            if (row["receipts"], row["journal"], row.get("drawn", False)) == (receipts, journal, drawn)
        }
        if not cells:
            continue
        name = "response and receipt" if receipts else "response"
        name += (", 0-1 s later and drawn" if drawn else "") + (", journal" if journal else "")
        lines.append([name, *(number(cells.get(shape)) for shape in shapes), at_most(target, slower)])
    yield from table(headings, lines)


def round_trip(figures: Figures) -> Iterator[str]:
    """One message at a time, and how much of it is anybody's work."""
    asleep, awake = figures["asleep"], figures["awake"]
    yield (
        f"One connection with a window of one: half of the round trips take at most {awake['emulator']:.0f} µs "
        f"(target ≤ {ROUND_TRIP_TARGET}), where those of an echo that does nothing take {awake['echo']:.0f}, as long "
        "as the cores do not sleep. Where they do, as on a machine without other work, the echo takes "
        f"{asleep['echo']:.0f} µs and the emulator {asleep['emulator']:.0f} (`loadtests/round_trip.py`)."
    )


def start(figures: Figures) -> Iterator[str]:
    """The start."""
    seconds, mebibytes = START_TARGET
    yield (
        f"From a cold start to its first bind_resp it takes {figures['seconds']:.2f} s (target ≤ {seconds} s; "
        f"{figures['cpu_seconds']:.2f} s of processor time), and has {figures['idle_mib']:.1f} MiB then "
        f"(target ≤ {mebibytes})."
    )


def sender(slower: float | None, figures: Figures) -> Iterator[str]:
    """The sender."""
    cost, rate = SENDER_TARGET
    yield "### Sender"
    yield ""
    yield "`sender send` to a sink, every intent, response and receipt committed to the disk before it goes on."
    yield ""
    least = f"≥ {rate:,}" + ("" if slower is None else f" ({rate / slower:,.0f})")
    rows = [
        [name, number(row["microseconds"]), at_most(cost, slower), number(row["messages_per_second"], 0), least]
        for name, row in figures.items()
    ]
    yield from table(["", "µs a message", "target", "messages a second", "target"], rows)


def codes(figures: Figures) -> Iterator[str]:
    """One-time codes."""
    alone, beside, rate = figures["alone"], figures["beside"], figures["campaign_per_second"]
    yield (
        f"A one-time code waits {alone['p50']:.1f} ms from its commit to the wire, at the median "
        f"(p99 {alone['p99']:.1f} ms); beside a campaign of {rate:,} messages a second {beside['p50']:.1f} ms "
        f"(p99 {beside['p99']:.1f} ms)."
    )


def steps(title: str, unit: str, digits: int = 2) -> Callable[[Figures], Iterator[str]]:
    """A table of one column."""

    def make(figures: Figures) -> Iterator[str]:
        yield f"### {title}"
        yield ""
        values = figures.get("microseconds", figures)
        yield from table(["", unit], [[name, number(value, digits)] for name, value in values.items()])

    return make


def codec(figures: Figures) -> Iterator[str]:
    """Every PDU, beside smpp.pdu3."""
    yield "### Codec"
    yield ""
    yield "Microseconds for a PDU, beside smpp.pdu3; the ratio is how many times as long that takes."
    yield ""
    rows = []
    for row in figures["rows"]:
        cells = [row["pdu"], str(row["octets"])]
        for ours, theirs in ((row["decode"], row["decode_pdu3"]), (row["encode"], row["encode_pdu3"])):
            ratio = "–" if theirs is None else f"{theirs / ours:.1f}"
            cells += [number(ours, 2), number(theirs, 2), ratio]
        rows.append(cells)
    yield from table(["PDU", "octets", "decode", "smpp.pdu3", "ratio", "encode", "smpp.pdu3", "ratio"], rows)
    yield ""
    yield f"A segment of 300 submit_sm through the stream decoder: {figures['stream_submit_sm']:.2f} µs for each."


def benchmarks(found: Figures) -> Iterator[str]:
    """What is ours."""
    yield from about(found)
    yield from targets(found)
    slower = factor(found)
    yield from part(found, "emulator", partial(emulator, slower))
    yield from part(found, "round_trip", round_trip)
    yield from part(found, "start", start)
    yield from part(found, "sender", partial(sender, slower))
    yield from part(found, "codes", codes)
    yield from part(found, "api", steps("HTTP API of the sender", "µs a message", 1))
    yield from part(found, "store", steps("Store", "µs a message"))
    yield from part(found, "import", steps("Import", "µs a row"))
    yield from part(found, "session", steps("Session, both ends", "µs a message"))
    yield from part(found, "codec", codec)


def beside(ours: str) -> Callable[[Figures], Iterator[str]]:
    """A table of ours and of others."""

    def make(figures: Figures) -> Iterator[str]:
        own: list[float] = next((row["microseconds"] for row in figures["rows"] if row["name"] == ours), [])
        shapes = [load(shape) for shape in figures["shapes"]]
        rows = []
        for row in figures["rows"]:
            name = " ".join(filter(None, (row["name"], row.get("version"))))
            if row.get("note"):
                name += f" ({row['note']})"
            if "missing" in row:
                rows.append([name, row["missing"], *[""] * (2 * len(shapes) - 1)])
                continue
            cells = [name]
            for value, mine in zip(row["microseconds"], own, strict=True):
                cells += [number(value), "" if row["name"] == ours or value is None else f"{value / mine:.1f}"]
            rows.append(cells)
        headings = [heading for shape in shapes for heading in (f"µs a message, {shape}", "times ours")]
        yield from table(["", *headings], rows)

    return make


def peers(found: Figures) -> Iterator[str]:
    """Ours beside others, in the same run."""
    yield (
        "Servers that answer every submit_sm, and send a receipt where one is asked for, under the same load "
        "(connections × window) in turn; nothing is kept. Kannel's test SMSC has one connection only, with the windows "
        "of all. Clients that send to the same sink: those of others keep nothing, our sender has every message on the "
        "disk before it is sent, and every answer."
    )
    yield ""
    if picture(found) is not None:
        yield "![Microseconds a message, ours beside others](performance.svg)"
        yield ""
    yield "As servers:"
    yield ""
    yield from part(found, "servers", beside("smsc serve"))
    yield "As clients:"
    yield ""
    yield from part(found, "clients", beside("sender send"))
    pairs = slowness(found)
    if pairs:
        yield "### How fast this machine is"
        yield ""
        yield (
            "What programs that are not ours took on the machine on which the targets were set (2 cores, CPython 3.11; "
            "programs much like these), and what they take here, in the run above:"
        )
        yield ""
        rows = [[name, said, number(then, 0), number(now), f"{now / then:.2f}"] for name, said, then, now in pairs]
        rows.append(["median", "", "", "", f"{factor(found):.2f}"])
        yield from table(["", "load", "there, µs", "here, µs", "times"], rows)
        yield ""


def picture(found: Figures) -> str | None:
    """Ours beside others, as bars."""
    groups = []
    for name, heading in (("servers", "As servers"), ("clients", "As clients")):
        figures = found.get(name, {})
        for column, shape in enumerate(figures.get("shapes", ())):
            rows = [
                (row["name"], row["microseconds"][column], index == 0)
                for index, row in enumerate(figures["rows"])
                if row.get("microseconds") and row["microseconds"][column] is not None
            ]
            if rows and shape[1] == TARGET_SHAPE[1]:
                groups.append((heading + (", with receipts" if shape[2] else ""), rows))
    return bars("Microseconds of processor time a message", groups, "µs") if groups else None


def growth(found: Figures) -> Iterator[str]:
    """Curves: as pictures, as tables, and how they bend."""
    yield from about(found)
    yield "![What a message costs as there is more of everything](growth.svg)"
    yield ""
    for name, unit in UNITS.items():
        figures = found.get(name, {"missing": "not measured"})
        if "missing" in figures:
            yield f"{unit}: not measured, {figures['missing']}"
            yield ""
            continue
        keys = [key for key in figures["points"][0] if key != "x"]
        rows = [[f"{point['x']:,.0f}", *(number(point[key]) for key in keys)] for point in figures["points"]]
        rows.append(["bend", *(number(figures["bends"].get(key), 2) for key in keys)])
        yield from table([unit, *keys], rows)
        yield ""


def growth_picture(found: Figures) -> str | None:
    """A small plot for every curve."""
    plots: list[tuple[str, str, dict[str, Sequence[tuple[float, float]]]]] = []
    for name, unit in UNITS.items():
        points = found.get(name, {}).get("points")
        if points:
            keys = [key for key in points[0] if key.startswith("µs a message") or key == "resident MiB"]
            series: dict[str, Sequence[tuple[float, float]]] = {
                key: [(point["x"], point[key]) for point in points] for key in keys
            }
            plots.append((name.capitalize(), unit, series))
    return curves("What a message costs as there is more of everything", plots) if plots else None


SECTIONS = {
    "benchmarks": ("<!-- benchmarks, made by loadtests/bench.py -->\n", "latest.json", benchmarks),
    "peers": ("<!-- peers, made by loadtests/bench.py -->\n", "latest.json", peers),
    "growth": ("<!-- growth, made by loadtests/growth.py -->\n", "growth.json", growth),
}


def made() -> dict[Path, str]:
    """Every file as it should be."""
    text = PAGE.read_text("utf-8")
    files: dict[Path, str] = {}
    for name, (begin, file, make) in SECTIONS.items():
        if not (RESULTS / file).exists():
            continue
        found = json.loads((RESULTS / file).read_text("utf-8"))
        before, _, rest = text.partition(begin)
        end = f"<!-- end of {name} -->\n"
        _, _, after = rest.partition(end)
        text = before + begin + "\n" + "\n".join(make(found)).rstrip("\n") + "\n\n" + end + after
    for svg, file, draw in (("performance.svg", "latest.json", picture), ("growth.svg", "growth.json", growth_picture)):
        if (RESULTS / file).exists():
            drawn = draw(json.loads((RESULTS / file).read_text("utf-8")))
            if drawn is not None:
                files[DOCS / svg] = drawn
    return {PAGE: text} | files


def main(arguments: list[str]) -> int:
    """See the docstring of this file."""
    files = made()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        return 1 if stale else 0
    for path in stale:
        path.write_text(files[path], "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
