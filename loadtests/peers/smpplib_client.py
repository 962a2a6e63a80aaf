# mypy: ignore-errors
"""smpplib as a client, in an environment of its own: ``smpplib_client.py PORT COUNT WINDOW``."""

import logging
import sys

import smpplib.client
import smpplib.consts

logging.disable(logging.CRITICAL)
TEXT = b"Dear client, your order 1234567 is ready: come and see us before the end of the week, or call."


def main(port, count, window):
    client = smpplib.client.Client("127.0.0.1", port, timeout=30, allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda **_: None)
    client.connect()
    client.bind_transceiver(system_id="shop", password="secret")
    for number in range(count):
        if number >= window:  # the library has no window: one is read for each that is sent
            client.read_once()
        client.send_message(
            source_addr_ton=5,
            source_addr="SHOP",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=f"7705{number:07}",
            short_message=TEXT,
        )
    for _ in range(min(window, count)):
        client.read_once()
    client.unbind()
    client.disconnect()


main(*(int(word) for word in sys.argv[1:]))
