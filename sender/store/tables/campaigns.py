"""Version 2: what a campaign has besides its text: pause, deadline, priority."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
