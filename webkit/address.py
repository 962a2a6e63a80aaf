"""Where an HTTP interface is, as people write it."""

from __future__ import annotations

import ipaddress

import msgspec

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 2780


class HttpAddress(msgspec.Struct, frozen=True):
    """An address to listen on; port 0 is any free one. With `any_if_taken` it is that too when the port is taken."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    any_if_taken: bool = False

    @classmethod
    def parse(cls, text: str) -> HttpAddress:
        """Read `[HOST:]PORT`; a host of IPv6 stands in brackets. ValueError."""
        host, colon, port = text.rpartition(":")
        if not port.isdecimal() or int(port) > 65535 or (colon and not host):
            raise ValueError(f'found "{text}"; expected a port such as 2780, or an address such as 127.0.0.1:2780')
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise ValueError(f'found "{text}"; an address of IPv6 stands in brackets, as in [::1]:2780')
        return cls(host.strip("[]") or DEFAULT_HOST, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_url(host: str, port: int, scheme: str = "http") -> str:
    """The URL of what is served at an address; where all addresses are served, that of this machine."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - read, not bound
        host = "127.0.0.1"
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
