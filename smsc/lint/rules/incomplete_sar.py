"""Three TLVs make a part."""

from __future__ import annotations

from smppkit.segments import UDHI
from smppkit.tlvs import SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, TAGS
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_SAR = frozenset(tag.number for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM))


class IncompleteSar(Rule):
    """See the module."""

    id = "incomplete-sar"
    severity = Severity.WARNING
    title = "The client sends some of the sar_* TLVs without the others"
    why = "An incomplete set is ignored: the parts arrive as separate messages."
    spec = "SMPP 3.4 §5.3.2.22 – §5.3.2.24"
    remedy = "Send sar_msg_ref_num, sar_total_segments and sar_segment_seqnum together, the last from 1 to the total."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if message.part is not None or message.esm_class & UDHI:
            return None
        there = [TAGS[tlv.tag].name for tlv in message.tlvs if tlv.tag in _SAR]
        if not there:
            return None
        return "no usable part in " + ", ".join(there) if len(there) == len(_SAR) else "only " + ", ".join(there)
