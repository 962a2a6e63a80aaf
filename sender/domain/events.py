"""What can be told to a webhook."""

from __future__ import annotations

from enum import Enum


class EventType(Enum):
    """The types of events, as they stand in their bodies."""

    MESSAGE_ACCEPTED = "message.accepted"
    """The operator took every segment."""
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_FAILED = "message.failed"
    """A final state that is not delivered; `state` says which."""
    MESSAGE_IN_DOUBT = "message.in_doubt"
    MESSAGE_INCOMING = "message.incoming"
    """A subscriber has written."""
    CAMPAIGN_FINISHED = "campaign.finished"
    """No message of it is on its way any more; some may stay in doubt."""
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"


TEST = "webhook.test"
"""What ``sender webhooks test`` sends; nobody subscribes to it."""
