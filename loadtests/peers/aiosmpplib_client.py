# mypy: ignore-errors
"""aiosmpplib as a client, in an environment of its own: ``aiosmpplib_client.py PORT COUNT WINDOW``."""

import asyncio
import logging
import sys

from aiosmpplib import ESME, NPI, TON, AbstractHook, PhoneNumber, SubmitSm, SubmitSmResp
from aiosmpplib.broker import SimpleBroker

TEXT = "Dear client, your order 1234567 is ready: come and see us before the end of the week, or call."


class Window(AbstractHook):
    """The library has no window: a message is queued for each that is answered."""

    def __init__(self, size):
        self.room = asyncio.Semaphore(size)

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, SubmitSmResp):
            self.room.release()

    async def send_error(self, smpp_message, error, client_id):
        raise error


async def main(port, count, window):
    hook, broker = Window(window), SimpleBroker()
    esme = ESME("127.0.0.1", port, "shop", "secret", broker=broker, hook=hook, log_level=logging.CRITICAL)
    running = asyncio.create_task(esme.start())
    sender = PhoneNumber("SHOP", TON.ALPHANUMERIC, NPI.UNKNOWN)
    for number in range(count):
        await hook.room.acquire()
        to = PhoneNumber(f"7705{number:07}", TON.INTERNATIONAL, NPI.ISDN)
        await broker.enqueue(SubmitSm(short_message=TEXT, source=sender, destination=to, registered_delivery=0))
    for _ in range(window):
        await hook.room.acquire()
    await esme.stop()
    await running


asyncio.run(main(*(int(word) for word in sys.argv[1:])))
