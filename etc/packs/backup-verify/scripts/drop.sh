#!/bin/sh
# drop.sh RESTORE: removing what is gone already is fine.
set -eu
status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --request DELETE \
  --header "Authorization: Bearer $BACKUP_TOKEN" "https://backup.example.com/restores/$1")
case "$status" in
  200 | 202 | 204 | 404) ;;
  5??) exit 75 ;;
  *) echo "the service answered $status" >&2; exit 1 ;;
esac
