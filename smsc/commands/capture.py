"""``smsc proxy | replay | pcap | learn``: record a real operator, look at what came, and have it again."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import rich_click as click

from smsc.commands.refusing import refuse
from smsc.commands.relaying import Proxying, Replaying
from smsc.commands.running import Run, Service, address_text

if TYPE_CHECKING:
    from smsc.capture.mishaps import Mishaps
    from smsc.capture.recording import Recording
    from smsc.capture.redact import Redactor
    from smsc.journal.journal import Journal

_SQLITE = b"SQLite format 3\0"
_WHAT = ("addresses", "texts", "secrets")


# --- options --------------------------------------------------------------------------------------------


def _place(_: click.Context, param: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f'found "{value}"; expected HOST:PORT such as 127.0.0.1:2775', param=param)
    return host.strip("[]"), int(port)


def _hide(_: click.Context, param: click.Parameter, value: str) -> frozenset[str]:
    from yamlmodel.suggest import did_you_mean

    words = [word.strip() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in _WHAT:
            hint = did_you_mean(word, _WHAT)
            raise click.BadParameter(f'found "{word}"; expected some of {",".join(_WHAT)}{hint}', param=param)
    return frozenset(words)


redact_option = click.option(
    "--redact",
    metavar="WHAT,…",
    default="",
    callback=_hide,
    help="Hide addresses (numbers become others of their country), texts, secrets (names of accounts).",
)
keep_option = click.option("--keep-secrets", is_flag=True, help="Keep passwords, which are hidden otherwise.")
operator_option = click.option("--operator", help="Only this one of the operators in the recording.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Log warnings and errors only.")
_FILE = click.Path(path_type=Path, dir_okay=False)


def _redactor(what: frozenset[str], keep_secrets: bool) -> Redactor:
    from smsc.capture.redact import Redact, Redactor

    if keep_secrets and "secrets" in what:
        raise click.UsageError("--keep-secrets and --redact secrets contradict each other")
    # The key of the pseudonyms is nobody's: it ends with the command.
    return Redactor(frozenset(map(Redact, what)), key=secrets.token_bytes(32), keep_passwords=keep_secrets)


# --- proxy ----------------------------------------------------------------------------------------------


@click.command()
@click.option("--upstream", required=True, metavar="HOST:PORT", callback=_place, help="The SMSC to connect to.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:2775",
    show_default=True,
    callback=_place,
    help="Where clients connect; port 0 is any free one.",
)
@click.option("--record", type=_FILE, help="Recording to make, or to go on with.")
@click.option("--name", help="The operator's name in the recording. Default: HOST:PORT of the SMSC.")
@redact_option
@keep_option
@click.option("--faults", type=_FILE, help="YAML file of faults between client and SMSC.")
@click.option("--tls-upstream", is_flag=True, help="Speak TLS to the SMSC.")
@click.option("--tls-ca", type=_FILE, help="PEM file that the SMSC's certificate is held to. Default: the system's.")
@click.option("--tls-certificate", type=_FILE, help="PEM file with a certificate to show to the SMSC.")
@click.option("--tls-key", type=_FILE, help="PEM file with its key.")
@click.option("--tls-name", default="", help="Name in the SMSC's certificate. Default: HOST.")
@quiet_option
def proxy(
    upstream: tuple[str, int],
    listen: tuple[str, int],
    record: Path | None,
    name: str | None,
    redact: frozenset[str],
    keep_secrets: bool,
    faults: Path | None,
    tls_upstream: bool,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_name: str,
    quiet: bool,
) -> NoReturn:
    """Stand between clients and a real SMSC until SIGTERM or Ctrl-C: pass every octet on, record what went by.

    The recording is a journal: `smsc pdus --journal FILE` lists it, `smsc replay`, `smsc learn` and `smsc pcap` take
    it. Passwords are hidden in it. One line on standard output says when and where the proxy is ready. Exit codes: 0
    stopped in order, 1 the address cannot be listened on, 2 a file or option cannot be used.
    """
    tls_files = {"ca": tls_ca, "certificate": tls_certificate, "key": tls_key}
    if not tls_upstream and (tls_name or any(tls_files.values())):
        raise click.UsageError("--tls-ca, --tls-certificate, --tls-key and --tls-name are for --tls-upstream")
    redactor = _redactor(redact, keep_secrets)
    if record is not None and record.exists() and redact & {"addresses", "secrets"}:
        refuse(f"{record} exists; a recording with pseudonyms cannot be continued, choose another file")
    mishaps = _mishaps(faults)
    tls = _tls_client(tls_files, tls_name) if tls_upstream else None
    _log_to_stderr(quiet)
    run = Run()

    def build(reactor: Any) -> Service:
        from smppkit.transport import TcpNetwork
        from smsc.capture.mishaps import MishapPlayer
        from smsc.capture.proxy import CONNECT_SECONDS, Proxy, Recorder

        network = TcpNetwork(reactor)
        journal = None if record is None else _journal(record, reactor)

        def connect() -> Any:
            endpoint = network.client(*upstream, CONNECT_SECONDS)
            return endpoint if tls is None else tls.around(endpoint, upstream[0], reactor)

        made = Proxy(
            name=name or address_text(*upstream),
            listen=network.server(*listen),
            upstream=connect,
            clock=reactor,
            epoch=time.time() - reactor.seconds(),
            recorder=None if journal is None else Recorder(journal, redactor),
        )
        player = None
        if mishaps is not None:
            player = MishapPlayer(mishaps, reactor, lambda: made.pairs)
            made.wrap = player.wrap
        return Proxying(made, player, journal, f"proxy to {address_text(*upstream)}")

    raise SystemExit(run(build))


def _mishaps(path: Path | None) -> Mishaps | None:
    from smsc.capture.mishaps import Mishaps
    from yamlmodel.errors import ConfigError
    from yamlmodel.loader import load

    if path is None:
        return None
    try:
        return load(path, Mishaps)
    except ConfigError as error:  # its lines begin with file and line, as compilers write them
        click.echo(str(error), err=True)
        raise SystemExit(2) from error


def _tls_client(files: dict[str, Path | None], name: str) -> Any:
    from smppkit.tls import ClientTls, TlsClient, TlsFileError

    try:
        return TlsClient(ClientTls(**files, server_name=name))
    except TlsFileError as error:
        refuse(f"--tls-{error.key}: {error}")


# --- replay ---------------------------------------------------------------------------------------------


@click.command()
@click.argument("recording", type=_FILE)
@operator_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=2775, show_default=True, help="0 for any free one.")
@quiet_option
def replay(recording: Path, operator: str | None, host: str, port: int, quiet: bool) -> NoReturn:
    """Serve a RECORDING until SIGTERM or Ctrl-C: who does the same again gets the same again.

    Requests are matched by their content, else by their addresses, else by their order; answers come after the
    recorded latency, receipts and messages of subscribers after their recorded delay. What the recording has no answer
    for is refused, and counted in the lines that are printed at the end.
    """
    script = _read(recording, "read_script", operator)
    if not script.binds:
        refuse(f"{recording} has no bind: nobody could be let in")
    _log_to_stderr(quiet)

    def build(reactor: Any) -> Service:
        from smppkit.transport import TcpNetwork
        from smsc.capture.replay import Replay

        made = Replay(script, listen=TcpNetwork(reactor).server(host, port), clock=reactor)
        return Replaying(made, f"replay of {recording.name}")

    raise SystemExit(Run()(build))


# --- pcap and learn -------------------------------------------------------------------------------------


@click.command()
@click.argument("source", metavar="FILE", type=_FILE)
@click.option("-o", "--output", type=_FILE, required=True, help="File to write; it must not exist.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of a capture, only the connections with this port.")
@redact_option
@keep_option
def pcap(source: Path, output: Path, port: int | None, redact: frozenset[str], keep_secrets: bool) -> None:
    """Make a packet capture of a recording, or a recording of a packet capture, whichever FILE is not.

    The capture is what Wireshark reads; captures of other programs are read as pcap or pcapng. Passwords are hidden
    either way.
    """
    redactor = _redactor(redact, keep_secrets)
    if output.exists():
        refuse(f"{output} exists; choose another file")
    try:
        with source.open("rb") as opened:
            magic = opened.read(len(_SQLITE))
    except OSError as error:
        refuse(f"{source} cannot be read: {error.strerror}")
    try:
        (_to_pcap if magic == _SQLITE else _from_pcap)(source, output, port, redactor)
    except OSError as error:
        refuse(f"{output} cannot be written: {error.strerror}")


def _to_pcap(file: Path, output: Path, port: int | None, redactor: Redactor) -> None:
    from smsc.capture.pcap_write import write_pcap

    if port is not None:
        raise click.UsageError("--port is for captures that are read")
    with _open_recording(file) as recording, _new_file(output) as out:
        try:
            counters = write_pcap(recording, out, redactor)
        except sqlite3.Error as error:
            output.unlink()  # the next attempt may have the name
            refuse(f"{file} cannot be read: {error}")
    click.echo(f"{output}: {counters.connections} connections, {counters.pdus} PDUs, {counters.packets} packets")


def _new_file(path: Path) -> BinaryIO:
    # It holds people's numbers and texts: nobody else's to read.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _from_pcap(file: Path, output: Path, port: int | None, redactor: Redactor) -> None:
    from twisted.internet.task import Clock

    from smsc.capture.pcap_import import import_frames
    from smsc.capture.pcap_read import CaptureError, read_frames

    with file.open("rb") as opened:
        frames = read_frames(opened)
        try:
            first = [next(frames)]
        except StopIteration:
            first = []
        except CaptureError as error:
            refuse(f"{file}: {error}")
        journal = _journal(output, Clock(), threaded=False)
        try:
            counters = import_frames(_chain(first, frames, file), journal, redactor, port=port)
        finally:
            journal.close()
    found = f"{counters.connections} connections, {counters.recorded.pdus} PDUs of {counters.frames} frames"
    click.echo(f"{output}: {found}")
    streams = counters.streams
    for count, what in (
        (counters.others, "TCP connections are not SMPP"),
        (counters.recorded.unframed, "octets are no PDU, and are kept as they are"),
        (streams.missing, "octets are missing in the capture"),
        (streams.out_of_order, "segments came out of order"),
        (streams.retransmitted, "segments came again"),
        *((count, f"frames left out: {what}") for what, count in counters.skipped.items()),
    ):
        if count:
            click.echo(f"  {count} {what}")


def _chain(first: list[Any], rest: Any, file: Path) -> Any:
    from smsc.capture.pcap_read import CaptureError

    yield from first
    try:
        yield from rest
    except CaptureError as error:  # what came before it is good
        click.echo(f"smsc: {file}: {error}; what comes before is taken", err=True)


@click.command()
@click.argument("recording", type=_FILE)
@operator_option
@click.option("--persona", metavar="NAME", help="Write a persona of this name, for any scenario to take.")
@click.option("-o", "--output", type=_FILE, help="File to write. Default: standard output.")
def learn(recording: Path, operator: str | None, persona: str | None, output: Path | None) -> None:
    """Write a scenario whose operators behave like the ones in a RECORDING.

    Latency, outcomes, receipts, ids, limits and refusals are fitted; beside each value stands how many samples speak
    for it. `smsc serve` runs the file.
    """
    from smsc.learn.twin import write_persona, write_twin

    if output is not None and output.exists():
        refuse(f"{output} exists; choose another file")
    fits = _read(recording, "learn", operator)
    if not any(fit.submits or fit.session.accounts for fit in fits):
        refuse(f"{recording} has no session to learn from")
    if persona is not None and len(fits) > 1:
        refuse(f"{recording} has several operators ({', '.join(fit.operator for fit in fits)}); choose with --operator")
    text = write_twin(fits, recording.name) if persona is None else write_persona(fits[0], persona, recording.name)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{output} cannot be written: {error.strerror}")
    click.echo(f"{output}: {', '.join(fit.operator for fit in fits)}")


# --- files ----------------------------------------------------------------------------------------------


def _open_recording(path: Path, operator: str | None = None) -> Recording:
    from smsc.capture.recording import Recording
    from smsc.journal.schema import JournalError
    from yamlmodel.suggest import did_you_mean

    try:
        recording = Recording(path, operator)
    except JournalError as error:
        refuse(str(error))
    known = recording.operators()
    if operator is not None and operator not in known:
        recording.close()
        refuse(
            f'{path} has no operator "{operator}"; it has {", ".join(known) or "none"}{did_you_mean(operator, known)}'
        )
    return recording


def _read(path: Path, what: str, operator: str | None) -> Any:
    """A recording, read as the script of a replay or as what can be learned from it."""
    from smsc.capture.script import read_script
    from smsc.learn.learn import learn as learn_from

    with _open_recording(path, operator) as recording:
        known = recording.operators()
        if what == "read_script" and operator is None and len(known) > 1:
            refuse(f"{path} has several operators ({', '.join(known)}); choose one with --operator")
        try:
            return (read_script if what == "read_script" else learn_from)(recording)
        except sqlite3.Error as error:
            refuse(f"{path} cannot be read: {error}")


def _journal(path: Path, clock: Any, *, threaded: bool = True) -> Journal:
    from smsc.journal.journal import Journal
    from smsc.journal.schema import JournalError

    try:
        return Journal.open(path, clock=clock, threaded=threaded)
    except JournalError as error:
        refuse(str(error))


def _log_to_stderr(quiet: bool) -> None:
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=level)
