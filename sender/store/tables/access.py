"""Version 2: tokens, idempotency keys, the audit log."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = ()
