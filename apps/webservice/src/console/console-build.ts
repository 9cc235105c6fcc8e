import { readdir, readFile } from 'node:fs/promises';
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
 * The built files of the console. They are read on the first request and kept. A request names an entry of this table and never a path, so
 * that it cannot reach another file.
 */
export class ConsoleBuild {
  private reading: Promise<ConsoleFiles | null> | null = null;

  /** `folder`: null if the package of the console is not installed. */
  constructor(private readonly folder: string | null = installedFolder()) {}

  /** Null if the console is not built. The next call looks again. */
  async files(): Promise<ConsoleFiles | null> {
    this.reading ??= this.read();
    const files = await this.reading;
    if (files === null) this.reading = null;
    return files;
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
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

function installedFolder(): string | null {
  try {
    return join(dirname(require.resolve('@taskrunner/console/package.json')), 'dist');
  } catch {
    return null;
  }
}
