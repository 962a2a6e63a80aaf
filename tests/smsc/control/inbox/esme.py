"""A client of the emulator on a socket: it binds, submits texts of any length, and keeps what it is sent."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from typing import Any

from smppkit.codec import decode, encode
from smppkit.pdus import BindTransceiver, DeliverSm, DeliverSmResp, EnquireLink, EnquireLinkResp, Pdu, SubmitSm
from smppkit.segments import segment
from smppkit.text import decode_text

UDHI = 0x40


class Esme:
    """Bound as a transceiver. What arrives while an answer is waited for is acknowledged and kept."""

    def __init__(self, port: int, system_id: str = "shop") -> None:
        self._numbers = itertools.count(1)
        self._references = itertools.count(1)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.delivered: list[DeliverSm] = []
        bound = self._ask(BindTransceiver(system_id=system_id, password="secret", interface_version=0x34))
        assert bound.command_status == 0, bound

    def submit(self, text: str, to: str = "77010000001", source: str = "SHOP", receipt: int = 1) -> list[Any]:
        """The responses to the parts of a text."""
        cut = segment(text, reference=next(self._references))
        return [
            self._ask(
                SubmitSm(
                    source_addr_ton=5,
                    source_addr=source,
                    dest_addr_ton=1,
                    dest_addr_npi=1,
                    destination_addr=to,
                    esm_class=UDHI if part.udhi else 0,
                    registered_delivery=receipt,
                    data_coding=cut.data_coding,
                    short_message=part.short_message,
                )
            )
            for part in cut.segments
        ]

    def wait_for(self, wanted: Callable[[DeliverSm], bool]) -> DeliverSm:
        """The first deliver_sm that is wanted, of those that came or will come."""
        for pdu in self.delivered:
            if wanted(pdu):
                return pdu
        while True:
            pdu = self._read()
            if isinstance(pdu, DeliverSm) and wanted(pdu):
                return pdu

    def closed_by_peer(self) -> bool:
        """Wait until the emulator ends the connection, in whatever way."""
        try:
            while self._socket.recv(4096):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._socket.close()

    def _ask(self, pdu: Pdu) -> Any:
        pdu.sequence_number = next(self._numbers)  # type: ignore[misc]
        self._socket.sendall(encode(pdu))
        while True:
            answer = self._read()
            if not isinstance(answer, DeliverSm | EnquireLink) and answer.sequence_number == pdu.sequence_number:
                return answer

    def _read(self) -> Pdu:
        length = self._socket.recv(4, socket.MSG_WAITALL)
        pdu = decode(length + self._socket.recv(int.from_bytes(length) - 4, socket.MSG_WAITALL))
        if isinstance(pdu, DeliverSm):
            self.delivered.append(pdu)
            self._socket.sendall(encode(DeliverSmResp(sequence_number=pdu.sequence_number)))
        elif isinstance(pdu, EnquireLink):
            self._socket.sendall(encode(EnquireLinkResp(sequence_number=pdu.sequence_number)))
        return pdu


def text_of(pdu: DeliverSm) -> str:
    return decode_text(pdu.short_message, pdu.data_coding)
