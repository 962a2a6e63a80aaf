"""A conversation in octets, told to a lint as it happens."""

from __future__ import annotations

from typing import Any

from smppkit.codec import encode
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    Pdu,
    SubmitSm,
    Unbind,
)
from smppkit.status import CommandStatus
from smppkit.tlvs import SC_INTERFACE_VERSION, Tlv
from smsc.lint.lint import CLOSED_BY_CLIENT, Lint
from smsc.lint.settings import LintSettings

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
OPERATOR = "beeline"
SECRET = "secret"
BINDS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}


def header(octets: bytes, **fields: int) -> bytes:
    """The PDU with other values in its header, and the command_length that it has."""
    names = ("command_id", "command_status", "sequence_number")
    values = [int.from_bytes(octets[at : at + 4], "big") for at in (4, 8, 12)]
    values = [fields.get(name, value) for name, value in zip(names, values, strict=True)]
    return b"".join(value.to_bytes(4, "big") for value in (len(octets), *values)) + octets[16:]


class Talk:
    """One client that talks to an operator; the operator answers at once, unless it is told not to."""

    def __init__(self, operator: str = OPERATOR, **settings: Any) -> None:
        self.operator = operator
        self.lint = Lint(LintSettings(**settings))
        self.at = EPOCH
        self.connection = 0
        self.sequence = 1
        self.ours = 1

    def open(self, *, tls: bool = False, tls_offered: bool = False, peer: str = "10.0.0.1:40000") -> Talk:
        self.connection += 1
        self.sequence = self.ours = 1
        self.lint.opened(self.connection, self.at, self.operator, peer, tls, tls_offered)
        return self

    def wait(self, seconds: float) -> Talk:
        self.at += seconds
        return self

    def hear(self, octets: bytes) -> Talk:
        """The client says this."""
        self.lint.pdu(self.connection, "in", octets, self.at)
        return self

    def say(self, octets: bytes) -> Talk:
        """We say this."""
        self.lint.pdu(self.connection, "out", octets, self.at)
        return self

    def ask(self, pdu: Pdu, status: int | None = 0, after: float = 0.0, **fields: Any) -> Talk:
        """The client asks, we answer; `status` None: we do not."""
        pdu.sequence_number = self.sequence
        self.sequence += 1
        self.hear(encode(pdu))
        if status is not None:
            self.wait(after).say(encode(pdu.response(status, **fields)))
        return self

    def octets(self, octets: bytes, status: int | None = 0) -> Talk:
        """The client asks with these octets, whatever they are."""
        octets = header(octets, sequence_number=self.sequence)
        self.sequence += 1
        self.hear(octets)
        if status is not None:
            command_id = int.from_bytes(octets[4:8], "big") | RESPONSE_BIT
            self.say(header(b"\0" * 16, command_id=command_id, command_status=1, sequence_number=self.sequence - 1))
        return self

    def bind(
        self,
        kind: str = "transceiver",
        status: int = 0,
        *,
        states: int | None = 0x34,
        version: int = 0x34,
        system_id: str = "shop",
        password: str = SECRET,
    ) -> Talk:
        """`states`: the sc_interface_version of the response."""
        tlvs = () if states is None or status else (SC_INTERFACE_VERSION.of(states),)
        pdu = BINDS[kind](system_id=system_id, password=password, interface_version=version)
        return self.ask(pdu, status, tlvs=tlvs)

    def submit(self, text: bytes = b"hello", status: int | None = 0, after: float = 0.0, **fields: Any) -> Talk:
        return self.ask(message(text, **fields), status, after)

    def deliver(self, after: float | None = 0.0, kind: type[Pdu] | None = None, pdu: Pdu | None = None) -> Talk:
        """We deliver, the client answers; `after` None: it does not."""
        pdu = pdu or DeliverSm(source_addr="77051234567", destination_addr="SHOP", short_message=b"hi")
        pdu.sequence_number = self.ours
        self.ours += 1
        self.say(encode(pdu))
        if after is not None:
            self.wait(after).hear(encode(pdu.response() if kind is None else kind(0, pdu.sequence_number)))
        return self

    def enquire(self) -> Talk:
        return self.ask(EnquireLink())

    def unbind(self) -> Talk:
        return self.ask(Unbind())

    def close(self, reason: str = CLOSED_BY_CLIENT) -> Talk:
        self.lint.closed(self.connection, self.at, reason)
        return self

    def end(self) -> Talk:
        """In order."""
        return self.unbind().close("unbound")

    def found(self) -> list[tuple[str, int]]:
        """Rules that were broken, and how often; the lint is finished first."""
        self.lint.finish(self.at)
        return [(finding.rule, finding.count) for finding in self.lint.findings()]


def bound(**more: Any) -> Talk:
    """A client that is bound, and everything about it in order."""
    return Talk().open().bind(**more)


def message(text: bytes = b"hello", **fields: Any) -> SubmitSm:
    """A message without a fault."""
    values: dict[str, Any] = {
        "source_addr": "SHOP",
        "source_addr_ton": 5,
        "destination_addr": "77051234567",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "registered_delivery": 1,
        "short_message": text,
    }
    return SubmitSm(**(values | fields))


def raw(octets: bytes = b"", *, text: bytes = b"hello", length: int | None = None, **fields: Any) -> bytes:
    """A submit_sm that the codec would not write: with this sm_length, and these octets at the end."""
    octets_before = encode(message(b"", **fields))[:-1]
    body = octets_before + bytes((len(text) if length is None else length,)) + text + octets
    return header(body)


def tlv(tag: int, value: bytes) -> bytes:
    return tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def udh(number: int, total: int = 2, reference: int = 7) -> bytes:
    return bytes((5, 0, 3, reference, total, number))


THROTTLED = CommandStatus.ESME_RTHROTTLED
SUBMIT_SM = CommandId.SUBMIT_SM
VENDOR = Tlv(0x1400, b"1")
