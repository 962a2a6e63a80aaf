"""A client of the emulator's control API, for tests and tools in Python.

::

    with Client("http://127.0.0.1:2780") as smsc:
        message = smsc.wait(to="77011234567", text="code", timeout=5)[0]
        smsc.mo(from_=message.to, to=message.from_, text="YES", system_id=message.system_id)
"""

from carrierlab.client.client import Client
from carrierlab.client.errors import ClientError, NotMet, Refused, Unreachable
from carrierlab.client.filters import Filters
from carrierlab.client.values import (
    Bind,
    Clock,
    Event,
    Finding,
    Message,
    MessageDetail,
    Mismatch,
    NearMiss,
    OperatorInfo,
    Pdu,
    PduField,
    Problem,
    Segment,
)

__all__ = [
    "Bind",
    "Client",
    "ClientError",
    "Clock",
    "Event",
    "Filters",
    "Finding",
    "Message",
    "MessageDetail",
    "Mismatch",
    "NearMiss",
    "NotMet",
    "OperatorInfo",
    "Pdu",
    "PduField",
    "Problem",
    "Refused",
    "Segment",
    "Unreachable",
]
