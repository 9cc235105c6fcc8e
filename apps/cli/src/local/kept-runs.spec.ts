import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ownDirectory } from '@taskrunner/infrastructure/embedded-postgres';
import { commandLineIn } from '../testing/command-line-in';
import { makeRunFolder, openLocalFolder } from './local-folder';

// Folders of kept runs, as a run without a server writes them. `kept-runs.int-spec.ts` has runs that were executed.

const ID = (place: string): string => `run_01m8m7nxd5e009x4c3sqyx6a${place}`;
const NOBODY = { pid: 1, born: 'long ago' };

let home: string;
let runs: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kept-'));
  runs = join(home, '.local/share/taskrunner/runs');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function runOf(runId: string, more: object = {}) {
  return {
    ...{ runId, status: 'succeeded', planHash: `sha256:${'0'.repeat(64)}`, labels: {}, waits: [], stuck: null },
    pack: { name: 'scan', version: '1.0.0' },
    requester: { id: 'local:ada', iss: 'local:here', name: 'Ada' },
    createdAt: '2026-11-29T10:00:00.000Z',
    ...{ startedAt: '2026-11-29T10:00:00.000Z', finishedAt: '2026-11-29T10:00:01.000Z', lastLine: 0 },
    ...{ outputs: null, message: null, messageError: null, error: null, rerunOf: null, cancellation: null },
    evidence: { status: 'sealed', digest: null },
    ...more,
  };
}

/** An archive, without what it does not need. */
function archived(runId: string, more: object = {}, files: Readonly<Record<string, string>> = {}): void {
  mkdirSync(join(runs, runId), { recursive: true });
  writeFileSync(
    join(runs, runId, 'run.json'),
    JSON.stringify({ format: 'taskrunner.kept-run.v1', run: runOf(runId, more) }),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(runs, runId, name), text);
}

/** The folder of a run that has not ended. `owner`: who has locked its database. */
function unfinished(
  name: string,
  runId: string,
  run: object,
  owner: object = NOBODY,
  socket: string | null = null,
): void {
  mkdirSync(join(runs, name, 'storage'), { recursive: true });
  writeFileSync(
    join(runs, name, 'run.json'),
    JSON.stringify({ runId, pack: '/p', grants: [], startedAt: 'x', socket, keep: true, run: runOf(runId, run) }),
  );
  writeFileSync(join(runs, name, 'storage', 'owner'), JSON.stringify(owner));
}

const taskrunner = (...words: readonly string[]) => commandLineIn(home, words);
const listed = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { out } = await taskrunner('list', '--output', 'json', ...words);
  return (JSON.parse(out) as { items: { runId: string }[] }).items.map(({ runId }) => runId.slice(-2));
};

it('without a server and without kept runs, both ways are named', async () => {
  for (const words of [
    ...[['list'], ['show', 'latest'], ['rerun', 'latest'], ['forget', 'latest'], ['artifacts', 'latest']],
    ...[
      ['cancel', 'latest', '--reason', 'none'],
      ['approve', 'latest'],
    ],
  ]) {
    const { exit, err } = await taskrunner(...words);
    expect([words, exit, err]).toEqual([words, 2, expect.stringMatching(/^CLI_SERVER_MISSING .*no kept runs\n/)]);
    expect(err).toContain('taskrunner login --server URL');
    expect(err).toContain('taskrunner run PACK --keep');
  }
  expect(existsSync(join(home, '.local'))).toBe(false);
});

it('a list has the newest runs first, and the filters of a server', async () => {
  archived(ID('00'), { labels: { team: 'red' }, status: 'failed' });
  archived(ID('01'), { pack: { name: 'deploy', version: '2.0.0' } });
  archived(ID('02'), { labels: { team: 'blue' } });
  unfinished('00000003', ID('03'), { status: 'running' });
  expect(await listed()).toEqual(['03', '02', '01', '00']);
  expect(await listed('--limit', '2')).toEqual(['03', '02']);
  expect(await listed('--status', 'failed')).toEqual(['00']);
  expect(await listed('--status', 'interrupted')).toEqual(['03']);
  expect(await listed('--pack', 'deploy')).toEqual(['01']);
  expect(await listed('--label', 'team=red')).toEqual(['00']);
  expect(await listed('--search', 'BLUE')).toEqual(['02']);
  expect(await listed('--search', ID('01').slice(0, -1))).toEqual(['03', '02', '01', '00']);
  expect(await listed('--search', ID('01'))).toEqual(['01']);
  expect(await listed('--requester', 'local:ada', '--stuck', 'any')).toEqual([]);
  expect(await taskrunner('list', '--status', 'done')).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/^REQUEST_INVALID the status done is none of .*interrupted/) as string,
  });
});

