"""``carrierlab blast``: the command of :mod:`carrierlab.blast`, on the reactor."""

from __future__ import annotations

from carrierlab.blast.command import blast_command
from carrierlab.reactor import with_reactor

blast = blast_command(with_reactor)
