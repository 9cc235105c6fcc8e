import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NODE_ENVIRONMENT } from '../testing/node-environment';
import { atTerminalIn, PROGRAM, startedIn, type Running } from '../testing/local-processes';

// What interrupts runs without a server: real processes, with a database of their own and the sandbox of this machine.

const PACK = (step: string, more = '') => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: broken-off, version: 1.0.0, description: For a test. }
spec:
${more}  steps:
${step}
`;
/** `seconds`: longer than the worker waits for a step when it is interrupted, if it is to be broken off. */
const pay = (effects: string, seconds: number) =>
  PACK(
    `    - { id: pay, effects: ${effects}, run: { uses: "builtin:command", with: { command: [sh, -c, "echo begin; sleep ${seconds}; echo paid"] } } }`,
  );
const GATED = PACK(
  '    - { id: ok, gate: { approval: owners, message: "Go on?" } }',
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1, expiresAfter: 4h } ]\n',
);

const hasBubblewrap = spawnSync('which', ['bwrap']).status === 0;
if (!hasBubblewrap && process.env['CI'] === 'true') throw new Error('bubblewrap is missing');
const withSandbox = hasBubblewrap ? it : it.skip;

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'interrupted-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const place = (more: Readonly<Record<string, string>> = {}) => ({
  work: home,
  env: { ...NODE_ENVIRONMENT, PATH: process.env['PATH'], HOME: home, ...more },
});
const started = (...words: readonly string[]): Running => startedIn(place(), words);
function taskrunnerIn(more: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const { work: cwd, env } = place(more);
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], { cwd, env, encoding: 'utf8' });
  return { exit: status, out: stdout, err: stderr };
}
const taskrunner = (...words: readonly string[]) => taskrunnerIn({}, ...words);
const runIn = (text: string): string => /run_[0-9a-z]{26}/.exec(text)?.[0] ?? '';
const written = (text: string): string => (writeFileSync(join(home, 'pack.yaml'), text), 'pack.yaml');
const evidence = (): readonly string[] => readdirSync(home).filter((name) => name.endsWith('.evidence.tar'));

withSandbox(
  'a run whose process was killed twice goes on in quarantine, with the database of its folder',
  async () => {
    const first = started('run', written(pay('idempotent', 4)));
    await first.until('pay | begin');
    const run = runIn(first.said());
    first.child.kill('SIGKILL');
    await first.ended;
    const second = started('run', '--resume', run);
    // The first line is of the first process.
    while (second.said().split('pay | begin').length < 3 && second.child.exitCode === null) await delay(20);
    second.child.kill('SIGKILL');
    await second.ended;
    const { exit, out, err } = taskrunner('run', '--resume', run);
    expect([exit, out]).toEqual([0, expect.stringContaining('paid')]);
    expect(err).not.toContain('QUARANTINE_FAILED');
  },
  240_000,
);

withSandbox(
  'another person says what an interrupted step with effects: once did; who started the run cannot',
  async () => {
    const first = started('run', written(pay('once', 12)));
    await first.until('pay | begin');
    const run = runIn(first.said());
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);

    const { exit, err } = taskrunner('run', '--resume', run);
    expect([exit, err]).toEqual([8, expect.stringContaining(`run --resume ${run} --as NAME, at a terminal`)]);
    const resolved = taskrunner('resolve', run, 'pay', '--outcome', 'retry', '--reason', 'it did nothing');
    expect(resolved).toMatchObject({ exit: 2, err: expect.stringMatching(/^CLI_GATE_LOCAL /) as string });
    expect(resolved.err).toContain(`run --resume ${run} --as NAME`);

    const own = await atTerminalIn(place(), ['run', '--resume', run], []);
    expect([own.exit, own.text]).toEqual([8, expect.stringContaining('--as NAME')]);
    const asGrace = ['run', '--resume', run, '--as', 'grace'];
    const later = await atTerminalIn(place(), asGrace, [[/retry or later\?/, 'later']]);
    expect([later.exit, later.text]).toEqual([8, expect.stringContaining(`run --resume ${run}`)]);
    const other = await atTerminalIn(place(), asGrace, [
      [/retry or later\?/, 'retry'],
      [/how do you know\?/, 'the bank has no transfer'],
    ]);
    expect([other.exit, other.text]).toEqual([0, expect.stringContaining('paid')]);
    expect(evidence()).toEqual([`${run}.evidence.tar`]);
  },
  240_000,
);

withSandbox(
  'a run keeps the settings that it was started with',
  async () => {
    const floor = 'TASKRUNNER_APPROVALS_FLOOR_SELF_APPROVAL';
    const first = taskrunnerIn({ [floor]: 'true' }, 'run', written(GATED));
    expect(first.exit).toBe(8);
    const run = runIn(first.out + first.err);
    const refused = taskrunnerIn({ [floor]: 'false' }, 'run', '--resume', run);
    expect(refused).toMatchObject({ exit: 2, err: expect.stringMatching(/^CLI_CONFIG /) as string });
    expect(refused.err).toContain(floor);
    const added = taskrunnerIn({ TASKRUNNER_LIMITS_PROFILE_WAIT: '5s' }, 'run', '--resume', run);
    expect([added.exit, added.err]).toEqual([2, expect.stringContaining('TASKRUNNER_LIMITS_PROFILE_WAIT: not set')]);
    expect(taskrunner('run', '--resume', run).exit).toBe(8);
    const shown = taskrunner('show', run);
    expect(shown.out).toContain('gate ok: open');
    expect(taskrunner('cancel', run, '--reason', 'over').exit).toBe(0);
    expect(evidence()).toEqual([`${run}.evidence.tar`]);
  },
  180_000,
);
