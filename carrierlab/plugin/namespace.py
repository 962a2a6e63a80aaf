"""The name under which one test binds: its own account of an emulator that others use too."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
from typing import Final

LONGEST: Final = 15
"""Octets of a system_id (SMPP 3.4 §5.2.1: 16 with the NUL)."""
_DIGEST: Final = 5
PASSWORD: Final = "secret"  # noqa: S105 - an emulator that lets anybody in


def system_id_for(node: str, run: str = "") -> str:
    """A system_id for the test `node` (its pytest id): readable, and its own.

    The same test has the same one in every run, unless `run` tells the runs apart.
    """
    function = node.rpartition("::")[2]
    words = re.sub(r"[^a-z0-9]+", "_", function.lower().removeprefix("test_")).strip("_")
    digest = hashlib.sha256(f"{run}\0{node}".encode()).digest()
    tail = base64.b32encode(digest).decode().lower()[:_DIGEST]
    head = words[: LONGEST - _DIGEST - 1].strip("_")
    return f"{head}-{tail}" if head else tail


def this_run() -> str:
    """What tells this process's tests from those of others that use the same emulator."""
    return f"{socket.gethostname()}:{os.getpid()}"
