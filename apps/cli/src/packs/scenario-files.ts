import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isScenarioFile, type PackSource } from '@taskrunner/core/operations';
import { bytesOf, isThere, unreadable } from './pack-argument';

/** A scenario file: its display name and its bytes. */
export interface ScenarioFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The scenario files of a pack, sorted by path: those named by `--tests`; otherwise `tests/` of the folder on disk, even if `.packignore`
 * excludes it from the pack; for a manifest without a folder, `tests/` beside it; for a tarball or published pack, those inside.
 */
export async function scenarioFiles(
  argument: string,
  source: PackSource,
  tests: string | undefined,
): Promise<readonly ScenarioFile[]> {
  if (tests !== undefined) {
    const found = await stat(tests).catch((error: unknown) => {
      throw unreadable(tests, error);
    });
    return found.isDirectory() ? folderOf(tests) : [await read(tests)];
  }
  const folder = await folderBeside(argument);
  if (folder !== null && (await isThere(folder))) return folderOf(folder);
  return source.files.filter(({ path }) => isScenarioFile(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function folderBeside(argument: string): Promise<string | null> {
  if (!(await isThere(argument)) || /\.(tar|tgz|tar\.gz)$/.test(argument)) return null;
  return join((await stat(argument)).isDirectory() ? argument : dirname(argument), 'tests');
}

async function folderOf(folder: string): Promise<readonly ScenarioFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && isScenarioFile(`tests/${entry.name}`));
  return Promise.all(
    names
      .map(({ name }) => join(folder, name))
      .sort()
      .map(read),
  );
}

async function read(path: string): Promise<ScenarioFile> {
  return { path, bytes: new Uint8Array(await bytesOf(path)) };
}
