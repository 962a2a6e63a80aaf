"""The locustfile of profiles: ``locust -f …/locustfile.py --load-profile PROFILE``, with all that Locust has besides.

Without a profile: a closed loop of short messages at ``--host HOST:PORT``, as the account load/load.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.runners import LocalRunner, WorkerRunner

from carrierlab.exit_codes import UNUSABLE
from carrierlab.loadtest.conducting import Conductor, ProfileShape
from carrierlab.loadtest.playing import Player
from carrierlab.loadtest.profile import Address, LoadAccount, LoadTarget, Mode, Profile, load_profile
from carrierlab.loadtest.users import user_class
from yamlmodel.errors import ConfigError

ANYWHERE = Profile(
    target=LoadTarget(smpp=Address("127.0.0.1:2775"), accounts=[LoadAccount(system_id="load", password="load")])  # noqa: S106
)


def _chosen(arguments: list[str]) -> Profile:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--load-profile", default=os.environ.get("LOAD_PROFILE"))
    parser.add_argument("--load-set", action="append", default=[])
    known, _ = parser.parse_known_args(arguments)
    if not known.load_profile:
        return ANYWHERE
    values = dict(text.partition("=")[::2] for text in known.load_set)
    try:
        return load_profile(Path(known.load_profile), values)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before Locust has begun
        raise SystemExit(UNUSABLE) from None


PROFILE = _chosen(sys.argv[1:])
ProfileUser = user_class(PROFILE)

if PROFILE.mode is Mode.CLOSED and PROFILE.shape is not None:

    class Shape(ProfileShape):
        """The users of this profile over time."""

        abstract = False
        profile = PROFILE


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: Any, **_: Any) -> None:
    add = partial(parser.add_argument, include_in_web_ui=False)
    add("--load-profile", metavar="FILE", env_var="LOAD_PROFILE", help="What to do, see docs/load-testing.md")
    add("--load-set", metavar="NAME=VALUE", action="append", default=[], help="A value for a variable of the profile")
    add("--load-report", metavar="DIR", help="Write report.json into this directory")
    add("--load-parent", metavar="PID", type=int, help="End when this process, which has started us, is gone")
    add("--yes-this-is", metavar="HOST", default="", help="It is not this machine, and may be put under load")
    if PROFILE.mode is Mode.OPEN or PROFILE.shape is None:  # else the shape says so
        parser.set_defaults(num_users=PROFILE.users, spawn_rate=float(PROFILE.users))


def _end_with(parent: int, number: int) -> None:
    """End in order, as by Ctrl-C, when the parent is gone: a load that nobody watches is stopped."""
    while os.getppid() == parent:
        gevent.sleep(1)
    os.kill(os.getpid(), number)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _wire(environment: Any, runner: Any, web_ui: Any, **_: Any) -> None:
    options = environment.parsed_options
    is_worker = isinstance(runner, WorkerRunner)
    if options.load_parent:
        gevent.spawn(_end_with, options.load_parent, signal.SIGTERM if is_worker else signal.SIGINT)
    if is_worker or isinstance(runner, LocalRunner):
        environment.player = ProfileUser.player = Player(environment, PROFILE)  # type: ignore[attr-defined]
    if is_worker:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return
    reports = Path(options.load_report) if options.load_report else None
    conductor = Conductor(environment, PROFILE, options.yes_this_is or None, reports)
    if environment.shape_class is not None:
        environment.shape_class.conductor = conductor
    conductor.prepare()
    # Python's own handler raises KeyboardInterrupt in whichever greenlet happens to run: in a user, as often as not.
    gevent.signal_handler(signal.SIGINT, conductor.interrupt, web_ui)
