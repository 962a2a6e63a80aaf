"""Microseconds per PDU, ours beside smpp.pdu3, in one run: `python loadtests/bench_codec.py [--json FILE]`.

Processor time is counted, the short rounds of the two codecs alternate, and the best round of each counts: so a busy
machine disturbs both alike, and little.
"""

import argparse
import io
import json
import platform
import sys
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from smpp.pdu.pdu_encoding import PDUEncoder

from smppkit import tlvs as t
from smppkit.codec import decode, encode
from smppkit.pdus import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    CancelSm,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnsuccessSme,
)
from smppkit.stream import StreamDecoder

FROM: dict[str, Any] = {"source_addr_ton": 5, "source_addr": "SHOP"}
TO: dict[str, Any] = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "77051234567"}
TEXT = b"Dear client, your order 1234567 is ready. ".ljust(160, b".")
RECEIPT = b"id:3039 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:Dear client"
SAR = (t.SAR_MSG_REF_NUM.of(513), t.SAR_TOTAL_SEGMENTS.of(3), t.SAR_SEGMENT_SEQNUM.of(2))
RECEIPT_TLVS = (t.MESSAGE_STATE.of(2), t.RECEIPTED_MESSAGE_ID.of("3039"))  # in the order of smpp.pdu3

SAMPLES: dict[str, Pdu] = {
    "submit_sm, 160 characters": SubmitSm(0, 4, **FROM, **TO, registered_delivery=1, short_message=TEXT),
    "submit_sm, with SAR TLVs": SubmitSm(0, 4, SAR, **FROM, **TO, registered_delivery=1, short_message=TEXT[:134]),
    "submit_sm_resp": SubmitSmResp(0, 4, message_id="3039"),
    "submit_sm_resp, throttled": SubmitSmResp(0x58, 4),
    "deliver_sm, receipt as text": DeliverSm(0, 6, **FROM, **TO, esm_class=4, short_message=RECEIPT),
    "deliver_sm, receipt with TLVs": DeliverSm(0, 6, RECEIPT_TLVS, **FROM, **TO, esm_class=4, short_message=RECEIPT),
    "deliver_sm_resp": DeliverSmResp(0, 6),
    "data_sm, 1,000 octets": DataSm(0, 7, (t.MESSAGE_PAYLOAD.of(bytes(1000)),), **FROM, **TO),
    "bind_transceiver": BindTransceiver(0, 1, system_id="shop", password="secret", system_type="VMA"),
    "bind_transceiver_resp": BindTransceiverResp(0, 1, (t.SC_INTERFACE_VERSION.of(0x34),), system_id="smsc"),
    "enquire_link": EnquireLink(0, 3),
    "enquire_link_resp": EnquireLinkResp(0, 3),
    "unbind": Unbind(0, 9),
    "generic_nack": GenericNack(3, 9),
    "outbind": Outbind(0, 1, system_id="smsc", password="secret"),
    "query_sm": QuerySm(0, 8, message_id="3039", **FROM),
    "query_sm_resp": QuerySmResp(0, 8, message_id="3039", message_state=2),
    "cancel_sm": CancelSm(0, 9, message_id="3039", **FROM, **TO),
    "replace_sm": ReplaceSm(0, 10, message_id="3039", **FROM, short_message=TEXT),
    "alert_notification": AlertNotification(0, 11, source_addr="77051234567", esme_addr="SHOP"),
    "submit_multi, 10 destinations": SubmitMulti(
        0, 5, **FROM, dest_addresses=(SmeAddress(1, 1, "77051234567"), DistributionList("pals")) * 5, short_message=TEXT
    ),
    "submit_multi_resp, 5 failures": SubmitMultiResp(
        0, 5, message_id="3039", unsuccess_smes=(UnsuccessSme(1, 1, "77051234567", 0x0B),) * 5
    ),
}


class Row(msgspec.Struct):
    """One kind of PDU; microseconds, None where the other codec cannot."""

    pdu: str
    octets: int
    decode: float
    decode_pdu3: float | None
    encode: float
    encode_pdu3: float | None


class Timed:
    """The best round of one function."""

    def __init__(self, function: Callable[[], object], seconds: float) -> None:
        self.timer = timeit.Timer(function, timer=time.process_time)
        once = self.timer.timeit(50) / 50
        self.number = max(1, int(seconds / once))
        self.best = float("inf")

    def round(self) -> None:
        self.best = min(self.best, self.timer.timeit(self.number) / self.number)

    @property
    def microseconds(self) -> float:
        return round(self.best * 1e6, 3)


def measure(functions: list[Callable[[], object] | None], rounds: int, seconds: float) -> list[float | None]:
    timed = [Timed(function, seconds) if function else None for function in functions]
    for _ in range(rounds):
        for one in timed:
            if one:
                one.round()
    return [one.microseconds if one else None for one in timed]


def row(name: str, pdu: Pdu, rounds: int, seconds: float) -> Row:
    octets = encode(pdu)
    other = PDUEncoder()
    try:
        theirs = other.decode(io.BytesIO(octets))
    except KeyError:  # it has no codec for lists, nor for sm_length of replace_sm
        theirs = None
    assert theirs is None or other.encode(theirs) == octets
    functions: list[Callable[[], object] | None] = [lambda: decode(octets), None, lambda: encode(pdu), None]
    if theirs is not None:
        functions[1] = lambda: other.decode(io.BytesIO(octets))
        functions[3] = lambda: other.encode(theirs)
    ours_read, theirs_read, ours_written, theirs_written = measure(functions, rounds, seconds)
    assert ours_read is not None
    assert ours_written is not None
    return Row(name, len(octets), ours_read, theirs_read, ours_written, theirs_written)


def stream(rounds: int, seconds: float) -> float:
    """Microseconds per PDU of a segment with 300 submit_sm, through the stream decoder."""
    segment, decoder = encode(SAMPLES["submit_sm, 160 characters"]) * 300, StreamDecoder()
    (best,) = measure([lambda: decoder.feed(segment)], rounds, seconds)
    assert best is not None
    return round(best / 300, 3)


def table(rows: list[Row]) -> Table:
    shown = Table(title=f"µs per PDU, {platform.python_implementation()} {platform.python_version()}")
    for heading in ("PDU", "octets", "decode", "smpp.pdu3", "ratio", "encode", "smpp.pdu3", "ratio"):
        shown.add_column(heading, justify="left" if heading == "PDU" else "right")
    for one in rows:
        cells = [one.pdu, str(one.octets)]
        for ours, theirs in ((one.decode, one.decode_pdu3), (one.encode, one.encode_pdu3)):
            cells += [f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.1f}x"] if theirs else [f"{ours:.2f}", "–", "–"]
        shown.add_row(*cells)
    return shown


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments.add_argument("--rounds", type=int, default=25, help="rounds of which the best counts (default 25)")
    arguments.add_argument("--seconds", type=float, default=0.005, help="seconds of one round (default 0.005)")
    chosen = arguments.parse_args()
    rows = [row(name, pdu, chosen.rounds, chosen.seconds) for name, pdu in SAMPLES.items()]
    streamed = stream(chosen.rounds, chosen.seconds)
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table(rows))
    console.print(f"stream decoder, 300 submit_sm of 160 characters in one segment: {streamed:.2f} µs per PDU")
    if chosen.json:
        numbers = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "stream_submit_sm": streamed,
            "rows": msgspec.to_builtins(rows),
        }
        chosen.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
