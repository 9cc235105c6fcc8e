import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Ends the database if this process is killed so that it cannot do it itself. The others notice by their stdin; PostgreSQL watches
 * nobody, so a small process does it on its behalf. Returns what dismisses the guard.
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
