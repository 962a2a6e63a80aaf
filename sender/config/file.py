"""The sender's configuration file, as a model; `load_config` reads it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sender.config.operator import OperatorConfig
from sender.config.retrying import RetryConfig
from sender.config.routes import HealthConfig, RouteConfig, route_problems
from sender.config.scalars import Country
from sender.config.secrets import PasswordError, read_password
from smppkit.tls import TlsFileError
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load_located
from yamlmodel.scalars import Duration

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_SHORTEST_RETENTION = 3 * 86400


class SenderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    store: Annotated[Path, Meta(description="The campaign database, relative to this file")] = Path("campaign.sqlite")
    country: Annotated[Country, Meta(description="Where numbers without + belong", examples=["KZ"])]
    operators: Annotated[dict[str, OperatorConfig], Meta(description="Operator accounts by name", min_length=1)]
    routes: Annotated[list[RouteConfig], Meta(description="Which numbers go where", min_length=1)]
    networks: Annotated[dict[str, list[str]], Meta(description="Names of operators in plans, by network")] = (
        msgspec.field(default_factory=dict)
    )
    default_network: Annotated[str, Meta(description="Network of numbers that nothing tells of")] = ""
    health: Annotated[HealthConfig, Meta(description="When an account is passed over")] = HealthConfig()
    retry: Annotated[RetryConfig, Meta(description="Refusals that pass")] = RetryConfig()
    retention: Annotated[
        Duration | None,
        Meta(description="Messages of campaigns that ended so long ago are deleted; omitted: never", examples=["90d"]),
    ] = None

    def problems(self) -> Problems:
        """Routes lead to operators, and no two say the same."""
        yield from route_problems(self.routes, self.operators, self.networks)
        if self.retention is not None and self.retention < _SHORTEST_RETENTION:
            yield ("retention",), "found less than three days; receipts may come for so long"


def load_config(path: Path, environ: Mapping[str, str]) -> SenderConfig:
    """Read a configuration file and the passwords it refers to; `environ` is the process environment.

    ConfigError lists everything that is wrong, passwords that cannot be read included, each at its line.
    """
    located = load_located(path, SenderConfig)
    operators: dict[str, OperatorConfig] = {}
    problems = []
    for name, operator in located.value.operators.items():
        try:
            operators[name] = msgspec.structs.replace(operator, password=read_password(operator, environ))
        except PasswordError as error:
            problems.append(located.problem(("operators", name, error.key), str(error)))
        if operator.tls is not None:
            try:
                operator.tls.client()
            except TlsFileError as error:
                problems.append(located.problem(("operators", name, "tls", error.key), str(error)))
    if problems:
        raise ConfigError(*problems)
    # Paths in the file are relative to it already; the default is not in the file.
    store = path.absolute().parent / located.value.store
    return msgspec.structs.replace(located.value, operators=operators, store=store)
