import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOutputs } from './outputs-file';
import { asFolder, Workspace } from './workspace';

const root = process.getuid?.() === 0;
let base: string;
let workspace: Workspace;
const make = () =>
  Workspace.create({ root: base, run: 'run_1', execution: '1', owner: root ? { uid: 65_534, gid: 65_534 } : null });
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'workspaces-'));
  workspace = await make();
});
afterEach(() => rm(base, { recursive: true }));

describe('Workspace', () => {
  it('is fresh and private, also after an execution that was interrupted', async () => {
    await writeFile(join(workspace.path, 'out/left'), 'x');
    workspace = await make();
    expect((await readdir(workspace.path)).sort()).toEqual(['home', 'in', 'out', 'pack', 'tmp']);
    expect(await readdir(join(workspace.path, 'out'))).toEqual([]);
    for (const folder of ['', 'in', 'pack', 'out', 'tmp', 'home']) {
      const { mode, uid } = await stat(join(workspace.path, folder));
      expect(mode & 0o777).toBe(0o700);
      if (root) expect(uid).toBe(65_534);
    }
  });

  it('removes nothing of a folder to which the step has put a link in its place, or in that of a folder of its own', async () => {
    const outside = join(base, 'outside');
    for (const folder of ['in', 'out', 'tmp/kept', 'home']) await mkdir(join(outside, folder), { recursive: true });
    const whole = (await readdir(outside, { recursive: true })).sort();
    await rm(join(workspace.path, 'tmp'), { recursive: true });
    await symlink(outside, join(workspace.path, 'tmp'));
    await workspace.remove();
    workspace = await make();
    await rm(workspace.path, { recursive: true });
    await symlink(outside, workspace.path);
    await workspace.remove();
    expect((await readdir(outside, { recursive: true })).sort()).toEqual(whole);
    expect(existsSync(join(base, 'run_1'))).toBe(false);
  });

  it('is made while other executions of the run end, and remove their common folder', async () => {
    await workspace.remove();
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const one = await Workspace.create({ root: base, run: 'run_1', execution: `${name}-${i}`, owner: null });
        expect(existsSync(join(one.path, 'home'))).toBe(true);
        await one.remove();
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(chain));
    expect(existsSync(join(base, 'run_1'))).toBe(false);
  });

  it('lays files down, from bytes and streams, and lists as folders', async () => {
    async function* parts() {
      yield new TextEncoder().encode('a');
      yield new TextEncoder().encode('b');
    }
    await workspace.writeFiles('in', [
      { path: 'deep/er/stream', content: parts() },
      { path: 'deep/text', content: 'text' },
      ...asFolder('list/', [
        { name: 'out/z.json', content: new Uint8Array([1]) },
        { name: 'a.json', content: '' },
      ]),
    ]);
    await workspace.writeFiles('in', [{ path: 'deep/er/later', content: '' }]);
    await workspace.writeFiles('pack', [{ path: 'run.sh', content: '', executable: true }]);
    expect(await readFile(join(workspace.path, 'in/deep/er/stream'), 'utf8')).toBe('ab');
    expect(await readdir(join(workspace.path, 'in/list'))).toEqual(['000000-z.json', '000001-a.json']);
    expect((await stat(join(workspace.path, 'in/deep/text'))).mode & 0o777).toBe(0o400);
    expect((await stat(join(workspace.path, 'pack/run.sh'))).mode & 0o777).toBe(0o500);
  });

  it.each([
    '../x',
    '/x',
    'a/../../x',
    'a//b',
    '',
    '.',
    'a/.',
    'a\0b',
    'x'.repeat(256),
    `${'a/'.repeat(3_000)}b`,
    '\ud800',
  ])('refuses the place %j', async (path) => {
    await expect(workspace.writeFiles('in', [{ path, content: '' }])).rejects.toMatchObject({
      code: 'FILE_PATH_INVALID',
    });
  });

  it('refuses two files in one place', async () => {
    const file = { path: 'a', content: '' };
    await expect(workspace.writeFiles('in', [file, file])).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('is removed whatever the step made of it, and nothing else is', async () => {
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'kept'), '');
    await symlink(outside, join(workspace.path, 'out/link'));
    await mkdir(join(workspace.path, 'out/closed/inner'), { recursive: true });
    await chmod(join(workspace.path, 'out/closed'), 0);
    // Nested deeper than the maximum length of a path.
    execFileSync(
      'sh',
      ['-c', 'n=$(printf %0200d 0); for i in $(seq 60); do mkdir $n && cd -P $n; done 2>/dev/null; true'],
      {
        cwd: join(workspace.path, 'out'),
      },
    );
    await workspace.remove();
    expect(existsSync(join(base, 'run_1'))).toBe(false);
    expect(await readdir(outside)).toEqual(['kept']);
  });
});

describe('readOutputs', () => {
  const path = () => join(workspace.path, 'outputs.json');

  it.each([
    ['{"a": [1, null, "x"]}', { a: [1, null, 'x'] }],
    [
      '{"a": "\u007f\u0080\u0085\u009f\u2028\ufdd0\ufffe\uffff\u{1fffe}", "\u007f": 1}',
      {
        a: '\u007f\u0080\u0085\u009f\u2028\ufdd0\ufffe\uffff\u{1fffe}',
        '\u007f': 1,
      },
    ],
    ['', {}],
    [null, {}],
  ])('reads %j', async (text, value) => {
    if (text !== null) await writeFile(path(), text);
    expect(await readOutputs(workspace)).toEqual(value);
  });

  it.each([
    ['a list', '[1]'],
    ['null', 'null'],
    ['a text that ends too early', '{"a":'],
    ['YAML', 'a: 1'],
    ['a key twice, once as an escape', '{"\u007f": 1, "\\u007f": 2}'],
    ['a large number beside such a character', '{"\u007f": 123456789012345678901}'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['more than a MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`],
  ])('answers OUTPUTS_INVALID to %s', async (_what, content) => {
    await writeFile(path(), content);
    await expect(readOutputs(workspace)).rejects.toMatchObject({ code: 'OUTPUTS_INVALID' });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a link', () => symlink('/etc/hostname', path())],
    ['a FIFO', async () => execFileSync('mkfifo', [path()])],
    ['a folder', () => mkdir(path())],
    [
      'a hard link',
      () => writeFile(join(workspace.path, 'x'), '{}').then(() => link(join(workspace.path, 'x'), path())),
    ],
  ])('refuses %s without waiting', async (_what, create) => {
    await create();
    await expect(readOutputs(workspace)).rejects.toMatchObject({ code: 'OUTPUTS_REFUSED' });
  });
});
