"""Kill the emulator anywhere, any number of times: what was accepted comes to one end, and all say the same of it."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.message_state import MessageState as M
from smppkit.pdus import CancelSm, DeliverSm, QuerySm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smsc.journal.journal import Journal
from tests.smsc.conftest import Esme, Lab

SCENARIO = """
seed: 11
operators:
  op:
    listen: tcp:2775
    submit: {latency: uniform 1ms 100ms}
    receipts:
      delay: uniform 10ms 4s
      outcome: {DELIVRD: 60%, UNDELIV: 30%, none: 10%}
"""
STEPS = st.lists(
    st.sampled_from(["submit", "submit", "quiet", "cancel", "wait", "drop", "kill"]), min_size=1, max_size=25
)


class Story:
    """What one ESME was told, over all the lives of an emulator."""

    def __init__(self, path: Path, *, logged: bool) -> None:
        self.path = path
        self.logged = logged
        self.accepted: dict[str, int] = {}  # registered_delivery by message_id
        self.cancelled: set[str] = set()
        self.finals: dict[str, set[M]] = {}
        self.numbers = count()
        self.lab = Lab()
        self._serve()

    def _serve(self) -> None:
        self.lab.journal = Journal.open(self.path, clock=self.lab.clock, logged=self.logged)
        self.lab.start(SCENARIO, journal=None)
        self.esme = self._bind()

    def _bind(self) -> Esme:
        esme = self.lab.bound()
        esme.acknowledge = self._hear
        return esme

    def _hear(self, pdu: Any) -> int:
        assert isinstance(pdu, DeliverSm)
        receipt = parse_receipt(pdu)
        assert receipt is not None
        self.finals.setdefault(receipt.message_id, set()).add(receipt.state)
        return 0

    def do(self, step: str) -> None:
        if not self.esme.open:
            self.esme = self._bind()
        if step in ("submit", "quiet"):
            registered = 1 if step == "submit" else 0
            for _ in range(3):  # one read
                self.esme.submit(to=f"7705{next(self.numbers):07}", registered=registered)
            self.lab.run(0.2, step=0.05)
            for pdu in self.esme.responses:
                if isinstance(pdu, SubmitSmResp) and pdu.command_status == 0:
                    self.accepted.setdefault(pdu.message_id, registered)
        elif step == "cancel" and self.accepted:
            message_id = list(self.accepted)[-1]
            self.esme.heard.clear()
            self.esme.send(CancelSm(message_id=message_id, source_addr="SHOP"))
            self.lab.settle()
            if self.esme.responses[0].command_status == 0:
                self.cancelled.add(message_id)
        elif step == "wait":
            self.lab.run(1, step=0.25)
        elif step == "drop":
            self.esme.drop()
        elif step == "kill":
            self.lab.kill()
            self.lab, before = Lab(), self.lab
            self.lab.clock.advance(before.now)
            self._serve()

    def state_of(self, message_id: str) -> M:
        self.esme.heard.clear()
        self.esme.send(QuerySm(message_id=message_id, source_addr="SHOP"))
        self.lab.settle()
        (answer,) = self.esme.responses
        assert answer.command_status == 0, message_id
        return M(answer.message_state)


@pytest.mark.parametrize(("last", "logged"), [("", False), ("kill", False), ("kill", True)])
def test_receipts_and_queries_agree_over_any_number_of_restarts(last: str, logged: bool) -> None:
    """I1, I9."""

    @settings(max_examples=12, deadline=None)
    @given(STEPS)
    def run(steps: list[str]) -> None:
        with TemporaryDirectory() as directory:
            story = Story(Path(directory) / "journal.sqlite", logged=logged)
            for step in [*steps, last]:
                story.do(step)
            story.do("wait")
            story.lab.run(10, step=0.5)
            for message_id, registered in story.accepted.items():
                state = story.state_of(message_id)
                if message_id in story.cancelled:
                    assert state is M.DELETED
                told = story.finals.get(message_id, set())
                assert told == ({state} if registered and state.final else set())
            assert set(story.finals) <= set(story.accepted)
            story.lab.stop()

    run()
