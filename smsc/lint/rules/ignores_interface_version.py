"""What the operator can do, it says in its bind response."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smppkit.states import Version
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.tags import NEW_IN_50, names

_BROADCASTS = frozenset(
    {int(CommandId.BROADCAST_SM), int(CommandId.QUERY_BROADCAST_SM), int(CommandId.CANCEL_BROADCAST_SM)}
)


class IgnoresInterfaceVersion(Rule):
    """See the module."""

    id = "ignores-interface-version"
    severity = Severity.WARNING
    title = "The client ignores the version that the operator stated"
    why = (
        "An operator that states none may not know TLVs, and one that states 3.4 does not know those of 5.0: "
        "they are ignored, with what they say."
    )
    spec = "SMPP 3.4 §3.4, §5.3.2.25; SMPP 5.0 §4.8.4.51"
    remedy = (
        "Read sc_interface_version of the bind response: without it send no TLVs, below 0x50 nothing that is "
        "new in 5.0."
    )

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        bind, stated = connection.bind, connection.stated
        if not connection.bound or bind is None or Version.of(bind.interface_version) is Version.V33:
            return None
        if stated is None:
            return f"the operator stated no version, and the client sends {names(message.tlvs)}"
        newer = [tlv for tlv in message.tlvs if tlv.tag in NEW_IN_50] if stated < Version.V50 else []
        return f"the operator stated 0x{stated:02X}, and the client sends {names(newer)}" if newer else None

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        stated = connection.stated
        if not connection.bound or head.command_id not in _BROADCASTS or (stated or 0) >= Version.V50:
            return None
        said = "no version" if stated is None else f"0x{stated:02X}"
        return f"the operator stated {said}, and the client sends {command_name(head.command_id)}"
