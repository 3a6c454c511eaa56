#!/bin/sh
# Step 5 of BioT's guide "Plugin Deployment" for a Docker image: build the image, push it, and print its imageTag.
# The tag goes into the API call of step 6. `tox -e publish` does all of these steps.
#
#   scripts/BuildAndPush.sh -e staging
#
# The image is the same on every machine. What the repository has already is not sent again.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
if command -v biot-plugin >/dev/null; then
    exec biot-plugin image push "$@"
fi
exec tox -qq -e image -- push "$@"
