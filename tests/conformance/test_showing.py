"""What a report shows of octets, and what it must not show."""

from __future__ import annotations

import pytest

from carrierlab.conformance import octets as o
from carrierlab.conformance.octets import Frame
from carrierlab.conformance.showing import frame_name, short_status, shown, without_secrets


@pytest.mark.parametrize("command", sorted({*o.BINDS, o.OUTBIND}))
def test_passwords_are_masked_and_lengths_kept(command: int) -> None:
    octets = o.operation(command, 1, system_id="shop", password="s3cr3t")
    safe = without_secrets(octets)
    assert len(safe) == len(octets)
    assert b"s3cr3t" not in safe
    assert Frame(safe, 0.0).content().text("password") == "******"
    assert not any("s3cr3t" in line or b"s3cr3t".hex() in line.replace(" ", "") for line in shown(octets))


def test_a_bind_that_is_cut_off_shows_nothing_of_its_body() -> None:
    cut = o.pdu(o.BIND_TRANSCEIVER, 1, b"shop\0s3cr3t")
    assert b"s3cr3t" not in without_secrets(cut)


def test_pdus_are_named_with_their_fields_and_in_hex() -> None:
    lines = list(shown(o.pdu(o.RESPONSE | o.SUBMIT_SM, 7, status=0x58) + o.pdu(0xF00, 8) + b"\0\0"))
    assert lines == [
        "submit_sm_resp sequence 0x7 ESME_RTHROTTLED",
        "  00000010 80000004 00000058 00000007",
        "0x00000f00 sequence 0x8",
        "  00000010 00000f00 00000000 00000008",
        "2 octets",
        "  0000",
    ]


def test_a_long_answer_is_cut() -> None:
    lines = list(shown(o.pdu(o.ENQUIRE_LINK, 1) * 20))
    assert lines[-1] == "… and 14 PDUs more"


def test_names() -> None:
    assert frame_name(o.RESPONSE | o.BROADCAST_SM) == "broadcast_sm_resp"
    assert frame_name(Frame(o.pdu(o.GENERIC_NACK, 1, status=3), 0.0)) == "generic_nack 0x03"
    assert frame_name(Frame(b"\0\0\0\x0fgarbage", 0.0)) == "11 octets that are no PDU"
    assert (short_status(0), short_status(0x104)) == ("ESME_ROK", "0x104")
