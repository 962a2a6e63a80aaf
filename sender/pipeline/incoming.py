"""What an operator delivers: receipts told from messages of subscribers."""

from __future__ import annotations

from sender.store.records import ReceiptIn
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import parse_receipt


def receipt_of(pdu: DeliverSm | DataSm, account: str, at: float) -> ReceiptIn | None:
    """The receipt in a PDU that came through `account` at unix time `at`; None when it is no receipt."""
    receipt = parse_receipt(pdu)
    if receipt is None:
        return None
    return ReceiptIn(
        account=account,
        message_id=receipt.message_id,
        state=receipt.state,
        stat=receipt.stat,
        err=receipt.err,
        number=pdu.source_addr,
        at=at,
    )
