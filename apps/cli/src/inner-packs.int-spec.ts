import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineIn } from './testing/command-line-in';

// Commands on packs that use published packs of a folder registry.

const pack = (name: string, version: string, step: string) =>
  `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: ${version} }\nspec:\n  steps:\n    - ${step}\n`;
const use = (uses: string) => `{ id: a, run: { uses: "${uses}" } }`;

describe('taskrunner, on packs that use published ones', () => {
  let folder: string;
  const home = process.cwd();
  const taskrunner = (...args: readonly string[]) => commandLineIn(folder, args);
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const CONFIG = ['--config', 'config.yaml'];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inner-'));
    process.chdir(folder);
    mkdirSync(join(folder, 'registry'));
    write(
      'config.yaml',
      `packsRegistry: { registries: [ { name: here, type: folder, path: ${join(folder, 'registry')} } ] }\n`,
    );
    write('end/pack.yaml', pack('end', '1.0.0', use('builtin:noop')));
    write('middle/pack.yaml', pack('middle', '1.0.0', use('pack:end:1.0.0')));
    write('later/pack.yaml', pack('middle', '2.0.0', use('builtin:noop')));
    for (const name of ['end', 'middle', 'later'])
      expect(await taskrunner('pack', 'push', name, '--registry', './registry')).toMatchObject({ exit: 0 });
    write('one/pack.yaml', pack('top', '1.0.0', use('pack:middle:1.0.0')));
    write('one/tests/ends.yaml', 'name: it ends\nexpect: { status: succeeded, nodes: { "a::a::a": succeeded } }\n');
    write('two/pack.yaml', pack('top', '1.0.0', use('pack:middle:2.0.0')));
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  it('tries their scenarios', async () => {
    expect(await taskrunner('test', 'one', ...CONFIG)).toEqual({
      exit: 0,
      err: '',
      out: 'ok    it ends\n1 passed, 0 failed\n',
    });
  });

  it('compares them', async () => {
    const { exit, out, err } = await taskrunner('diff', 'one', 'two', '--output', 'json', ...CONFIG);
    expect([exit, err]).toEqual([1, '']);
    const { steps } = JSON.parse(out) as { steps: readonly { id: string; change: string }[] };
    expect(steps).toContainEqual(expect.objectContaining({ id: 'a::a::a', change: 'removed' }));
    expect(await taskrunner('diff', 'one', 'one', ...CONFIG)).toMatchObject({
      exit: 0,
      out: 'the plans are the same\n',
    });
  });

  it('draws them', async () => {
    const { exit, out, err } = await taskrunner('graph', 'one', '--format', 'json', ...CONFIG);
    expect([exit, err]).toEqual([0, '']);
    const { nodes } = JSON.parse(out) as { nodes: readonly { id: string }[] };
    expect(nodes.map(({ id }) => id)).toEqual(['a', 'a::a', 'a::a::a']);
  });

  it.each(['graph', 'validate'])('says with %s which are not at hand, without a registry', async (command) => {
    const { exit, err } = await taskrunner(command, 'one');
    expect([exit, err]).toEqual([2, expect.stringMatching(/^PACK_INNER_UNAVAILABLE .*:6:\d+ .*middle:1\.0\.0/)]);
  });
});
