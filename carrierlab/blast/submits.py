"""The octets of a blast: every submit_sm is encoded once, with its sequence number, and sent again and again."""

from __future__ import annotations

from carrierlab.blast.plan import MOST_RANGE, Plan
from smppkit import tlvs as t
from smppkit.codec import encode
from smppkit.pdus import SubmitSm
from smppkit.text import encode_text

PANGRAM = "The quick brown fox jumps over the lazy dog 0123456789, pack my box with five dozen liquor jugs! "
_LONGEST_SHORT_MESSAGE = 254
_LEAST = 1_024


class Submits:
    """As many submits as there are addresses, and several windows, one behind the other.

    The one at `slot` has the sequence number ``first + slot``. A number, and a slot, comes again only when its message
    has been answered.
    """

    def __init__(self, plan: Plan, first: int) -> None:
        self.first = first
        addresses = plan.source_range * plan.destination_range
        least = max(_LEAST, 4 * plan.window)
        # A whole number of rounds through the addresses, so that each has as many messages.
        self.count = addresses * -(-least // addresses) if addresses < MOST_RANGE else max(least, addresses)
        text = PANGRAM * (plan.length // len(PANGRAM) + 1) if plan.text is None else plan.text
        octets = encode_text(text[: plan.length] if plan.text is None else text, plan.alphabet)
        short = len(octets) <= _LONGEST_SHORT_MESSAGE
        frames = [
            encode(
                SubmitSm(
                    sequence_number=first + slot,
                    tlvs=() if short else (t.MESSAGE_PAYLOAD.of(octets),),
                    source_addr_ton=1,
                    source_addr_npi=1,
                    source_addr=str(plan.source + slot // plan.destination_range % plan.source_range),
                    dest_addr_ton=1,
                    dest_addr_npi=1,
                    destination_addr=str(plan.destination + slot % plan.destination_range),
                    registered_delivery=int(plan.asks_receipts),
                    data_coding=plan.alphabet.data_coding,
                    short_message=octets if short else b"",
                )
            )
            for slot in range(self.count)
        ]
        self._octets = b"".join(frames)
        self._starts = [0]
        for frame in frames:
            self._starts.append(self._starts[-1] + len(frame))

    def octets(self, begin: int, end: int) -> bytes:
        """Those from one slot to before another."""
        return self._octets[self._starts[begin] : self._starts[end]]
