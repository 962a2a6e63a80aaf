# mypy: ignore-errors
"""smpp.twisted3 as a client, in an environment of its own: ``twisted3_client.py PORT COUNT WINDOW``."""

import sys

from smpp.pdu.operations import SubmitSM
from smpp.pdu.pdu_types import AddrNpi, AddrTon
from smpp.twisted.client import SMPPClientTransceiver
from smpp.twisted.config import SMPPClientConfig
from twisted.internet import defer, reactor  # noqa: TID251 - a program of its own

TEXT = b"Dear client, your order 1234567 is ready: come and see us before the end of the week, or call."


@defer.inlineCallbacks
def main(port, count, window):
    config = SMPPClientConfig(host="127.0.0.1", port=port, username="shop", password="secret")
    smpp = yield SMPPClientTransceiver(config, lambda *_: None).connectAndBind()
    room = defer.DeferredSemaphore(window)  # the library has no window
    for number in range(count):
        yield room.acquire()
        pdu = SubmitSM(
            source_addr_ton=AddrTon.ALPHANUMERIC,
            source_addr=b"SHOP",
            dest_addr_ton=AddrTon.INTERNATIONAL,
            dest_addr_npi=AddrNpi.ISDN,
            destination_addr=b"7705%07d" % number,
            short_message=TEXT,
        )
        smpp.sendDataRequest(pdu).addBoth(lambda _: room.release() and None)
    for _ in range(window):
        yield room.acquire()
    yield smpp.unbindAndDisconnect()


main(*(int(word) for word in sys.argv[1:])).addErrback(print).addBoth(lambda _: reactor.stop())
reactor.run()
