"""The sender's configuration file, as a model; `load_config` reads it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from sender.config.incoming import IncomingConfig
from sender.config.operator import AccountConfig, OperatorConfig
from sender.config.quiet import QuietConfig
from sender.config.retrying import RetryConfig
from sender.config.routes import HealthConfig, RouteConfig, route_problems
from sender.config.scalars import Country
from sender.config.secrets import PasswordError, read_password
from sender.config.serve import ServeConfig
from sender.config.tls import ServerTlsConfig
from sender.config.webhooks import SecretError, WebhookConfig, read_secrets
from smppkit.tls import TlsFileError
from yamlmodel.errors import ConfigError, Problem
from yamlmodel.loader import load_located
from yamlmodel.scalars import Duration
from yamlmodel.suggest import did_you_mean

Steps = tuple[str | int, ...]
Problems = Iterable[tuple[Steps, str]]
AnyAccount = TypeVar("AnyAccount", bound=AccountConfig)

_SHORTEST_RETENTION = 3 * 86400


class SenderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    store: Annotated[Path, Meta(description="The campaign database, relative to this file")] = Path("campaign.sqlite")
    country: Annotated[Country, Meta(description="Where numbers without + belong", examples=["KZ"])]
    operators: Annotated[dict[str, OperatorConfig], Meta(description="Operators by name", min_length=1)]
    routes: Annotated[list[RouteConfig], Meta(description="Which numbers go where", min_length=1)]
    networks: Annotated[dict[str, list[str]], Meta(description="Names of operators in plans, by network")] = (
        msgspec.field(default_factory=dict)
    )
    default_network: Annotated[str, Meta(description="Network of numbers that nothing tells of")] = ""
    health: Annotated[HealthConfig, Meta(description="When an account is passed over")] = HealthConfig()
    retry: Annotated[RetryConfig, Meta(description="Refusals that pass")] = RetryConfig()
    serve: Annotated[ServeConfig, Meta(description="The HTTP API of `sender serve`")] = ServeConfig()
    incoming: Annotated[IncomingConfig, Meta(description="Messages of subscribers")] = IncomingConfig()
    quiet: Annotated[QuietConfig, Meta(description="Hours at which nothing is sent; omitted: none")] | None = None
    webhooks: Annotated[dict[str, WebhookConfig], Meta(description="Who is told of events, by name")] = msgspec.field(
        default_factory=dict
    )
    retention: Annotated[
        Duration | None,
        Meta(description="Messages of campaigns that ended so long ago are deleted; omitted: never", examples=["90d"]),
    ] = None

    def accounts(self) -> dict[str, AccountConfig]:
        """Every account by its name: that of its operator, or `operator/account` where there are several."""
        return {
            account: config
            for name, operator in self.operators.items()
            for account, config in operator.named(name).items()
        }

    def accounts_of(self, name: str) -> dict[str, int]:
        """The accounts that a route's `operator` stands for, with their weights; empty for a name that is none."""
        operator = self.operators.get(name)
        if operator is not None:
            return {account: config.weight for account, config in operator.named(name).items()}
        account = self.accounts().get(name)
        return {} if account is None else {name: account.weight}

    def problems(self) -> Problems:
        """Routes lead to operators, and no two say the same."""
        for name in self.operators:
            if "/" in name:
                yield ("operators", name), f'found the name "{name}"; expected one without "/"'
        known = list(dict.fromkeys([*self.operators, *self.accounts()]))
        yield from route_problems(self.routes, known, self.networks)
        for name in self.serve.prices:
            if name not in known:
                hint = did_you_mean(name, known) or "; known: " + ", ".join(known)
                yield ("serve", "prices", name), f'found "{name}"; expected an operator of this file{hint}'
        for index, keyword in enumerate(self.incoming.keywords):
            if keyword.webhook and keyword.webhook not in self.webhooks:
                hint = did_you_mean(keyword.webhook, self.webhooks)
                yield ("incoming", "keywords", index, "webhook"), f'no webhook is called "{keyword.webhook}"{hint}'
        if self.retention is not None and self.retention < _SHORTEST_RETENTION:
            yield ("retention",), "found less than three days; receipts may come for so long"
        yield from self._listener_problems()

    def _listener_problems(self) -> Problems:
        listening: dict[str, str] = {}
        for name, operator in self.operators.items():
            for account, config in operator.named(name).items():
                if config.outbind is None:
                    continue
                other = listening.setdefault(config.outbind.listen, account)
                if other != account:
                    steps = ("operators", name, *(("accounts", account.partition("/")[2]) if operator.accounts else ()))
                    yield (*steps, "outbind"), f"{other} listens on {config.outbind.listen} already"


