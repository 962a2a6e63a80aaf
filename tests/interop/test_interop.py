"""Our sender through SMSCs that others have written: every message is taken, every receipt is matched.

`make interop` installs them, each apart from our own environment; what is not there is skipped.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
INTEROP = Path(os.environ.get("INTEROP", ROOT / ".interop"))
SERVERS = Path(__file__).parent / "servers"
SENDER = (sys.executable, "-c", "from sender.cli import main; main(prog_name='sender')")
COUNT = 200

CONFIG = """\
store: campaign.sqlite
country: KZ
operators:
  theirs:
    host: 127.0.0.1
    port: {port}
    system_id: shop
    password: secret
    bind: {bind}
    window: 10
    rate: 200/s
    timers: {{reconnect: {{first: 200ms, longest: 1s}}}}
routes: [{{operator: theirs}}]
"""


class Peer(msgspec.Struct, frozen=True):
    """How an SMSC of others is started, and what must be there for it."""

    name: str
    needs: tuple[Path, ...]
    command: tuple[str, ...]
    environ: dict[str, str] = {}


PEERS = [
    Peer(
        "smpp.twisted3",
        (INTEROP / "twisted3/bin/python",),
        (str(INTEROP / "twisted3/bin/python"), str(SERVERS / "twisted3_server.py")),
    ),
    Peer(
        "node-smpp",
        (INTEROP / "node/node_modules/smpp",),
        ("node", str(SERVERS / "node_server.js")),
        {"NODE_PATH": str(INTEROP / "node/node_modules")},
    ),
    Peer(
        "Net::SMPP",
        (INTEROP / "perl/usr/share/perl5/Net/SMPP.pm",),
        ("perl", str(SERVERS / "netsmpp_server.pl")),
        {"PERL5LIB": str(INTEROP / "perl/usr/share/perl5")},
    ),
]


KANNEL = INTEROP / "kannel"
KANNELS_LIBRARIES = [str(path) for where in ("lib", "usr/lib") for path in sorted((KANNEL / where).glob("*-linux-gnu"))]
DRIVE_SMPP = Peer(
    "Kannel",
    (KANNEL / "usr/lib/kannel/test/drive_smpp",),
    (str(KANNEL / "usr/lib/kannel/test/drive_smpp"), "-v", "1", "-m", str(COUNT), "-p"),
    {"LD_LIBRARY_PATH": ":".join(KANNELS_LIBRARIES)},
)
BEARERBOX = ("127.0.0.1", 13001)
"""Where Kannel's test SMSC looks for its other half; it gives up when nobody listens there."""


@contextmanager
def running(peer: Peer, log: Path) -> Iterator[int]:
    """The peer on a free port of the loopback interface."""
    if not all(path.exists() for path in peer.needs) or shutil.which(peer.command[0]) is None:
        pytest.skip(f"{peer.name} is not installed; `make interop` does that")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*peer.command, str(port)],
            env={**os.environ, **peer.environ},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield port
        finally:
            os.killpg(process.pid, 9)  # a process of its own for each connection may belong to it
            process.wait()


def send(home: Path, peer: Peer, *, bind: str = "transceiver", receipt_wait: str = "10s") -> tuple[dict[str, Any], str]:
    """The report of a campaign through `peer`, and all that anybody said."""
    rows = "".join(f"+7705{number:07d},Name{number}\n" for number in range(COUNT))
    (home / "people.csv").write_text("phone,name\n" + rows, encoding="utf-8")
    with running(peer, home / "peer.log") as port:
        (home / "sender.yaml").write_text(CONFIG.format(port=port, bind=bind), encoding="utf-8")
        done = subprocess.run(
            [
                *SENDER, "send", "--config", "sender.yaml", "--recipients", "people.csv", "--template", "Dear {name}",
                "--from", "SHOP", "--receipt-wait", receipt_wait, "--give-up", "20s", "--report", "report.json",
            ],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip
    told = done.stdout + done.stderr + (home / "peer.log").read_text(encoding="utf-8", errors="replace")[-2000:]
    assert done.returncode == 0, told
    return msgspec.json.decode((home / "report.json").read_bytes()), told


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_message_is_taken_and_every_receipt_matched(peer: Peer, tmp_path: Path) -> None:
    report, told = send(tmp_path, peer)
    assert report["states"]["delivered"] == COUNT, told
    assert (report["submits"], report["resends"]) == (COUNT, 0), told


def test_kannel_takes_every_message_while_it_delivers_as_many(tmp_path: Path) -> None:
    try:
        bearerbox = socket.create_server(BEARERBOX)
    except OSError:
        pytest.skip("something listens where Kannel's other half would")
    with bearerbox:
        report, told = send(tmp_path, DRIVE_SMPP, bind="transmitter+receiver", receipt_wait="2s")
    assert report["states"]["accepted"] == COUNT, told  # it sends no receipts
    assert (report["submits"], report["resends"]) == (COUNT, 0), told
    assert f"Number of messages sent to ESME: {COUNT}" in told, told  # with TLVs that name no message of ours
