"""Octets and statuses as a report shows them: decoded where they can be, in hex always, secrets masked."""

from __future__ import annotations

from collections.abc import Iterator

from carrierlab.conformance import octets as o
from carrierlab.conformance.octets import Frame, Unreadable
from smppkit.commands import command_name
from smppkit.status import status_name

_LONGEST = 160  # octets of one PDU that are shown in hex
_MOST_FRAMES = 6
_MASK = b"*"

# The operations of 5.0, whether or not the library at hand has them.
_NAMES = {
    o.BROADCAST_SM: "broadcast_sm",
    o.QUERY_BROADCAST_SM: "query_broadcast_sm",
    o.CANCEL_BROADCAST_SM: "cancel_broadcast_sm",
}


def short_status(status: int) -> str:
    """A status as the list of checks writes it, "0x0D"; vendors' in full."""
    return "ESME_ROK" if status == 0 else f"0x{status:02X}"


def frame_name(found: Frame | int) -> str:
    """What a PDU is: "submit_sm_resp 0x04", or the name of a command_id."""
    if isinstance(found, int):
        suffix = "_resp" if found & o.RESPONSE and found != o.GENERIC_NACK else ""
        plain = found & ~o.RESPONSE
        return _NAMES[plain] + suffix if plain in _NAMES else command_name(found)
    if not found.readable:
        return f"{len(found.octets)} octets that are no PDU"
    name = frame_name(found.command_id)
    return f"{name} {short_status(found.status)}" if found.command_id & o.RESPONSE else name


def without_secrets(octets: bytes) -> bytes:
    """The same octets with the password of a bind or outbind made unreadable, its length kept."""
    command = int.from_bytes(octets[4:8], "big")
    if command not in o.BINDS and command != o.OUTBIND:
        return octets
    start = octets.find(b"\0", o.HEADER) + 1
    end = octets.find(b"\0", start)
    if start == 0 or end < 0:
        start, end = o.HEADER, len(octets)  # cut off somewhere: nobody knows what is what
    return octets[:start] + _MASK * (end - start) + octets[end:]


def shown(octets: bytes) -> Iterator[str]:
    """The lines that show what went one way: each PDU by its name and fields, then in hex."""
    frames, rest = o.split(octets, max(len(octets), o.HEADER), 0.0)
    for frame in frames[:_MOST_FRAMES]:
        safe = Frame(without_secrets(frame.octets), 0.0)
        yield _decoded(safe)
        yield "  " + _hex(safe.octets)
    if len(frames) > _MOST_FRAMES:
        yield f"… and {len(frames) - _MOST_FRAMES} PDUs more"
    if rest:
        yield f"{len(rest)} octets"
        yield "  " + _hex(without_secrets(rest))


def _hex(octets: bytes) -> str:
    return octets[:_LONGEST].hex(" ", -4) + (" …" if len(octets) > _LONGEST else "")


def _decoded(frame: Frame) -> str:
    if not frame.readable:
        return frame_name(frame)
    parts = [frame_name(frame.command_id), f"sequence {frame.sequence:#x}"]
    if frame.status:
        parts.append(status_name(frame.status))
    try:
        content = frame.content()
        parts += [f"{name}={value!r}" for name, value in content.fields.items() if value not in (0, "", b"")]
        parts += [f"0x{tag:04x}={value.hex()}" for tag, value in content.tlvs]
    except Unreadable as error:
        parts.append(f"({error})")
    return " ".join(parts)
