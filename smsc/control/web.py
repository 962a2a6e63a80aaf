"""The web server: with it comes all that is heavy, so it is imported when somebody looks."""

from __future__ import annotations

from functools import partial

from smsc.control.app import make_app
from smsc.control.control import Control
from smsc.control.security import Policy
from webkit import server
from webkit.patience import PatientProtocol


def make_server(control: Control, policy: Policy) -> server.Server:
    """The server of one emulator, in the loop that runs."""
    return server.make_server(make_app(control, policy), partial(PatientProtocol, turned_away=control.turn_away))
