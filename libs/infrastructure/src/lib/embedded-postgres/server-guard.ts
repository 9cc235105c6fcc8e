import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { spawnOptions, type OsAccount } from './os-account';

/**
 * The shell waits on a pipe whose other end only the owner has. A line says that the owner has stopped the server itself; the end of the
 * pipe, that the owner was killed. The process with the id must still be the server of this data directory: ids are reused.
 */
const SCRIPT = `read -r line && exit
if [ -e /proc/self/cwd ]; then
  # A server that was just started has yet to enter its folder.
  [ "$(readlink "/proc/$1/cwd")" = "$2" ] || sleep 1
  [ "$(readlink "/proc/$1/cwd")" = "$2" ] || exit
else case $(ps -o command= -p "$1") in *"$2"*) ;; *) exit ;; esac
fi
kill -INT "$1"`;

/** A small process that outlives its owner. */
export interface ServerGuard {
  /** The owner has stopped the server. Resolves when the guard has ended. */
  dismiss(): Promise<void>;
}

/**
 * Requests a fast shutdown of a server when this process is killed and cannot do so itself: PostgreSQL does not watch its parent. `pgdata`
 * is a real path. Without a shell there is no guard, and the server is stopped by the next opening of its directory.
 */
export function guardServer(pid: number, pgdata: string, account: OsAccount): ServerGuard {
  // Detached, so that Ctrl-C in a terminal does not reach it. It has the account of the server, which it sends a signal.
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'taskrunner-guard', String(pid), pgdata], {
    ...spawnOptions(account),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  let isOver = false;
  const ended = Promise.race([once(guard, 'exit'), once(guard, 'error')])
    .catch(() => undefined)
    .then(() => void (isOver = true));
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return {
    async dismiss() {
      if (isOver) return;
      guard.ref();
      guard.stdin.end('stopped\n');
      await ended;
    },
  };
}
