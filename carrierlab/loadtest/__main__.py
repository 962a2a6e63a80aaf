"""``python -m carrierlab.loadtest``: Locust with the locustfile of profiles, for ``carrierlab load``.

As ``locust -f locustfile.py``, but for what Ctrl-C does before there is anything to stop.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from carrierlab.exit_codes import INTERRUPTED

LOCUSTFILE = Path(__file__).resolve().parent / "locustfile.py"


def _too_early(*_: object) -> None:
    os.write(2, b"interrupted before it began\n")
    os._exit(INTERRUPTED)


def main() -> None:
    """Run Locust with our arguments. It exits as `carrierlab.loadtest.conducting.exit_code` says."""
    signal.signal(signal.SIGINT, _too_early)
    from locust.main import main as locust

    sys.argv[1:1] = ["-f", str(LOCUSTFILE)]
    locust()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
