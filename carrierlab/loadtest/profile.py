"""A profile: what a load test does to what, as a YAML file says it. The names are the keys of the file.

```yaml
profile: An evening of codes
target: {emulator: operator.yaml}
mode: open
shape: {shape: ramp, from: 10/s, to: 100/s, for: 30s}
mix: [{share: 80%, text: "Your code is {digits:6}"}, {share: 20%, length: 300, alphabet: ucs2}]
thresholds: {latency: {submit_sm: {p99: 250ms}}, errors: 1%, lost_receipts: 0}
```
"""

import csv
import enum
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from carrierlab.load.messages import compose
from carrierlab.load.model import Arrival, Said, share_problems, shares_of
from carrierlab.loadtest.shapes import AnyShape, Limit, expected_messages, highest, levels, without_time
from carrierlab.loadtest.thresholds import BIND, CONTROL, FINAL, POST_MESSAGE, RECEIPT, SUBMIT, Thresholds
from carrierlab.scenario import account_of
from sender.config.binds import BindMode
from smppkit.segments import SegmentError
from smppkit.tls import ClientTls, TlsClient, TlsFileError
from smsc.scenario.model import Operator, Scenario
from webkit.address import is_loopback
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, load_located
from yamlmodel.runs import Overrides
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]

DEFAULT_PORT: Final = 2775
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^\s:\[\]]+)(?::([0-9]{1,5}))?", re.ASCII)


class Mode(enum.Enum):
    """Who decides when the next message is sent."""

    CLOSED = "closed"
    OPEN = "open"


class Address(str):
    """Where an SMSC is: `HOST:PORT`."""

    __slots__ = ()
    expected: ClassVar[str] = "an address such as 127.0.0.1:2775 or [::1]:2775"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form, 2775 without a port; ValueError names the form that is expected."""
        match = _ADDRESS.fullmatch(text.strip())
        if match is None or not 0 < int(match[2] or DEFAULT_PORT) < 65536:
            raise ValueError(f"expected {cls.expected}")
        return cls(f"{match[1]}:{int(match[2] or DEFAULT_PORT)}")

    @property
    def pair(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.rpartition(":")
        return host.strip("[]"), int(port)


class Url(str):
    """Where an HTTP API is."""

    __slots__ = ()
    expected: ClassVar[str] = "a URL such as http://127.0.0.1:8080"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take http and https without a path; ValueError names the form that is expected."""
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or port == 0:
            raise ValueError(f"expected {cls.expected}")
        return cls(f"{parts.scheme}://{parts.netloc}")


class LoadAccount(msgspec.Struct, frozen=True):
    """An account at the SMSC."""

    system_id: Annotated[str, Meta(description="Its name", min_length=1, max_length=15)]
    password: Annotated[str, Meta(description="Its password; better not in a file", max_length=8)] | None = None
    password_env: Annotated[str, Meta(description="The environment variable that holds it", min_length=1)] | None = None

    def problems(self) -> Problems:
        """Its password is said in one way."""
        if (self.password is None) is (self.password_env is None):
            yield (), "expected password or password_env, one of them"

    def secret(self, environment: Mapping[str, str]) -> str:
        """Its password; LookupError, with the remedy, when the environment has none."""
        if self.password_env is None:
            return self.password or ""
        if self.password_env not in environment:
            raise LookupError(f"{self.password_env} is not set; it is to hold the password of {self.system_id}")
        return environment[self.password_env]


class LoadTls(ClientTls, frozen=True):
    """SMPP over TLS. Files are in PEM form."""

    def problems(self) -> Problems:
        """The files can be used."""
        try:
            TlsClient(self)
        except TlsFileError as error:
            yield (error.key,), str(error)


