"""The API over a sender in memory: a store in a file, a writer that commits at once, no sockets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from litestar.testing import TestClient
from twisted.internet.defer import Deferred, maybeDeferred, succeed

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.app import Sender
from sender.config.file import SenderConfig
from sender.pipeline.live import Live
from sender.store.access import NewToken
from sender.store.reader import InlineReader
from sender.store.records import StoreError
from sender.store.sqlite import SqliteStore
from sender.web.api import Api
from sender.web.app import make_app
from sender.web.tokens import ENTROPY, mint
from tests.sender.world import EPOCH, config_text
from yamlmodel.loader import loads

T = TypeVar("T")


class InstantWriter:
    """Commits each call before it returns."""

    def __init__(self, store: SqliteStore) -> None:
        self._db = store.database
        self.broken = False
        self.commits = 0

    def call(self, verb: Callable[..., T], *args: Any, **kwargs: Any) -> Deferred[T]:
        def run() -> T:
            if self.broken:
                raise StoreError("the store cannot be written: database or disk is full")
            with self._db.transaction():
                result = verb(*args, **kwargs)
            self.commits += 1
            return result

        return maybeDeferred(run)

    attempt = urgent = call

    @property
    def trouble(self) -> str | None:
        return "the store cannot be written: database or disk is full" if self.broken else None

    def hurry(self) -> None:
        pass

    def close(self) -> Deferred[None]:
        return succeed(None)


class Site:
    """A sender whose clock only goes on when a test says so, and its API."""

    def __init__(self, path: Path, *, serve: str = "", is_open: bool = True) -> None:
        self.path = path
        self.clock = SimClock()
        self.store = SqliteStore.open(path / "campaign.sqlite")
        self.writer = InstantWriter(self.store)
        config = loads(config_text() + serve, SenderConfig)
        self.sender = Sender(
            config,
            clock=self.clock,
            network=SimNetwork(self.clock, 1, Conditions.perfect(0.001)),
            writer=self.writer,
            store=self.store,
            epoch=EPOCH,
            seed=1,
        )
        self.live = Live(self.store, self.writer, self.clock, self.sender.figures, epoch=EPOCH, pid=1)
        self._drawn = 0
        self.campaigns: list[Any] = []
        self.api = Api(
            config.serve,
            path / "uploads",
            self.sender,
            store=self.store,
            writer=self.writer,
            reader=InlineReader(self.store),
            live=self.live,
            clock=self.clock,
            epoch=EPOCH,
            chance=self.chance,
            is_open=is_open,
        )
        self.api.on_campaign = self.campaigns.append
        self.app = make_app(self.api)

    def chance(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(str(self._drawn).encode()).digest(count)

    def token(self, *scopes: str, name: str = "shop", **more: Any) -> str:
        minted = mint(self.chance(ENTROPY))
        new = NewToken(
            name=name, prefix=minted.prefix, digest=minted.digest, scopes=scopes or ("send", "read"), at=EPOCH, **more
        )
        with self.store.database.transaction():
            self.store.access.create(new)
        self.api.book.load(self.store.access.tokens())
        return minted.secret

    def client(self, secret: str | None = None) -> TestClient[Any]:
        client: TestClient[Any] = TestClient(self.app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False)
        if secret is not None:
            client.headers["Authorization"] = f"Bearer {secret}"
        return client

    def query(self, statement: str, *values: Any) -> list[Any]:
        return self.store.database.conn.execute(statement, values).fetchall()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def new(**more: Any) -> Site:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(Site(directory, **more))
        return made[-1]

    yield new
    for site in made:
        site.live.stop()
        site.store.close()


@pytest.fixture
def site(sites: Callable[..., Site]) -> Site:
    return sites()
