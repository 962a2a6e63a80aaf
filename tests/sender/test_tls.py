"""The sender over TLS, to an operator on a real socket."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.defer import Deferred

from sender.channels.account import Account, BindKind
from sender.channels.bind import Bind
from sender.config.file import load_config
from smppkit.events import Event
from smppkit.tls import ServerTls, TlsServer
from smppkit.transport import Link, TcpNetwork
from tests.certificates import Authority
from tests.sender.peer import ScriptedSmsc
from yamlmodel.errors import ConfigError

CONFIG = """
country: KZ
operators:
  beeline: {{host: 127.0.0.1, port: {port}, system_id: shop, password: secret, tls: {tls}}}
routes: [{{operator: beeline}}]
"""


class Owner:
    def __init__(self) -> None:
        self.outcome: Deferred[str] = Deferred()

    def bound(self, bind: Bind, link: Link) -> None:
        self.outcome.callback("bound")

    def received(self, bind: Bind, link: Link, events: list[Event]) -> None:
        pass

    def unbinding(self, bind: Bind, link: Link) -> None:
        pass

    def lost(self, bind: Bind, link: Link) -> None:
        pass

    def trouble(self, bind: Bind, reason: str, delay: float) -> None:
        if not self.outcome.called:
            self.outcome.callback(reason)


class Secure:
    """A network whose listeners speak TLS."""

    def __init__(self, tls: TlsServer) -> None:
        self._tls = tls

    def server(self, host: str, port: int):  # type: ignore[no-untyped-def]
        outer, tls = TcpNetwork(reactor).server(host, port), self._tls

        class Endpoint:
            def listen(self, factory):  # type: ignore[no-untyped-def]
                return outer.listen(tls.around(factory, reactor))

        return Endpoint()


async def outcome(home: Path, server: ServerTls, tls: str) -> str:
    smsc = ScriptedSmsc(reactor, Secure(TlsServer(server)), port=0)
    assert smsc.port is not None
    (home / "sender.yaml").write_text(CONFIG.format(port=smsc.port.getHost().port, tls=tls))
    config = load_config(home / "sender.yaml", {})
    account = Account.of("beeline", config.operators["beeline"])
    owner = Owner()
    bind = Bind("b", BindKind.TRANSCEIVER, account, owner, clock=reactor, network=TcpNetwork(reactor), rng=Random(1))
    bind.start()
    seen = await owner.outcome
    await bind.stop()
    await smsc.port.stopListening()
    return seen


@pytest_twisted.ensureDeferred
async def test_the_sender_binds_over_mutual_tls(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    server = ServerTls(*ca.signs("op"), client_ca=ca.path)
    ca.signs("esme")
    assert await outcome(tmp_path, server, "{ca: test-ca.pem, certificate: esme.pem, key: esme.key}") == "bound"


@pytest_twisted.ensureDeferred
async def test_the_sender_does_not_bind_to_whom_it_cannot_trust(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    assert "the certificate's issuer is not trusted here" in await outcome(tmp_path, ServerTls(*ca.signs("op")), "{}")
    seen = await outcome(tmp_path, ServerTls(*ca.signs("op", "smsc.example")), "{ca: test-ca.pem}")
    assert "TLS: the certificate is not for the name 127.0.0.1 that was connected to: smsc.example" in seen
    seen = await outcome(tmp_path, ServerTls(*ca.signs("op", expired=True)), "{ca: test-ca.pem}")
    assert "TLS: the certificate has expired on 20" in seen
    assert (
        await outcome(
            tmp_path, ServerTls(*ca.signs("op", "smsc.example")), "{ca: test-ca.pem, server_name: smsc.example}"
        )
        == "bound"
    )


def test_a_file_that_cannot_be_used_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "sender.yaml").write_text(CONFIG.format(port=1, tls="{ca: none.pem}"))
    with pytest.raises(ConfigError, match=r"sender\.yaml:4:\d+.*operators\.beeline\.tls\.ca: cannot read .*none\.pem"):
        load_config(tmp_path / "sender.yaml", {})
