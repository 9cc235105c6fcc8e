#!/bin/sh
# revoke.sh SYSTEM: standard input says who is to lose their grants and who keeps them.
set -eu
curl --fail --silent --show-error --request POST \
  --header "Authorization: Bearer $DIRECTORY_TOKEN" \
  --header "Idempotency-Key: $TASKRUNNER_IDEMPOTENCY_KEY" \
  --header 'Content-Type: application/json' \
  --data-binary @- "https://directory.example.com/systems/$1/revocations"
