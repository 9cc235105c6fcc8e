import { createReadStream, type Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packSourceOf, type PackSource, type PackSourceFile } from '@taskrunner/core/operations';
import { packedPaths, parsePackReference, type PackReference } from '@taskrunner/core/pack';
import { readTarFiles } from '@taskrunner/infrastructure/archive';
import { CliError } from '../terminal/cli-error';
import { refuseSpecialFile } from '../files/special-file';

/** A pack that an argument names. */
interface LoadedPack {
  readonly source: PackSource;
  /** Name of the manifest in messages. */
  readonly shown: string;
}

const MANIFESTS = ['pack.yaml', 'pack.yml', 'pack.json'];
const MAX_MANIFEST_BYTES = 5 * 1024 * 1024;
const LIMITS = { maxBytes: 256 * 1024 * 1024, maxFiles: 10_000, maxFileBytes: 64 * 1024 * 1024 };

/**
 * Loads a pack: a manifest alone, a folder with `pack.yaml`, or a tarball of one (also with one folder around it). Files in `.packignore`
 * are left out, and symbolic links are not followed. `published` fetches `name:version` if there is no such file. Throws `CLI_FILE`, or
 * `ARCHIVE_…` for a tarball.
 */
export async function loadPack(
  argument: string,
  published: (reference: PackReference) => Promise<PackSource> = refusePublished,
): Promise<LoadedPack> {
  const reference = (await isThere(argument)) ? null : parsePackReference(argument);
  if (reference !== null) return { source: await published(reference), shown: argument };
  refuseSpecialFile(argument);
  const found = await stat(argument).catch((error: unknown) => {
    throw REFERENCE_LIKE.test(argument) ? noSuchPack(argument, error) : unreadable(argument, error);
  });
  if (found.isDirectory()) return loadFolder(argument);
  if (/\.(tar|tgz|tar\.gz)$/.test(argument)) return loadTarball(argument);
  if (found.size > MAX_MANIFEST_BYTES)
    throw new CliError('CLI_FILE', `${argument} exceeds ${MAX_MANIFEST_BYTES} bytes`, 'Make the manifest smaller.');
  return { source: { manifest: await readText(argument), hasLines: true, files: [] }, shown: argument };
}

/** A name with a version or a digest that is not complete. */
const REFERENCE_LIKE = /^[a-z0-9-]+[:@][^/]*$/i;

function noSuchPack(argument: string, cause: unknown): CliError {
  const help = 'Check the path. For a published pack: name:1.0.0, or name@sha256:… with the whole digest.';
  return new CliError('CLI_FILE', `${argument} does not exist`, help, [], { cause });
}

async function refusePublished(): Promise<never> {
  throw new CliError(
    'CLI_USAGE',
    'this command does not accept a published pack',
    'Pass a file, a folder or a tarball.',
  );
}

/** True if the argument is a file or folder. */
export async function isThere(argument: string): Promise<boolean> {
  return stat(argument).then(
    () => true,
    () => false,
  );
}

async function loadFolder(folder: string): Promise<LoadedPack> {
  const paths = await filesBelow(folder, '', []);
  const manifest = MANIFESTS.find((name) => paths.includes(name));
  if (manifest === undefined)
    throw new CliError(
      'CLI_FILE',
      `${folder} has no pack.yaml`,
      'Pass a folder that contains pack.yaml, or the manifest itself.',
    );
  const ignore = paths.includes('.packignore') ? await readFile(join(folder, '.packignore')) : null;
  const listed = {
    paths: () => paths,
    read: (path: string) => (path === '.packignore' ? ignore : null),
    executable: () => false,
  };
  const files: PackSourceFile[] = [];
  let size = 0;
  for (const path of packedPaths(listed)) {
    const { mode, size: bytes } = await stat(join(folder, path));
    if ((size += bytes) > LIMITS.maxBytes)
      throw new CliError(
        'CLI_FILE',
        `${folder} contains more than ${LIMITS.maxBytes} bytes`,
        'List files that the pack does not need in .packignore.',
      );
    files.push({ path, bytes: await readFile(join(folder, path)), executable: (mode & 0o111) !== 0 });
  }
  const shown = join(folder, manifest);
  return { source: { manifest: await readText(shown), hasLines: true, files }, shown };
}

async function filesBelow(root: string, below: string, found: string[]): Promise<readonly string[]> {
  const entries: Dirent[] = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) await filesBelow(root, path, found);
    else if (entry.isFile()) found.push(path);
    if (found.length > LIMITS.maxFiles)
      throw new CliError(
        'CLI_FILE',
        `${root} contains more than ${LIMITS.maxFiles} files`,
        'Pass the folder of the pack only.',
      );
  }
  return found;
}

async function loadTarball(path: string): Promise<LoadedPack> {
  const found = packSourceOf(await readTarFiles(createReadStream(path) as AsyncIterable<Uint8Array>, LIMITS));
  if (found) return { source: found.source, shown: `${path}!${found.manifest}` };
  throw new CliError(
    'CLI_FILE',
    `${path} contains no pack.yaml in UTF-8`,
    'Create the archive from the folder that contains pack.yaml.',
  );
}

async function readText(path: string): Promise<string> {
  const bytes = await bytesOf(path);
  return decode(bytes, path);
}

function decode(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new CliError('CLI_FILE', `${shown} is not UTF-8`, 'Save it as UTF-8.', [], { cause: error });
  }
}

/** The bytes of a file that somebody named. Throws `CLI_FILE`. */
export async function bytesOf(path: string): Promise<Buffer> {
  refuseSpecialFile(path);
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** A file that cannot be read, for whatever reason. */
export function unreadable(path: string, error: unknown): CliError {
  const { code = 'unknown' } = (error ?? {}) as { readonly code?: string };
  if (code === 'EISDIR')
    return new CliError('CLI_FILE', `${path} is a folder`, 'Pass a file. For an input of type file, pass a tar.', [], {
      cause: error,
    });
  const said = code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code})`;
  return new CliError('CLI_FILE', said, 'Check the path.', [], { cause: error });
}
