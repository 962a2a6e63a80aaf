"""Version 2: events for webhooks."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
