#!/bin/sh
# remove.sh KIND ID: what is gone already is fine.
set -eu
status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --request DELETE \
  --header "Authorization: Bearer $CLOUD_TOKEN" "https://cloud.example.com/$1/$2")
case "$status" in
  200 | 202 | 204 | 404) ;;
  429 | 5??) exit 75 ;;
  *) echo "the service answered $status" >&2; exit 1 ;;
esac
