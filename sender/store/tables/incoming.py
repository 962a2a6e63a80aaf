"""Version 2: messages of subscribers."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
