"""Who can use TLS should."""

from __future__ import annotations

from smsc.lint.conversation import Bind, Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class PasswordInClear(Rule):
    """See the module."""

    id = "password-in-clear"
    severity = Severity.WARNING
    title = "The client sends its password in clear though the operator offers TLS"
    why = "Everybody on the way can read the password, the numbers and the texts."
    spec = "SMPP 5.0 §2.6; SMPP 3.4 §4.1"
    remedy = "Connect to the operator's TLS port and check its certificate."

    def binding(self, connection: Connection, bind: Bind, head: Head) -> str | None:
        """See Rule."""
        if connection.tls or not connection.tls_offered or not bind.password:
            return None
        return "the operator can be reached over TLS"
