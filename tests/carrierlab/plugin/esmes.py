"""Tiny SMPP clients for code under test: blocking, asyncio and Twisted, all around one session of smppkit."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from smppkit.events import Event, Request, Response
from smppkit.pdus import BindTransceiver, DeliverSm, Pdu, SubmitSm
from smppkit.segments import segment
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role

UDHI = 0x40
CONFIG = SessionConfig(window=1000, enquire_link_interval=None)


class Core:
    """One session, what it was told, and what it is to say."""

    def __init__(self) -> None:
        self.session = Session(Role.ESME, CONFIG, 0.0)
        self.responses: list[Pdu] = []
        self.delivered: list[DeliverSm] = []

    def bind(self, system_id: str, password: str) -> None:
        self.session.send(BindTransceiver(system_id=system_id, password=password), 0.0)

    def submit(self, to: str, text: str, sender: str = "SHOP") -> int:
        """One submit_sm for each part; how many."""
        cut = segment(text, reference=len(self.responses))
        for part in cut.segments:
            pdu = SubmitSm(
                source_addr=sender,
                source_addr_ton=5,
                destination_addr=to,
                dest_addr_ton=1,
                dest_addr_npi=1,
                esm_class=UDHI if part.udhi else 0,
                data_coding=cut.data_coding,
                short_message=part.short_message,
                registered_delivery=1,
            )
            self.session.send(pdu, 0.0)
        return len(cut.segments)

    def receive(self, octets: bytes) -> None:
        self.session.receive_bytes(octets, 0.0)
        for event in self.session.events():
            self._on(event)

    def _on(self, event: Event) -> None:
        if isinstance(event, Response):
            self.responses.append(event.response)
        elif isinstance(event, Request):
            if isinstance(event.pdu, DeliverSm):
                self.delivered.append(event.pdu)
            self.session.respond(event.pdu.response(), 0.0)

    def texts(self, receipts: bool = False) -> list[str]:
        return [pdu.short_message.decode("ascii") for pdu in self.delivered if bool(pdu.esm_class & 4) is receipts]


class BlockingEsme:
    """Every call returns when it is answered."""

    def __init__(self, host: str, port: int, system_id: str, password: str) -> None:
        self.core = Core()
        self._socket = socket.create_connection((host, port), timeout=10)
        self.core.bind(system_id, password)
        self._until_answered(1)
        self.status = self.core.responses.pop().command_status

    def send(self, to: str, text: str, sender: str = "SHOP") -> list[int]:
        """Submit, and the command_status of each part."""
        before = len(self.core.responses)
        self._until_answered(before + self.core.submit(to, text, sender))
        return [response.command_status for response in self.core.responses[before:]]

    def receive(self, count: int, *, receipts: bool = False) -> list[str]:
        """Wait for messages of subscribers, or for receipts; their texts."""
        while len(self.core.texts(receipts)) < count:
            self._turn()
        return self.core.texts(receipts)

    def closed(self) -> bool:
        """Wait for the other side to end the connection."""
        try:
            while self._turn():
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> BlockingEsme:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until_answered(self, count: int) -> None:
        self._flush()
        while len(self.core.responses) < count:
            if not self._turn():
                raise ConnectionError("closed by the SMSC")

    def _turn(self) -> bool:
        octets = self._socket.recv(65536)
        self.core.receive(octets)
        self._flush()
        return bool(octets)

    def _flush(self) -> None:
        self._socket.sendall(self.core.session.bytes_to_send())


class AsyncioEsme:
    """The same as coroutines."""

    def __init__(self) -> None:
        self.core = Core()

    @classmethod
    async def connect(cls, host: str, port: int, system_id: str, password: str) -> AsyncioEsme:
        esme = cls()
        esme._reader, esme._writer = await asyncio.open_connection(host, port)
        esme.core.bind(system_id, password)
        await esme._until_answered(1)
        return esme

    async def send(self, to: str, text: str) -> list[int]:
        before = len(self.core.responses)
        await self._until_answered(before + self.core.submit(to, text))
        return [response.command_status for response in self.core.responses[before:]]

    async def receive(self, count: int, *, receipts: bool = False) -> list[str]:
        while len(self.core.texts(receipts)) < count:
            await self._turn()
        return self.core.texts(receipts)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _until_answered(self, count: int) -> None:
        self._writer.write(self.core.session.bytes_to_send())
        while len(self.core.responses) < count:
            await self._turn()

    async def _turn(self) -> None:
        octets = await self._reader.read(65536)
        if not octets:
            raise ConnectionError("closed by the SMSC")
        self.core.receive(octets)
        self._writer.write(self.core.session.bytes_to_send())


def twisted_esme(reactor: Any, host: str, port: int, system_id: str, password: str) -> Any:
    """A Deferred of a protocol with ``send(to, text)`` and ``receive(count)``, which give Deferreds."""
    from twisted.internet import protocol
    from twisted.internet.defer import Deferred
    from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

    class TwistedEsme(protocol.Protocol):
        def __init__(self) -> None:
            self.core = Core()
            self._waiting: list[tuple[Any, Any]] = []

        def connectionMade(self) -> None:  # noqa: N802
            self.core.bind(system_id, password)
            self._turn()

        def dataReceived(self, data: bytes) -> None:  # noqa: N802
            self.core.receive(data)
            self._turn()

        def send(self, to: str, text: str) -> Any:
            wanted = len(self.core.responses) + self.core.submit(to, text)
            self._turn()
            return self.when(lambda: len(self.core.responses) >= wanted)

        def receive(self, count: int) -> Any:
            return self.when(lambda: len(self.core.texts()) >= count).addCallback(lambda _: self.core.texts())

        def when(self, holds: Any) -> Any:
            fires: Deferred[Any] = Deferred()
            self._waiting.append((holds, fires))
            self._turn()
            return fires

        def close(self) -> Any:
            self._closed: Deferred[None] = Deferred()
            self.transport.loseConnection()
            return self._closed

        def connectionLost(self, reason: object = None) -> None:  # noqa: N802
            self._closed.callback(None)

        def _turn(self) -> None:
            self.transport.write(self.core.session.bytes_to_send())
            for holds, fires in [one for one in self._waiting if one[0]()]:
                self._waiting.remove((holds, fires))
                fires.callback(self)

    connected = connectProtocol(TCP4ClientEndpoint(reactor, host, port), TwistedEsme())
    return connected.addCallback(lambda esme: esme.when(lambda: len(esme.core.responses) >= 1))