class LoadTarget(msgspec.Struct, frozen=True):
    """What is put under load: exactly one of the first four."""

    emulator: Annotated[Path, Meta(description="A scenario file: an emulator is started for the run")] | None = None
    smpp: Annotated[Address, Meta(description="An SMSC", examples=["127.0.0.1:2775"])] | None = None
    api: Annotated[Url, Meta(description="The sender's API", examples=["http://127.0.0.1:8080"])] | None = None
    control: (
        Annotated[Url, Meta(description="The control API of an emulator", examples=["http://127.0.0.1:2780"])] | None
    ) = None
    operator: Annotated[str, Meta(description="Which one of the scenario; its first when omitted")] | None = None
    accounts: Annotated[
        list[LoadAccount],
        Meta(description="Accounts at the SMSC, which users take in turns; those of the scenario when omitted"),
    ] = []
    bind: Annotated[BindMode, Meta(description="How an ESME binds: one connection, or a pair")] = BindMode.TRANSCEIVER
    system_type: Annotated[str, Meta(description="Only when the operator gave one", max_length=12)] = ""
    tls: Annotated[LoadTls, Meta(description="Connect over TLS; `{}` takes the defaults")] | None = None
    token_env: (
        Annotated[
            str,
            Meta(description="The environment variable with the token of the API; TOKEN when omitted", min_length=1),
        ]
        | None
    ) = None
    follow: Annotated[
        Percent, Meta(description="Of how many messages the sender is asked until they are final", examples=["5%"])
    ] = Percent(0)

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    @property
    def speaks_smpp(self) -> bool:
        """Whether users are ESMEs."""
        return self.emulator is not None or self.smpp is not None

    def problems(self) -> Problems:
        """There is one, with the keys that belong to it."""
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            yield (), f"found {' and '.join(given) or 'none'}; expected exactly one of {', '.join(_KINDS)}"
            return
        if not self.speaks_smpp:
            for key in ("accounts", "system_type", "tls"):
                if getattr(self, key) not in ("", [], None):
                    yield (key,), f"belongs to SMPP; the target is {given[0]}"
            if self.bind is not BindMode.TRANSCEIVER:
                yield ("bind",), f"belongs to SMPP; the target is {given[0]}"
        if self.operator is not None and self.emulator is None:
            yield ("operator",), f"is one of an emulator's; the target is {given[0]}"
        if self.smpp is not None and not self.accounts:
            yield (
                (),
                'the key "accounts" is missing; expected for example [{system_id: shop, password_env: SMPP_PASSWORD}]',
            )
        if self.emulator is not None and not self.emulator.is_file():
            yield ("emulator",), f"{self.emulator} is no file; expected a scenario, relative to this file"
        if self.follow and self.api is None:
            yield ("follow",), f"asks the sender's API; the target is {given[0]}"


_KINDS: Final = ("emulator", "smpp", "api", "control")


class Numbers(msgspec.Struct, frozen=True):
    """Numbers of a CSV file, one after the other, from its beginning again when they are used up."""

    csv: Annotated[Path, Meta(description="The file, relative to this one", examples=["numbers.csv"])]
    column: Annotated[str, Meta(description="Name of its column", examples=["phone"])]

    def read(self) -> list[str]:
        """The numbers, digits only; ValueError says what is wrong with the file."""
        try:
            with self.csv.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                rows = csv.DictReader(file)
                names = rows.fieldnames or []
                if self.column not in names:
                    raise ValueError(f'{self.csv} has no column "{self.column}"{did_you_mean(self.column, names)}')
                found = [re.sub(r"[\s().+-]", "", row[self.column] or "") for row in rows]
        except OSError as error:
            raise ValueError(f"{self.csv} cannot be read: {error.strerror}") from None
        numbers = [number for number in found if number.isascii() and number.isdigit() and len(number) <= 20]
        if not numbers:
            raise ValueError(f'{self.csv} has no number in its column "{self.column}"')
        return numbers


class Message(Said, frozen=True):
    """One kind of message of a mix."""

    numbers: Annotated[Numbers, Meta(description="Destinations of a file, instead of `to`")] | None = None
    senders: Annotated[
        list[str], Meta(description="Source addresses in turns, instead of `from`", examples=["[SHOP, BANK]"])
    ] = msgspec.field(default_factory=list)

    def problems(self) -> Problems:
        """As for any, it fits the parts there are, and the file of its numbers can be read."""
        wrong = list(super().problems())
        yield from wrong
        if not wrong:
            try:
                self.parts()
            except SegmentError as error:
                yield ("text",), str(error)
        if self.numbers is not None:
            try:
                self.numbers.read()
            except ValueError as error:
                yield ("numbers",), str(error)
        if self.senders and self.from_ is not None:
            yield ("senders",), "found from and senders; expected one of them"
        for index, sender in enumerate(self.senders):
            yield from ((("senders", index), text) for _, text in Said(from_=sender).problems())

    def parts(self) -> int:
        """How many PDUs one of it has. SegmentError."""
        return len(compose(self, 1, "0", "LOAD", random.Random(0)).parts)  # noqa: S311 - only its length matters