it('a list over several pages has every run once', async () => {
  const places = Array.from(
    { length: 450 },
    (_, i) => `${'0123456789abcdefgh'[Math.floor(i / 25)]}${'0123456789abcdefghjkmnpqr'[i % 25]}`,
  );
  for (const place of places) archived(ID(place));
  expect(await listed('--limit', '1000')).toEqual([...places].reverse());
});

it('a run that has not ended says how to go on, and who executes it', async () => {
  const gate = { kind: 'approval', id: 'ok', since: null, until: null };
  unfinished('00000001', ID('01'), { status: 'waiting', waits: [gate], finishedAt: null });
  unfinished('00000002', ID('02'), { status: 'running', finishedAt: null });
  const { out, err } = await taskrunner('list');
  expect(out).toMatch(/01 +waiting at gate ok/);
  expect(out).toMatch(/02 +interrupted/);
  // Whoever started a run cannot decide in it, unless its pack and the account allow that.
  expect(err).toContain(`help: Go on with: taskrunner run --resume ${ID('01')} --as NAME`);
  expect(err).toContain(`help: Go on with: taskrunner run --resume ${ID('02')}`);
  const shown = await taskrunner('show', ID('01'));
  expect(shown).toMatchObject({ exit: 0, out: expect.stringContaining('waiting: approval ok') as string });
  expect(shown.err).toContain(`taskrunner run --resume ${ID('01')}`);
  expect(await taskrunner('evidence', ID('01'))).toMatchObject({
    exit: 8,
    err: expect.stringMatching(/^CLI_EVIDENCE_WAITS/) as string,
  });
  expect((await taskrunner('wait', ID('01'), '--for', 'attention')).exit).toBe(8);
  expect(JSON.parse((await taskrunner('show', ID('02'), '--output', 'json')).out)).toMatchObject({
    ...{ status: 'interrupted', resume: `taskrunner run --resume ${ID('02')}`, steps: [], gates: [] },
  });
  for (const words of [
    ['evidence'],
    ['logs'],
    ['rerun'],
    ['wait'],
    ['wait', '--for', 'attention'],
    ['gates'],
    ['logs', '--step', 'x'],
  ])
    expect([words, await taskrunner(...words, ID('02'))]).toEqual([
      words,
      expect.objectContaining({ exit: 1, err: expect.stringMatching(/^CLI_RUN_UNFINISHED[^]*--resume/) as string }),
    ]);
});

it('a run that a process executes is left to it', async () => {
  unfinished('00000001', ID('01'), { status: 'running', finishedAt: null });
  const owner = await ownDirectory(join(runs, '00000001/storage'), () => new Error('owned'));
  const { out, err } = await taskrunner('list');
  expect([out, err]).toEqual([expect.stringMatching(/01 +running/), '']);
  for (const words of [['logs'], ['rerun'], ['wait'], ['forget', '--force']])
    expect([words, await taskrunner(...words, ID('01'))]).toEqual([
      words,
      expect.objectContaining({
        exit: 1,
        err: expect.stringMatching(new RegExp(`^CLI_RUN_UNFINISHED.*process ${process.pid}`)) as string,
      }),
    ]);
  await owner.release();
  expect((await taskrunner('list')).out).toMatch(/01 +interrupted/);
});

it('an archive is the run, also beside the database that a kill left', async () => {
  archived(ID('01'));
  unfinished('00000001', ID('01'), { status: 'running' });
  expect(JSON.parse((await taskrunner('list', '--output', 'json')).out)).toMatchObject({
    items: [{ runId: ID('01'), status: 'succeeded' }],
  });
});

it('a damaged archive is named, and hides no other one', async () => {
  archived(ID('01'));
  archived(ID('02'));
  writeFileSync(join(runs, ID('02'), 'run.json'), '{"format":"taskrunner.kept-run.v9"}');
  const { out, err } = await taskrunner('list');
  expect([out.split('\n').length, err]).toEqual([3, expect.stringContaining(join(runs, ID('02')))]);
  expect(await taskrunner('show', ID('02'))).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/^CLI_FILE/) as string,
  });
  expect(await taskrunner('show', ID('01'))).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/^CLI_FILE/) as string,
  });
  expect(await taskrunner('evidence', ID('01'))).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/^CLI_FILE .*evidence\.tar/) as string,
  });
});

