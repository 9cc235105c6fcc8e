#!/bin/sh
# probe.sh REGION SERVICE: 0 if the service answers; 75 (try again) if not yet.
set -eu
curl --fail --silent --show-error --output /dev/null "https://deploy.example.com/$1/$2/health" || exit 75
