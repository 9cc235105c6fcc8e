import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { PROGRAMS, type KnownPrograms, type Release } from './known-programs';
import { copyNativeTree } from './native-tree';
import { spawnOptions } from './os-account';
import type { OsAccount } from './os-account';

const execute = promisify(execFile);

/** The programs of one PostgreSQL release. They are known to start under the server's account. */
export interface ServerPrograms extends Release {
  /** Absolute folder that contains `initdb` and `postgres`. */
  readonly binDirectory: string;
}

/** Where to search for programs, and their requirements. */
interface ProgramSearch {
  readonly account: OsAccount;
  /** The major version of the existing data; absent if there is no data yet. */
  readonly major?: number | undefined;
  /** The only folder to search. */
  readonly binDirectory?: string | undefined;
  /** Called if the account cannot execute the programs. Returns a directory that the account can enter. */
  readonly shared: () => Promise<string>;
  /** Programs that need not be tried again. Default: none. */
  readonly known?: KnownPrograms | null;
}

/**
 * Finds `initdb` and `postgres`: first in the npm package for this platform, then in PATH, then in Debian's folders, newest release first.
 * A package whose files the account cannot execute (below a private directory, or installed without its symlinks) is copied once.
 * @throws EmbeddedPostgresError `DATABASE_BINARIES_MISSING`, `DATABASE_VERSION_MISMATCH`
 */
export async function findPrograms(search: ProgramSearch): Promise<ServerPrograms> {
  const refusals: string[] = [];
  const others: string[] = [];
  for (const candidate of search.binDirectory ? [{ bin: search.binDirectory }] : candidates()) {
    const programs = await probe(candidate, search, refusals);
    if (programs && (search.major === undefined || programs.major === search.major)) return programs;
    if (programs) others.push(`PostgreSQL ${programs.major} in ${programs.binDirectory}`);
  }
  if (others.length > 0) {
    throw new EmbeddedPostgresError(
      'DATABASE_VERSION_MISMATCH',
      `the data was created by PostgreSQL ${search.major}, but found only ${others.join(', ')}`,
      `install PostgreSQL ${search.major}, or move the data with pg_dump and start with an empty data directory`,
    );
  }
  throw new EmbeddedPostgresError(
    'DATABASE_BINARIES_MISSING',
    ['no usable PostgreSQL programs were found', ...refusals].join('\n'),
    `run npm install with optional dependencies, install the postgresql package, or set database.url to another server`,
  );
}

interface Candidate {
  readonly bin: string;
  /** Root of the npm package, if the programs belong to one. It may be copied. */
  readonly native?: string;
}

function candidates(): Candidate[] {
  const native = packagedTree();
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  const onPath = path.map((folder) => join(folder, 'initdb')).filter((file) => existsSync(file));
  return [
    ...(native ? [{ bin: join(native, 'bin'), native }] : []),
    ...onPath.map((file) => ({ bin: dirname(realpathSync(file)) })),
    ...debianFolders().map((bin) => ({ bin })),
  ];
}

function packagedTree(): string | undefined {
  try {
    const entry = createRequire(__filename).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const native = resolve(dirname(entry), '..', 'native');
    return existsSync(join(native, 'bin', 'postgres')) ? native : undefined;
  } catch {
    return undefined;
  }
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const newestFirst = readdirSync(root).sort((left, right) => Number(right) - Number(left));
  return newestFirst.map((version) => join(root, version, 'bin'));
}

async function probe(
  candidate: Candidate,
  search: ProgramSearch,
  refusals: string[],
): Promise<ServerPrograms | undefined> {
  const first = await releaseOf(candidate.bin, search);
  if (!(first instanceof Error)) return { binDirectory: candidate.bin, ...first };
  if (!candidate.native) {
    refusals.push(`${candidate.bin}: ${first.message}`);
    return undefined;
  }
  const copy = join(await copyNativeTree(candidate.native, await search.shared()), 'bin');
  const second = await releaseOf(copy, search);
  if (!(second instanceof Error)) return { binDirectory: copy, ...second };
  refusals.push(`${candidate.bin}: ${first.message}`, `its copy ${copy}: ${second.message}`);
  return undefined;
}

async function releaseOf(bin: string, { account, known }: ProgramSearch): Promise<Release | Error> {
  const before = known?.releaseIn(bin, account);
  if (before !== undefined) return before;
  const release = await tryPrograms(bin, account);
  if (!(release instanceof Error)) known?.note(bin, account, release);
  return release;
}

/** Runs both programs under the account. The kernel decides whether the account can reach, execute and link them. */
async function tryPrograms(bin: string, account: OsAccount): Promise<Release | Error> {
  try {
    const programs = PROGRAMS.map((program) => join(bin, program));
    // One child runs both, because each child of a large process takes milliseconds.
    const { stdout } = await execute(
      '/bin/sh',
      ['-c', '"$0" --version && exec "$1" --version', ...programs],
      spawnOptions(account),
    );
    const version = /\b(\d+)(?:\.\d+|(?:devel|beta|rc)\d*)/.exec(stdout);
    return version
      ? { major: Number(version[1]), version: version[0] }
      : new Error(`unexpected version: ${stdout.trim()}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
