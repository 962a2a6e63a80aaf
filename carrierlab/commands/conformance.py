"""``carrierlab conformance``: the command of :mod:`carrierlab.conformance`, on the reactor."""

from __future__ import annotations

from carrierlab.conformance.command import conformance_command
from carrierlab.reactor import with_reactor

conformance = conformance_command(with_reactor)
