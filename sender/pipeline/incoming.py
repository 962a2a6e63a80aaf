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


def masked(number: str) -> str:
    """A phone number fit for a log: enough to recognise, too little to call.

    >>> masked("77051234567")
    '7705…67'
    """
    if len(number) <= 6:
        return "…" if number else "nobody"
    return f"{number[:4]}…{number[-2:]}"
