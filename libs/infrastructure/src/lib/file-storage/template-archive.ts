import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { discardDatabase, packData, serverVersion } from '../embedded-postgres';
import { archivePath, makeTemplate } from './template-database';

/**
 * Writes the archive of the template for this machine into the folder `archives`, unless it is there, and deletes those of other versions of the
 * server and of the schema. For a build: the archive depends on neither folder nor account. Everyone who has it knows its passwords, so each
 * database that begins with it gets others before it is handed out. Returns its path.
 */
export async function packTemplate(archives: string): Promise<string> {
  const folder = resolve(archives);
  await mkdir(folder, { recursive: true });
  const path = archivePath(folder, await serverVersion());
  if (!existsSync(path)) {
    const draft = await mkdtemp(join(tmpdir(), 'template-'));
    const template = join(draft, 'template');
    try {
      await makeTemplate(template, { fsync: false });
      await packData(template, `${path}.draft`);
      await rename(`${path}.draft`, path);
    } finally {
      await discardDatabase(template);
      await rm(draft, { recursive: true, force: true });
    }
  }
  for (const name of await readdir(folder))
    if (name !== basename(path)) await rm(join(folder, name), { recursive: true, force: true });
  return path;
}
