"""``carrierlab gauntlet``: the command of :mod:`carrierlab.gauntlet`, on the reactor."""

from __future__ import annotations

from carrierlab.gauntlet.command import gauntlet_command
from carrierlab.reactor import with_reactor

gauntlet = gauntlet_command(with_reactor)