it('a log is selected by line, step, attempt and level', async () => {
  const line = (sequence: number, stepId: string, level: string, attempt = 1) =>
    JSON.stringify({
      ...{ runId: ID('01'), sequence, stepId, level, attempt, execution: 1, eventType: 'step.log' },
      ...{ timestamp: '2026-11-29T10:00:00.000Z', message: `line ${sequence}` },
    });
  const log = [
    line(1, 'map[0]::a', 'info'),
    line(2, 'mapped', 'error'),
    line(3, 'map[1]::a', 'warn', 2),
    line(4, 'z', 'trace'),
  ];
  const step = (id: string) => ({ id, parent: null, kind: 'task', status: 'succeeded' });
  const documents = { steps: ['map', 'z', 'mapped'].map(step), gates: [], graph: { nodes: [], edges: [] } };
  archived(
    ID('01'),
    { lastLine: 4 },
    { 'log.ndjson': `${log.join('\n')}\n`, 'documents.json': JSON.stringify(documents) },
  );
  const lines = async (...words: readonly string[]) =>
    [...(await taskrunner('logs', ID('01'), ...words)).out.matchAll(/line (\d)/g)].map(([, number]) => Number(number));
  expect(await lines()).toEqual([1, 2, 3, 4]);
  expect(await lines('--after', '2')).toEqual([3, 4]);
  expect(await lines('--tail', '2')).toEqual([3, 4]);
  expect(await lines('--tail', '1', '--level', 'warn')).toEqual([3]);
  expect(await lines('--step', 'map')).toEqual([1, 3]);
  expect(await lines('--step', 'map', '--attempt', '2')).toEqual([3]);
  expect(await lines('--level', 'warn', '--no-follow')).toEqual([2, 3]);
  expect(await taskrunner('logs', ID('01'), '--step', 'mapp')).toMatchObject({ exit: 4 });
});

it('forgets runs: named ones, old ones, and one that can be resumed only if told to', async () => {
  const old = { finishedAt: '2020-01-01T00:00:00.000Z' };
  archived(ID('00'));
  archived(ID('01'), old);
  archived(ID('02'), { finishedAt: new Date().toISOString() });
  unfinished('00000003', ID('03'), { status: 'running', ...old });
  expect(await taskrunner('forget')).toMatchObject({ exit: 2, err: expect.stringMatching(/^CLI_USAGE/) as string });
  expect(await taskrunner('forget', ID('00'))).toMatchObject({ exit: 0, out: `run ${ID('00')} forgotten\n` });
  expect(await taskrunner('forget', '--older-than', '30', '--output', 'json')).toMatchObject({
    exit: 0,
    out: `{"forgotten":["${ID('01')}"]}\n`,
  });
  expect(await taskrunner('forget', ID('03'))).toMatchObject({
    exit: 1,
    err: expect.stringMatching(/^CLI_RUN_UNFINISHED/) as string,
  });
  expect(await listed()).toEqual(['03', '02']);
  expect((await taskrunner('forget', ID('03'), '--force')).exit).toBe(0);
  expect(readdirSync(runs)).toEqual([ID('02')]);
});

it('does not forget a run whose process is not visible and answers', async () => {
  const socket = join(home, 'api.sock');
  unfinished('00000001', ID('01'), { status: 'running' }, NOBODY, socket);
  const server = createServer().listen(socket);
  await once(server, 'listening');
  expect(await taskrunner('forget', ID('01'), '--force')).toMatchObject({
    exit: 1,
    err: expect.stringMatching(/^CLI_RUN_UNFINISHED .*not visible/) as string,
  });
  server.close();
  await once(server, 'close');
  expect((await taskrunner('forget', ID('01'), '--force')).exit).toBe(0);
});

it('the next run deletes what kills have left, and nothing else', async () => {
  archived(ID('01'));
  archived(ID('02'));
  unfinished('00000001', ID('01'), { status: 'running' });
  unfinished('00000003', ID('03'), { status: 'running' });
  for (const name of ['00000004', '00000005', `${ID('06')}.1.new`, `${ID('07')}.1.new`]) mkdirSync(join(runs, name));
  writeFileSync(join(runs, '00000004', 'run.json'), 'damaged');
  for (const name of ['00000004', '00000005', `${ID('06')}.1.new`, ID('02')]) utimesSync(join(runs, name), 0, 0);
  const made = await makeRunFolder(await openLocalFolder({ HOME: home }));
  const left = ['00000003', '00000004', ID('01'), ID('02'), `${ID('07')}.1.new`, basename(made.path)];
  expect(readdirSync(runs).sort()).toEqual(left.sort());
});

