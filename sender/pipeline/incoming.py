"""What an operator delivers: receipts told from messages of subscribers."""

from __future__ import annotations

import math
from itertools import repeat
from typing import Final

from sender.domain.dialect import Form
from sender.store.records import ReceiptIn
from smppkit.message_state import MessageState
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import INTERMEDIATE_TYPE, MESSAGE_TYPE, form_of, parse_receipt
from smppkit.runs import ReceiptRun
from smppkit.tlvs import USER_MESSAGE_REFERENCE

_SAMPLE_FIRST: Final = 100
_SAMPLE_EVERY: Final = 256
_SAMPLE_REST: Final = 1.0
"""How closely receipts are looked at: the first ones all, then one in so many, with so many seconds in between."""


class ReceiptReader:
    """Reads the receipts of one account; every now and then it notes what one looks like."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._read = 0
        self._looked_at = -math.inf

    def read(self, pdu: DeliverSm | DataSm, at: float) -> ReceiptIn | None:
        """The receipt in a PDU that came at unix time `at`; None when it is no receipt."""
        receipt = receipt_of(pdu, self._account, at, sample=bool(self._sample(1, at)))
        self._read += receipt is not None
        return receipt

    def read_run(self, run: ReceiptRun, at: float) -> list[ReceiptIn]:
        """The receipts of a run that came at unix time `at`."""
        account, said = self._account, run.said
        texts = [text[:_TEXT] for text in said.texts]
        receipts = list(
            map(ReceiptIn, repeat(account), said.message_ids, said.states, said.stats, said.errs, run.sources,
                repeat(at), run.destinations, texts)
        )  # fmt: skip
        for place in self._sample(len(receipts), at):
            receipt = receipt_of(run.frames.pdu(place), account, at, sample=True)  # type: ignore[arg-type]
            receipts[place] = receipt or receipts[place]
        self._read += len(receipts)
        return receipts

    def _sample(self, count: int, at: float) -> range:
        """Which of the next `count` receipts are looked at closely, at unix time `at`."""
        if self._read < _SAMPLE_FIRST:
            return range(min(count, _SAMPLE_FIRST - self._read))
        places = range(-self._read % _SAMPLE_EVERY, count, _SAMPLE_EVERY)
        if not places or at < self._looked_at + _SAMPLE_REST:
            return range(0)
        self._looked_at = at
        return places[:1]


def receipt_of(pdu: DeliverSm | DataSm, account: str, at: float, *, sample: bool = False) -> ReceiptIn | None:
    """The receipt in a PDU that came through `account` at unix time `at`; None when it is no receipt.

    An intermediate notification (esm_class 0x20, SMPP 3.4 §5.2.12) is never the last word, whatever it says.
    """
    receipt = parse_receipt(pdu)
    if receipt is None:
        return None
    state = receipt.state
    if state.final and pdu.esm_class & MESSAGE_TYPE == INTERMEDIATE_TYPE:
        state = MessageState.ENROUTE
    form = None
    if sample:
        dates, id_from = form_of(pdu)
        form = Form(dates, id_from, "data_sm" if isinstance(pdu, DataSm) else "deliver_sm", pdu.esm_class)
    return ReceiptIn(
        account,
        receipt.message_id,
        state,
        receipt.stat,
        receipt.err,
        pdu.source_addr,
        at,
        pdu.destination_addr,
        receipt.text[:_TEXT],
        _reference(pdu) if pdu.tlvs else None,
        form,
    )


def _reference(pdu: DeliverSm | DataSm) -> int | None:
    """The user_message_reference; None without one of two octets."""
    for number, octets in pdu.tlvs:
        if number == USER_MESSAGE_REFERENCE.number and len(octets) == 2:
            return int.from_bytes(octets, "big")
    return None


_TEXT: Final = 40
"""Characters of a receipt's text that are kept: the specification has 20, some operators more."""
