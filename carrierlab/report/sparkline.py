"""A row of counts as a row of blocks, and the faults that befell it as marks underneath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carrierlab.report.faults import Fault

BLOCKS = "▁▂▃▄▅▆▇█"
MARKS = {"throttle": "┄", "reset": "↯", "outage": "░", "mo": "↓"}
"""How each kind of fault is drawn under the throughput."""


def sparkline(counts: Sequence[int], peak: int | None = None) -> str:
    """Draw one block per count, the highest (or ``peak``) full; a count of zero is a space."""
    top = max(counts, default=0) if peak is None else peak
    if top <= 0:
        return " " * len(counts)
    last = len(BLOCKS) - 1
    return "".join(BLOCKS[min(last, round(count / top * last))] if count > 0 else " " for count in counts)


def fault_marks(faults: Iterable[Fault], operator: str, bucket: float, length: int) -> str:
    """Draw what befell ``operator``, one character per bucket (``bucket`` seconds wide).

    Instants are drawn over periods: a reset during a throttle is seen.
    """
    row = [" "] * length
    mine = [fault for fault in faults if fault.operator in (None, operator)]
    for fault in sorted(mine, key=lambda fault: fault.until is None):
        first = int(fault.at / bucket)
        last = first if fault.until is None else int(max(fault.at, fault.until - 1e-9) / bucket)
        for index in range(max(0, first), min(last, length - 1) + 1):
            row[index] = MARKS.get(fault.kind, "!")
    return "".join(row)
