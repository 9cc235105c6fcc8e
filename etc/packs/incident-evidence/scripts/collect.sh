#!/bin/sh
# collect.sh HOST INCIDENT: asks the collector for what a host keeps. The key never becomes an argument.
set -eu
{ printf 'header = "X-Api-Key: '; cat /run/secrets/key; printf '"\n'; } |
  curl --fail --silent --show-error --config - --output out/host.tgz "https://collector.example.com/hosts/$1?incident=$2" || exit 75
