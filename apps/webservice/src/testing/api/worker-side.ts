import { canonical, digestOf, sha256 } from '@taskrunner/core/canonical';
import { hasEnded, type Json, type RunId, type StepId } from '@taskrunner/core/foundation';
import type { Entry } from '@taskrunner/core/journal';
import type { ClaimedRun, Commit, WorkerSession } from '@taskrunner/core/ports';
import type { WorkerDatabase } from '@taskrunner/infrastructure/postgres';
import { TENANT, environment } from './sample';

/** A commit of the worker, with what readers need. */
export type Committed = Partial<Commit> & {
  readonly state?: Partial<Commit['run']>;
  /** The lines of a chunk as stored, if they are not the usual three. */
  readonly textOf?: (chunk: number) => string;
};

/** Claims a run as a worker, commits one turn and releases the run. */
export async function commit(
  worker: WorkerDatabase,
  runId: RunId,
  supplied: Committed | ((claimed: ClaimedRun) => Committed),
): Promise<void> {
  const workerSession = await worker.claims.register({
    name: 'w',
    version: '0',
    build: sha256('build'),
    isolations: ['none/v1'],
    probe: sha256('probe'),
    environments: [digestOf(environment()), digestOf(environment('token'))],
    labels: [],
  });
  const claimed = await claimedRun(worker, workerSession, runId);
  const {
    state,
    chunks = [],
    textOf = () => 'ione\nwtwo\ndthree\n',
    ...rest
  } = typeof supplied === 'function' ? supplied(claimed) : supplied;
  const stored = chunks.map(({ chunk }) => textOf(chunk));
  const logged = chunks.map(({ step, execution, chunk }, index) => {
    const text = stored[index] ?? '';
    const [lines, bytes] = [text.split('\n').length - 1, Buffer.byteLength(text)];
    return { type: 'log', step: step as StepId, execution, chunk, lines, bytes, sha256: sha256(text) } as const;
  });
  if (chunks.length > 0) {
    const held = await worker.logStore.append(
      chunks.map(({ step, execution, chunk }, index) => ({
        tenant: TENANT,
        runId,
        fence: claimed.fence,
        step,
        // The first two executions are of one attempt, as after the loss of a worker.
        attempt: Math.max(1, execution - 1),
        execution,
        chunk,
        at: Date.UTC(2026, 0, 1),
        data: new TextEncoder().encode(stored[index]),
        lines: logged[index]?.lines ?? 0,
        sha256: sha256(stored[index] ?? ''),
      })),
    );
    expect(held.every(Boolean)).toBe(true);
  }
  const outcome = await worker.committer.commit({
    tenant: TENANT,
    runId,
    fence: claimed.fence,
    prevSeq: 0,
    mac: 'ab'.repeat(32),
    steps: [],
    changes: [],
    areStepsJournaled: false,
    gates: [],
    artifacts: [],
    chunks,
    seen: 0,
    isSnapshot: false,
    closes: false,
    releases: true,
    dueAt: null,
    outbox: [],
    ...rest,
    ...chained(claimed, rest.page?.entries ?? entriesOf(rest, logged, state)),
    run: {
      status: 'waiting',
      startedAt: 1,
      finishedAt: null,
      waits: [],
      counts: { total: 3 },
      outputs: null,
      message: null,
      error: null,
      lastLine: 0,
      progressed: false,
      ...state,
    },
  });
  expect(outcome).toEqual({ kind: 'committed' });
  await worker.claims.retire(workerSession);
}

/** Claims until it has the run: specs that share a database leave runs that are due, and a claim takes the oldest first. */
async function claimedRun(worker: WorkerDatabase, session: WorkerSession, runId: RunId): Promise<ClaimedRun> {
  for (;;) {
    const runs = await worker.claims.claim(session, 100);
    const claimed = runs.find((one) => one.runId === runId);
    if (claimed) return claimed;
    if (runs.length === 0) throw new Error('the run cannot be claimed');
  }
}

type Event = Entry['event'];

/** What a worker journals beside its rows, which readers compare with it. */
function entriesOf(
  { artifacts = [] }: Partial<Commit>,
  logged: readonly Event[],
  state: Partial<Commit['run']> = {},
): readonly Entry[] {
  const status: string = state.status ?? '';
  const captured = artifacts.map((one): Event => ({ type: 'artifact.captured', ...one, step: one.step as StepId }));
  const end: Event[] = hasEnded(status) ? [{ type: 'run.ended', status, code: null, step: null, outputs: null }] : [];
  const events: Event[] = [{ type: 'run.started' }, ...logged, ...captured, ...end];
  return events.map((event, index) => ({ seq: index + 1, at: 1, kind: 'derived', event }) as Entry);
}

/** The first page of a journal, with its hash and the text that it is over. */
function chained(
  { admissionDigest: prev }: ClaimedRun,
  entries: readonly Entry[],
): Pick<Commit, 'page' | 'entriesText'> {
  const entriesText = canonical(entries as unknown as Json);
  return { page: { first: 1, entries, values: {}, prev, hash: sha256(`${prev}\n1\n${entriesText}`) }, entriesText };
}
