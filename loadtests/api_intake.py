"""How fast the API takes messages: ``python loadtests/api_intake.py URL TOKEN [batches] [singles]``.

Batches of 1,000 go one after the other on two connections; single messages on one connection, and then on sixteen.
Each answer comes after its commit (synchronous=FULL). URL is that of a `sender serve` on this machine, TOKEN one with
the scope send and without a rate.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

BATCH = 1000


class Client:
    """One connection that is kept."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname in ("127.0.0.1", "localhost", "::1"), "only a server on this machine"
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: object) -> float:
        """Seconds until the answer is read."""
        octets = json.dumps(body).encode()
        began = time.perf_counter()
        self._connection.request("POST", path, octets, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == 202, said[:300]
        return time.perf_counter() - began


def message(number: int) -> dict[str, str]:
    return {"to": f"+7705{number % 10_000_000:07d}", "from": "SHOP", "text": f"Your order {number} is ready"}


def together(connections: int, work: Callable[[int], list[float]]) -> tuple[float, list[float]]:
    """Wall time and latencies of `work` on so many connections at once."""
    latencies: list[float] = []
    threads = [threading.Thread(target=lambda n=n: latencies.extend(work(n))) for n in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, latencies


def told(what: str, count: int, seconds: float, latencies: list[float]) -> None:
    cuts = statistics.quantiles(latencies, n=100)
    p50, p99 = (cuts[it] * 1000 for it in (49, 98))
    print(f"{what:<32} {count / seconds:>9,.0f} messages/s   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")


def main(url: str, token: str, batches: int = 40, singles: int = 2000) -> None:
    def send_batches(connection: int) -> list[float]:
        client = Client(url, token)
        return [
            client.post(
                "/v1/messages/batch",
                {"messages": [message((connection * batches + batch) * BATCH + it) for it in range(BATCH)]},
            )
            for batch in range(batches // 2)
        ]

    seconds, latencies = together(2, send_batches)
    told("batches of 1,000, 2 connections", batches // 2 * 2 * BATCH, seconds, latencies)
    for connections in (1, 16):

        def send_singles(_: int, count: int = singles // connections) -> list[float]:
            client = Client(url, token)
            return [client.post("/v1/messages", message(it)) for it in range(count)]

        seconds, latencies = together(connections, send_singles)
        told(f"single messages, {connections} connections", singles // connections * connections, seconds, latencies)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(word) for word in sys.argv[3:]))
