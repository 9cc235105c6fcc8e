import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isJsonObject, type Json } from '@taskrunner/core/foundation';
import type { OsAccount } from './os-account';

/** A PostgreSQL release. */
export interface Release {
  /** Major version, e.g. 18. */
  readonly major: number;
  /** Whole version, e.g. `18.4`. */
  readonly version: string;
}

/** The two programs of a release that are executed. */
export const PROGRAMS = ['postgres', 'initdb'] as const;

/**
 * Releases whose programs an account has executed, in a file that may be deleted at any time. To try programs costs a start some 20 ms. An entry
 * holds as long as the files and the rights of the folders above them are the same.
 */
export class KnownPrograms {
  constructor(private readonly file: string) {}

  /** The release in `bin`; undefined: it is not known, and the programs must be tried. */
  releaseIn(bin: string, account: OsAccount): Release | undefined {
    try {
      const entry = this.read()[bin];
      if (!isJsonObject(entry)) return undefined;
      const { stamp, version } = entry;
      if (stamp !== stampOf(bin, account) || typeof version !== 'string') return undefined;
      return releaseNamed(version);
    } catch {
      return undefined;
    }
  }

  /** Nothing is written where there is no folder for the file. A failure to write costs the next start its time, and nothing else. */
  note(bin: string, account: OsAccount, { version }: Release): void {
    const draft = `${this.file}.${process.pid}`;
    try {
      const entries = { ...this.read(), [bin]: { stamp: stampOf(bin, account), version } };
      writeFileSync(draft, JSON.stringify(entries), { mode: 0o600 });
      renameSync(draft, this.file);
    } catch {
      remove(draft);
    }
  }

  /** Forgets everything: programs that were known did not start. */
  forget(): void {
    remove(this.file);
  }

  private read(): Readonly<Record<string, Json>> {
    try {
      const entries = JSON.parse(readFileSync(this.file, 'utf8')) as Json;
      return isJsonObject(entries) ? entries : {};
    } catch {
      return {};
    }
  }
}

/** The release with this version; undefined: the text is none. */
function releaseNamed(version: string): Release | undefined {
  const [whole, major] = /^([0-9]{1,4})(?:\.[0-9]{1,4}|(?:devel|beta|rc)[0-9]{0,4})$/.exec(version) ?? [];
  return whole === undefined ? undefined : { major: Number(major), version: whole };
}

/** Nothing depends on it. Where the folder is no folder, `force` does not help. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays.
  }
}

/** What decides whether an account can execute the programs, and which they are. */
function stampOf(bin: string, account: OsAccount): string {
  const files = PROGRAMS.map((name) => {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(join(bin, name));
    return [dev, ino, size, mtimeMs, ctimeMs];
  });
  return JSON.stringify([account?.uid ?? null, account?.gid ?? null, files, rightsAbove(bin)]);
}

function rightsAbove(folder: string): number[][] {
  const { mode, uid, gid } = statSync(folder);
  const above = dirname(folder);
  return [[mode, uid, gid], ...(above === folder ? [] : rightsAbove(above))];
}
