#!/bin/sh
# deploy.sh REGION SERVICE IMAGE: the same request for the same attempt of a step is one deployment.
set -eu
curl --fail --silent --show-error --request PUT \
  --header "Authorization: Bearer $DEPLOY_TOKEN" \
  --header "Idempotency-Key: $TASKRUNNER_IDEMPOTENCY_KEY" \
  --header 'Content-Type: application/json' \
  --data "{\"image\": \"$3\"}" \
  "https://deploy.example.com/$1/$2"
