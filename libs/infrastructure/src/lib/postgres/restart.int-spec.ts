import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { sha256 } from '@taskrunner/core/canonical';
import type { StepId } from '@taskrunner/core/foundation';
import type { AssignmentReport, ClaimedAssignment, ClaimedRun, WorkerSession } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { openWebDatabase, openWorkerDatabase } from './databases';
import type { WebDatabase, WorkerDatabase } from './databases';
import { aCommit, aDecision, aStep, aWorker, after, start, submit, tenantA } from './testing/builders';
import { startTestServer } from './testing/test-database';
import type { TestDatabase, TestServer } from './testing/test-database';

/** A proxy between client and server that can cut all connections, refuse new ones, and drop answers. */
interface Cable {
  readonly port: number;
  /** Cuts every connection; later ones are refused until `mend`. */
  cut(): void;
  mend(): void;
  /** Forwards requests to the server, drops its next answer and cuts the connection. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

/** `target`: URL of the server. A Unix socket is its parameter `host`. */
async function openCable(target: URL): Promise<Cable> {
  const ends = new Set<Socket>();
  let open = true;
  let losing = false;
  const server: Server = createServer((near) => {
    if (!open) return void near.destroy();
    const folder = target.searchParams.get('host');
    const far = folder ? connect(`${folder}/.s.PGSQL.${target.port}`) : connect(Number(target.port), target.hostname);
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        ends.delete(end);
        near.destroy();
        // The server executes the requests that it has received before it notices.
        setTimeout(() => far.destroy(), 50).unref();
      });
    }
    near.on('data', (data: Uint8Array) => far.write(data));
    far.on('data', (data: Uint8Array) => {
      if (losing) {
        losing = false;
        near.destroy();
      } else near.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      open = false;
      for (const end of ends) end.destroy();
    },
    mend: () => {
      open = true;
    },
    loseNextAnswer: () => {
      losing = true;
    },
    close: async () => {
      for (const end of ends) end.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

let host: TestServer;
let database: TestDatabase;
let cable: Cable;
let web: WebDatabase;
let worker: WorkerDatabase;
const errors: Error[] = [];

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  cable = await openCable(new URL(database.url('web')));
  const through = (role: 'web' | 'worker') => {
    const url = Object.assign(new URL(database.url(role)), { host: `127.0.0.1:${cable.port}` });
    url.searchParams.delete('host');
    return url.href;
  };
  const options = { allowLoss: true, onError: (error: Error) => errors.push(error) };
  web = await openWebDatabase(through('web'), options);
  worker = await openWorkerDatabase(through('worker'), options);
});
afterAll(async () => {
  await web.close();
  await worker.close();
  await cable.close();
  await host.stop();
});

async function claimed() {
  const runId = await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const run = (await worker.claims.claim(workerSession, 9)).find((each) => each.runId === runId);
  if (!run) throw new Error('not claimed');
  return { run, workerSession };
}

it('a database that goes away and comes back ends no process and loses no commit', async () => {
  const { run } = await claimed();
  const first = aCommit(run, start, { steps: [aStep('a')] });
  expect(await worker.committer.commit(first)).toEqual({ kind: 'committed' });
  cable.cut();
  const second = worker.committer.commit(aCommit(run, after(first), { steps: [aStep('b')] }));
  const posted = web.runStore.post(tenantA, run.runId, { type: 'time.reached' }, 'a');
  expect((await web.readiness()).ready).toBe(false);
  setTimeout(() => cable.mend(), 300);
  expect(await second).toEqual({ kind: 'committed' });
  expect(await posted).toEqual({ kind: 'posted', position: 1 });
  expect((await web.readiness()).ready).toBe(true);
  expect(errors.length).toBeGreaterThan(0);
});

/** An assignment of a run that a worker drives, dispatched to itself. */
async function assigned(run: ClaimedRun, workerSession: WorkerSession): Promise<ClaimedAssignment> {
  const step = 'fan' as StepId;
  const assignment = { name: 'fan[0]::act#1', step, first: 0, last: 0, items: 1, body: '[]', mac: 'cd'.repeat(32) };
  await worker.committer.commit(
    aCommit(run, start, { assignments: { dispatched: [assignment], revoked: [], settled: [] } }),
  );
  const held = await worker.assignments.claim(workerSession);
  if (!held) throw new Error('nothing is lent');
  return held;
}

it('what a driver asks is answered when the database is back, however long that takes; a caller is told after a while', async () => {
  const { run, workerSession } = await claimed();
  const held = await assigned(run, workerSession);
  const execution = { step: 'fan[0]::act' as StepId, execution: 1 };
  const report: AssignmentReport = {
    ...{ type: 'assignment.reported', runId: run.runId, assignment: held.name, fence: held.fence, number: 1 },
    ...{ worker: aWorker(), reported: [], values: {}, refused: false, mac: '' },
  };
  cable.cut();
  const driver = [
    worker.claims.inboxMessages(tenantA, run.runId, 99),
    worker.claims.pages(tenantA, run.runId, 99),
    worker.objectReferences.need(tenantA, run.runId, [sha256('v')]),
    worker.assignments.run(tenantA, run.runId),
    worker.assignments.begin(held, [execution]),
    worker.assignments.report(held, report),
  ];
  // The outage lasts longer than the timeout of API callers.
  await expect(web.runReader.summary(tenantA, run.runId)).rejects.toThrow();
  cable.mend();
  expect(await Promise.all(driver)).toEqual([
    ...[[], [], undefined],
    ...[expect.objectContaining({ runId: run.runId }), [execution.step], { kind: 'posted', position: 1 }],
  ]);
}, 60_000);

describe('an answer lost on the wire', () => {
  it('leaves one head', async () => {
    const { run } = await claimed();
    let position = start;
    for (let i = 0; i < 10; i++) {
      const commit = aCommit(run, position, { steps: [aStep(`s${i}`)] });
      if (i % 2) cable.loseNextAnswer();
      expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
      position = after(commit);
    }
    const pages = await worker.claims.pages(tenantA, run.runId, 0);
    expect(pages.map(({ first }) => first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('leaves one run, one letter and one decision', async () => {
    cable.loseNextAnswer();
    const runId = await submit(web.runStore, { planHash: sha256('lost') });
    cable.loseNextAnswer();
    const outcome = await web.runStore.post(tenantA, runId, { type: 'time.reached' }, 'x');
    expect(['posted', 'known']).toContain(outcome.kind);
    expect(await worker.claims.inboxMessages(tenantA, runId, 0)).toHaveLength(1);
    const workerSession = await worker.claims.register(aWorker());
    const run = (await worker.claims.claim(workerSession, 9)).find((each) => each.runId === runId);
    if (!run) throw new Error('not claimed');
    const opened = { kind: 'opened', gate: 'approve', approval: 'x', gateDigest: sha256('g'), show: null } as const;
    const gate = { ...opened, request: {}, required: 2, expiresAt: 4e12 };
    await worker.committer.commit(aCommit(run, start, { seen: 1, gates: [gate] }));
    cable.loseNextAnswer();
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000))).toMatchObject({ kind: 'counted', approvals: 1 });
    expect(await worker.claims.inboxMessages(tenantA, runId, 1)).toHaveLength(1);
  });
});
