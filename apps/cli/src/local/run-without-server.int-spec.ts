import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atNight } from '@taskrunner/core/testing';
import { commandLineIn, type Ended } from '../testing/command-line-in';
import { atTerminalIn, PROGRAM, startedIn } from '../testing/local-processes';

// Real processes in an empty home: a database of their own, the sandbox of this machine, and no server.

const PACK = (name: string, steps: string, more = '') => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: 1.0.0, description: For a test. }
spec:
${more}  steps:
${steps}
`;
const command = (id: string, text: string, needs = '') =>
  `    - { id: ${id}, effects: idempotent,${needs} run: { uses: "builtin:command", with: { command: [sh, -c, "${text}"] } } }`;

let home: string;
let work: string;

const hasBubblewrap = spawnSync('which', ['bwrap']).status === 0;
if (!hasBubblewrap && process.env['CI'] === 'true') throw new Error('bubblewrap is missing');
const withSandbox = hasBubblewrap ? it : it.skip;

// The first run in a home makes keys and a template of its database. The tests share one home, because that takes seconds.
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'local-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'work-'));
});
afterEach(() => {
  for (const folder of [join(home, 'data/taskrunner/runs'), work]) rmSync(folder, { recursive: true, force: true });
});

const places = (): Readonly<Record<string, string>> => ({
  HOME: home,
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CONFIG_HOME: home,
});

function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('TASKRUNNER_'));
  return { ...Object.fromEntries(others), ...places(), ...more };
}

const started = (...words: readonly string[]) => startedIn({ work, env: environment() }, words);
const atTerminal = (words: readonly string[], answers: Parameters<typeof atTerminalIn>[2]) =>
  atTerminalIn({ work, env: environment() }, words, answers);

/** A command that executes no run, in this process. Names of packs and bundles are those of files in the working directory. */
const taskrunner = (...words: readonly string[]): Promise<Ended> =>
  commandLineIn(
    home,
    words.map((word) => (/\.(yaml|tar)$/.test(word) ? join(work, word) : word)),
    places(),
  );

/** A command in a process of its own. */
function executed(words: readonly string[], more: Readonly<Record<string, string>> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], {
    cwd: work,
    env: environment(more),
    encoding: 'utf8',
  });
  return { exit: status, out: stdout, err: stderr };
}

const written = (name: string, text: string): string => {
  writeFileSync(join(work, name), text);
  return name;
};
const evidence = (): readonly string[] => readdirSync(work).filter((name) => name.endsWith('.evidence.tar'));
const runs = (): readonly string[] => readdirSync(join(home, 'data/taskrunner/runs'));
const trust = (): string => join(home, 'data/taskrunner/identity/trust.json');
const runIn = (text: string): string => /run_[0-9a-z]{26}/.exec(text)?.[0] ?? '';

/** Process ids of a process and of those that it has started. */
function family(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one)))
    try {
      // The name of the program may contain blanks and brackets (proc(5)).
      parents.set(Number(name), Number(/^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]));
    } catch {
      // It has ended.
    }
  const found = new Set([pid]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return [...found];
}

/** True for a process of PostgreSQL. */
function isDatabaseServer(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === 'postgres';
  } catch {
    return false;
  }
}

/** Inodes of the sockets that listen at a TCP port (proc(5)). */
function listening(): ReadonlySet<string> {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\n').slice(1),
  );
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return new Set(fields.filter(([, , , state]) => state === '0A').map(([, , , , , , , , , inode = '']) => inode));
}

function portsOf(pid: number): readonly string[] {
  const inodes = listening();
  const found: string[] = [];
  for (const one of family(pid))
    try {
      for (const name of readdirSync(`/proc/${one}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${one}/fd/${name}`))?.[1];
        if (inode !== undefined && inodes.has(inode))
          found.push(readFileSync(`/proc/${one}/cmdline`, 'utf8').replaceAll('\0', ' '));
      }
    } catch {
      // It has ended.
    }
  return found;
}

describe('a run without a server', () => {
  withSandbox(
    'opens no port, writes evidence of a local Authority, and leaves nothing but keys',
    async () => {
      const running = started('run', written('pack.yaml', PACK('one', command('hello', 'echo hello; sleep 2'))));
      const ports: string[] = [];
      let isOver = false;
      void running.ended.then(() => (isOver = true));
      // Before, the probe of the sandbox listens on loopback, to prove that no step reaches it.
      await running.until('hello | hello');
      while (!isOver) {
        ports.push(...portsOf(running.child.pid ?? 0));
        await delay(100);
      }
      expect([await running.ended, ports, running.said()]).toEqual([0, [], expect.stringContaining('hello | hello')]);
      const [file = ''] = evidence();
      expect(file).toBe(`${runIn(running.said())}.evidence.tar`);
      expect(running.said()).toContain(`verify ${file} --trust ${trust()} --allow-local`);
      const refused = await taskrunner('verify', file, '--trust', trust());
      expect([refused.exit, refused.out + refused.err]).toEqual([
        9,
        expect.stringContaining('made under a local Authority'),
      ]);
      expect(refused.out + refused.err).toContain('--allow-local');
      const verified = await taskrunner('verify', file, '--trust', trust(), '--allow-local');
      expect([verified.exit, verified.out]).toEqual([0, expect.stringContaining('LOCAL KEYS')]);
      expect(runs()).toEqual([]);
      const identity = join(home, 'data/taskrunner/identity');
      for (const name of readdirSync(identity))
        expect([name, statSync(join(identity, name)).mode & 0o777]).toEqual([name, 0o600]);
    },
    120_000,
  );

  atNight(withSandbox)(
    'goes on after kill -9, and is ambiguous to nobody',
    async () => {
      const steps = [
        command('first', 'echo one'),
        command('second', 'echo begin; sleep 2; echo done', ' needs: [first],'),
      ];
      const pack = written('pack.yaml', PACK('slow', steps.join('\n')));
      const killed = started('run', pack, '--keep');
      await killed.until('second | begin');
      const servers = family(killed.child.pid ?? 0).filter(isDatabaseServer);
      expect(servers).not.toEqual([]);
      killed.child.kill('SIGKILL');
      await killed.ended;
      // Its database server ends by itself.
      while (servers.some(isDatabaseServer)) await delay(20);
      const run = runIn(killed.said());
      expect(await taskrunner('show', run)).toMatchObject({
        exit: 0,
        out: expect.stringContaining(`run ${run} interrupted`) as string,
        err: expect.stringContaining(`run --resume ${run}`) as string,
      });
      expect(await taskrunner('run', '--resume', 'run_0000')).toMatchObject({
        exit: 4,
        err: expect.stringContaining(run) as string,
      });
      const { exit, out, err } = executed(['run', pack, '--resume', '--output', 'ndjson']);
      const events = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; status?: string });
      expect([exit, events.at(-1)]).toEqual([
        0,
        expect.objectContaining({ type: 'run.finished', status: 'succeeded' }),
      ]);
      expect(err).toContain('--allow-local');
      const bundle = `${run}.evidence.tar`;
      const verified = await taskrunner(
        'verify',
        bundle,
        '--trust',
        trust(),
        '--allow-local',
        '--expect',
        `run=${run}`,
      );
      expect(verified.exit).toBe(0);
      // --keep of the first command holds.
      expect(runs()).toEqual([run]);
      expect(await taskrunner('run', '--resume')).toMatchObject({
        exit: 4,
        err: expect.stringMatching(/^CLI_RUN_NOT_FOUND/) as string,
      });
    },
    180_000,
  );

  withSandbox(
    'stops at a gate without a terminal, refuses its initiator, and is approved by a second local person',
    async () => {
      const approvals =
        '  approvals: [ { id: owners, grants: [packs.approve, "role:lead"], minApprovals: 1, expiresAfter: 4h } ]\n';
      const steps = [
        '    - { id: ok, gate: { approval: owners, message: "Go on?" } }',
        command('apply', 'echo applied'),
      ];
      const pack = written('pack.yaml', PACK('gated', steps.join('\n'), approvals));
      const gated = started('run', pack, '--evidence', 'sub/x.tar');
      expect(await gated.ended).toBe(8);
      const run = runIn(gated.said());
      expect(gated.said()).toContain(`run --resume ${run} --as NAME`);
      expect(evidence()).toEqual([]);
      const { out } = await taskrunner('show', run);
      expect(out).toMatch(/⏸ ok[^]*gate ok: open, 0 of 1[^]*waiting: approval ok/);
      const own = await atTerminal(['run', '--resume', run], []);
      expect([own.exit, own.text]).toEqual([8, expect.stringContaining('GATE_SELF_APPROVAL')]);
      expect(own.text).toContain('--as NAME');
      const other = await atTerminal(
        ['run', '--resume', run, '--as', 'grace'],
        [
          [/approve, reject or later\?/, 'approve'],
          [/type the first 8 characters/, /gate digest\s+sha256:([0-9a-f]{8})/],
        ],
      );
      expect([other.exit, other.text]).toEqual([0, expect.stringContaining('Go on?')]);
      // The file that the first command named.
      const verified = await taskrunner('verify', 'sub/x.tar', '--trust', trust(), '--allow-local');
      expect([verified.exit, verified.out]).toEqual([0, expect.stringMatching(/local:grace/)]);
      expect(runs()).toEqual([]);
    },
    180_000,
  );

  atNight(withSandbox)(
    'is refused where the sandbox of the worker does not work, and goes on when it does',
    () => {
      const pack = written('pack.yaml', PACK('one', command('hello', 'echo hello')));
      const refused = executed(['run', pack], { TASKRUNNER_SANDBOX_BUBBLEWRAP: '/nowhere' });
      expect(refused).toMatchObject({ exit: 1, err: expect.stringMatching(/^CLI_SANDBOX_MISSING /m) as string });
      expect(executed(['run', '--resume'])).toMatchObject({ exit: 0, out: 'hello | hello\n' });
      expect([evidence().length, runs()]).toEqual([1, []]);
    },
    120_000,
  );

  withSandbox(
    'leaves nothing if it is interrupted while its pack is planned',
    async () => {
      const values = Array(500_000).fill(0).join(',');
      const inputs = `  inputs: [ { name: xs, type: array, default: [${values}] } ]\n`;
      const running = started('run', written('pack.yaml', PACK('large', command('hello', 'echo hello'), inputs)));
      const runs = join(home, 'data/taskrunner/runs');
      const isListening = (): boolean =>
        existsSync(runs) && readdirSync(runs).some((name) => existsSync(join(runs, name, 'api.sock')));
      while (!isListening()) await delay(20);
      await delay(300);
      const children = family(running.child.pid ?? 0);
      running.child.kill('SIGINT');
      expect([await running.ended, running.said()]).toEqual([
        130,
        'interrupted before the run was accepted; nothing is left of it\n',
      ]);
      expect(readdirSync(runs)).toEqual([]);
      expect(children.filter(isDatabaseServer)).toEqual([]);
    },
    120_000,
  );

  it('refuses what it cannot do, before anything is started', async () => {
    const pack = written('pack.yaml', PACK('one', command('hello', 'echo hello')));
    for (const [words, code] of [
      [['run', pack, '--detach'], 'CLI_USAGE'],
      [['run'], 'CLI_USAGE'],
      [['run', pack, '--as', 'a b'], 'CLI_USAGE'],
      [['run', 'missing.yaml'], 'CLI_FILE'],
      [['run', pack, '--server', 'http://127.0.0.1:1', '--token', 'a.b.c', '--keep'], 'CLI_USAGE'],
    ] as const)
      expect([words, await taskrunner(...words)]).toEqual([
        words,
        expect.objectContaining({ exit: 2, err: expect.stringMatching(new RegExp(`^${code}`)) as string }),
      ]);
  });
});
