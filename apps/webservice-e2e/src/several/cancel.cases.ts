import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTar } from '@taskrunner/infrastructure/archive';
import { EffectLog } from '../stack/effect-log';
import { atNight, isNight } from '../stack/at-night';
import { Caller, DevStack, pack, pause } from '../stack/stack';

// Runs are cancelled at any moment, under load, while a worker dies. An effect log outside of the product records when each step acted.
// Manually: TASKRUNNER_CANCEL_RUNS=40.

const RUNS = Number(process.env['TASKRUNNER_CANCEL_RUNS'] ?? (isNight ? 12 : 4));
const BRANCHES = 4;
const STEPS = 5;
/** `worker.stopGrace` of the stack. */
const GRACE_MS = 1_000;
const LEASE_MS = 8_000;
/**
 * Delay after an entry's time, which is the time of its decision: commit, kill, and arrival of requests that were already sent, under load.
 */
const ARRIVAL_MS = 4_000;
const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

interface Entry {
  readonly at: number;
  readonly event: { readonly type: string; readonly step?: string; readonly code?: string; readonly status?: string };
}

interface StepLine {
  readonly id: string;
  readonly status: string;
  readonly effects: string | null;
  readonly outcome: string | null;
}

describe('a run that is cancelled', () => {
  let folder: string;
  let log: EffectLog;
  let stack: DevStack;
  let ada: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-cancel-'));
    stack = await DevStack.shared('several');
    log = await EffectLog.open(join(folder, 'effects.ndjson'), stack.port);
    log.answer = () => ({ afterMs: 100 + Math.random() * 400 });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    log?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Branches of steps that each act outside, a step after them, and cleanup. One of them acts periodically and ignores SIGTERM. */
  function manifest(name: string): string {
    const act = (id: string, effects: string): string =>
      `{ id: ${id}, effects: ${effects}, run: { uses: "builtin:http", with: { method: ${effects === 'once' ? 'POST' : 'PUT'}, url: "${log.url(`/${name}/${id}`)}" } } }`;
    const beat = `{ id: beat, effects: once, run: { uses: "builtin:script", with: { interpreter: [sh], source: "trap '' TERM; n=0; while [ $n -lt 60 ]; do curl -s -X POST ${log.url(`/${name}/beat`)} || true; n=$((n+1)); sleep 0.3; done" }, egress: [ { url: "${log.url(`/${name}/beat`)}" } ] } }`;
    const branches = Array.from({ length: BRANCHES }, (_, b) => {
      const steps = Array.from({ length: STEPS }, (_unused, s) =>
        act(`s${b}-${s}`, s % 2 === 0 ? 'once' : 'idempotent'),
      );
      const list = b === 0 ? [beat, ...steps] : steps;
      return `    - id: branch-${b}\n      group:\n        steps:\n${list.map((step) => `          - ${step ?? ''}\n`).join('')}`;
    });
    return pack(
      `- id: all\n  parallel:\n    steps:\n${branches.join('').replace(/^ {4}/gm, '      ')}- ${act('next', 'idempotent')}\n- ${act('tidy', 'idempotent').replace('effects:', 'runOn: always, effects:')}`,
    );
  }

  interface Cancelled {
    readonly name: string;
    readonly run: string;
    readonly force: boolean;
    readonly askedAt: number;
    readonly entries: readonly Entry[];
    readonly steps: readonly StepLine[];
  }

  async function cancelSome(tag: string, killed: boolean): Promise<readonly Cancelled[]> {
    const names = Array.from({ length: RUNS }, (_, i) => `${tag}-${i}`);
    const runs = await Promise.all(names.map((name) => ada.submit(manifest(name))));
    const killing = killed
      ? (async () => {
          await pause(4_000);
          const [pid] = await stack.workerPids();
          await stack.killWorker('SIGKILL', pid);
          await stack.startWorker();
        })()
      : null;
    const asked = await Promise.all(
      runs.map(async (run, i) => {
        const name = names[i] ?? '';
        await pause(Math.random() * 8_000);
        const force = i % 4 === 0;
        const { status, body } = await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'test', force });
        expect([status, body['status']]).toEqual([202, expect.stringMatching(/^cancel/) as string]);
        return { name, run, force, askedAt: Date.now() };
      }),
    );
    await killing;
    const ended: Cancelled[] = [];
    for (const one of asked) {
      await ada.until(one.run, ['cancelled', 'failed', 'succeeded'], 120);
      // Evidence follows the end of a run, and many runs end at once here.
      for (let tries = 0; tries < 600 && !(await isSealed(one.run)); tries++) await pause(300);
      ended.push({ ...one, ...(await evidenceOf(one.run)) });
    }
    return ended;
  }

  async function isSealed(run: string): Promise<boolean> {
    return ((await ada.summary(run))['evidence'] as { readonly status: string }).status === 'sealed';
  }

  async function evidenceOf(run: string): Promise<Pick<Cancelled, 'entries' | 'steps'>> {
    const bytes = await ada.sealed(run);
    const files = await readTar(
      (async function* () {
        yield bytes;
      })(),
      LIMITS,
    );
    const lines = (path: string): unknown[] =>
      Buffer.from(files.get(path) ?? [])
        .toString('utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown);
    const pages = lines('journal.ndjson') as { entries: Entry[] }[];
    return { entries: pages.flatMap(({ entries }) => entries), steps: lines('steps.ndjson') as StepLine[] };
  }

  /** The faults of one run, and its durations. */
  function judge({ name, force, askedAt, entries, steps }: Cancelled, withinMs: number) {
    const accepted = entries.findIndex(({ event }) => event.type === 'cancel.accepted');
    const acknowledgedAt = entries[accepted]?.at ?? 0;
    const started = entries.slice(accepted).flatMap(({ event }) => (event.type === 'step.started' ? [event.step] : []));
    const beforeCleanup = entries.slice(
      0,
      entries.findIndex(({ event }) => event.type === 'step.started' && event.step === 'tidy'),
    );
    const ended = new Set(beforeCleanup.flatMap(({ event }) => (event.type === 'step.ended' ? [event.step] : [])));
    const beside = beforeCleanup.flatMap(({ event }) =>
      event.type === 'step.started' && !ended.has(event.step) ? [event.step] : [],
    );
    const mine = log.effects.filter(({ path }) => path.startsWith(`/${name}/`));
    const after = mine.filter(({ at, path }) => at > acknowledgedAt && path !== `/${name}/tidy`);
    const last = Math.max(0, ...after.map(({ at }) => at - acknowledgedAt));
    const ends = entries.filter(({ event }) => event.type === 'run.ended').length;
    const unattested = steps.filter(
      ({ effects, status, outcome }) => effects === 'once' && status === 'cancelled' && outcome !== 'unknown',
    );
    const wrong = [
      ...(accepted < 0 ? ['was never accepted'] : []),
      ...started.filter((step) => force || step !== 'tidy').map((step) => `${step ?? ''} started after the acceptance`),
      ...beside.map((step) => `cleanup began beside ${step ?? ''}`),
      ...(last > withinMs ? [`acted ${last} ms after the acceptance`] : []),
      ...(ends === 1 ? [] : [`ended ${ends} times`]),
      ...unattested.map(({ id }) => `${id} was killed, and its outcome is not attested`),
    ];
    const unknown = steps.filter(({ outcome }) => outcome === 'unknown').length;
    return { wrong: wrong.map((what) => `${name}: ${what}`), acceptedMs: acknowledgedAt - askedAt, last, unknown };
  }

  function report(what: string, runs: readonly Cancelled[], judged: readonly ReturnType<typeof judge>[]): void {
    const most = (of: (one: ReturnType<typeof judge>) => number): number => Math.max(...judged.map(of));
    const unknown = judged.reduce((sum, one) => sum + one.unknown, 0);
    const beats = log.effects.filter(({ path }) => path.endsWith('/beat')).length;
    console.log(
      `${what}: ${runs.length} runs, ${log.effects.length} effects (${beats} beats); accepted after ${most((one) => one.acceptedMs)} ms at most, ` +
        `last effect ${most((one) => one.last)} ms after the acceptance at most, ${unknown} outcomes unknown`,
    );
  }

  it('starts nothing and does nothing any more but cleanup, once that is in its journal and the grace is over', async () => {
    const runs = await cancelSome('calm', false);
    const judged = runs.map((run) => judge(run, GRACE_MS + ARRIVAL_MS));
    report('cancelled under load', runs, judged);
    expect(judged.flatMap(({ wrong }) => wrong)).toEqual([]);
    // The test is only meaningful if a step was killed while it acted.
    expect(judged.some(({ unknown }) => unknown > 0)).toBe(true);
    const cleaned = runs.filter(({ name }) => log.paths(`/${name}/`).includes('tidy'));
    expect(cleaned.length).toBeGreaterThan(0);
  }, 420_000);

  atNight('also where its worker is killed meanwhile: one lease later at most', async () => {
    const runs = await cancelSome('killed', true);
    const judged = runs.map((run) => judge(run, GRACE_MS + LEASE_MS + ARRIVAL_MS));
    report('cancelled while a worker is killed', runs, judged);
    expect(judged.flatMap(({ wrong }) => wrong)).toEqual([]);
  });
});