def load_config(path: Path, environ: Mapping[str, str]) -> SenderConfig:
    """Read a configuration file and the passwords it refers to; `environ` is the process environment.

    ConfigError lists everything that is wrong, passwords that cannot be read included, each at its line.
    """
    return load_with_places(path, environ)[0]


def load_with_places(path: Path, environ: Mapping[str, str]) -> tuple[SenderConfig, Callable[[Steps, str], Problem]]:
    """As `load_config`, with what makes a problem at a place of the file."""
    located = load_located(path, SenderConfig)
    problems: list[Problem] = []

    def wrong(steps: Steps, text: str) -> None:
        problem = located.problem(steps, text)
        if not any((problem.line, problem.column, text) == (it.line, it.column, it.message) for it in problems):
            problems.append(problem)

    operators: dict[str, OperatorConfig] = {}
    for name, operator in located.value.operators.items():
        steps: Steps = ("operators", name)
        if operator.accounts:
            accounts = {
                account: _with_secrets(config, (*steps, "accounts", account), environ, wrong)
                for account, config in operator.accounts.items()
            }
            operators[name] = msgspec.structs.replace(operator, accounts=accounts)
        else:
            operators[name] = _with_secrets(operator, steps, environ, wrong)
    webhooks: dict[str, WebhookConfig] = {}
    for name, webhook in located.value.webhooks.items():
        try:
            webhooks[name] = read_secrets(webhook, environ)
            webhook.trust()
        except (SecretError, TlsFileError) as error:
            wrong(("webhooks", name, error.key), str(error))
    _check_tls(located.value.serve.tls, ("serve", "tls"), wrong)
    if problems:
        raise ConfigError(*problems)
    # Paths in the file are relative to it already; the default is not in the file.
    store = path.absolute().parent / located.value.store
    whole = msgspec.structs.replace(located.value, operators=operators, store=store, webhooks=webhooks)
    return whole, located.problem


def _with_secrets(
    account: AnyAccount, steps: Steps, environ: Mapping[str, str], wrong: Callable[[Steps, str], None]
) -> AnyAccount:
    """The account with its passwords; what cannot be read, TLS files too, is told to `wrong`."""
    try:
        account = msgspec.structs.replace(account, password=read_password(account, environ))
    except PasswordError as error:
        wrong((*steps, error.key), str(error))
    if account.tls is not None:
        try:
            client = account.tls.client()
            for place in account.places:
                client.check(place.host)
        except TlsFileError as error:
            wrong((*steps, "tls", error.key), str(error))
    if account.outbind is not None:
        _check_tls(account.outbind.tls, (*steps, "outbind", "tls"), wrong)
        try:
            outbind = msgspec.structs.replace(account.outbind, password=read_password(account.outbind, environ))
            account = msgspec.structs.replace(account, outbind=outbind)
        except PasswordError as error:
            wrong((*steps, "outbind", error.key), str(error))
    return account


def _check_tls(tls: ServerTlsConfig | None, steps: Steps, wrong: Callable[[Steps, str], None]) -> None:
    try:
        if tls is not None:
            tls.check()
    except TlsFileError as error:
        wrong((*steps, error.key), str(error))
