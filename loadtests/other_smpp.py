"""The SMPP implementations of others that are measured beside ours: what is installed, and how each is started.

`scripts/peers` installs them. Servers are those that tests/interop sends through; clients are in loadtests/peers/.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from emulator_cpu import TRANSMITTER, Clients, processor_time

ROOT = Path(__file__).resolve().parents[1]
INTEROP = Path(os.environ.get("INTEROP", ROOT / ".interop"))
PEERS = Path(os.environ.get("PEERS", ROOT / ".peers"))
SERVERS = ROOT / "tests" / "interop" / "servers"
CLIENTS = ROOT / "loadtests" / "peers"
BEARERBOX = ("127.0.0.1", 13001)
"""Where Kannel's test SMSC looks for its other half; it gives up when nobody listens there."""
_KANNEL = INTEROP / "kannel"
_TWISTED3 = INTEROP / "twisted3"
_NODE = {"NODE_PATH": str(INTEROP / "node/node_modules")}
_PERL = {"PERL5LIB": str(INTEROP / "perl/usr/share/perl5")}
_LIBRARIES = [str(path) for where in ("lib", "usr/lib") for path in sorted((_KANNEL / where).glob("*-linux-gnu"))]
_PATIENCE = 10.0


class Other(NamedTuple):
    """One program of others; its last arguments are a port and, for a client, how many messages and the window."""

    name: str
    where: Path
    """What is there when it is installed."""
    version: str
    """A pattern below INTEROP or PEERS, whose first match has the version in its name."""
    command: tuple[str, ...]
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed
    one_connection: bool = False
    note: str = ""

    @property
    def missing(self) -> str | None:
        """Why it cannot be measured."""
        if not self.where.exists():
            return "not installed: scripts/peers"
        if shutil.which(self.command[0]) is None:
            return f"there is no {self.command[0]}"
        return None

    @property
    def found_version(self) -> str:
        """Its version, as its files say."""
        for base in (INTEROP, PEERS):
            for path in base.glob(self.version):
                if path.name == "package.json":
                    return path.read_text().split('"version": "')[1].split('"')[0]
                if path.suffix == ".deb":
                    return path.name.split("_")[1]
                return path.name.removesuffix(".dist-info").rpartition("-")[2]
        return ""

    def clients(self, like: Clients) -> Clients:
        """Who loads it: as many submits at once, on as many connections as it takes."""
        if self.one_connection:
            return Clients(1, like.connections * like.window, "shop", "secret", TRANSMITTER)
        return Clients(like.connections, like.window, "shop", "secret")


_DIST = "twisted3/lib/python3*/site-packages/smpp_twisted3-*.dist-info"
OTHER_SERVERS = (
    Other(
        "smpp.twisted3",
        _TWISTED3 / "bin/python",
        _DIST,
        (str(_TWISTED3 / "bin/python"), str(SERVERS / "twisted3_server.py")),
    ),
    Other(
        "node-smpp",
        INTEROP / "node/node_modules/smpp",
        "node/node_modules/smpp/package.json",
        ("node", str(SERVERS / "node_server.js")),
        _NODE,
    ),
    Other(
        "Net::SMPP",
        INTEROP / "perl/usr/share/perl5/Net/SMPP.pm",
        "perl/libnet-smpp-perl_*.deb",
        ("perl", str(SERVERS / "netsmpp_server.pl")),
        _PERL,
        note="a process for each connection",
    ),
    Other(
        "Kannel (test SMSC)",
        _KANNEL / "usr/lib/kannel/test/drive_smpp",
        "kannel/kannel-extras_*.deb",
        (str(_KANNEL / "usr/lib/kannel/test/drive_smpp"), "-v", "4", "-m", "200", "-p"),
        {"LD_LIBRARY_PATH": ":".join(_LIBRARIES)},
        one_connection=True,
        note="in C; answers and keeps nothing",
    ),
)
OTHER_CLIENTS = (
    Other(
        "smpplib",
        PEERS / "smpplib/bin/python",
        "smpplib/lib/python3*/site-packages/smpplib-*.dist-info",
        (str(PEERS / "smpplib/bin/python"), str(CLIENTS / "smpplib_client.py")),
    ),
    Other(
        "aiosmpplib",
        PEERS / "aiosmpplib/bin/python",
        "aiosmpplib/lib/python3*/site-packages/aiosmpplib-*.dist-info",
        (str(PEERS / "aiosmpplib/bin/python"), str(CLIENTS / "aiosmpplib_client.py")),
    ),
    Other(
        "smpp.twisted3",
        _TWISTED3 / "bin/python",
        _DIST,
        (str(_TWISTED3 / "bin/python"), str(CLIENTS / "twisted3_client.py")),
    ),
    Other(
        "node-smpp",
        INTEROP / "node/node_modules/smpp",
        "node/node_modules/smpp/package.json",
        ("node", str(CLIENTS / "node_client.js")),
        _NODE,
    ),
    Other(
        "Net::SMPP",
        INTEROP / "perl/usr/share/perl5/Net/SMPP.pm",
        "perl/libnet-smpp-perl_*.deb",
        ("perl", str(CLIENTS / "netsmpp_client.pl")),
        _PERL,
    ),
)


def session_time(leader: int) -> float:
    """Seconds of processor time of all processes of a session that live: one may fork for each connection."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended since it was listed
        if int(values[3]) == leader:
            total += processor_time(int(path.parent.name))
    return total


def listens(port: int) -> bool:
    """Whether anybody does on this port."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *_ = line.split()
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                return True
    return False


@contextmanager
def started(other: Other, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """The program in a session of its own, which is killed at the end; what it said is told when that went wrong."""
    with tempfile.TemporaryFile() as said, ExitStack() as stack:
        if "kannel" in str(other.where):
            stack.enter_context(socket.create_server(BEARERBOX))
        process = subprocess.Popen(
            [*other.command, *map(str, arguments)],
            env={**os.environ, **other.environ},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield process
        except BaseException as error:
            said.seek(0)
            error.add_note(f"{other.name} said: {said.read()[-500:].decode(errors='replace')}")
            raise
        finally:
            os.killpg(process.pid, 9)
            process.wait()


@contextmanager
def other_server(other: Other) -> Iterator[tuple[int, int]]:
    """The server on a free port; its process id and its port, as soon as it takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started(other, port) as process:
        by = time.monotonic() + _PATIENCE
        while not listens(port):  # asked of the system: one of them serves the first connection only
            if process.poll() is not None or time.monotonic() > by:
                raise RuntimeError("it does not listen")
            time.sleep(0.05)
        yield process.pid, port
