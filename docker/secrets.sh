#!/usr/bin/env bash
# Makes passwords and keys for compose.yaml in docker/secrets/, once; what is there stays. Each service gets the folder of its own keys,
# so the webservice cannot sign for runs and the worker cannot sign decisions. Needs openssl. Run as root, or chown the keys yourself:
# the images run as user 10001, and a private key must belong to it (or to root) with nobody else able to read it.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets/keys/webservice secrets/keys/worker
for name in postgres owner maintain web worker audit; do
  [ -e "secrets/$name" ] || openssl rand -hex 24 > "secrets/$name"
done
key() { [ -e "$1" ] || openssl genpkey -algorithm ed25519 -out "$1"; }
key secrets/keys/webservice/admission.pem
key secrets/keys/webservice/ledger.pem
key secrets/keys/webservice/checkpoint.pem
key secrets/keys/worker/run-open.pem
key secrets/keys/worker/run-sealed.pem
key secrets/keys/worker/bundle.pem
[ -e secrets/keys/worker/journal-mac.key ] || openssl rand -hex 32 > secrets/keys/worker/journal-mac.key
# One key for both: the webservice seals sensitive inputs, the worker opens them.
[ -e secrets/keys/webservice/sensitive-inputs.key ] || openssl rand -hex 32 > secrets/keys/webservice/sensitive-inputs.key
[ -e secrets/keys/worker/sensitive-inputs.key ] || cp secrets/keys/webservice/sensitive-inputs.key secrets/keys/worker/
for name in admission ledger; do
  openssl pkey -in "secrets/keys/webservice/$name.pem" -pubout -out "secrets/keys/worker/$name.pub.pem"
done
# The folder keeps others of this machine out; the files are read by several users of containers, which get each file as a mount.
chmod 700 secrets
chmod 755 secrets/keys
chmod 444 secrets/postgres secrets/owner secrets/maintain secrets/web secrets/worker secrets/audit
[ "$(id -u)" != 0 ] || chown -R 10001:10001 secrets/keys/webservice secrets/keys/worker
