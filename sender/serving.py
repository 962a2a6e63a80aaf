"""`sender serve`: the API and the workers in one process, on one loop."""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
import socket
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.app import Sender
from sender.config.file import SenderConfig
from sender.domain.rows import HeaderError
from sender.domain.template import TemplateError
from sender.pipeline.live import Live
from sender.pipeline.timer import Timer
from sender.store.access import Token
from sender.store.reader import ThreadReader
from sender.store.records import Campaign, CampaignState, StoreError
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from webkit.address import HttpAddress, is_loopback
from webkit.edge import Edge, bind

if TYPE_CHECKING:
    import uvicorn

    from sender.web.api import Api

log = logging.getLogger(__name__)

_TOKENS_EVERY: Final = 1.0
_FORGET_EVERY: Final = 60


class ServeError(Exception):
    """The API cannot be served as asked; the text is one line."""


def uploads_of(config: SenderConfig) -> Path:
    """Where uploaded files are kept: beside the store unless the configuration says where."""
    return config.serve.uploads or config.store.with_name(config.store.name + ".uploads")


def listen(address: HttpAddress, tokens: list[Token], now: float) -> socket.socket:
    """Listen on an address; ServeError where others could reach it and nobody has a token yet."""
    usable = [it for it in tokens if it.revoked_at is None and (it.expires_at is None or it.expires_at > now)]
    if not is_loopback(address.host) and not usable:
        raise ServeError(
            f"serve.listen: others can reach {address}, and there is no token; `sender tokens create` makes one"
        )
    try:
        return bind(address.host, address.port)
    except OSError as error:
        raise ServeError(f"cannot listen on {address}: {error.strerror}") from None


class Serving:
    """The API over a `Sender` that runs. The store, the writer and the sender are the caller's to close."""

    def __init__(
        self,
        config: SenderConfig,
        sender: Sender,
        *,
        store: SqliteStore,
        writer: Writer,
        live: Live,
        reactor: Any,
        epoch: float,
        listening: socket.socket,
    ) -> None:
        self._config = config
        self._sender = sender
        self._store = store
        self._writer = writer
        self._live = live
        self._reactor = reactor
        self._epoch = epoch
        self._edge = Edge(listening, self._build)
        self._reader = ThreadReader(SqliteStore.open(config.store, read_only=True), reactor)
        self._api: Api | None = None
        self._timer = Timer(reactor, self._look)
        self._looks = 0
        self._stopping = False
        self._imports: deque[Campaign] = deque()
        self._importing: Deferred[None] | None = None
        host, self.port = config.serve.listen.address.host, listening.getsockname()[1]
        self._is_open = is_loopback(host)
        self.address = HttpAddress(host, self.port)

    def start(self) -> None:
        """Serve, and finish imports that were cut. In the running loop."""
        self._edge.start_now()
        Deferred.fromCoroutine(self._unfinished()).addErrback(self._import_failed)

    async def stop(self) -> None:
        """Let requests be answered (2 s at most), take no more, and read no more recipients."""
        self._stopping = True
        self._timer.cancel()
        await self._edge.stop()
        if self._importing is not None:
            await self._importing
        self._reader.close()

    async def _build(self) -> uvicorn.Server:
        loop = asyncio.get_running_loop()
        web: Any = await loop.run_in_executor(None, importlib.import_module, "sender.web.server")
        api_module: Any = importlib.import_module("sender.web.api")
        api: Api = api_module.Api(
            self._config.serve,
            uploads_of(self._config),
            self._sender,
            store=self._store,
            writer=self._writer,
            reader=self._reader,
            live=self._live,
            clock=self._reactor,
            epoch=self._epoch,
            chance=secrets.token_bytes,
            is_open=self._is_open,
        )
        api.on_campaign = self.read_recipients
        server: uvicorn.Server = await loop.run_in_executor(None, web.make_server, api)
        api.book.load(await self._reader.ask(_tokens).asFuture(loop))
        self._api = api
        self._look_later()
        return server

    # --- once a second --------------------------------------------------------------------------

    def _look_later(self) -> None:
        if not self._stopping:
            self._timer.set(_TOKENS_EVERY)

    def _look(self) -> None:
        """Take tokens as they are now, and drop what has aged."""
        self._looks += 1
        if self._looks % _FORGET_EVERY == 0:
            now = self._epoch + self._reactor.seconds()
            self._writer.call(self._store.access.forget, now).addErrback(_log_failure, "old keys were not dropped")
        asked: Deferred[Any] = self._reader.ask(_tokens)
        asked.addCallback(self._take_tokens).addErrback(_log_failure, "tokens were not read")
        asked.addCallback(lambda _: self._look_later())

    def _take_tokens(self, tokens: list[Token]) -> None:
        if self._api is not None:
            self._api.book.load(tokens)
            if self._sender.configuration is not self._config:
                self._config = self._sender.configuration
                self._api.configure(self._config.serve)

    # --- recipients ------------------------------------------------------------------------------

    def read_recipients(self, campaign: Campaign) -> None:
        """Read the recipients of a campaign that was made: one campaign after the other."""
        self._imports.append(campaign)
        if self._importing is None and not self._stopping:
            self._importing = Deferred.fromCoroutine(self._read_all()).addErrback(self._import_failed)

    async def _unfinished(self) -> None:
        for campaign in await self._writer.call(self._store.unfinished_campaigns):
            if campaign.state is CampaignState.IMPORTING and not campaign.cancelled:
                self.read_recipients(campaign)

    async def _read_all(self) -> None:
        while self._imports and not self._stopping:
            campaign = self._imports.popleft()
            try:
                imported = await self._sender.finish_import(campaign, self._reading)
            except _Stop:
                break
            except (OSError, HeaderError, TemplateError, StoreError) as error:
                log.error("campaign %d: its recipients cannot be read: %s", campaign.id, error)
                continue
            log.info("campaign %d: %d messages, %d left out", campaign.id, imported.messages, imported.rejected)
            self._forget_upload(campaign)
        self._importing = None

    def _reading(self, rows: int) -> None:
        if self._stopping:
            raise _Stop

    def _forget_upload(self, campaign: Campaign) -> None:
        """An uploaded file is not kept for longer than it is needed: the store has what is in it."""
        path = Path(campaign.recipients)
        if path.parent == uploads_of(self._config).absolute():
            path.unlink(missing_ok=True)

    def _import_failed(self, failure: Failure) -> None:
        self._importing = None
        log.error("recipients are not read: %s", failure.getErrorMessage())


class _Stop(Exception):
    """We stop; the import begins again at the next start."""


def _tokens(store: SqliteStore) -> list[Token]:
    return store.access.tokens()


def _log_failure(failure: Failure, what: str) -> None:
    log.error("%s: %s", what, failure.getErrorMessage())
