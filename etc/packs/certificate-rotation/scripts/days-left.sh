#!/bin/sh
# days-left.sh DOMAIN: days until the certificate in use ends.
set -eu
curl --fail --silent --show-error "https://inventory.example.com/certificates/$1/days-left" > out/days || exit 75
printf '{"daysLeft": %d}' "$(cat out/days)" > "$TASKRUNNER_OUTPUTS"
