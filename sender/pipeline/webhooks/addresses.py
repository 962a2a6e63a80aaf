"""Where a webhook must not lead: into our own network (server-side request forgery)."""

from __future__ import annotations

import ipaddress
from typing import Final

_METADATA: Final = frozenset(
    {
        ipaddress.ip_address("169.254.169.254"),
        ipaddress.ip_address("fd00:ec2::254"),
        ipaddress.ip_address("100.100.100.200"),
    }
)
"""Where clouds hand out the credentials of a machine: refused even where private addresses are allowed."""
_NAT64: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out to the public (RFC 4291 §2.4)."""
_IPV4_COMPATIBLE: Final = ipaddress.ip_network("::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def why_not(address: str, *, allow_private: bool) -> str | None:
    """Why a webhook must not connect to an IP address; None when it may."""
    try:
        ip = _innermost(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return "no IP address"
    if ip in _METADATA:
        return "an address of cloud metadata"
    if ip.is_multicast or ip.is_unspecified or ip == ipaddress.ip_address("255.255.255.255"):
        return "no address of one machine"
    if allow_private:
        return None
    if ip.is_loopback:
        return "an address of this machine"
    if ip.is_link_local:
        return "a link-local address"
    if not ip.is_global or (ip.version == 6 and ip not in _UNICAST):
        return "a private address"
    return None


def _innermost(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, when it stands for one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    low = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if any(ip in network for network in _NAT64):
        return low
    return low if ip in _IPV4_COMPATIBLE and int(ip) > 1 else ip
