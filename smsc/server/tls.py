"""The TLS of a scenario's operators: its files are looked at when the scenario is read, not when somebody connects."""

from __future__ import annotations

from typing import TypeVar

from smppkit.tls import ServerTls, TlsFileError, TlsServer
from smsc.scenario.accounts import Tls
from smsc.scenario.model import Scenario
from yamlmodel.errors import Problem
from yamlmodel.runs import Loaded


def server_tls(tls: Tls) -> TlsServer:
    """What takes TLS connections as a scenario says; TlsFileError when one of its files cannot be used."""
    return TlsServer(ServerTls(tls.certificate, tls.key, tls.client_ca))


S = TypeVar("S", bound=Scenario)


def tls_problems(loaded: Loaded[S]) -> list[Problem]:
    """What is wrong with the files of the operators' TLS, each at its place in the scenario."""
    problems = []
    for name, operator in loaded.value.operators.items():
        if operator.tls is not None:
            try:
                server_tls(operator.tls)
            except TlsFileError as error:
                problems.append(loaded.problem(("operators", name, "tls", error.key), str(error)))
    return problems
