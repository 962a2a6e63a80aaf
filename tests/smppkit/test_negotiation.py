"""What a bind settles, by itself; both ends of it are tested with the session."""

import pytest

from smppkit.negotiation import Negotiated, negotiated
from smppkit.pdus import BindTransceiver, BindTransceiverResp
from smppkit.states import Role, Version
from smppkit.tlvs import SC_INTERFACE_VERSION

V33, V34, V50 = Version


@pytest.mark.parametrize(
    ("own", "asked", "settled"),
    [
        (V34, 0x34, Negotiated(V34, V34, True)),
        (V34, 0x50, Negotiated(V34, V50, True)),
        (V50, 0x34, Negotiated(V34, V34, True)),
        (V50, 0x00, Negotiated(V33, V33, False)),
        (V33, 0x34, Negotiated(V33, V34, True)),
    ],
)
def test_an_smsc_goes_by_what_the_bind_asks_for(own, asked, settled):
    bind = BindTransceiver(interface_version=asked)
    assert negotiated(Role.SMSC, own, bind, bind.response()) == settled


@pytest.mark.parametrize(
    ("own", "asked", "said", "settled"),
    [
        (V34, 0x34, 0x34, Negotiated(V34, V34, True)),
        (V34, 0x34, 0x50, Negotiated(V34, V50, True)),
        (V50, 0x50, 0x34, Negotiated(V34, V34, True)),
        (V50, 0x50, 0x33, Negotiated(V33, V33, False)),
        (V34, 0x33, 0x34, Negotiated(V33, V34, False)),
        (V34, 0x34, None, Negotiated(V34, None, False)),
        (V50, 0x50, None, Negotiated(V34, None, False)),
        (V33, 0x33, None, Negotiated(V33, None, False)),
    ],
)
def test_c26_an_esme_goes_by_what_the_smsc_says(own, asked, said, settled):
    tlvs = () if said is None else (SC_INTERFACE_VERSION.of(said),)
    bind = BindTransceiver(interface_version=asked)
    assert negotiated(Role.ESME, own, bind, BindTransceiverResp(tlvs=tlvs)) == settled
