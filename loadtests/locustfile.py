"""Load an SMSC with Locust: ``locust -f loadtests/locustfile.py --host 127.0.0.1:2775``.

Each user is a bound transceiver that keeps its window full. Point it only at an SMSC of your own: `smsc serve`.
SMPP_SYSTEM_ID and SMPP_PASSWORD name the account; SMPP_MESSAGES ends the run after that many messages per user.
"""

from __future__ import annotations

import itertools
import os
import random
from typing import ClassVar

import gevent
from locust import constant, task
from locust.exception import StopUser
from smpp_user import SmppUser

from smppkit.pdus import SubmitSm

_NUMBERS = itertools.count()
_MESSAGES = int(os.environ.get("SMPP_MESSAGES", "0"))


class Campaign(SmppUser):
    """Sends a mix of short and long-ish service messages, one after another, as the window allows."""

    wait_time = constant(0)
    _finished: ClassVar[list[SmppUser]] = []
    system_id = os.environ.get("SMPP_SYSTEM_ID", "load")
    password = os.environ.get("SMPP_PASSWORD", "load")

    def on_start(self) -> None:
        """Seed this user by its number, so that a run can be repeated."""
        host, _, port = (self.host or "127.0.0.1:2775").rpartition(":")
        self.address = (host or "127.0.0.1", int(port))
        self._random = random.Random(next(_NUMBERS))
        self._left = _MESSAGES
        super().on_start()

    @task
    def send(self) -> None:
        """One message to a random subscriber of a range that no operator serves."""
        length = self._random.choice((24, 70, 120, 160))
        self.submit(
            SubmitSm(
                source_addr_ton=5,
                source_addr="SHOP",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=f"7000{self._random.randrange(10**7):07d}",
                registered_delivery=1,
                short_message=b"x" * length,
            )
        )
        if self._left:
            self._left -= 1
            if not self._left:
                self.drain()
                self._finished.append(self)
                if len(self._finished) >= self.environment.runner.target_user_count:
                    gevent.spawn(self.environment.runner.quit)  # it kills every user, so not from within one
                raise StopUser
