import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNight } from './stack/at-night';
import { Caller, pack, pause, DevStack } from './stack/stack';

const WITH_ARTIFACT = pack(
  `- id: scan
  run:
    uses: builtin:script
    with: { interpreter: [sh], source: "echo finding > out/report" }
    artifacts: [ { name: report, path: out/report } ]
- { id: export, needs: [scan], runOn: always, run: { uses: "builtin:evidence-export", with: { destination: audit, artifacts: true } } }`,
);
const FAILING = pack(
  `- { id: work, run: { uses: "builtin:fail", with: { message: no } } }
- { id: export, runOn: always, run: { uses: "builtin:evidence-export", with: { destination: audit } } }`,
);
const TO = (destination: string, more = '') =>
  pack(`- { id: export, run: { uses: "builtin:evidence-export", with: { destination: ${destination}${more} } } }`);
const COPY = (more = '') =>
  pack(
    `- id: copy
  retries: { maxAttempts: 20, backoff: 1s, factor: 1 }
  run: { uses: "builtin:evidence-export", with: { destination: audit, run: "{{ inputs.run }}"${more} } }`,
    '  inputs: [ { name: run, type: string, required: true } ]\n',
  );

interface Shown {
  readonly status: string;
  readonly destination: string;
  readonly tries: number;
  readonly reason: string | null;
  readonly file: string;
}

