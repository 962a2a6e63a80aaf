"""Version 2: what receipts are matched by, and what is learned about an operator."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
