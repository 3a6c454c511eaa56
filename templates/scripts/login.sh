#!/bin/sh
# Step 4 of BioT's guide "Plugin Deployment" for a Docker image: log docker in to BioT's repository of images.
# You need it only to push with docker yourself; BuildAndPush and `tox -e publish` log in by themselves.
#
#   scripts/login.sh -e staging
#
# The credentials come from BioT's temp-credentials. They go to docker's store, and are printed nowhere.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
if command -v biot-plugin >/dev/null; then
    exec biot-plugin image login "$@"
fi
exec tox -qq -e image -- login "$@"
