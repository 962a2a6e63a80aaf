"""A client of raw octets that knows enough of SMPP to bind, to submit, and to say what is wrong with an answer."""

from __future__ import annotations

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import CannotJudge
from carrierlab.conformance.exchange import Exchange
from carrierlab.conformance.octets import Content, Frame, Unreadable, Value
from carrierlab.conformance.showing import frame_name, short_status
from carrierlab.conformance.target import Surroundings, Target
from smppkit.message_ids import candidate_keys, key
from smppkit.states import Version

_LEAVING = 0.5
_KINDS = {"transmitter": o.BIND_TRANSMITTER, "receiver": o.BIND_RECEIVER, "transceiver": o.BIND_TRANSCEIVER}
# What an SMSC may leave out, saying so by a generic_nack.
_OPTIONAL = frozenset(
    {o.QUERY_SM, o.CANCEL_SM, o.REPLACE_SM, o.SUBMIT_MULTI, o.DATA_SM}
    | {o.BROADCAST_SM, o.QUERY_BROADCAST_SM, o.CANCEL_BROADCAST_SM}
)


class Peer(Exchange):
    """One connection to the SMSC under test, speaking `version` once it binds."""

    def __init__(self, target: Target, version: Version, world: Surroundings) -> None:
        super().__init__(target, world)
        self.version = version
        self.bound_as: str | None = None
        self._others: list[Peer] = []

    # --- life ---------------------------------------------------------------------------------

    async def another(self) -> Peer:
        """Open a second connection to the same account, not bound yet."""
        other = Peer(self.target, self.version, self._world)
        self._others.append(other)
        await other.connect()
        return other

    async def leave(self) -> None:
        """End in order where that is possible, and close; also what ``another`` opened."""
        for other in self._others:
            await other.leave()
        if self.bound_as is not None and not self.is_closed:
            self._write(o.pdu(o.UNBIND, self.next_sequence()))
            await self.until(self._unbound, min(_LEAVING, self.target.timeout))
        await self.hang_up()

    def _unbound(self) -> bool:
        return self.is_closed or any(frame.command_id == o.RESPONSE | o.UNBIND for _, frame in self._answers)

    # --- judging ------------------------------------------------------------------------------

    async def alive(self) -> None:
        """The session lives, and nothing was said meanwhile: the next answer is that to an enquire_link."""
        sequence = self.next_sequence()
        self._write(o.pdu(o.ENQUIRE_LINK, sequence))  # not `send`: what came before it is what is judged
        frame = await self.expect(o.RESPONSE | o.ENQUIRE_LINK)
        if (frame.status, frame.sequence) != (0, sequence):
            raise self.disagree(f"expected enquire_link_resp {sequence}, found {frame_name(frame)} {frame.sequence}")

    async def responded(self, octets: bytes, within: float | None = None) -> Frame:
        """Ask; the answer must be the operation's own response, with its sequence number."""
        request = Frame(octets, 0.0)
        frame = await self.ask(octets, within)
        wanted = o.RESPONSE | request.command_id
        if frame.command_id == o.GENERIC_NACK and request.command_id in _OPTIONAL:
            raise CannotJudge(f"it does not perform {frame_name(request.command_id)}: {frame_name(frame)}")
        if not frame.readable or frame.command_id != wanted:
            raise self.disagree(f"expected {frame_name(wanted)}, found {frame_name(frame)}")
        if frame.sequence != request.sequence:
            raise self.disagree(f"expected sequence number {request.sequence:#x}, found {frame.sequence:#x}")
        return frame

    async def accepted(self, octets: bytes) -> Frame:
        """Ask; the response must say ESME_ROK."""
        return await self.refused(octets, 0)

    async def refused(self, octets: bytes, *statuses: int) -> Frame:
        """Ask; the response must have one of these statuses, or any error where none is named."""
        frame = await self.responded(octets)
        if statuses and frame.status not in statuses:
            wanted = " or ".join(map(short_status, statuses))
            raise self.disagree(f"expected {wanted}, found {short_status(frame.status)}")
        if not statuses and frame.status == 0:
            raise self.disagree("expected an error, found ESME_ROK")
        return frame

    async def outcome(self, octets: bytes) -> str:
        """Ask, and say in a word what happened: ``accepted``, a status, ``closed`` …: for what the SMSC may choose."""
        self.send(octets)
        await self.until(lambda: self._answers or self.is_closed, self.target.timeout)
        if not self._answers:
            return "closed" if self.is_closed else "no answer"
        frame, asked = self._take(), Frame(octets, 0.0).command_id
        if not asked & o.RESPONSE and frame.command_id == o.RESPONSE | asked:
            return short_status(frame.status) if frame.status else "accepted"
        return frame_name(frame)

    def read(self, frame: Frame) -> Content:
        """What a frame says; Disagreement when it cannot be read."""
        try:
            return frame.content()
        except Unreadable as error:
            raise self.disagree(f"{frame_name(frame)} cannot be read: {error}") from None

    # --- SMPP ---------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """What to bind as in order to submit: 3.3 has no transceiver."""
        return "transmitter" if self.version < Version.V34 else "transceiver"

    def bind_octets(self, kind: str | None = None, **changed: Value) -> bytes:
        """A bind of the target's account."""
        target = self.target
        fields: dict[str, Value] = {
            "system_id": target.system_id,
            "password": target.password,
            "system_type": target.system_type,
            "interface_version": int(self.version),
        }
        return o.operation(_KINDS[kind or self.kind], self.next_sequence(), **fields | changed)

    async def bind(self, kind: str | None = None, **changed: Value) -> Frame:
        """Bind; CannotJudge when the SMSC does not let us in."""
        frame = await self.responded(self.bind_octets(kind, **changed))
        if frame.status:
            raise CannotJudge(f"bind_{kind or self.kind} is refused: {short_status(frame.status)}")
        self.bound_as = kind or self.kind
        return frame

    def submit(self, **changed: Value) -> bytes:
        """A submit_sm to the target's destination; fields by name, and `tlvs`."""
        return self._message(o.SUBMIT_SM, {"short_message": b"conformance"}, changed)

    def data(self, **changed: Value) -> bytes:
        """A data_sm to the target's destination; without user data unless `tlvs` has some."""
        return self._message(o.DATA_SM, {}, changed)

    def _message(self, command_id: int, fields: dict[str, Value], changed: dict[str, Value]) -> bytes:
        if "destination_addr" not in changed:
            fields["destination_addr"] = self.target.need("destination", "a number to send to")
        fields |= {"dest_addr_ton": 1, "dest_addr_npi": 1}
        return o.operation(command_id, self.next_sequence(), **self.sender() | fields | changed)

    def sender(self) -> dict[str, Value]:
        """The fields of our source address."""
        target = self.target
        return {
            "source_addr_ton": target.source_ton,
            "source_addr_npi": target.source_npi,
            "source_addr": target.source,
        }

    async def submitted(self, **changed: Value) -> str:
        """Submit; it must be accepted. The message id."""
        frame = await self.accepted(self.submit(**changed))
        return self.read(frame).text("message_id")

    async def receiver(self) -> Peer:
        """A bind of the account that is delivered to: this one, or a second one as a receiver."""
        if self.bound_as != "transmitter":
            return self
        other = await self.another()
        await other.bind("receiver")
        return other

    async def receipt(self, message_id: str, within: float | None = None) -> Frame:
        """The delivery that names this message; CannotJudge when none comes."""
        found = await self.receipts(message_id, within)
        if not found:
            raise CannotJudge("no receipt came in time")
        return found[0]

    async def receipts(self, message_id: str, within: float | None = None) -> list[Frame]:
        """Wait for a delivery that names this message; those that have come, none when it is late."""
        seconds = self.target.receipts if within is None else within
        await self.until(lambda: self.is_closed or self.about(message_id), seconds)
        return self.about(message_id)

    def about(self, message_id: str) -> list[Frame]:
        """The deliveries so far that name this message."""
        return [frame for frame in self.deliveries if names(frame, message_id)]

    def acknowledge(self, frame: Frame, status: int = 0, body: bytes | None = None) -> None:
        """Answer a delivery; a body only with ESME_ROK, unless one is given."""
        content = (b"" if status else b"\0") if body is None else body
        self.send(o.pdu(o.RESPONSE | frame.command_id, frame.sequence, content, status=status))


def names(frame: Frame, message_id: str) -> bool:
    """Whether a delivery is about this message: by TLV or text, its id written in any base."""
    try:
        content = frame.content()
    except Unreadable:
        return False
    tlv, words = content.tlv(o.TAG_RECEIPTED_MESSAGE_ID), content.data("short_message").decode("latin-1").split()
    candidates = [word[3:] for word in words if word.lower().startswith("id:")]
    if tlv is not None:
        candidates.append(tlv.rstrip(b"\0").decode("latin-1"))
    wanted = candidate_keys(message_id)
    return any(key(candidate) in wanted for candidate in candidates)
