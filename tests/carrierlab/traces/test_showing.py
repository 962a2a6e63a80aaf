"""Entries as text: everything is said, secrets are not, and a text stays a text."""

from __future__ import annotations

import json

from carrierlab.traces.format import Remark, TraceFile
from carrierlab.traces.reading import entries
from carrierlab.traces.showing import as_json, fields, hex_lines, plain
from tests.carrierlab.traces.small import END, HEADER, TRACE

ENTRIES = entries(TRACE)


def test_the_listing() -> None:
    assert "\n".join(map(plain, ENTRIES)).splitlines() == [
        "1\t0.005000\t\t\tsender\t\tmessage 1 to 77050000001: queued",
        "2\t0.020000\t1 alpha\t→\tlink\t\topen 49152",
        "3\t0.030000\t1 alpha\t→\tbind_transceiver\t\tshop seq. 1",
        "4\t0.040000\talpha\t\tfault\t\tbegins: throttled to 5/s",
        "5\t0.050000\t\t\tsender\t\tmessage 1 segment 1 to 77050000001: submitting",
        '6\t0.070000\t1 alpha\t→\tsubmit_sm\t\tSHOP → 77050000001 "Hello"',
        '7\t0.070000\t1 alpha\t→\tsubmit_sm\t\tSHOP → 77050000009 "Hello"',
        "8\t0.080000\t1 alpha\t←\tsubmit_sm_resp\tESME_RTHROTTLED\tseq. 2",
        "9\t0.090000\t1 alpha\t←\tsubmit_sm_resp\t\tB1 seq. 3",
        '10\t1.000000\t1 alpha\t→\tsubmit_sm\t\tSHOP → 77050000001 "Hello"',
        "11\t1.000000\talpha\t\toperator\t\tA1 to 77050000001: ENROUTE",
        "12\t1.100000\t1 alpha\t←\tsubmit_sm_resp\t\tA1 seq. 4",
        "13\t1.200000\t\t\tsender\t\tmessage 1 segment 1 to 77050000001: accepted as A1",
        "14\t1.200000\t\t\tsender\t\tmessage 1 to 77050000001: accepted",
        "15\t1.500000\t\t\tlog\t\twarning sender.channels.bind: alpha/1: late",
        "16\t2.000000\t1 alpha\t←\tdeliver_sm\t\t77050000001 → – receipt A1: UNDELIV",
        "17\t2.100000\t\t\tsender\t\tmessage 1 segment 1 to 77050000001: undelivered as A1",
        "18\t2.100000\t\t\tsender\t\tmessage 1 to 77050000001: undelivered",
        "19\t2.200000\t1 alpha\t→\tdeliver_sm_resp\t\tseq. 1",
        "20\t3.000000\t1 alpha\t←\tlink\t\tclose",
    ]


def test_a_password_is_shown_nowhere() -> None:
    bind = ENTRIES[2]
    assert dict(fields(bind))["password"] == "***"
    shown = json.dumps(as_json(bind)) + "\n".join(hex_lines(bind))
    assert "secret" not in shown
    assert b"secret".hex() not in shown.replace(" ", "")
    assert b"secret" in bind.octets


def test_octets_are_shown_sixteen_a_line() -> None:
    lines = list(hex_lines(ENTRIES[7]))
    assert lines == ["0000  00 00 00 10 80 00 00 04 00 00 00 58 00 00 00 02  ...........X...."]


def test_json_has_the_fields_of_a_pdu_or_the_keys_of_a_line() -> None:
    pdu = as_json(ENTRIES[5])
    assert pdu["fields"]["destination_addr"] == "77050000001"
    assert pdu["fields"]["text"] == "Hello"
    assert pdu["about"] == ["77050000001"]
    state = as_json(ENTRIES[12])
    assert (state["kind"], state["state"], state["smsc_id"], state["part"]) == ("sender", "accepted", "A1", 1)


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    (entry,) = entries(TraceFile(HEADER, (Remark(0.0, "info", "smsc", "\x1b[2Jgone"),), END))
    assert plain(entry).endswith("\\x1b[2Jgone")
