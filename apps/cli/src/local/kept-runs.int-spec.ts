import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atNight } from '@taskrunner/core/testing';
import { commandLineIn } from '../testing/command-line-in';
import { NODE_ENVIRONMENT } from '../testing/node-environment';

// Runs are real processes with a database of their own and the sandbox of this machine. What reads them runs in this process. One kept run
// is shared by the tests, because a run takes seconds.

const PROGRAM = join(__dirname, '../../bin/taskrunner.js');
const SECRET = 'not-kept-4711';
const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: kept, version: 1.0.0, description: For a test. }
spec:
  inputs:
    - { name: who, type: string, required: true }
    - { name: doc, type: file, required: true }
    - { name: pin, type: string, sensitive: true, required: true }
  steps:
    - { id: greet, effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo hello {{ inputs.who }}; echo careful >&2; echo kept > out/note.txt; head -c 300000 /dev/zero > out/big.bin"] }, artifacts: [ { name: note, path: out/note.txt }, { name: big, path: out/big.bin } ] } }
    - { id: rest, needs: [greet], effects: idempotent, run: { uses: "builtin:command", with: { command: [sleep, "0.5"] } } }
  outputs: [ { name: code, type: integer, value: "{{ steps.greet.outputs.exitCode }}" } ]
`;

const hasBubblewrap = spawnSync('which', ['bwrap']).status === 0;
if (!hasBubblewrap && process.env['CI'] === 'true') throw new Error('bubblewrap is missing');
const withSandbox = hasBubblewrap ? it : it.skip;

let home: string;
let run: string;
let said: string;

/** A process. `until`: resolves when it has said this, or has ended. */
function started(...words: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: home,
    // The evidence carries the small artifact only.
    env: {
      ...{ ...NODE_ENVIRONMENT, PATH: process.env['PATH'], HOME: home },
      TASKRUNNER_ARTIFACTS_BUNDLE_CARRIED_BYTES: '64KiB',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let isOver = false;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'close').then(([code]) => ((isOver = true), code as number | null));
  const until = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted) && !isOver) await delay(20);
  };
  return { pid: child.pid ?? 0, ended, until, said: () => text };
}

const taskrunner = (...words: readonly string[]) => commandLineIn(home, words);
const runs = (): string => join(home, '.local/share/taskrunner/runs');
const trust = (): string => join(home, '.local/share/taskrunner/identity/trust.json');
const runIn = (text: string): string => /run_[0-9a-z]{26}/.exec(text)?.[0] ?? '';
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kept-'));
  if (!hasBubblewrap) return;
  writeFileSync(join(home, 'pack.yaml'), PACK);
  writeFileSync(join(home, 'doc.txt'), 'a document\n');
  const words = ['-i', 'who=Ada', '-i', 'doc=@doc.txt', '-i', `pin=${SECRET}`, '--label', 'team=red', '--keep'];
  const first = started('run', 'pack.yaml', ...words);
  await first.ended;
  said = first.said();
  run = runIn(said);
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('a kept run', () => {
  withSandbox('is a small archive that only the account can read, without a database and without secrets', () => {
    expect(said).toContain(`forget ${run}`);
    expect(readdirSync(runs())).toEqual([run]);
    const files = filesIn(join(runs(), run));
    expect(files.map((path) => path.slice(runs().length + run.length + 2).split('/')[0])).toEqual(
      expect.arrayContaining(['documents.json', 'evidence.tar', 'files', 'log.ndjson', 'request.json', 'run.json']),
    );
    for (const path of files) {
      expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
      expect([path, readFileSync(path, 'latin1').includes(SECRET)]).toEqual([path, false]);
    }
    expect(files.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(200_000);
  });

  withSandbox('is read by the commands that read runs', async () => {
    expect((await taskrunner('list', '--label', 'team=red')).out).toMatch(new RegExp(`${run} +succeeded`));
    const { out, exit } = await taskrunner('show', 'latest');
    expect([exit, out]).toEqual([0, expect.stringMatching(/✓ greet[^]*✓ rest[^]*outputs \{"code":0\}[^]*succeeded/)]);
    expect((await taskrunner('logs', run, '--no-times')).out).toBe('greet | hello Ada\ngreet | WARN careful\n');
    expect((await taskrunner('outputs', run, '--name', 'code')).out).toBe('0\n');
    const file = join(home, 'again.tar');
    expect(await taskrunner('evidence', run, '--file', file)).toMatchObject({ exit: 0 });
    expect(readFileSync(file)).toEqual(readFileSync(join(home, `${run}.evidence.tar`)));
    const verified = await taskrunner('verify', file, '--trust', trust(), '--allow-local', '--expect', `run=${run}`);
    expect([verified.exit, verified.out]).toEqual([0, expect.stringContaining('LOCAL KEYS')]);
  });

  withSandbox('has the artifacts that its evidence carries, and names the others', async () => {
    expect((await taskrunner('artifacts', run)).out).toMatch(/note[^]*big|big[^]*note/);
    const folder = join(home, 'artifacts');
    const { exit, err } = await taskrunner('artifacts', run, '--download', folder);
    expect([exit, err]).toEqual([4, expect.stringMatching(/^CLI_FILE the artifact big of greet was not kept/)]);
    expect(err).toContain('TASKRUNNER_ARTIFACTS_BUNDLE_CARRIED_BYTES');
    expect(filesIn(folder)).toEqual([join(folder, 'greet/note.txt')]);
    expect(readFileSync(join(folder, 'greet/note.txt'), 'utf8')).toBe('kept\n');
  });

  withSandbox('has ended, so nothing is cancelled or decided', async () => {
    expect(await taskrunner('cancel', run, '--reason', 'late')).toMatchObject({
      exit: 0,
      err: expect.stringContaining('nothing was cancelled') as string,
    });
    expect(await taskrunner('approve', run)).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^CLI_GATE_LOCAL/) as string,
    });
  });

  withSandbox(
    'is executed again, with what is kept and what is passed again',
    async () => {
      rmSync(join(home, 'doc.txt'));
      for (const [words, remedy] of [
        [[], '-i pin=value'],
        [['-i', 'pim=x'], 'Did you mean pin?'],
        [['-i', `pin=${SECRET}`, '--from', 'failed'], '--from start'],
        [['-i', `pin=${SECRET}`, '--detach'], 'omit --detach'],
      ] as const)
        expect([words, await taskrunner('rerun', run, ...words)]).toEqual([
          words,
          expect.objectContaining({ exit: 2, err: expect.stringContaining(remedy) as string }),
        ]);
      const again = started('rerun', run, '-i', `pin=${SECRET}`);
      await again.until('greet | hello Ada');
      const second = runIn(again.said());
      // The process that executes it answers.
      expect((await taskrunner('show', second)).out).toMatch(/ greet[^]*running/);
      const followed = taskrunner('logs', second, '--no-times');
      expect([await again.ended, again.said()]).toEqual([0, expect.stringContaining('succeeded')]);
      expect(await followed).toEqual({ exit: 0, out: 'greet | hello Ada\ngreet | WARN careful\n', err: '' });
      expect([...readdirSync(runs())].sort()).toEqual([run, second]);
      const [before, after] = await Promise.all([run, second].map((id) => taskrunner('show', id, '--output', 'json')));
      const shownAs = (shown: { readonly out: string } | undefined) =>
        JSON.parse(shown?.out ?? '') as { readonly planHash: string; readonly rerunOf: string | null };
      expect(shownAs(after)).toMatchObject({ planHash: shownAs(before).planHash, rerunOf: run });
      const [original, file] = [run, second].map((id) => join(home, `${id}.evidence.tar`)) as [string, string];
      const verified = await taskrunner('verify', file, '--trust', trust(), '--allow-local', '--original', original);
      expect([verified.exit, verified.out]).toEqual([0, expect.stringMatching(/steps\.reused.*nothing was reused/)]);
      expect(verified.err).not.toContain('is not a rerun');
    },
    120_000,
  );

  atNight(withSandbox)(
    'is executed again without a name if its evidence does not verify',
    async () => {
      const bundle = join(runs(), run, 'evidence.tar');
      const bytes = readFileSync(bundle);
      const altered = Buffer.from(bytes);
      altered.write('Eva', altered.indexOf('"Ada"') + 1);
      writeFileSync(bundle, altered);
      try {
        const again = started('rerun', run, '-i', `pin=${SECRET}`);
        expect(`${await again.ended}: ${again.said()}`).toMatch(
          new RegExp(`^0: note: the new run does not name ${run}: its evidence does not verify`),
        );
        const { out } = await taskrunner('show', runIn(again.said().replaceAll(run, '')), '--output', 'json');
        expect(JSON.parse(out)).toMatchObject({ rerunOf: null });
      } finally {
        writeFileSync(bundle, bytes);
      }
    },
    120_000,
  );
});

describe('a run that has not ended', () => {
  const gated = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: gated, version: 1.0.0, description: For a test. }
spec:
  approvals: [ { id: owners } ]
  steps:
    - { id: work, effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo working; sleep SECONDS"] } } }
    - { id: ok, gate: { approval: owners, message: "Go on?" } }
    - { id: tidy, needs: [work], runOn: always, effects: idempotent, run: { uses: "builtin:command", with: { command: [echo, tidied] } } }
`;
  const written = (seconds: number): string => {
    const name = `gated-${seconds}.yaml`;
    writeFileSync(join(home, name), gated.replace('SECONDS', String(seconds)));
    return name;
  };
  const cancelled = (id: string) =>
    taskrunner(
      'verify',
      join(home, `${id}.evidence.tar`),
      '--trust',
      trust(),
      '--allow-local',
      '--expect',
      `run=${id}`,
    );

  withSandbox(
    'says where its gate is decided, and is cancelled with its evidence',
    async () => {
      const waiting = started('run', written(0));
      expect(await waiting.ended).toBe(8);
      const id = runIn(waiting.said());
      for (const command of ['approve', 'reject', 'withdraw']) {
        const { exit, err } = await taskrunner(command, id);
        expect([command, exit, err]).toEqual([command, 2, expect.stringMatching(/^CLI_GATE_LOCAL /)]);
        expect(err).toContain(`run --resume ${id} --as NAME`);
      }
      const file = join(home, `${id}.evidence.tar`);
      const { exit, out, err } = await taskrunner('cancel', id, '--reason', 'not needed', '--evidence', file);
      expect([exit, out, err]).toEqual([0, expect.stringContaining('work | working'), expect.any(String)]);
      expect((await cancelled(id)).exit).toBe(0);
      // It was not to be kept.
      expect((await taskrunner('list')).out).not.toContain(id);
    },
    120_000,
  );

  atNight(withSandbox)(
    'is cancelled in the process that executes it',
    async () => {
      const running = started('run', written(60));
      await running.until('work | working');
      const id = runIn(running.said());
      const asked = await taskrunner('approve', id);
      expect([asked.exit, asked.err]).toEqual([2, expect.stringMatching(/process \d+ executes[^]*in its terminal/)]);
      expect((await taskrunner('cancel', id, '--reason', 'too slow')).exit).toBe(0);
      expect([await running.ended, running.said()]).toEqual([7, expect.stringMatching(/tidy \| tidied[^]*too slow/)]);
      expect((await cancelled(id)).exit).toBe(0);
    },
    120_000,
  );

  atNight(withSandbox)(
    'is cancelled after its process was killed, and its step does not start again',
    async () => {
      const killed = started('run', written(60), '--keep');
      await killed.until('work | working');
      process.kill(killed.pid, 'SIGKILL');
      await killed.ended;
      const id = runIn(killed.said());
      const { exit, out, err } = await taskrunner(
        'cancel',
        id,
        '--reason',
        'killed',
        '--evidence',
        join(home, `${id}.evidence.tar`),
      );
      expect([exit, out, err]).toEqual([
        0,
        expect.stringContaining('tidy | tidied'),
        expect.stringContaining('forget'),
      ]);
      expect((await cancelled(id)).exit).toBe(0);
      const { out: steps } = await taskrunner('show', id);
      expect(steps).toMatch(/work[^]*tidy[^]*cancelled by local:\S+: killed/);
      expect((await taskrunner('logs', id, '--no-times')).out).toBe('work | working\ntidy | tidied\n');
    },
    120_000,
  );
});
