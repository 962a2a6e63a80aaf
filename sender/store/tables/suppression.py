"""Version 2: who must not be written to, and when."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
