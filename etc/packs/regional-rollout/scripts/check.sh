#!/bin/sh
# check.sh REGION SERVICE: 0 once it is healthy, 75 until then.
set -eu
curl --fail --silent --show-error --output /dev/null "https://deploy.example.com/$1/$2/health" || exit 75
