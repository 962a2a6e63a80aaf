"""Which stage a PDU belongs to, and what of it a fault can see."""

from __future__ import annotations

import pytest

from smppkit.commands import CommandId as C
from smsc.faults.passing import Direction, Passing, Stage, pdu, rewritten, stage_of

IN, OUT = Direction.IN, Direction.OUT


@pytest.mark.parametrize(
    ("command", "direction", "stage"),
    [
        (C.BIND_TRANSCEIVER, IN, Stage.BIND),
        (C.BIND_RECEIVER_RESP, OUT, Stage.BIND),
        (C.OUTBIND, OUT, Stage.BIND),
        (C.SUBMIT_SM, IN, Stage.SUBMIT),
        (C.SUBMIT_MULTI, IN, Stage.SUBMIT),
        (C.DATA_SM, IN, Stage.SUBMIT),
        (C.QUERY_SM, IN, Stage.SUBMIT),
        (C.SUBMIT_SM_RESP, OUT, Stage.RESPONSE),
        (C.DATA_SM_RESP, OUT, Stage.RESPONSE),
        (C.CANCEL_SM_RESP, OUT, Stage.RESPONSE),
        (C.DELIVER_SM, OUT, Stage.RECEIPT),
        (C.DATA_SM, OUT, Stage.RECEIPT),
        (C.ALERT_NOTIFICATION, OUT, Stage.RECEIPT),
        (C.DELIVER_SM_RESP, IN, Stage.RECEIPT),
        (C.DATA_SM_RESP, IN, Stage.RECEIPT),
        (C.ENQUIRE_LINK, IN, None),
        (C.ENQUIRE_LINK_RESP, OUT, None),
        (C.UNBIND, OUT, None),
        (C.GENERIC_NACK, OUT, None),
        (C.SUBMIT_SM, OUT, None),
        (0x00010200, IN, Stage.SUBMIT),
    ],
)
def test_stage_of_a_pdu(command: int, direction: Direction, stage: Stage | None) -> None:
    assert stage_of(command, direction) is stage


def test_a_header_is_read_and_rewritten() -> None:
    frame = pdu(0x80000004, 0x58, 7, b"x\0")
    passing = Passing(Stage.RESPONSE, OUT, frame)
    assert (passing.command_id, passing.command_status, passing.sequence_number) == (0x80000004, 0x58, 7)
    assert passing.is_response
    assert rewritten(frame, length=18, status=0, sequence=1) == pdu(0x80000004, 0, 1, b"x\0")
    assert not Passing(Stage.ACCEPT, OUT).is_response
