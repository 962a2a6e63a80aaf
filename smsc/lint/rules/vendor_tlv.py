"""Private TLVs are for who has agreed to them."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.tags import VENDORS, names


class VendorTlv(Rule):
    """See the module."""

    id = "vendor-tlv"
    severity = Severity.NOTE
    title = "The client sends a TLV of the vendors' range"
    why = (
        "Vendors use the same numbers for different things: what one takes for a template id another takes "
        "for a reference."
    )
    spec = "SMPP 3.4 §5.3.1"
    remedy = "Send vendor TLVs only to operators whose documents ask for them."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        wanted = self.settings.vendor_tags
        private = [tlv for tlv in message.tlvs if tlv.tag in VENDORS and tlv.tag not in wanted]
        return names(private) if private else None
