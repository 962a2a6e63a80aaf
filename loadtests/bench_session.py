"""What a message costs two sessions without a network: ``python loadtests/bench_session.py [--messages 20000]``.

An ESME and an SMSC hand each other their octets, in windows of 100: submit_sm and its response, and with receipts
deliver_sm and its response too. Microseconds of processor time for a message, both ends together; the best of the
rounds.
"""

from __future__ import annotations

import argparse
import json
import time

from smppkit.events import Request
from smppkit.pdus import BindTransceiver, BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role

WINDOW = 100
TEXT = (b"The quick brown fox jumps over the lazy dog. " * 4)[:160]
RECEIPT = b"id:3039 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:Dear client"


def bound() -> tuple[Session, Session]:
    """An ESME and an SMSC that it is bound to."""
    config = SessionConfig(window=WINDOW)
    esme, smsc = Session(Role.ESME, config, 0.0), Session(Role.SMSC, config, 0.0)
    esme.send(BindTransceiver(system_id="shop", password="secret", interface_version=0x34), 0.0)
    smsc.receive_bytes(esme.bytes_to_send(), 0.0)
    for event in smsc.events():
        if isinstance(event, Request):
            answer = event.pdu.response()
            assert isinstance(answer, BindTransceiverResp)
            smsc.respond(answer, 0.0)
    esme.receive_bytes(smsc.bytes_to_send(), 0.0)
    esme.events()
    smsc.events()
    assert esme.bound
    assert smsc.bound
    return esme, smsc


def answered(session: Session, octets: bytes, now: float) -> int:
    """Let a session read, and answer all requests; how many."""
    session.receive_bytes(octets, now)
    requests = [event.pdu for event in session.events() if isinstance(event, Request)]
    for pdu in requests:
        response = pdu.response()
        if isinstance(response, SubmitSmResp):
            response.message_id = "3039"
        session.respond(response, now)
    return len(requests)


def exchange(messages: int, receipts: bool) -> float:
    """Microseconds of processor time for a message."""
    esme, smsc = bound()
    began, taken, now = time.process_time(), 0, 0.0
    for first in range(0, messages, WINDOW):
        now += 0.001
        for number in range(first, first + WINDOW):
            esme.send(
                SubmitSm(source_addr="SHOP", destination_addr=f"7705{number:07}", short_message=TEXT), now, number
            )
        taken += answered(smsc, esme.bytes_to_send(), now)
        esme.receive_bytes(smsc.bytes_to_send(), now)
        esme.events()
        if receipts:
            for number in range(first, first + WINDOW):
                smsc.send(
                    DeliverSm(
                        source_addr=f"7705{number:07}", destination_addr="SHOP", esm_class=4, short_message=RECEIPT
                    ),
                    now,
                    number,
                )
            answered(esme, smsc.bytes_to_send(), now)
            smsc.receive_bytes(esme.bytes_to_send(), now)
            smsc.events()
    used = time.process_time() - began
    assert taken == messages
    assert esme.outstanding == smsc.outstanding == 0
    return used / messages * 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    messages = chosen.messages // WINDOW * WINDOW
    cases = {"submit_sm": False, "submit_sm and receipt": True}
    figures = {
        name: round(min(exchange(messages, receipts) for _ in range(chosen.rounds)), 2)
        for name, receipts in cases.items()
    }
    print(json.dumps({"messages": messages, "microseconds": figures}, indent=2))


if __name__ == "__main__":
    main()
