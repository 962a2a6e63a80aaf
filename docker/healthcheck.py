"""Is an SMSC answering? Sends an enquire_link and waits for any PDU in return; exit code 0 or 1, one line.

Any answer will do: before a bind some SMSCs answer enquire_link_resp, some generic_nack, and both are alive.

Usage: healthcheck.py HOST PORT
"""

from __future__ import annotations

import socket
import sys

from smppkit.codec import encode
from smppkit.pdus import EnquireLink
from smppkit.stream import BrokenStream, StreamDecoder

TIMEOUT = 3.0  # seconds, for the connection and for each read


def answer(host: str, port: int) -> str:
    """The kind of PDU that `host`:`port` answered. OSError if nothing is there or nothing is said."""
    decoder = StreamDecoder()
    with socket.create_connection((host, port), timeout=TIMEOUT) as connection:
        connection.sendall(encode(EnquireLink(sequence_number=1)))
        while octets := connection.recv(4096):
            for fate in decoder.feed(octets):
                if isinstance(fate, BrokenStream):
                    raise OSError(f"it does not speak SMPP ({fate.reason})")
                return type(fate).__name__
    raise OSError("it closed the connection without an answer")


def main(arguments: list[str]) -> int:
    """Check the address in `arguments`; returns the exit code."""
    if len(arguments) != 2 or not arguments[1].isdigit():
        sys.stderr.write("usage: healthcheck.py HOST PORT\n")
        return 2
    host, port = arguments[0], int(arguments[1])
    try:
        sys.stdout.write(f"{host}:{port} answered {answer(host, port)}\n")
    except OSError as error:
        sys.stderr.write(f"{host}:{port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
