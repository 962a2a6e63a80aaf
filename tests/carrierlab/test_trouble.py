"""Nothing that a program complains of during a run is passed over."""

from __future__ import annotations

import gc
import logging

from twisted.internet.defer import fail

from carrierlab.trouble import Complaints


def test_errors_of_the_programs_are_collected_once_and_warnings_are_not() -> None:
    with Complaints() as complaints:
        for _ in range(2):
            logging.getLogger("sender.pipeline.lane").error("it broke at %d", 7)
        logging.getLogger("smsc").warning("it may break")
        logging.getLogger("somebody.else").error("not ours")
        try:
            raise KeyError("x")
        except KeyError:
            logging.getLogger("smsc").exception("cannot go on")
    logging.getLogger("smsc").error("after the run")
    assert complaints.lines == ("sender.pipeline.lane: it broke at 7", "smsc: cannot go on (KeyError: 'x')")


def test_a_failure_that_nobody_handles_is_collected() -> None:
    with Complaints() as complaints:
        fail(RuntimeError("nobody listens"))
        gc.collect()
    assert complaints.lines == ("unhandled RuntimeError: nobody listens",)


def test_a_flood_is_cut() -> None:
    with Complaints() as complaints:
        for number in range(100):
            logging.getLogger("smsc").error("number %d", number)
    assert len(complaints.lines) == 10
