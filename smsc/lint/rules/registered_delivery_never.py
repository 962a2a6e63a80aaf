"""Who wants to know asks."""

from __future__ import annotations

from smsc.lint.conversation import Account
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class RegisteredDeliveryNever(Rule):
    """See the module."""

    id = "registered-delivery-never"
    severity = Severity.NOTE
    title = "The client never asks for a delivery receipt"
    why = "Accepted is not delivered: without receipts nobody knows what share of the messages arrived."
    spec = "SMPP 3.4 §5.2.17"
    remedy = "Set registered_delivery to 1 where the outcome matters, and match the receipts by message id."

    def finished(self, account: Account, at: float) -> str | None:
        """See Rule."""
        if account.crowd or account.asked_receipts or account.submits < self.settings.receipts_wanted_by:
            return None
        return f"{account.submits} messages, none with a receipt asked for"
