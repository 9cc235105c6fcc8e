# The terminal of guides.e2e-spec.ts: `taskrunner` and `npx taskrunner` run in the process that has loaded the program. It listens at TERMINAL_PORT of
# loopback, and writes the output of each command line to files in TERMINAL_FILES.
taskrunner() {
  local call="$TERMINAL_FILES/$BASHPID.$RANDOM$RANDOM" name socket status
  exec {socket}<>"/dev/tcp/127.0.0.1/$TERMINAL_PORT"
  {
    printf '%s\0' "$call" "$PWD"
    for name in "${!TASKRUNNER_@}"; do printf '%s=%s\0' "$name" "${!name}"; done
    printf '%s\0' '' "$@" $'\x04'
  } >&"$socket"
  read -r status <&"$socket"
  exec {socket}>&-
  cat "$call.out"
  cat "$call.err" >&2
  return "$status"
}
npx() {
  [ "$1" = taskrunner ] || { echo "not a command of a guide: npx $*" >&2; return 2; }
  shift
  taskrunner "$@"
}
