"""Version 2: recipients that are not message rows yet."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