it('a gate is decided where its run is executed', async () => {
  archived(ID('00'));
  unfinished('00000001', ID('01'), { status: 'waiting' });
  const resume = `taskrunner run --resume ${ID('01')} --as NAME`;
  for (const command of ['approve', 'reject', 'withdraw']) {
    const { exit, err } = await taskrunner(command, ID('01'), 'ok');
    expect([command, exit, err]).toEqual([command, 2, expect.stringMatching(/^CLI_GATE_LOCAL .* no process executes/)]);
    expect(err).toContain(resume);
    expect((await taskrunner(command, ID('00'))).err).toContain(`CLI_GATE_LOCAL ${ID('00')} has ended`);
  }
  const resolve = (id: string) => taskrunner('resolve', id, 'pay', '--outcome', 'retry', '--reason', 'idle');
  expect(await resolve(ID('01'))).toMatchObject({ exit: 2, err: expect.stringContaining(resume) as string });
  expect((await resolve(ID('00'))).err).toContain(`taskrunner show ${ID('00')}`);
  await ownDirectory(join(runs, '00000001', 'storage'), () => new Error('owned'));
  const { err } = await taskrunner('approve', ID('01'));
  expect(err).toContain(`process ${process.pid} executes ${ID('01')}`);
  expect(err).toMatch(/Decide in its terminal/);
});

it('artifacts are those that were kept, and none are invented', async () => {
  const documents = { steps: [], gates: [], graph: {} };
  const artifact = {
    artifactId: 'a1',
    step: 'build',
    name: 'big',
    path: 'out/big',
    size: 3,
    mediaType: 'text/plain',
    createdAt: 'x',
    digest: `sha256:${'1'.repeat(64)}`,
  };
  archived(ID('00'), {}, { 'documents.json': JSON.stringify(documents) });
  archived(ID('01'), {}, { 'documents.json': JSON.stringify({ ...documents, artifacts: [] }) });
  archived(ID('02'), {}, { 'documents.json': JSON.stringify({ ...documents, artifacts: [artifact] }) });
  unfinished('00000003', ID('03'), { status: 'running' });
  expect((await taskrunner('artifacts', ID('00'))).err).toMatch(/^CLI_FILE an earlier version kept the run/);
  expect((await taskrunner('artifacts', ID('01'))).err).toContain('the run has no artifacts');
  expect((await taskrunner('artifacts', ID('03'))).err).toMatch(/^CLI_RUN_UNFINISHED /);
  // The evidence is missing.
  const { exit, err } = await taskrunner('artifacts', ID('02'), '--download', join(home, 'out'));
  expect([exit, err]).toEqual([2, expect.stringMatching(/^CLI_FILE .*evidence\.tar/)]);
});

it('cancel says that a run had ended', async () => {
  archived(ID('00'));
  expect(await taskrunner('cancel', ID('00'), '--reason', 'late')).toEqual({
    exit: 0,
    out: `run ${ID('00')} succeeded\n`,
    err: 'nothing was cancelled: the run had ended before\n',
  });
});

it('a run that another terminal has is not gone on with, and is passed over for an interrupted one', async () => {
  unfinished('aaaaaaaa', ID('b'), {});
  const owned = await ownDirectory(join(runs, 'aaaaaaaa', 'storage'), () => new Error('owned'));
  for (const words of [['--resume'], ['--resume', ID('b')]]) {
    const { err } = await taskrunner('run', ...words);
    expect(err).toContain(`CLI_RUN_UNFINISHED ${ID('b')} is open in another terminal (process ${process.pid})`);
  }
  await owned.release();
});

it('evidence is not written into a folder that does not exist', async () => {
  archived(ID('b'));
  const { exit, err } = await taskrunner('evidence', ID('b'), '--file', join(home, 'missing/x.tar'));
  expect([exit, err]).toEqual([2, expect.stringMatching(/^CLI_FILE .*missing is not a folder that exists/)]);
  expect(existsSync(join(home, 'missing'))).toBe(false);
});
