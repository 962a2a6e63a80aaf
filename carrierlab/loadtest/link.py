"""One connection of a load user: a gevent socket, plain or TLS, with an ESME on it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

import gevent
from gevent.event import Event

from carrierlab.loadtest.esme import Esme
from smppkit.tls import ClientTls

_READ: Final = 65_536
_LOOK_EVERY: Final = 1.0
_LEAVING: Final = 1.0


def context_of(files: ClientTls) -> ssl.SSLContext:
    """What TLS needs, at least 1.2. The files have been looked at (`smppkit.tls.TlsClient`)."""
    context = ssl.create_default_context(cafile=files.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.key)
    return context


def connect(address: tuple[str, int], timeout: float, tls: ssl.SSLContext | None, server_name: str) -> socket.socket:
    """A connected socket. With `tls` the certificate must be for `server_name`, or for the host when that is empty.

    OSError, whose text says what went wrong, when there is none within `timeout` seconds.
    """
    host, port = address
    try:
        connected = socket.create_connection(address, timeout=timeout)
        if tls is not None:
            try:
                connected = tls.wrap_socket(connected, server_hostname=server_name or host)
            except BaseException:
                connected.close()
                raise
    except OSError as error:
        raise OSError(f"cannot connect to {host}:{port}: {_why(error)}") from error
    connected.settimeout(None)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"
    return error.strerror or str(error)


class Link:
    """Writes what the ESME has to say, hands it what comes, and lets time pass for it, until it is over."""

    def __init__(self, connected: socket.socket, esme: Esme, changed: Event, on_time: Callable[[float], None]) -> None:
        """`changed` is set whenever something may have happened; `on_time` is called now and then with the time."""
        self.esme = esme
        self._socket = connected
        self._changed = changed
        self._on_time = on_time
        self._writing = False
        self._greenlets = [gevent.spawn(self._read), gevent.spawn(self._keep_time)]
        self.write()

    def wait_until_bound(self) -> str | None:
        """Wait for the bind_resp; why it failed, and then the connection is closed."""
        while not self.esme.bound and self.esme.failed is None:
            self._changed.clear()
            self._changed.wait(_LOOK_EVERY)
        if self.esme.failed is not None:
            self.close()
        return self.esme.failed

    def write(self) -> None:
        """Write what is queued. One greenlet at a time: another one's octets would come in between."""
        if self._writing:
            return
        self._writing = True
        try:
            while octets := self.esme.session.bytes_to_send():
                self._socket.sendall(octets)
        except OSError:
            self.esme.lost(time.monotonic())
        finally:
            self._writing = False

    def leave(self) -> None:
        """Unbind, if there is somebody to hear it, and close."""
        if self.esme.over is None:
            self.esme.unbind(time.monotonic())
            self.write()
            gevent.joinall(self._greenlets, timeout=_LEAVING)
        self.close()

    def close(self) -> None:
        """End at once."""
        gevent.killall(self._greenlets)
        self._socket.close()

    def _read(self) -> None:
        esme = self.esme
        while esme.over is None:
            try:
                octets = self._socket.recv(_READ)
            except OSError:
                octets = b""
            if octets:
                esme.receive(octets, time.monotonic())
                self.write()
            else:
                esme.lost(time.monotonic())
            self._changed.set()
        self._ended()

    def _keep_time(self) -> None:
        esme = self.esme
        while esme.over is None:
            deadline = esme.session.next_deadline()
            wait = _LOOK_EVERY if deadline is None else min(_LOOK_EVERY, deadline - time.monotonic())
            gevent.sleep(max(0.001, wait))
            now = time.monotonic()
            esme.on_deadline(now)
            self.write()
            self._on_time(now)
            self._changed.set()
        self._ended()

    def _ended(self) -> None:
        """Nobody reads any more: what is outstanding will never be answered."""
        if not self.esme.leaving:
            self.esme.lost(time.monotonic())
            self._changed.set()
