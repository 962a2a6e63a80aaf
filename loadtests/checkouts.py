"""Which checkouts a benchmark measures, given by ``--path``: this one, another one, or two in turn."""

from __future__ import annotations

import argparse
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def add_path(parser: argparse.ArgumentParser) -> None:
    """Take ``--path``, more than once."""
    parser.add_argument("--path", type=_checkout, action="append", help="a checkout; twice to compare two")


def paths_of(options: argparse.Namespace) -> list[Path]:
    """Those that were named; this one where none was."""
    return options.path or [HERE]


def _checkout(text: str) -> Path:
    path = Path(text).resolve()
    if not (path / "smppkit").is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a checkout of CarrierLab: there is no smppkit/ in it")
    return path
