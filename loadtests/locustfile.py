"""Locust with profiles: ``locust -f loadtests/locustfile.py --load-profile loadtests/profiles/codes.yaml``.

Without a profile, short messages in a closed loop at ``--host HOST:PORT``, an SMSC of your own (`smsc serve`). All is
in `carrierlab.loadtest`, for whoever has the package alone; see docs/load-testing.md.
"""

from carrierlab.loadtest.locustfile import *  # noqa: F403 - what Locust looks for in a locustfile
