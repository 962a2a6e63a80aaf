"""Ethernet, IP and TCP as octets: what a capture file is made of.

Sources: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 1071 (the checksum).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct, unpack_from
from struct import error as struct_error
from typing import Final, NamedTuple

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

WINDOW_SCALE: Final = 7
_TCP: Final = 6
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLANS = (0x8100, 0x88A8, 0x9100)
_FRAGMENT: Final = 44
_EXTENSIONS: Final = frozenset({0, 43, 60, 135})  # IPv6 headers before the one of TCP: hop-by-hop, routing, options
_RAW = (12, 14, 101, 228, 229)  # numbers of LINKTYPE registries: frames that begin with IP
_LOOPBACK = (0, 108)  # four octets before IP, in whatever order that machine had
_COOKED = {113: (14, 16), 276: (0, 20)}  # Linux's "any" interface: where the protocol is, where IP begins
ETHERNET: Final = 1
_IPV4_HEADER = Struct(">BBHHHBBH4s4s")
_IPV6_HEADER = Struct(">IHBB16s16s")
_TCP_HEADER = Struct(">HHIIBBHHH")
_SYN_OPTIONS = bytes((2, 4, 0x05, 0xB4, 1, 3, 3, WINDOW_SCALE))  # maximum segment size 1460, window scale

Address = IPv4Address | IPv6Address


class Place(NamedTuple):
    """One end of a connection."""

    host: Address
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.host.version == 6 else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Read `host:port` with an address for host; None when it is something else."""
        host, _, port = text.rpartition(":")
        try:
            return cls(ip_address(host.strip("[]")), int(port)) if 0 <= int(port) <= 65535 else None
        except ValueError:
            return None


class Packet(NamedTuple):
    """One TCP segment with where it came from and where it went."""

    source: Place
    target: Place
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes


def ethernet(packet: Packet, number: int) -> bytes:
    """The packet as an Ethernet frame, with lengths and checksums. Both ends are of one IP version.

    `number` tells packets apart (the identification of RFC 791 §3.1).
    """
    kind = _IPV6 if packet.source.host.version == 6 else _IPV4
    # Locally administered addresses: they are of no vendor's card.
    cards = (b"\2\0\0\0\0\2", b"\2\0\0\0\0\1")
    target, source = (
        cards
        if (packet.source.port, packet.source.host.packed)
        < (
            packet.target.port,
            packet.target.host.packed,
        )
        else cards[::-1]
    )
    return target + source + kind.to_bytes(2) + _ip(packet, _tcp(packet), number)


def read_tcp(linktype: int, octets: bytes) -> Packet | str:
    """The TCP segment in a captured frame; what else it is when it is none: "not IP", "not TCP", "fragment", "cut"."""
    try:
        found = _network_layer(linktype, octets)
        if found is None:
            return "not IP"
        at = found
        return _read_ipv6(octets, at) if octets[at] >> 4 == 6 else _read_ipv4(octets, at)
    except (IndexError, struct_error):
        return "cut"


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071): the sum of all 16-bit words in ones' complement, inverted."""
    total = int.from_bytes(octets + b"\0" if len(octets) % 2 else octets)
    # 2¹⁶ is 1 modulo 2¹⁶-1, so the sum of the words is the number itself; its zero has two forms.
    return ~((total % 0xFFFF) or (0xFFFF if total else 0)) & 0xFFFF


def _tcp(packet: Packet) -> bytes:
    options = _SYN_OPTIONS if packet.flags & SYN else b""
    size = _TCP_HEADER.size + len(options)
    fields = (packet.source.port, packet.target.port, packet.sequence, packet.acknowledged, size // 4 << 4)
    segment = _TCP_HEADER.pack(*fields, packet.flags, 0xFFFF, 0, 0) + options + packet.payload
    pseudo = packet.source.host.packed + packet.target.host.packed + len(segment).to_bytes(4) + _TCP.to_bytes(4)
    return segment[:16] + checksum(pseudo + segment).to_bytes(2) + segment[18:]


def _ip(packet: Packet, segment: bytes, number: int) -> bytes:
    source, target = packet.source.host.packed, packet.target.host.packed
    if packet.source.host.version == 6:
        return _IPV6_HEADER.pack(6 << 28, len(segment), _TCP, 64, source, target) + segment
    fields = (0x45, 0, _IPV4_HEADER.size + len(segment), number & 0xFFFF, 0x4000, 64, _TCP)
    header = _IPV4_HEADER.pack(*fields, 0, source, target)
    return header[:10] + checksum(header).to_bytes(2) + header[12:] + segment


def _network_layer(linktype: int, octets: bytes) -> int | None:
    """Where the IP header begins; None when the frame holds something else."""
    if linktype in _RAW:
        return 0
    if linktype in _LOOPBACK:
        return 4
    if linktype in _COOKED:
        protocol_at, size = _COOKED[linktype]
        (kind,) = unpack_from(">H", octets, protocol_at)
        return size if kind in (_IPV4, _IPV6) else None
    if linktype != ETHERNET:
        return None
    at = 12
    (kind,) = unpack_from(">H", octets, at)
    while kind in _VLANS:
        at += 4
        (kind,) = unpack_from(">H", octets, at)
    return at + 2 if kind in (_IPV4, _IPV6) else None


def _read_ipv4(octets: bytes, at: int) -> Packet | str:
    if octets[at] >> 4 != 4:
        return "not IP"
    first, _, length, _, fragment, _, kind, _, source, target = _IPV4_HEADER.unpack_from(octets, at)
    if kind != _TCP:
        return "not TCP"
    if fragment & 0x3FFF:
        return "fragment"
    # A sender that leaves the cutting to its card is captured with a length of 0.
    end = at + length if length else len(octets)
    return _read_tcp(octets, at + (first & 0x0F) * 4, end, IPv4Address(source), IPv4Address(target))


def _read_ipv6(octets: bytes, at: int) -> Packet | str:
    _, length, kind, _, source, target = _IPV6_HEADER.unpack_from(octets, at)
    start = at + _IPV6_HEADER.size
    end = start + length if length else len(octets)
    while kind in _EXTENSIONS:
        kind, size = octets[start], 8 * (octets[start + 1] + 1)
        start += size
    if kind != _TCP:
        return "fragment" if kind == _FRAGMENT else "not TCP"
    return _read_tcp(octets, start, end, IPv6Address(source), IPv6Address(target))


def _read_tcp(octets: bytes, at: int, end: int, source: Address, target: Address) -> Packet | str:
    from_port, to_port, sequence, acknowledged, offset, flags, *_ = _TCP_HEADER.unpack_from(octets, at)
    if end > len(octets):
        return "cut"
    payload = octets[at + (offset >> 4) * 4 : end]
    return Packet(Place(source, from_port), Place(target, to_port), sequence, acknowledged, flags & 0x3F, payload)
