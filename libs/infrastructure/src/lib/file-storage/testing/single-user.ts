import { execFileSync, spawn } from 'node:child_process';
import { chownSync, copyFileSync, readdirSync, rmSync, statSync, utimesSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { chooseAccount, spawnOptions, type OsAccount } from '../../embedded-postgres/os-account';
import { findPrograms } from '../../embedded-postgres/server-programs';
import { sharedDirectory } from '../../embedded-postgres/shared-directory';
import { DATABASE } from '../database-contents';

/** The answer of a server that was started for one query. */
interface Answer {
  /** The value of the first column; null: the server did not answer. */
  readonly value: string | null;
  /** The lines of its log. */
  readonly log: readonly string[];
}

/** The copy is thrown away, so nothing has to be on the disk. */
const SETTINGS = [
  ...['fsync=off', 'full_page_writes=off', 'wal_recycle=off', 'wal_init_zero=off'],
  ...['shared_buffers=1MB', 'wal_level=minimal', 'max_wal_senders=0', 'lc_messages=C'],
].flatMap((setting) => ['-c', setting]);

/** Times are set with less precision than a file system has. */
const SAME_TIME_MS = 1;

/**
 * A copy of the data of a stopped server. A server without postmaster and connections (`postgres --single`) is started in it again and again,
 * each time as if for the first time. It recovers with the code of every server.
 */
export class SingleUserCopy {
  /** What the original has, by path. The lock of the server that was killed is not part of it. */
  private readonly files: ReadonlyMap<string, Stats>;

  private constructor(
    private readonly original: string,
    private readonly copy: string,
    private readonly program: string,
    private readonly account: OsAccount,
  ) {
    const names = readdirSync(original, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name !== 'postmaster.pid',
    );
    this.files = new Map(names.map((name) => [name, statSync(join(original, name))]));
  }

  /** `copy`: an unused path in a folder that the account of the server can enter. */
  static async of(original: string, copy: string): Promise<SingleUserCopy> {
    const account = await chooseAccount();
    const { binDirectory } = await findPrograms({ account, shared: () => sharedDirectory(account) });
    // With the owners of files and their times.
    execFileSync('cp', ['-a', original, copy]);
    return new SingleUserCopy(original, copy, join(binDirectory, 'postgres'), account);
  }

  /** Restores the copy, changes it by `alter`, and asks it. */
  async ask(query: string, alter: (pgdata: string) => void): Promise<Answer> {
    this.restore();
    alter(this.copy);
    const child = spawn(this.program, ['--single', '-D', this.copy, ...SETTINGS, DATABASE], {
      ...spawnOptions(this.account),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // It may end before it reads.
    child.stdin.on('error', () => undefined).end(`${query}\n`);
    const [said, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { value: / = "([^"]*)"\t\(/.exec(said)?.[1] ?? null, log: log.split('\n') };
  }

  /** Every file that a server has written has another time. */
  private restore(): void {
    for (const name of readdirSync(this.copy, { recursive: true, encoding: 'utf8' }))
      if (!this.files.has(name)) rmSync(join(this.copy, name), { recursive: true, force: true });
    for (const [name, { mtimeMs, atimeMs, uid, gid }] of this.files) {
      const path = join(this.copy, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found !== undefined && (found.isDirectory() || Math.abs(found.mtimeMs - mtimeMs) < SAME_TIME_MS)) continue;
      copyFileSync(join(this.original, name), path);
      chownSync(path, uid, gid);
      utimesSync(path, atimeMs / 1_000, mtimeMs / 1_000);
    }
  }
}