class Safety(msgspec.Struct, frozen=True):
    """What a run never exceeds, whatever else the profile says."""

    rate: Annotated[Rate, Meta(description="submit_sm or requests a second, of all users together")] = Rate(200)
    messages: Annotated[int, Meta(description="submit_sm or requests in all", ge=1)] = 100_000


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file."""

    has_runs: ClassVar[bool] = True

    profile: Annotated[str, Meta(description="What it is about, in one line")] = ""
    target: Annotated[LoadTarget, Meta(description="What is put under load")]
    mode: Annotated[
        Mode, Meta(description="open: messages are due when they are due; closed: users send as answers come")
    ] = Mode.CLOSED
    shape: (
        Annotated[AnyShape, Meta(description="How much load when; in a closed loop `users` until stopped when omitted")]
        | None
    ) = None
    arrival: Annotated[Arrival, Meta(description="How messages of an open loop fall due")] = Arrival.POISSON
    burst: Annotated[int, Meta(description="Messages that fall due together, when they come in bursts", ge=2)] = 10
    seed: Annotated[int, Meta(description="Everything random follows from it")] = 0
    users: Annotated[int, Meta(description="Binds, or HTTP clients", ge=1, le=10_000)] = 4
    window: Annotated[int, Meta(description="Unanswered requests of each user", ge=1, le=10_000)] = 10
    response_timeout: Annotated[Duration, Meta(description="For a response")] = Duration(30)
    give_up: Annotated[Duration, Meta(description="A message not written so long after it was due never is")] = (
        Duration(30)
    )
    receipt_wait: Annotated[Duration, Meta(description="A receipt that has not come by then is lost")] = Duration(30)
    mix: Annotated[list[Message], Meta(description="Kinds of messages", min_length=1)] = msgspec.field(
        default_factory=lambda: [Message()]
    )
    thresholds: Annotated[Thresholds, Meta(description="What must hold: else the exit code is 1")] = Thresholds()
    safety: (
        Annotated[
            Safety, Meta(description="What is never exceeded; has to be said where the target is another machine")
        ]
        | None
    ) = None

    @property
    def most(self) -> Safety:
        """What it never exceeds."""
        return self.safety or Safety()

    @property
    def sent(self) -> str:
        """The name of the requests that carry its messages; "" for all of them."""
        if self.target.speaks_smpp:
            return SUBMIT
        return POST_MESSAGE if self.target.api is not None else ""

    def parts_of_a_message(self) -> float:
        """How many PDUs a message of the mix has, on average."""
        return sum(share * kind.parts() for share, kind in zip(shares_of(self.mix), self.mix, strict=True))

    def problems(self) -> Problems:
        """Mode, shape and safety agree."""
        yield from share_problems(self.mix)
        yield from self._shape_problems()
        timeless = None if self.shape is None else without_time(self.shape)
        if timeless is not None:
            yield ("shape", timeless), "found 0 s; expected a time above zero, such as 30s"
        elif self.shape is not None and self.mode is Mode.OPEN:
            parts = self.parts_of_a_message() if self.target.speaks_smpp else 1.0
            most = highest(self.shape) * parts
            if most > self.most.rate * (1 + 1e-9):
                each = "" if parts == 1 else f" (a message has {parts:.3g} parts)"
                yield ("shape",), f"comes to {most:g} PDUs a second{each}; safety.rate allows {self.most.rate:g}/s"
            count = 0.0 if isinstance(self.shape, Limit) else expected_messages(self.shape) * parts
            if count > self.most.messages:
                yield ("shape",), f"has about {count:,.0f} PDUs; safety.messages allows {self.most.messages:,}"
        yield from self._threshold_problems()

    def _shape_problems(self) -> Problems:
        if self.mode is Mode.OPEN:
            if self.shape is None:
                yield (
                    (),
                    'the key "shape" is missing; an open loop needs one, such as {shape: steady, at: 50/s, for: 1m}',
                )
                return
            for key, level in levels(self.shape).items():
                if level.users:
                    yield ("shape", key), f'found "{level}"; expected a rate such as {level}/s in an open loop'
            if self.target.control is not None:
                yield ("mode",), "the control API is asked in a closed loop; expected closed"
        elif isinstance(self.shape, Limit):
            yield ("shape",), "a search for the limit needs an open loop; expected mode: open"
        elif self.shape is not None:
            for key, level in levels(self.shape).items():
                if not level.users:
                    yield ("shape", key), f'found "{level}"; expected a number of users such as 20 in a closed loop'

    @property
    def _measured(self) -> tuple[str, ...]:
        """The names of the requests that it measures."""
        if self.target.speaks_smpp:
            return (SUBMIT, RECEIPT, BIND)
        return CONTROL if self.target.control is not None else (POST_MESSAGE, FINAL)

    def _threshold_problems(self) -> Problems:
        for name in self.thresholds.latency:
            if name not in self._measured:
                found = f"is not measured where the target is {self.target.kind}"
                yield ("thresholds", "latency", name), f"{found}; expected one of {', '.join(self._measured)}"


def load_profile(path: Path, values: Overrides | None = None) -> Profile:
    """Read and check a profile; `values` of variables take the place of the file's. ConfigError."""
    loaded = load_located(path, Profile, values)
    profile = loaded.value
    if profile.target.emulator is not None:
        try:
            name, operator = operator_of(profile.target)
        except ConfigError:
            raise
        except LookupError as error:
            raise ConfigError(loaded.problem(("target", "operator"), str(error))) from None
        if (operator.tls is None) is not (profile.target.tls is None):
            takes = "no TLS; leave tls away" if operator.tls is None else "TLS only; expected tls, such as {ca: ca.pem}"
            raise ConfigError(loaded.problem(("target", "tls"), f"the operator {name} of the scenario takes {takes}"))
    return profile


