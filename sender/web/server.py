"""The web server of one running sender: imported when it is served, for all that is heavy comes with it."""

from __future__ import annotations

from functools import partial
from typing import Any

from sender.web.api import Api
from sender.web.app import make_app
from webkit import server
from webkit.patience import SECONDS, PatientProtocol

_LEAST_RATE = 4096
"""Octets a second that an upload has to keep up to be waited for."""


class UploadProtocol(PatientProtocol):
    """Waits for a body for as long as it keeps coming."""

    _octets = 0

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._octets += len(data)
        super().data_received(data)

    def _time_is_up(self) -> None:
        octets, self._octets = self._octets, 0
        if octets >= SECONDS * _LEAST_RATE and not self._busy():
            self._expect()
            return
        super()._time_is_up()


def make_server(api: Api) -> server.Server:
    """The server, in the loop that runs."""
    protocol: Any = partial(UploadProtocol, turned_away=api.turn_away)
    tls = api.config.tls
    files = None if tls is None else server.Certificate(tls.certificate, tls.key, tls.client_ca)
    return server.make_server(make_app(api), protocol, files)
