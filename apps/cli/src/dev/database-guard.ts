import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Shuts the database down if this process is killed and cannot do so itself. Other processes notice by their stdin, but PostgreSQL watches
 * nothing, so a small process does it instead. Returns a function that dismisses the guard.
 */
export function guardDatabase(pid: number, pgdata: string): () => void {
  const guard = spawn(process.execPath, [join(__dirname, 'database-guard-process.js'), String(pid), pgdata], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
    cwd: '/',
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return () => guard.kill('SIGKILL');
}
