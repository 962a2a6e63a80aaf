"""Parts and ports are said once."""

from __future__ import annotations

from smppkit.segments import UDHI
from smppkit.tlvs import DESTINATION_PORT, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, SOURCE_PORT, TAGS
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_SAME_AS_HEADER = frozenset(
    tag.number for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM, SOURCE_PORT, DESTINATION_PORT)
)


class UdhAndTlvs(Rule):
    """See the module."""

    id = "udh-and-tlvs"
    severity = Severity.ERROR
    title = "The client sends a user data header and sar_* or port TLVs in one message"
    why = "Both say which part it is, or which port; operators refuse it with ESME_RINVESMCLASS or heed one of the two."
    spec = "SMPP 3.4 §5.2.12, §5.3.2.22"
    remedy = "Use the header, or the TLVs, never both."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if not message.esm_class & UDHI:
            return None
        both = [TAGS[tlv.tag].name for tlv in message.tlvs if tlv.tag in _SAME_AS_HEADER]
        return f"esm_class announces a header, and there is {', '.join(both)}" if both else None
