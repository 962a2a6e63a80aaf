"""Each kind of field in its plain form; that the compiled form agrees is tested with the codec."""

import pytest

from smppkit.errors import EncodeError, PduError
from smppkit.fields import CString, Entries, ShortMessage, Status, Unsigned
from smppkit.pdus import DistributionList, SmeAddress

DESTINATIONS = Entries({1: SmeAddress, 2: DistributionList}, 1, 254)


@pytest.mark.parametrize(
    ("spec", "octets", "value", "after"),
    [
        (Unsigned(), b"\xff.", 255, 1),
        (Status(), b"\0\0\0\x58.", 0x58, 4),
        (CString(6), b"\0.", "", 1),
        (CString(6), b"USSD\0.", "USSD", 5),
        (CString(6), b"12345\0", "12345", 6),
        (CString(6), b"\xe9\xff\0", "éÿ", 3),
        (CString(17, exact=True), b"020610233429000R\0", "020610233429000R", 17),
        (CString(9, read_limit=65), b"12345678\0", "12345678", 9),
        (ShortMessage(), b"\0.", b"", 1),
        (ShortMessage(last=False), b"\x02ab.", b"ab", 3),
        (ShortMessage(), b"\x02ab.", b"ab", 3),
        (DESTINATIONS, b"\x02\x02pals\0\x01\x01\x0177\0.", (DistributionList("pals"), SmeAddress(1, 1, "77")), 13),
    ],
)
def test_octets_and_value(spec, octets, value, after):
    assert spec.read("f", octets, 0, len(octets)) == (value, after)
    assert spec.write("f", value) == octets[:after]


def test_a_peers_string_may_be_longer_than_ours():
    spec = CString(9, 0x0C, read_limit=65)
    assert spec.read("f", b"x" * 64 + b"\0", 0, 65) == ("x" * 64, 65)
    with pytest.raises(PduError, match="f has more than 64 characters"):
        spec.read("f", b"x" * 65 + b"\0", 0, 66)
    with pytest.raises(EncodeError, match="f: has 9 characters, at most 8"):
        spec.write("f", "123456789")


@pytest.mark.parametrize(
    ("spec", "octets", "status", "reason"),
    [
        (Unsigned(0x48, frozenset({0, 1})), b"\x02", 0x48, "f is 2, which is reserved"),
        (Unsigned(0x48), b"", 0x02, "the PDU ends inside f"),
        (Status(), b"\0\0\0", 0x02, "the PDU ends inside f"),
        (CString(6, 0x15), b"123456\0", 0x15, "f has more than 5 characters"),
        (CString(6, 0x15), b"12345", 0x02, "the PDU ends inside f"),
        (CString(6, 0x15, empty=False), b"\0", 0x15, "f is empty"),
        (CString(17, 0x61, exact=True), b"0206102334\0", 0x61, "f has 10 characters, not 16"),
        (ShortMessage(254, 0x01), b"\xff" + bytes(255), 0x01, "sm_length is 255, at most 254"),
        (ShortMessage(254, 0x01), b"\x03ab", 0x01, "sm_length is 3, but 2 octets are left in the PDU"),
        (ShortMessage(254, 0x01), b"", 0x02, "the PDU ends inside sm_length"),
        (DESTINATIONS, b"\0", 0x33, "0 f, not 1 to 254"),
        (DESTINATIONS, b"\xff", 0x33, "255 f, not 1 to 254"),
        (DESTINATIONS, b"\x01\x03", 0x40, "f[0] has the flag 3"),
        (DESTINATIONS, b"\x01\x02\0", 0x34, "f[0].dl_name is empty"),
        (DESTINATIONS, b"\x02\x02a\0\x01\x07", 0x50, "f[1].dest_addr_ton is 7, which is reserved"),
        (DESTINATIONS, b"\x02\x02a\0", 0x02, "the PDU ends inside f[1]"),
        (DESTINATIONS, b"", 0x02, "the PDU ends inside the count of f"),
    ],
)
def test_what_cannot_be_read_earns_its_status_and_a_reason(spec, octets, status, reason):
    with pytest.raises(PduError) as error:
        spec.read("f", octets, 0, len(octets))
    assert (error.value.status, error.value.reason) == (status, reason)


@pytest.mark.parametrize("password", ["123456789", "a\0b", "pa№s"])
def test_a_password_that_cannot_be_written_is_not_shown(password):
    with pytest.raises(EncodeError) as caught:
        CString(9).write("bind_transceiver.password", password)
    assert str(caught.value).startswith("bind_transceiver.password: h")
    assert password not in str(caught.value)
    assert "№" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "value", "said"),
    [
        (Unsigned(), 256, "f: 256 does not fit in one octet"),
        (Unsigned(), "1", "f: expected an integer, found '1'"),
        (Unsigned(allowed=frozenset({0, 1})), 2, "f: 2 is a reserved value"),
        (Status(), -1, "f: expected an integer of four octets, found -1"),
        (CString(6), "123456", "f: has 6 characters, at most 5 ('123456')"),
        (CString(6), "a\0b", "f: holds a NUL ('a\\x00b')"),
        (CString(6), "№", "f: holds '№', which is not in Latin-1 ('№')"),
        (CString(6), b"abc", "f: expected a string, found b'abc'"),
        (CString(6), None, "f: expected a string, found None"),
        (CString(6, empty=False), "", "f: is empty ('')"),
        (CString(17, exact=True), "0206", "f: has 4 characters, not 16 ('0206')"),
        (ShortMessage(), bytes(255), "f: 255 octets, at most 254"),
        (ShortMessage(), "text", "f: expected bytes, found 'text'"),
        (DESTINATIONS, (), "f: 0 entries, not 1 to 254"),
        (DESTINATIONS, [DistributionList("a")], "f: expected a tuple, found [DistributionList(dl_name='a')]"),
        (DESTINATIONS, ("77",), "f[0]: not an entry of this list: '77'"),
        (DESTINATIONS, (DistributionList("x" * 21),), "f[0].dl_name: has 21 characters, at most 20 "),
    ],
)
def test_what_cannot_be_written_is_refused_by_name_value_and_limit(spec, value, said):
    with pytest.raises(EncodeError) as error:
        spec.write("f", value)
    assert str(error.value).startswith(said)
