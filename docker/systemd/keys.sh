#!/usr/bin/env bash
# Makes the keys of a small installation in a folder, once; what is there stays. Needs openssl. Run it as the user of the service:
#   docker/systemd/keys.sh /etc/taskrunner/keys
set -euo pipefail
folder=${1:?"the folder of the keys"}
umask 077
mkdir -p "$folder"
for name in admission ledger checkpoint run-open run-sealed bundle; do
  [ -e "$folder/$name.pem" ] || openssl genpkey -algorithm ed25519 -out "$folder/$name.pem"
done
for name in journal-mac sensitive-inputs; do
  [ -e "$folder/$name.key" ] || openssl rand -hex 32 > "$folder/$name.key"
done
# The worker verifies with them what the webservice signs.
for name in admission ledger; do
  openssl pkey -in "$folder/$name.pem" -pubout -out "$folder/$name.pub.pem"
done
