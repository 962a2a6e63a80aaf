"""Version 2: what the process that sends says about itself."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
