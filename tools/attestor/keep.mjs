// The Attestor's storage for a run: the single statement that it signed, and the documents that it verified last.
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** A folder with one file per run. A statement is written once and never replaced, even by two processes at a time. */
export async function openKeep(folder) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (run, kind) => join(folder, `${encodeURIComponent(run)}.${kind}.json`);
  const read = (path) =>
    readFile(path, 'utf8').then(JSON.parse, (error) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  const temporary = async (value) => {
    const path = join(folder, `${randomUUID()}.tmp`);
    await writeFile(path, JSON.stringify(value), { mode: 0o600, flush: true });
    return path;
  };
  return {
    statement: (run) => read(pathOf(run, 'statement')),
    /** Stores the first statement. Resolves to the stored one. */
    async keepStatement(run, value) {
      const path = await temporary(value);
      try {
        await link(path, pathOf(run, 'statement'));
        return value;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
        return await read(pathOf(run, 'statement'));
      } finally {
        await rm(path, { force: true });
      }
    },
    draft: (run) => read(pathOf(run, 'draft')),
    async keepDraft(run, value) {
      await rename(await temporary(value), pathOf(run, 'draft'));
    },
  };
}
