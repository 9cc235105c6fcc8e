#!/bin/sh
# errors.sh REGION SERVICE: failed requests of a thousand.
set -eu
rate=$(curl --fail --silent --show-error "https://metrics.example.com/$1/$2/errors-per-thousand") || exit 75
printf '{"perThousand": %s}' "$rate" > "$TASKRUNNER_OUTPUTS"
