#!/bin/sh
# current.sh REGION SERVICE: the release in place.
set -eu
release=$(curl --fail --silent --show-error "https://deploy.example.com/$1/$2/release") || exit 75
printf '{"release": "%s"}' "$release" > "$TASKRUNNER_OUTPUTS"
