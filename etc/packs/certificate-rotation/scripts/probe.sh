#!/bin/sh
# probe.sh DOMAIN: 0 once the new certificate is served, 75 until then.
set -eu
curl --fail --silent --show-error --output /dev/null "https://inventory.example.com/certificates/$1/served" || exit 75