describe('evidence that is handed over', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let mallory: Caller;

  beforeAll(async () => {
    stack = await DevStack.shared('plain');
    folder = join(stack.home, 'destinations');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    mallory = new Caller(stack.server, await stack.tokenFor('mallory'));
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  const target = (destination: string, run: string, tenant = 'acme') =>
    join(folder, destination, tenant, `${run}.evidence.tar`);

  const exportsOf = async (run: string, caller = ada): Promise<readonly Shown[]> =>
    ((await caller.summary(run))['evidence'] as unknown as { exports: readonly Shown[] }).exports;

  const exported = async (run: string, isDone: (one: Shown) => boolean, caller = ada): Promise<Shown> => {
    for (const end = Date.now() + 60_000; ;) {
      const [one] = await exportsOf(run, caller);
      if (one && isDone(one)) return one;
      if (Date.now() > end) throw new Error(`${run}: ${JSON.stringify(await caller.summary(run))}`);
      await pause(100);
    }
  };
  const isDelivered = ({ status }: Shown) => status === 'delivered';

  const outputsOf = async (run: string, step: string, caller = ada) =>
    (await caller.ask('GET', `/api/runs/${run}/steps/${step}`)).body['outputs'];

  const errorOf = async (pack: string, inputs: object, caller = ada) => {
    const run = await caller.submit(pack, inputs as never);
    return (await caller.until(run, ['failed', 'succeeded']))['error'] as { code: string; message: string };
  };

  const cli = (...args: readonly string[]) => stack.taskrunner(args, { ...process.env });

  const verifies = async (file: string) => {
    const done = await cli('verify', file, '--trust', stack.trustPath, '--json', '--allow-dev');
    if (done.stdout === '') throw new Error(`no answer: ${done.status} ${done.stderr}`);
    return [done.status, (JSON.parse(done.stdout) as { ok: boolean }).ok];
  };

  it("a run's own arrives once it is sealed, as a whole, and verifies", async () => {
    const run = await ada.submit(WITH_ARTIFACT);
    await ada.until(run, ['succeeded']);
    expect(await outputsOf(run, 'export')).toEqual({
      run,
      destination: 'audit',
      artifacts: true,
      file: `${run}.evidence.tar`,
      status: 'requested',
      digest: null,
      size: null,
    });
    expect(await exported(run, isDelivered)).toMatchObject({ destination: 'audit', reason: null, tries: 1 });
    const bytes = readFileSync(target('audit', run));
    expect(bytes.equals(Buffer.from(await ada.sealed(run)))).toBe(true);
    expect(await verifies(target('audit', run))).toEqual([0, true]);
    const hex = createHash('sha256').update('finding\n').digest('hex');
    expect(readdirSync(join(folder, 'audit/acme', `${run}.artifacts`))).toEqual([hex]);
    expect(readFileSync(join(folder, 'audit/acme', `${run}.artifacts`, hex), 'utf8')).toBe('finding\n');
    expect(readdirSync(join(folder, 'audit/.incoming'))).toEqual([]);
    // Readers that wait for changes receive this one; the list shows the same.
    const listed = (await ada.ask('GET', '/api/runs?limit=1')).body['items'] as unknown as { evidence: object }[];
    expect(listed[0]?.evidence).toEqual((await ada.summary(run))['evidence']);
  }, 90_000);

  it('that of a run that fails arrives too', async () => {
    const run = await ada.submit(FAILING);
    await ada.until(run, ['failed']);
    await exported(run, isDelivered);
    expect(await verifies(target('audit', run))).toEqual([0, true]);
  }, 60_000);

  it('another run’s is copied, once however often it is asked for', async () => {
    const other = await ada.submit(pack(`- { id: a, run: { uses: "builtin:noop" } }`));
    const bundle = await ada.sealed(other);
    const first = await ada.submit(COPY(), { run: other });
    await ada.until(first, ['succeeded']);
    const evidence = (await ada.summary(other))['evidence'] as { digest: string; exports: unknown };
    expect(await outputsOf(first, 'copy')).toMatchObject({
      run: other,
      status: 'delivered',
      digest: evidence.digest,
      size: bundle.length,
    });
    expect(readFileSync(target('audit', other)).equals(Buffer.from(bundle))).toBe(true);
    const { ino, mtimeMs } = statSync(target('audit', other));
    const second = await ada.submit(COPY(), { run: other });
    await ada.until(second, ['succeeded']);
    expect(statSync(target('audit', other))).toMatchObject({ ino, mtimeMs });
    // No run requested this destination itself, including the one that was copied.
    for (const run of [first, second, other]) {
      await ada.sealed(run);
      expect(await exportsOf(run)).toEqual([]);
    }
  }, 60_000);

  it('one that is not sealed yet is waited for by retries', async () => {
    const slow = await ada.submit(pack(`- { id: a, run: { uses: "builtin:wait", with: { for: 3s } } }`));
    const run = await ada.submit(COPY(), { run: slow });
    await ada.until(run, ['succeeded']);
    const { body } = await ada.ask('GET', `/api/runs/${run}/steps/copy`);
    expect(body['attempts']).toBeGreaterThan(1);
    const { lines } = await ada.lines(run, { after: 0 });
    expect(JSON.stringify(lines)).toContain('was written to audit');

    const still = await ada.submit(pack(`- { id: a, run: { uses: "builtin:wait", with: { for: 30s } } }`));
    const once = COPY().replace('maxAttempts: 20', 'maxAttempts: 1');
    expect(await errorOf(once, { run: still })).toMatchObject({ code: 'EVIDENCE_NOT_SEALED' });
  }, 90_000);

  it('is refused for a run of another tenant as for one that is not there', async () => {
    const theirs = await mallory.submit(TO('vault'));
    await mallory.until(theirs, ['succeeded']);
    await exported(theirs, isDelivered, mallory);
    expect(await verifies(target('vault', theirs, 'globex'))).toEqual([0, true]);
    const foreign = await errorOf(COPY(), { run: theirs });
    const absent = await errorOf(COPY(), { run: `run_0${theirs.slice(5)}` });
    expect(foreign).toMatchObject({ code: 'RUN_NOT_FOUND', attempts: 1 });
    expect(foreign).toEqual(absent);
    expect(readdirSync(join(folder, 'audit')).sort()).toEqual(['.incoming', 'acme']);
    expect(await errorOf(COPY(), { run: 'everything' })).toMatchObject({ code: 'WITH_INVALID' });
    const itself = COPY().replace('inputs.run', 'run.id');
    expect(await errorOf(itself, { run: 'x' })).toMatchObject({ code: 'WITH_INVALID' });
    // A destination of another tenant is reported as unknown.
    expect(await errorOf(TO('vault'), {})).toMatchObject({ code: 'EXPORT_DESTINATION_UNKNOWN' });
  }, 90_000);

  it('is refused at planning where the destination is unknown, but not where none is known', async () => {
    for (const [manifest, code] of [
      [TO('audti'), 'EXPORT_DESTINATION_UNKNOWN'],
      [TO('audit', ', artifacts: false'), 'EXPORT_ARTIFACTS_INSEPARABLE'],
    ] as const) {
      const { status, body } = await ada.ask('POST', '/api/runs', { manifest, inputs: {} });
      expect([status, body['errors']]).toEqual([422, [expect.objectContaining({ code })]]);
    }
    const file = join(stack.home, 'pack.yaml');
    writeFileSync(file, TO('audti'));
    expect((await cli('plan', file, '--output', 'json')).status).toBe(0);
    const known = await cli('plan', file, '--config', stack.configurationPath, '--output', 'json');
    expect(known.status).toBe(2);
    expect(known.stdout + known.stderr).toContain('EXPORT_DESTINATION_UNKNOWN');
  }, 60_000);

  it('a destination that is down delays no seal; it arrives once, at night also where the worker is killed meanwhile', async () => {
    renameSync(join(folder, 'down'), join(folder, 'away'));
    const run = await ada.submit(TO('down'));
    await ada.until(run, ['succeeded']);
    await ada.sealed(run);
    const waiting = await exported(run, ({ tries, reason }) => tries >= 2 && reason !== null);
    expect(waiting).toMatchObject({ status: 'pending', reason: 'EXPORT_UNAVAILABLE: the folder does not exist' });
    // An unavailable destination delays no other.
    const other = await ada.submit(TO('audit'));
    await ada.until(other, ['succeeded']);
    await exported(other, isDelivered);

    if (isNight) await stack.killWorker('SIGKILL');
    renameSync(join(folder, 'away'), join(folder, 'down'));
    if (isNight) {
      await pause(500);
      expect(readdirSync(join(folder, 'down'))).toEqual([]);
      await stack.startWorker();
    }
    await exported(run, isDelivered);
    const { ino, mtimeMs } = statSync(target('down', run));
    expect(await verifies(target('down', run))).toEqual([0, true]);
    await pause(2_500);
    expect(statSync(target('down', run))).toMatchObject({ ino, mtimeMs });
    const log = readFileSync(join(stack.stateDirectory, 'logs/worker.log'), 'utf8').split('\n');
    const reported = log.filter((line) => line.includes(run) && line.includes('evidence.export-delivered'));
    expect(reported).toHaveLength(1);
    expect(log.some((line) => line.includes(run) && line.includes('evidence.export-pending'))).toBe(true);
  }, 120_000);
});
