"""Which version two ends speak once they are bound (SMPP 3.4 §3.4, §5.3.2.25)."""

from __future__ import annotations

import msgspec

from smppkit.pdus import Pdu
from smppkit.states import Role, Version
from smppkit.tlvs import SC_INTERFACE_VERSION


class Negotiated(msgspec.Struct, frozen=True):
    """What a bind has settled.

    `peer_version` is what the peer said of itself, None when an SMSC said nothing. `peer_speaks_tlvs`: whether it may
    be sent TLVs; an SMSC whose bind_resp has no sc_interface_version may not.
    """

    version: Version
    peer_version: Version | None
    peer_speaks_tlvs: bool


def negotiated(role: Role, own: Version, request: Pdu, response: Pdu) -> Negotiated:
    """What this bind and its response settle for `role`, whose own version is `own`."""
    asked = Version.of(getattr(request, "interface_version", 0))
    if role is Role.SMSC:
        return Negotiated(min(own, asked), asked, asked >= Version.V34)
    own = min(own, asked)
    said = _said(response)
    if said is None:
        # Most that say nothing are of 3.4 all the same, and none is of 5.0, where saying it is a duty.
        return Negotiated(min(own, Version.V34), None, False)
    return Negotiated(min(own, said), said, min(own, said) >= Version.V34)


def _said(response: Pdu) -> Version | None:
    for tag, value in response.tlvs:
        if tag == SC_INTERFACE_VERSION.number and len(value) == 1:
            return Version.of(value[0])
    return None
