#!/bin/sh
# smsc serve in a container. The control API leaves it only with a token: set SMSC_TOKEN, and it is on port 2780.
set -eu
if [ -n "${SMSC_TOKEN:-}" ]; then
    set -- --http 0.0.0.0:2780 "$@"
fi
exec smsc serve --host 0.0.0.0 --port 2775 --journal /data/journal.sqlite "$@"
