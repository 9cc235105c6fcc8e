import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KnownPrograms } from './known-programs';
import { findPrograms } from './server-programs';

describe('programs that are known', () => {
  let folder: string;
  let bin: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'programs-'));
    bin = join(folder, 'bin');
    file = join(folder, 'programs.json');
    await mkdir(bin);
    for (const name of ['postgres', 'initdb']) await install(name, '18.4');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A program that notes each of its calls. */
  async function install(name: string, version: string): Promise<void> {
    const path = join(bin, name);
    await writeFile(path, `#!/bin/sh\necho called >>${folder}/calls\necho "${name} (PostgreSQL) ${version}"\n`);
    await chmod(path, 0o755);
  }
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).split('\n').length - 1;
  const find = (known: KnownPrograms | null) =>
    findPrograms({
      account: undefined,
      binDirectory: bin,
      shared: () => Promise.reject(new Error('nothing is copied')),
      known,
    });

  it('are tried once', async () => {
    const known = new KnownPrograms(file);
    expect(await find(known)).toEqual({ binDirectory: bin, major: 18, version: '18.4' });
    expect(await calls()).toBe(2);
    expect(await find(new KnownPrograms(file))).toEqual({ binDirectory: bin, major: 18, version: '18.4' });
    expect(await calls()).toBe(2);
  });

  it('are tried each time without a file, or without a folder for it', async () => {
    await find(null);
    await find(null);
    const nowhere = new KnownPrograms(join(folder, 'absent', 'programs.json'));
    await find(nowhere);
    await find(nowhere);
    expect(await calls()).toBe(8);
  });

  it('are tried again after they were replaced', async () => {
    await find(new KnownPrograms(file));
    await install('postgres', '18.10');
    expect(await find(new KnownPrograms(file))).toMatchObject({ version: '18.10' });
  });

  it('are tried again after the rights of a folder above them have changed', async () => {
    await find(new KnownPrograms(file));
    await chmod(folder, 0o711);
    await find(new KnownPrograms(file));
    expect(await calls()).toBe(4);
  });

  it('are tried again for another account', async () => {
    const known = new KnownPrograms(file);
    await find(known);
    expect(known.releaseIn(bin, undefined)).toEqual({ major: 18, version: '18.4' });
    expect(known.releaseIn(bin, { name: 'nobody', uid: 65_534, gid: 65_534 })).toBeUndefined();
  });

  it.each([
    ['', '{"'],
    ['a list', '[]'],
    ['of another shape', '{"BIN":{"stamp":1}}'],
  ])('are tried again if the file is damaged: %s', async (_, text) => {
    await writeFile(file, text.replace('BIN', bin));
    expect(await find(new KnownPrograms(file))).toMatchObject({ version: '18.4' });
    expect(await calls()).toBe(2);
    await find(new KnownPrograms(file));
    expect(await calls()).toBe(2);
  });

  it.each(['../../x', '18', '18.4.1', '', 'x18.4'])(
    'are tried again if the file names the version %j',
    async (version) => {
      await find(new KnownPrograms(file));
      await writeFile(file, (await readFile(file, 'utf8')).replace('18.4', version));
      expect(await find(new KnownPrograms(file))).toMatchObject({ version: '18.4' });
      expect(await calls()).toBe(4);
    },
  );

  it.each([
    ['a file where its folder should be', (path: string) => writeFile(path, '')],
    ['a folder in its place', (path: string) => mkdir(join(path, 'programs.json'), { recursive: true })],
  ])('are tried each time with %s', async (_, prepare) => {
    const cache = join(folder, 'cache');
    await prepare(cache);
    const known = new KnownPrograms(join(cache, 'programs.json'));
    await find(known);
    known.forget();
    expect(await find(known)).toMatchObject({ version: '18.4' });
    expect(await calls()).toBe(4);
  });

  it('are forgotten if they did not start', async () => {
    const known = new KnownPrograms(file);
    await find(known);
    known.forget();
    known.forget();
    await find(known);
    expect(await calls()).toBe(4);
  });
});
