"""A body may take its time for as long as it keeps coming; a client that dribbles is closed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from sender.web.server import UploadProtocol
from tests.webkit.test_patience import Loop, Transport
from webkit.patience import SECONDS

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"


class Served:
    def __init__(self) -> None:
        self.loop, self.transport = Loop(), Transport()
        config = Config(self.app, http=partial(UploadProtocol), log_config=None, lifespan="off")  # type: ignore[arg-type]
        config.load()
        self.protocol = UploadProtocol(config=config, server_state=ServerState(), app_state={}, _loop=self.loop)
        self.protocol.connection_made(self.transport)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers nothing."""


@pytest.mark.parametrize(("octets", "closed"), [(0, True), (1000, True), (100_000, False)])
def test_an_upload_is_waited_for_while_it_keeps_coming(octets: int, closed: bool) -> None:
    served = Served()
    served.protocol.data_received(HEAD)
    served.protocol.data_received(b"x" * octets)
    served.loop.clock.advance(SECONDS + 0.1)
    assert served.transport.closed is closed
    served.loop.clock.advance(SECONDS + 0.1)
    assert served.transport.closed, "it has stopped"
