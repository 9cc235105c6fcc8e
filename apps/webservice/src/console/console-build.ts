import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';

/** A file of the console whose name contains its hash. */
interface ConsoleAsset {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** The built console: the text of its page, and its assets by name. */
export interface ConsoleFiles {
  readonly page: string;
  readonly assets: ReadonlyMap<string, ConsoleAsset>;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The built files of the console. They are read on the first request, and again after the console was built again. A request names an entry
 * of this table and never a path, so that it cannot reach another file.
 */
export class ConsoleBuild {
  private known: ConsoleFiles | null = null;
  private stamp: string | null = null;
  private reading: Promise<ConsoleFiles | null> = Promise.resolve(null);

  /** `folder`: null if the package of the console is not installed. */
  constructor(private readonly folder: string | null = installedFolder()) {}

  /** Null if the console was never built. The next call looks again. */
  async files(): Promise<ConsoleFiles | null> {
    const stamp = await this.stampNow();
    if (stamp !== null && stamp !== this.stamp) {
      this.stamp = stamp;
      this.reading = this.readAgain();
    }
    return this.reading;
  }

  /** Changes when a build has written its page or a file. Null: there is no build, or one is being made. */
  private async stampNow(): Promise<string | null> {
    if (this.folder === null) return null;
    try {
      const found = await Promise.all(['index.html', 'assets'].map((name) => stat(join(this.folder ?? '', name))));
      return found.map(({ mtimeMs }) => mtimeMs).join(' ');
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  /** Open pages still ask for files of the build before, whose names have other hashes. */
  private async readAgain(): Promise<ConsoleFiles | null> {
    const before = this.known;
    const found = await this.read().catch((error: unknown) => {
      this.stamp = null;
      throw error;
    });
    if (found === null) {
      // It is gone again: the next build is being made.
      this.stamp = null;
      return before;
    }
    this.known = found;
    return before === null ? found : { page: found.page, assets: new Map([...before.assets, ...found.assets]) };
  }

  private async read(): Promise<ConsoleFiles | null> {
    if (this.folder === null) return null;
    const folder = this.folder;
    try {
      const page = await readFile(join(folder, 'index.html'), 'utf8');
      const names = await readdir(join(folder, 'assets'));
      const known = names.flatMap((name) => {
        const mediaType = MEDIA_TYPES[extname(name)];
        return mediaType === undefined ? [] : [{ name, mediaType }];
      });
      const assets = await Promise.all(
        known.map(async ({ name, mediaType }): Promise<[string, ConsoleAsset]> => {
          return [name, { mediaType, bytes: await readFile(join(folder, 'assets', name)) }];
        }),
      );
      return { page, assets: new Map(assets) };
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function installedFolder(): string | null {
  try {
    return join(dirname(require.resolve('@taskrunner/console/package.json')), 'dist');
  } catch {
    return null;
  }
}
