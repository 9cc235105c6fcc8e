import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// Started by `guardDatabase` with the postmaster's process id and data directory. When stdin closes, its starter has ended. The other
// processes get time to finish, then the database is shut down (SIGINT: fast shutdown).
const GRACE_MS = 12_000;
const pid = Number(process.argv[2]);
const pgdata = process.argv[3] ?? '';

function commandLine(): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    try {
      return execFileSync('/bin/ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    } catch {
      return '';
    }
  }
}

process.stdin.resume().once('close', () => {
  setTimeout(() => {
    // Checks that the process id was not reused by another process.
    if (commandLine().includes(`-D ${pgdata} `)) process.kill(pid, 'SIGINT');
  }, GRACE_MS);
});
