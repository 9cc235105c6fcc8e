# Fails until it has been tried more often than $1; 75 means: try again.
set -eu
if [ "$TASKRUNNER_ATTEMPT" -le "$1" ]; then
  echo "attempt $TASKRUNNER_ATTEMPT: nothing free" >&2
  exit 75
fi
printf '{"attempt": %s}' "$TASKRUNNER_ATTEMPT" > "$TASKRUNNER_OUTPUTS"
