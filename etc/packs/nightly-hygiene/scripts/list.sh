#!/bin/sh
# list.sh KIND DAYS: ids of what is older than that and not in use.
set -eu
curl --fail --silent --show-error --header "Authorization: Bearer $CLOUD_TOKEN" --output "$TASKRUNNER_OUTPUTS" \
  "https://cloud.example.com/$1/unused?olderThanDays=$2" || exit 75
