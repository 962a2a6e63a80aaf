"""Time, faults and forgetting in `smsc serve` on real sockets, with a journal in a file and its thread."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, DeliverSm, Pdu, SubmitSm
from smppkit.stream import StreamDecoder
from tests.smsc.control.test_edge import PATIENCE, Served


class Esme:
    """A client that reads PDU by PDU, and acknowledges what is delivered."""

    def __init__(self, port: int, system_id: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._decoder = StreamDecoder()
        self._waiting: list[Pdu] = []
        self._sequence = 1
        self.send(BindTransceiver(system_id=system_id))
        self.read()

    def send(self, pdu: Pdu) -> None:
        pdu.sequence_number = self._sequence
        self._sequence += 1
        self.socket.sendall(encode(pdu))

    def submit(self, text: bytes = b"hello") -> None:
        self.send(SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=text, registered_delivery=1))

    def read(self) -> Pdu:
        """The next PDU."""
        while not self._waiting:
            octets = self.socket.recv(4096)
            assert octets, "the connection was closed"
            for pdu in self._decoder.feed(octets):
                assert isinstance(pdu, Pdu)
                self._waiting.append(pdu)
                if isinstance(pdu, DeliverSm):
                    self.socket.sendall(encode(pdu.response()))
        return self._waiting.pop(0)

    def hears_nothing(self) -> bool:
        """Whether nothing is on its way: asked behind an exchange that the server has ended."""
        self.socket.setblocking(False)
        try:
            return not self._waiting and not self.socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*options: str) -> Served:
        started.append(Served(tmp_path, "--http", "0", *options))
        return started[-1]

    yield start
    for one in started:
        assert "Traceback" not in one.stop()


def test_an_emulator_begins_with_time_standing_still_and_an_hour_passes_at_once(
    served: Callable[..., Served],
) -> None:
    """The receipt of the default scenario takes a second, and enquire_links keep the bind alive."""
    one = served("--paused")
    esme = Esme(one.port, "shop")
    with httpx.Client(base_url=one.url, timeout=PATIENCE) as client:
        began = client.get("/api/clock").json()
        assert began["paused"]
        esme.submit()
        esme.read()
        assert client.get("/api/messages").json()["items"][0]["state"] == "ENROUTE"
        assert esme.hears_nothing()

        # An ESME that answers enquire_links only when it reads: half a minute is within every timer.
        advanced = client.post("/api/clock/advance", json={"by": "20s"}).json()
        assert advanced["now"] - began["now"] == pytest.approx(20, abs=1)
        assert isinstance(esme.read(), DeliverSm)
        (message,) = client.post("/api/messages/wait", json={"filters": {"state": "DELIVRD"}}).json()["items"]
        assert message["final_at"] - message["at"] == pytest.approx(1, abs=0.1)
        assert client.post("/api/clock/resume", json={}).json()["paused"] is False
    esme.socket.close()


def test_a_fault_strikes_who_is_connected_and_an_account_is_forgotten(served: Callable[..., Served]) -> None:
    one = served("--paused")
    shop, bank = Esme(one.port, "shop"), Esme(one.port, "bank")
    with httpx.Client(base_url=one.url, timeout=PATIENCE) as client:
        fault = client.post("/api/faults", json={"fault": {"fault": "throttle", "rate": "1/s"}, "namespace": "shop"})
        for esme in (shop, bank):
            esme.submit()
            esme.submit()
        assert [shop.read().command_status, shop.read().command_status] == [0, 0x58]
        assert [bank.read().command_status, bank.read().command_status] == [0, 0]
        assert client.delete(f"/api/faults/{fault.json()['id']}").status_code == 204

        assert client.post("/api/reset", json={"system_id": "shop"}).status_code == 204
        left = client.get("/api/messages").json()["items"]
        assert [message["system_id"] for message in left] == ["bank", "bank"]
        client.post("/api/clock/advance", json={"by": "10s"})
        assert [type(bank.read()), type(bank.read())] == [DeliverSm, DeliverSm]
        assert shop.hears_nothing()

        client.post("/api/mo", json={"from": "7701", "to": "1414", "text": "hi", "system_id": "shop"})
        mo = shop.read()
        assert isinstance(mo, DeliverSm)
        assert mo.short_message == b"hi"
    for esme in (shop, bank):
        esme.socket.close()


def test_without_the_api_nobody_could_let_time_go_on(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from smsc.cli import main

    result = CliRunner().invoke(main, ["serve", "--paused", "--no-http"])
    assert result.exit_code == 2
    assert "--paused needs the control API" in result.output
