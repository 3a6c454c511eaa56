#!/bin/sh
# Step 4 of BioT's guide "Plugin Deployment" for a Docker image: test the log-in to BioT's repository of images.
# Nothing is stored, and no secret is printed: BuildAndPush and `tox -e publish` log in by themselves.
#
#   scripts/login.sh -e staging
#
# The credentials come from BioT's temp-credentials and stay in memory.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
if command -v biot-plugin >/dev/null; then
    exec biot-plugin image login "$@"
fi
exec tox -qq -e image -- login "$@"
