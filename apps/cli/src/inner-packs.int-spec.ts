import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The built program on packs that use published packs of a folder registry: `npm run build` first.
const PROGRAM = join(__dirname, '..', 'bin', 'taskrunner.js');

const pack = (name: string, version: string, step: string) =>
  `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: ${version} }\nspec:\n  steps:\n    - ${step}\n`;
const use = (uses: string) => `{ id: a, run: { uses: "${uses}" } }`;

describe('taskrunner, on packs that use published ones', () => {
  let folder: string;
  const taskrunner = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder },
      encoding: 'utf8',
    });
    return { exit: status, out: stdout, err: stderr };
  };
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const CONFIG = ['--config', 'config.yaml'];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'inner-'));
    mkdirSync(join(folder, 'registry'));
    write(
      'config.yaml',
      `packsRegistry: { registries: [ { name: here, type: folder, path: ${join(folder, 'registry')} } ] }\n`,
    );
    write('end/pack.yaml', pack('end', '1.0.0', use('builtin:noop')));
    write('middle/pack.yaml', pack('middle', '1.0.0', use('pack:end:1.0.0')));
    write('later/pack.yaml', pack('middle', '2.0.0', use('builtin:noop')));
    for (const name of ['end', 'middle', 'later'])
      expect(taskrunner('pack', 'push', name, '--registry', './registry')).toMatchObject({ exit: 0 });
    write('one/pack.yaml', pack('top', '1.0.0', use('pack:middle:1.0.0')));
    write('one/tests/ends.yaml', 'name: it ends\nexpect: { status: succeeded, nodes: { "a::a::a": succeeded } }\n');
    write('two/pack.yaml', pack('top', '1.0.0', use('pack:middle:2.0.0')));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tries their scenarios', () => {
    expect(taskrunner('test', 'one', ...CONFIG)).toEqual({
      exit: 0,
      err: '',
      out: 'ok    it ends\n1 passed, 0 failed\n',
    });
  });

  it('compares them', () => {
    const { exit, out, err } = taskrunner('diff', 'one', 'two', '--output', 'json', ...CONFIG);
    expect([exit, err]).toEqual([1, '']);
    const { steps } = JSON.parse(out) as { steps: readonly { id: string; change: string }[] };
    expect(steps).toContainEqual(expect.objectContaining({ id: 'a::a::a', change: 'removed' }));
    expect(taskrunner('diff', 'one', 'one', ...CONFIG)).toMatchObject({ exit: 0, out: 'the plans are the same\n' });
  });

  it('draws them', () => {
    const { exit, out, err } = taskrunner('graph', 'one', '--format', 'json', ...CONFIG);
    expect([exit, err]).toEqual([0, '']);
    const { nodes } = JSON.parse(out) as { nodes: readonly { id: string }[] };
    expect(nodes.map(({ id }) => id)).toEqual(['a', 'a::a', 'a::a::a']);
  });

  it.each(['graph', 'validate'])('says with %s which are not at hand, without a registry', (command) => {
    const { exit, err } = taskrunner(command, 'one');
    expect([exit, err]).toEqual([2, expect.stringMatching(/^PACK_INNER_UNAVAILABLE .*:6:\d+ .*middle:1\.0\.0/)]);
  });
});
