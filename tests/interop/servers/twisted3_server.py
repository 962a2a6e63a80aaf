# mypy: ignore-errors
"""An SMSC made of smpp.twisted3, which runs in an environment of its own: `twisted3_server.py PORT`."""

import itertools
import sys

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    EsmClass,
    EsmClassMode,
    EsmClassType,
    MessageState,
    RegisteredDeliveryReceipt,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal
from twisted.internet import reactor  # noqa: TID251 - a program of its own
from zope.interface import implementer

_numbers = itertools.count(0xA0000000)


class _Realm:
    def requestAvatar(self, avatar_id, mind, *interfaces):  # noqa: N802 - Twisted's name
        return interfaces[0], avatar_id, lambda: None


@implementer(ICredentialsChecker)
class _Checker:
    credentialInterfaces = (IUsernamePassword,)  # noqa: N815 - Twisted's name

    def requestAvatarId(self, credentials):  # noqa: N802 - Twisted's name
        if (credentials.username, credentials.password) != ("shop", "secret"):
            raise UnauthorizedLogin
        return credentials.username


def _take(_system_id, protocol, pdu):
    """Accept, with a hexadecimal id; the receipt names it in lower case and in the TLV."""
    message_id = f"{next(_numbers):X}"
    accepted = DataHandlerResponse(status=CommandStatus.ESME_ROK, message_id=message_id.encode())
    if pdu.params["registered_delivery"].receipt is RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED:
        return accepted
    dates = "submit date:2601010000 done date:2601010000"
    receipt = f"id:{message_id.lower()} sub:001 dlvrd:001 {dates} stat:DELIVRD err:000 text:"
    deliver = DeliverSM(
        source_addr_ton=AddrTon.INTERNATIONAL,
        source_addr_npi=AddrNpi.ISDN,
        source_addr=pdu.params["destination_addr"],
        destination_addr=pdu.params["source_addr"],
        esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
        short_message=receipt.encode(),
        receipted_message_id=message_id.encode(),
        message_state=MessageState.DELIVERED,
    )
    reactor.callLater(0.1, protocol.sendDataRequest, deliver)
    return accepted


def main() -> None:
    """Serve until killed."""
    config = SMPPServerConfig(msgHandler=_take, systems={"shop": {"max_bindings": 20}})
    factory = SMPPServerFactory(config, auth_portal=Portal(_Realm(), [_Checker()]))
    reactor.listenTCP(int(sys.argv[1]), factory, interface="127.0.0.1")
    reactor.run()


main()
