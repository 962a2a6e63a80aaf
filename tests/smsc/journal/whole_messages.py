"""Messages for tests of what is asked of them."""

from __future__ import annotations

from typing import Any

from smsc.journal.whole import WholeMessage


def message(number: int, **more: Any) -> WholeMessage:
    """The message with this id, delivered to nobody yet; `more` are fields of its own."""
    values: dict[str, Any] = {
        "at": 1000.0 + number,
        "operator": "op",
        "system_id": "shop",
        "direction": "mt",
        "command": "submit_sm",
        "from_": "SHOP",
        "to": "77051234567",
        "text": "Your code is 1234",
        "encoding": "gsm7",
        "data_coding": 0,
        "parts": 1,
        "parts_received": 1,
        "reference": None,
        "status": 0,
        "status_name": "ESME_ROK",
        "message_id": str(number),
        "message_ids": (str(number),),
        "state": "ENROUTE",
        "err": None,
        "final_at": None,
        "acknowledged_at": None,
    }
    return WholeMessage(id=number, **values | more)
