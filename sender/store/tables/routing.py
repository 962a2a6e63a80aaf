"""Version 2: numbering plans, ported numbers, health."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