def operator_of(target: LoadTarget) -> tuple[str, Operator]:
    """The operator of the scenario that is put under load, by name. ConfigError, LookupError."""
    if target.emulator is None:
        raise LookupError("the target is no emulator")
    operators = load(target.emulator, Scenario).operators
    name = target.operator or next(iter(operators))
    if name not in operators:
        known = ", ".join(operators)
        raise LookupError(
            f'found "{name}"; expected an operator of the scenario ({known}){did_you_mean(name, operators)}'
        )
    return name, operators[name]


def accounts_of(target: LoadTarget) -> list[LoadAccount]:
    """The accounts that users bind with: those of the profile, else those of the scenario."""
    if target.accounts or target.emulator is None:
        return target.accounts
    _, operator = operator_of(target)
    given = [account_of(operator)] if operator.accounts == "any" else operator.accounts
    return [LoadAccount(each.system_id, each.password) for each in given]


def anybody_may_bind(target: LoadTarget) -> bool:
    """Whether any name of an account will do, so that every worker can have one of its own."""
    return not target.accounts and target.emulator is not None and operator_of(target)[1].accounts == "any"


def host_of(address: str) -> str:
    """The host of a URL or of `HOST:PORT`."""
    if "://" in address:
        return urlsplit(address).hostname or ""
    return Address.parse(address).pair[0]


def stranger_problem(address: str, confirmed: str | None, profile: Profile) -> str | None:
    """Why this address may not be put under load, with the remedy; None when it may.

    Another machine has to be named by whoever starts the run (`--yes-this-is`), and the profile has to say itself how
    much it may send there.
    """
    host = host_of(address)
    if is_loopback(host.lower()):
        return None
    if profile.safety is None:
        example = "safety: {rate: 10/s, messages: 1000}"
        return f"{host} is not this machine. Say in the profile how much it may be sent, such as {example}"
    limits = f"{profile.safety.rate:g} a second and {profile.safety.messages:,} in all"
    if confirmed is None:
        remedy = f"Say --yes-this-is {host} when its operator agrees."
        return f"{host} is not this machine. It would be sent up to {limits}. {remedy}"
    if confirmed != host:
        return f"--yes-this-is names {confirmed}, but the target is {host}. Say --yes-this-is {host} if that is meant."
    return None
