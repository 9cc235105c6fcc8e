import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from './program';
import { NODE_ENVIRONMENT } from './testing/node-environment';

// The first command runs the built program (`npm run build` first), which takes a second to start. The others run in this process.
const PROGRAM = join(__dirname, '..', 'bin', 'taskrunner.js');
const INPUTS = ['-i', 'request={"target":"staging"}'];

describe('taskrunner, for authors', () => {
  let folder: string;
  const before = process.cwd();
  const taskrunner = async (...args: readonly string[]) => {
    const said = { out: '', err: '' };
    const terminal = {
      print: (line: string) => void (said.out += `${line}\n`),
      say: (line: string) => void (said.err += `${line}\n`),
      draw: () => undefined,
      isInteractive: false,
      columns: 80,
      rows: 24,
      ask: async () => null,
    };
    const readStdin = async () => new Uint8Array();
    const exit = await runCommandLine({ arguments: args, env: { HOME: folder }, version: '0', readStdin, terminal });
    return { exit, ...said };
  };
  const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'authoring-'));
    const env = { ...NODE_ENVIRONMENT, HOME: folder };
    const begun = spawnSync(process.execPath, [PROGRAM, 'init', 'demo'], { cwd: folder, env, encoding: 'utf8' });
    // A hint names the program as it was called here.
    expect(begun).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^next: node \S+taskrunner\.js test demo\n$/),
    });
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it('begins a pack that validates, plans, simulates and passes its tests as it is', async () => {
    expect(await taskrunner('validate', 'demo')).toMatchObject({ exit: 0, err: '' });
    expect(await taskrunner('plan', 'demo')).toMatchObject({ exit: 0, err: '' });
    expect(await taskrunner('plan', 'demo', ...INPUTS)).toMatchObject({ exit: 0, err: '' });
    expect(await taskrunner('simulate', 'demo')).toMatchObject({ exit: 0, err: '' });
    const simulated = await taskrunner('simulate', 'demo', ...INPUTS, '--output', 'json');
    expect([simulated.exit, json(simulated.out)['status'], json(simulated.out)['assumptions']]).toEqual([
      0,
      'succeeded',
      [
        { id: 'approve', what: 'one person approves' },
        { id: 'apply', what: 'it succeeds' },
      ],
    ]);
    expect(await taskrunner('test', 'demo')).toEqual({
      exit: 0,
      err: '',
      out: [
        'ok    the change is applied when an owner agrees',
        'ok    nothing is applied when an owner says no',
        'ok    a target is needed',
        '3 passed, 0 failed',
        '',
      ].join('\n'),
    });
  });

  it('never writes over what is there, and refuses names that are none', async () => {
    const manifest = readFileSync(join(folder, 'demo', 'pack.yaml'), 'utf8');
    expect(await taskrunner('init', 'other', '--dir', 'demo')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^CLI_FILE demo /),
    });
    expect(readFileSync(join(folder, 'demo', 'pack.yaml'), 'utf8')).toBe(manifest);
    expect(await taskrunner('init', 'Not_A_Name')).toMatchObject({ exit: 2, err: expect.stringMatching(/^CLI_USAGE/) });
  });

  it('tells differences with exit 1, and faults with exit 2', async () => {
    writeFileSync(
      join(folder, 'wrong.yaml'),
      'name: wrong\ninputs: { request: { target: a } }\nexpect:\n  nodes: { apply: failed }\n',
    );
    expect(await taskrunner('test', 'demo', '--tests', 'wrong.yaml')).toEqual({
      exit: 1,
      err: '',
      out: 'FAIL  wrong\n      wrong.yaml:4:12 nodes/apply: expected "failed", got apply succeeded\n0 passed, 1 failed\n',
    });
    writeFileSync(join(folder, 'faulty.yaml'), 'name: faulty\nexpects: {}\n');
    expect(await taskrunner('test', 'demo', '--tests', 'faulty.yaml')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^PACK_UNKNOWN_FIELD faulty\.yaml:2:1 .*\nhelp: Did you mean expect\?$/m),
    });
    mkdirSync(join(folder, 'more'));
    writeFileSync(
      join(folder, 'more', 'a.yaml'),
      'name: a\ninputs: { request: { target: a } }\nscript: { aply: failed }\nexpect: { status: failed }\n---\nname: b\n',
    );
    const faulty = await taskrunner('test', 'demo', '--tests', 'more');
    expect(faulty.err.split('\n').filter((line) => !line.startsWith('help'))).toEqual([
      'SCRIPT_UNKNOWN_STEP more/a.yaml:3:11 The plan has no step aply.',
      'PACK_FIELD_MISSING more/a.yaml:6:1 The document must have the field expect.',
      '',
    ]);
    expect(await taskrunner('test', 'demo', '--filter', 'nobody')).toMatchObject({ exit: 2 });
    const some = await taskrunner('test', 'demo', '--filter', 'owner says', '--output', 'json');
    expect([some.exit, json(some.out)['passed']]).toEqual([0, 1]);
  });

  it('compares two packs: exit 0 if their plans are the same, 1 if they differ', async () => {
    cpSync(join(folder, 'demo'), join(folder, 'later'), { recursive: true });
    expect(await taskrunner('diff', 'demo', 'later', ...INPUTS)).toMatchObject({
      exit: 0,
      out: 'the plans are the same\n',
    });
    const manifest = readFileSync(join(folder, 'later', 'pack.yaml'), 'utf8');
    const without = manifest.replace(/ {4}- id: approve\n.*\n/, '');
    writeFileSync(join(folder, 'later', 'pack.yaml'), without);
    const text = await taskrunner('diff', 'demo', 'later', ...INPUTS);
    expect([text.exit, text.err]).toEqual([1, '']);
    expect(text.out).toContain('! now has effects without an approval: apply\n');
    const data = await taskrunner('diff', 'demo', 'later', ...INPUTS, '--output', 'json');
    expect([data.exit, json(data.out)['gates']]).toEqual([
      1,
      { newlyUngated: ['apply'], newlyGated: [], removed: ['approve'], added: [] },
    ]);
    expect((await taskrunner('diff', 'demo', 'none', ...INPUTS)).exit).toBe(2);
  });

  it('draws a pack', async () => {
    expect((await taskrunner('graph', 'demo', ...INPUTS)).out).toBe(
      [
        'flowchart TD',
        '  n0["Prepare the change<br/>builtin:transform"]',
        '  n1{{"approve<br/>approval owners"}}',
        '  n2["Apply the change<br/>builtin:command, idempotent"]',
        '  n0 --> n1',
        '  n1 --> n2',
        '',
      ].join('\n'),
    );
    expect(await taskrunner('graph', 'demo', ...INPUTS, '--format', 'svg', '--out', 'demo.svg')).toMatchObject({
      exit: 0,
      out: '',
    });
    expect(readFileSync(join(folder, 'demo.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
    const data = json((await taskrunner('graph', 'demo', ...INPUTS, '--format', 'json')).out);
    expect(data['edges']).toEqual([
      { from: 'prepare', to: 'approve' },
      { from: 'approve', to: 'apply' },
    ]);
  });
});
