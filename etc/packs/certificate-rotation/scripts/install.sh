#!/bin/sh
# install.sh DOMAIN: orders a certificate and puts it in use. The account's token never becomes an argument.
set -eu
request() {
  { printf 'header = "Authorization: Bearer '; cat /run/secrets/issuer-account; printf '"\n'; } |
    curl --fail --silent --show-error --config - "$@"
}
request --request POST --header "Idempotency-Key: $TASKRUNNER_IDEMPOTENCY_KEY" --output out/new.pem "https://issuer.example.com/orders/$1"
curl --fail --silent --show-error --request PUT --data-binary @out/new.pem "https://inventory.example.com/certificates/$1"
