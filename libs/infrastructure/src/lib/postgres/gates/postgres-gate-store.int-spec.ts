import { digestOf, sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Json, RunId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import {
  aCommit,
  aDecision,
  aGateOpened,
  aStep,
  aWorker,
  after,
  cancelRequest,
  PLAN,
  start,
  submit,
  tenantA,
  tenantB,
} from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened), { web: { connections: 20 } });

/** A run parked at an open gate. */
async function gated(required: number, expiresAt = 4_000_000_000_000): Promise<{ runId: RunId; claimed: ClaimedRun }> {
  const runId = await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const claimed = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
  if (!claimed) throw new Error('not claimed');
  const opens = aCommit(claimed, start, {
    gates: [aGateOpened(claimed, { required, expiresAt })],
    closes: true,
    releases: true,
    run: { status: 'waiting' },
  });
  expect(await worker.committer.commit(opens)).toEqual({ kind: 'committed' });
  await worker.claims.retire(workerSession);
  return { runId, claimed };
}

/** Copies the run's gate under the name `second`. */
async function secondGate(
  { runId, ...claimed }: ClaimedRun,
  supplied: Parameters<typeof aGateOpened>[1] = {},
): Promise<void> {
  const { gateDigest, request } = aGateOpened({ ...claimed, runId }, { ...supplied, gate: 'second' });
  await database.sql(
    `insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, show, required, expires_at, opened_ms)
     select tenant_id, run_id, 'second', approval, state, $2, $3, show, required, to_timestamp($4::bigint / 1000.0), opened_ms
     from pack_runs.gates g where run_id = $1`,
    [runUuid(runId), gateDigest, JSON.stringify(request), Date.parse(request.expiresAt)],
  );
}

const count = async (table: string, runId: RunId) =>
  (await database.sql<{ n: number }>(`select count(*)::int as n from ${table} where run_id = $1`, [runUuid(runId)]))[0]
    ?.n;

describe('a decision', () => {
  it('counts, and opens the gate with the last one that is needed', async () => {
    const { runId } = await gated(2);
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000))).toEqual({
      kind: 'counted',
      state: 'open',
      approvals: 1,
      required: 2,
    });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_001))).toEqual({
      kind: 'counted',
      state: 'approved',
      approvals: 2,
      required: 2,
    });
    const late = await web.gateStore.decide(aDecision(runId, 'dee', 1_002));
    expect(late).toEqual({ kind: 'refused', code: 'GATE_DECIDED' });
    const messages = await worker.claims.inboxMessages(tenantA, runId, 0);
    expect(messages.map(({ position, input }) => [position, input.type])).toEqual([
      [1, 'gate.decided'],
      [2, 'gate.decided'],
    ]);
    expect(messages[0]?.envelope?.payloadType).toBe('application/vnd.taskrunner.test+json');
    const gate = await web.gateStore.find(tenantA, runId, 'approve');
    expect(gate).toMatchObject({
      state: 'approved',
      approvals: 2,
      planHash: sha256(PLAN),
      documents: { show: { findings: 3 } },
    });
    expect(gate?.decisions.map(({ person }) => person.sub)).toEqual(['ben', 'cy']);
    // The messages have made the run due.
    const workerSession = await worker.claims.register(aWorker());
    const claimed = await worker.claims.claim(workerSession, 100);
    expect(claimed.map((run) => run.runId)).toContain(runId);
    await worker.claims.retire(workerSession);
  });

  it('that depends on earlier ones does not count if there is a later one than was read', async () => {
    const { runId } = await gated(3);
    const lastDecidedAt = (await web.gateStore.find(tenantA, runId, 'approve'))?.lastDecidedAt ?? null;
    expect(lastDecidedAt).toBe(0);
    const confirming = (sub: string, at: number, last: number | null) =>
      web.gateStore.decide(aDecision(runId, sub, at, { lastDecidedAt: last }));
    // Both have read the gate before anybody had decided.
    const both = await Promise.all([confirming('ben', 1_000, 0), confirming('cy', 1_001, 0)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['counted', 'too-early']);
    const last = (await web.gateStore.find(tenantA, runId, 'approve'))?.lastDecidedAt ?? null;
    expect(await confirming('dee', 1_002, last)).toMatchObject({ kind: 'counted', approvals: 2 });
    expect(await confirming('eve', 1_003, null)).toMatchObject({ kind: 'counted', approvals: 3 });
  });

  it('of fifty in parallel by distinct people, exactly the quorum counts, in one order', async () => {
    const { runId } = await gated(2);
    const at = await web.gateStore.now();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        for (let time = at + i; ; time += 50) {
          const outcome = await web.gateStore.decide(aDecision(runId, `p${i}`, time));
          if (outcome.kind !== 'too-early') return outcome;
        }
      }),
    );
    const counted = outcomes.filter(({ kind }) => kind === 'counted');
    expect(counted.map((outcome) => 'state' in outcome && outcome.state).sort()).toEqual(['approved', 'open']);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'counted') expect(outcome).toEqual({ kind: 'refused', code: 'GATE_DECIDED' });
    }
    expect(await count('pack_runs.decisions', runId)).toBe(2);
    const messages = await worker.claims.inboxMessages(tenantA, runId, 0);
    expect(messages.map(({ position }) => position)).toEqual([1, 2]);
    const times = await database.sql<{ decided_ms: number }>(
      `select decided_ms::float8 from pack_runs.decisions d join pack_runs.inbox i
       on i.run_id = d.run_id and i.dedupe = 'decision:' || d.decision_id where d.run_id = $1 order by i.position`,
      [runUuid(runId)],
    );
    expect((times[1]?.decided_ms ?? 0) > (times[0]?.decided_ms ?? 0)).toBe(true);
  });

  it('shares one order of letters with other gates and senders of its run', async () => {
    const { runId, claimed } = await gated(100);
    await secondGate(claimed, { required: 100 });
    const at = await web.gateStore.now();
    const decided = Array.from({ length: 40 }, async (_, i) => {
      const gate = i % 2 ? 'approve' : 'second';
      for (let time = at + i; ; time += 40) {
        const outcome = await web.gateStore.decide(aDecision(runId, `p${i}`, time, { gate }));
        if (outcome.kind !== 'too-early') return outcome.kind;
      }
    });
    const posted = Array.from({ length: 40 }, async (_, i) => {
      return (await web.runStore.post(tenantA, runId, { type: 'time.reached' }, `k${i}`)).kind;
    });
    const outcomes = await Promise.all([...decided, ...posted]);
    expect(outcomes.sort()).toEqual([...Array<string>(40).fill('counted'), ...Array<string>(40).fill('posted')]);
    const messages = await worker.claims.inboxMessages(tenantA, runId, 0);
    expect(messages.map(({ position }) => position)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
  });

  it('counts a person once, however often and however parallel', async () => {
    const { runId } = await gated(2);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => web.gateStore.decide(aDecision(runId, 'ben', 2_000 + i))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'counted')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'counted') expect(outcome.kind).toBe('repeated');
    }
    const [first] = await database.sql<{ envelope: Envelope }>(
      'select envelope from pack_runs.decisions where run_id = $1',
      [runUuid(runId)],
    );
    const again = await web.gateStore.decide(aDecision(runId, 'ben', 5_000));
    expect(again).toEqual({
      kind: 'repeated',
      envelope: first?.envelope,
      state: 'open',
      approvals: 1,
      required: 2,
    });
  });

  it('sent again after a lost answer counts once and is answered as counted', async () => {
    const { runId } = await gated(2);
    const decision = aDecision(runId, 'ben', 1_000);
    const first = await web.gateStore.decide(decision);
    expect(await web.gateStore.decide(decision)).toEqual(first);
    expect(await count('pack_runs.inbox', runId)).toBe(1);
  });

  it('must be later than the last one of the run', async () => {
    const { runId } = await gated(3);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_000))).toEqual({ kind: 'too-early' });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_001))).toMatchObject({ kind: 'counted', approvals: 2 });
    expect(await count('pack_runs.inbox', runId)).toBe(2);
  });

  it('is not kept out by a last one in the future that nobody has signed', async () => {
    const { runId } = await gated(3);
    const now = await web.gateStore.now();
    const setBack = () =>
      database.sql('update pack_runs.runs set last_decided_ms = $2 where run_id = $1', [
        runUuid(runId),
        now + 3_600_000,
      ]);
    await setBack();
    const { lastDecidedAt = null } = (await web.gateStore.find(tenantA, runId, 'approve')) ?? {};
    expect(await web.gateStore.decide(aDecision(runId, 'ben', now, { lastDecidedAt }))).toMatchObject({
      kind: 'counted',
    });
    await setBack();
    // The signed ones still come before it.
    expect(await web.gateStore.decide(aDecision(runId, 'cy', now))).toEqual({ kind: 'too-early' });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', now + 1))).toMatchObject({
      kind: 'counted',
      approvals: 2,
    });
  });

  it('is not kept out by a row in the future that is no decision and no resolution: the run is altered', async () => {
    const { runId } = await gated(3);
    await database.sql(
      `insert into pack_runs.resolutions (tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms, envelope, record_digest)
       values ($1, $2, 'x', 1, 'failed', 'i', 's', 200000000000000, '{}', 'd')`,
      [tenantA, runUuid(runId)],
    );
    await database.sql('update pack_runs.runs set last_decided_ms = 200000000000000 where run_id = $1', [
      runUuid(runId),
    ]);
    await expect(web.gateStore.decide(aDecision(runId, 'ben', await web.gateStore.now()))).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'resolution' },
    });
  });

  it.each(['refused_position = 7', 'refused_position = -1', 'cancel_position = -1', 'seen = -5', 'seen = 9'])(
    'is not refused for a position that no message has: the run is altered by %s',
    async (change) => {
      const { runId } = await gated(2);
      await database.sql(`update pack_runs.runs set ${change} where run_id = $1`, [runUuid(runId)]);
      const altered = { code: 'DOCUMENT_ALTERED', first: { runId, document: 'status' } };
      await expect(web.gateStore.find(tenantA, runId, 'approve')).rejects.toMatchObject(altered);
      if (change.startsWith('seen')) return;
      await expect(web.gateStore.decide(aDecision(runId, 'ben', 1_000))).rejects.toMatchObject(altered);
    },
  );

  it.each(['inbox_seq', 'version'])('is refused where nothing can follow %s: the run is altered', async (counter) => {
    const { runId } = await gated(2);
    await database.sql(`update pack_runs.runs set ${counter} = 9223372036854775807 where run_id = $1`, [
      runUuid(runId),
    ]);
    await expect(web.gateStore.decide(aDecision(runId, 'ben', 1_000))).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'run' },
    });
  });

  it('is not read where the row counts a message that does not exist: nobody decides', async () => {
    const { runId } = await gated(2);
    await database.sql('update pack_runs.runs set inbox_seq = 9000000000000000 where run_id = $1', [runUuid(runId)]);
    await expect(web.gateStore.find(tenantA, runId, 'approve')).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'status' },
    });
  });

  it('is not lost to a message that somebody else has put at the next position: the run is altered', async () => {
    const { runId } = await gated(2);
    await database.sql(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms) values ($1, $2, 1, 'x', '{}', 0)`,
      [tenantA, runUuid(runId)],
    );
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId, document: 'status' } };
    await expect(web.gateStore.decide(aDecision(runId, 'ben', 1_000))).rejects.toMatchObject(altered);
    await expect(web.runStore.post(tenantA, runId, cancelRequest, 'cancel')).rejects.toMatchObject(altered);
  });

  it('is not read where another list of who approved stands: it could not be withdrawn', async () => {
    const { runId } = await gated(2);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    for (const counted of ['{}', '{"[\\"https://id.test\\",\\"cy\\"]"}']) {
      await database.sql('update pack_runs.gates set counted = $2 where run_id = $1', [runUuid(runId), counted]);
      await expect(web.gateStore.find(tenantA, runId, 'approve')).rejects.toMatchObject({
        code: 'DOCUMENT_ALTERED',
        first: { runId, document: 'gate' },
      });
    }
    // The list of open gates is without it from then on.
    const found = { document: 'gate', what: 'it', expected: 'a', found: 'b' } as const;
    await web.alteredRuns.mark({ tenant: tenantA, runId, ...found });
  });

  it('of several at once before such a time, each is later than the one before', async () => {
    const { runId } = await gated(9);
    const now = await web.gateStore.now();
    await database.sql('update pack_runs.runs set last_decided_ms = $2 where run_id = $1', [
      runUuid(runId),
      now + 3_600_000,
    ]);
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, i) => web.gateStore.decide(aDecision(runId, `p${i}`, now + 1_800_000 - i))),
    );
    const times = await database.sql<{ at: string }>(
      'select decided_ms as at from pack_runs.decisions d join pack_runs.inbox i using (tenant_id, run_id) where run_id = $1 and i.dedupe = $2 || d.decision_id order by i.position',
      [runUuid(runId), 'decision:'],
    );
    expect(outcomes.filter(({ kind }) => kind === 'counted')).toHaveLength(times.length);
    expect(times.length).toBeGreaterThan(0);
    expect(times.map(({ at }) => Number(at))).toEqual(
      [...new Set(times.map(({ at }) => Number(at)))].sort((a, b) => a - b),
    );
  });

  it('uses up the person who delegated it', async () => {
    const { runId } = await gated(3);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000, { delegator: 'cy' }));
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_001))).toEqual({
      kind: 'refused',
      code: 'GATE_ALREADY_COUNTED',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'dee', 1_002, { delegator: 'ben' }))).toMatchObject({
      code: 'GATE_ALREADY_COUNTED',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_003, { decision: 'withdrawn' }))).toMatchObject({
      kind: 'counted',
      approvals: 0,
    });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_004))).toMatchObject({ kind: 'counted', approvals: 1 });
  });

  it('uses up the persons who act for whoever gives it, and no programs', async () => {
    const { runId } = await gated(3);
    const iss = 'https://id.test';
    const bot = { iss, sub: 'bot', kind: 'client' as const };
    const through = (sub: string) => ({ actors: [bot, { iss, sub, kind: 'person' as const }] });
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000, through('cy')));
    for (const [at, again] of [aDecision(runId, 'cy', 1_001), aDecision(runId, 'dee', 1_002, through('ben'))].entries())
      expect([at, await web.gateStore.decide(again)]).toEqual([at, { kind: 'refused', code: 'GATE_ALREADY_COUNTED' }]);
    expect(await web.gateStore.decide(aDecision(runId, 'dee', 1_003, { actors: [bot] }))).toMatchObject({
      approvals: 2,
    });
    const withdrawal = { ...through('dee'), decision: 'withdrawn' as const };
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_004, withdrawal))).toMatchObject({ approvals: 1 });
    expect(await web.gateStore.decide(aDecision(runId, 'dee', 1_005))).toMatchObject({ kind: 'repeated' });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_006))).toMatchObject({ approvals: 2 });
  });

  it('may be withdrawn while the gate is open, and given again', async () => {
    const { runId } = await gated(2);
    const refused = await web.gateStore.decide(aDecision(runId, 'ben', 900, { decision: 'withdrawn' }));
    expect(refused).toEqual({ kind: 'refused', code: 'GATE_NOT_APPROVED' });
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_001, { decision: 'withdrawn' }))).toMatchObject({
      approvals: 0,
    });
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_002, { decision: 'withdrawn' }))).toMatchObject({
      kind: 'repeated',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_003))).toMatchObject({ kind: 'counted', approvals: 1 });
    const stored = async () =>
      (await web.gateStore.find(tenantA, runId, 'approve'))?.decisions.map(({ decision, name }) => [decision, name]);
    const names = ['approved', 'withdrawn', 'approved'].map((decision) => [decision, 'ben by name']);
    expect(await stored()).toEqual(names);
    expect((await web.gateStore.open(tenantA, 9, null)).find((gate) => gate.runId === runId)?.decisions).toHaveLength(
      3,
    );
    // Of a release before the column.
    await database.sql('update pack_runs.decisions set name = null where run_id = $1', [runUuid(runId)]);
    expect(await stored()).toEqual(names.map(([decision]) => [decision, null]));
  });

  it('of rejection ends the gate at once', async () => {
    const { runId } = await gated(3);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_001, { decision: 'rejected' }))).toMatchObject({
      kind: 'counted',
      state: 'rejected',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'cy', 1_002, { decision: 'rejected' }))).toMatchObject({
      kind: 'repeated',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'dee', 1_003))).toEqual({
      kind: 'refused',
      code: 'GATE_DECIDED',
    });
  });

  it('comes too late by the clock, whatever the row says', async () => {
    const { runId } = await gated(1, (await web.gateStore.now()) + 60_000);
    expect(await web.gateStore.open(tenantA, 100, null)).toContainEqual(expect.objectContaining({ runId }));
    const ago = `update pack_runs.gates set expires_at = now() - interval '1 ms' where run_id = $1`;
    await database.sql(ago, [runUuid(runId)]);
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000))).toEqual({
      kind: 'refused',
      code: 'GATE_EXPIRED',
    });
    expect(await count('pack_runs.inbox', runId)).toBe(0);
    expect(await web.gateStore.open(tenantA, 100, null)).not.toContainEqual(expect.objectContaining({ runId }));
  });

  it('beats the timer that would expire the gate', async () => {
    const { runId, claimed } = await gated(1);
    const workerSession = await worker.claims.register(aWorker());
    const again = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
    expect(again).toBeUndefined();
    await database.sql('update pack_runs.runs set due_at = now() where run_id = $1', [runUuid(runId)]);
    const driver = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
    if (!driver) throw new Error('not claimed');
    expect(driver.fence).toBe(claimed.fence + 1);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    const [page] = await worker.claims.pages(tenantA, runId, 0);
    if (!page) throw new Error('no page');
    const expires = aCommit(driver, after({ page, seen: 0 } as never), {
      gates: [{ kind: 'ended', gate: 'approve', outcome: 'expired' }],
      closes: true,
    });
    expect(await worker.committer.commit(expires)).toEqual({ kind: 'letters' });
    expect((await web.gateStore.find(tenantA, runId, 'approve'))?.state).toBe('approved');
    await worker.claims.retire(workerSession);
  });

  it('is refused once another gate of its run was rejected, before any worker has read that', async () => {
    const { runId, claimed } = await gated(1);
    await secondGate(claimed);
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000, { decision: 'rejected' }))).toMatchObject({
      state: 'rejected',
    });
    for (const decision of ['approved', 'rejected'] as const) {
      const late = await web.gateStore.decide(aDecision(runId, 'cy', 1_001, { gate: 'second', decision }));
      expect(late).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
    }
    expect(await count('pack_runs.inbox', runId)).toBe(1);
    expect((await web.gateStore.find(tenantA, runId, 'second'))?.doomed).toBe(true);
    // A repeated rejection is still accepted.
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_002, { decision: 'rejected' }))).toMatchObject({
      kind: 'repeated',
    });
  });

  it('is refused once the time of another gate of its run is over, before any worker has read that', async () => {
    const { runId, claimed } = await gated(1);
    await secondGate(claimed, { expiresAt: 1 });
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000))).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
    expect((await web.gateStore.find(tenantA, runId, 'approve'))?.doomed).toBe(true);
    expect(await count('pack_runs.inbox', runId)).toBe(0);
  });

  it('never counts behind a rejection, however parallel', async () => {
    for (let round = 0; round < 5; round++) {
      const { runId, claimed } = await gated(100);
      await secondGate(claimed, { required: 100 });
      const at = await web.gateStore.now();
      const outcomes = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const decision = i === 15 ? 'rejected' : 'approved';
          const gate = i === 15 ? 'approve' : 'second';
          for (let time = at + i; ; time += 30) {
            const outcome = await web.gateStore.decide(aDecision(runId, `p${i}`, time, { gate, decision }));
            if (outcome.kind !== 'too-early') return outcome.kind;
          }
        }),
      );
      const messages = await worker.claims.inboxMessages(tenantA, runId, 0);
      const decisions = messages.map(({ input }) => input.type === 'gate.decided' && input.decision.decision);
      expect(decisions.indexOf('rejected')).toBe(decisions.length - 1);
      expect(outcomes.filter((kind) => kind === 'counted')).toHaveLength(decisions.length);
    }
  });

  it('is refused where there is no gate, in an ended or cancelling run, and in another tenant', async () => {
    const { runId } = await gated(1);
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000, { gate: 'other' }))).toEqual({
      kind: 'refused',
      code: 'GATE_NOT_OPEN',
    });
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000, { tenant: tenantB }))).toEqual({
      kind: 'refused',
      code: 'GATE_NOT_OPEN',
    });
    await web.runStore.post(tenantA, runId, cancelRequest, 'cancel');
    expect(await web.gateStore.decide(aDecision(runId, 'ben', 1_000))).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
    expect(await web.gateStore.find(tenantB, runId, 'approve')).toBeNull();
  });
});

describe('the gates of a run', () => {
  it('are found by their names with their decisions, and only by its tenant', async () => {
    const { runId, claimed } = await gated(1);
    await secondGate(claimed);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000));
    const found = await web.gateStore.ofRun(tenantA, runId, ['second', 'approve', 'never']);
    const shown = found.map(({ gate, state, decisions }) => [gate, state, decisions.length]).sort();
    expect(shown).toEqual([
      ['approve', 'approved', 1],
      ['second', 'open', 0],
    ]);
    expect((await web.gateStore.ofRun(tenantA, runId, ['second'])).map(({ gate }) => gate)).toEqual(['second']);
    expect(await web.gateStore.ofRun(tenantA, runId, [])).toEqual([]);
    expect(await web.gateStore.ofRun(tenantB, runId, ['approve'])).toEqual([]);
  });

  it('have steps, which are read page by page', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    const gates = ['m[10]::ask', 'Z', 'a', 'm[9]::ask'].map((step, place) => aStep(step, { kind: 'gate', place }));
    const steps = [...gates, aStep('work', { place: 9 })];
    expect(await worker.committer.commit(aCommit(claimed, start, { steps }))).toEqual({ kind: 'committed' });
    const names = async (limit: number, after: string | null, tenant = tenantA) =>
      (await web.runReader.gateStepRows(tenant, runId, limit, after)).map(({ step }) => step);
    expect(await names(9, null)).toEqual(['Z', 'a', 'm[10]::ask', 'm[9]::ask']);
    expect(await names(2, null)).toEqual(['Z', 'a']);
    expect(await names(2, 'a')).toEqual(['m[10]::ask', 'm[9]::ask']);
    expect(await names(2, 'm[9]::ask')).toEqual([]);
    expect(await names(9, null, tenantB)).toEqual([]);
    await worker.claims.retire(workerSession);
  });
});

describe('audit', () => {
  it('is one chain per tenant that anyone can recompute', async () => {
    const before = await database.sql('select from pack_runs.audit where tenant_id = $1', [tenantA]);
    const events = Array.from({ length: 30 }, (_, i) => ({
      type: 'gate.refused',
      code: 'GATE_STALE',
      n: i,
      text: 'é "x"',
    }));
    await Promise.all(events.map((event) => web.gateStore.audit(tenantA, event)));
    await web.gateStore.audit(tenantB, { type: 'other' });
    const rows = await database.sql<{ seq: string; at_ms: string; prev: Buffer | null; hash: Buffer; event: Json }>(
      'select * from pack_runs.audit where tenant_id = $1 order by seq',
      [tenantA],
    );
    expect(rows).toHaveLength(before.length + 30);
    let prev: string | null = null;
    for (const [index, row] of rows.entries()) {
      expect(Number(row.seq)).toBe(index + 1);
      const digest: string = digestOf({ at: Number(row.at_ms), event: row.event, prev, seq: index + 1 });
      expect(`sha256:${row.hash.toString('hex')}`).toBe(digest);
      prev = digest;
    }
    const runId = await submit(web.runStore);
    const [submitted] = await database.sql<{ hash: Buffer }>(
      'select hash from pack_runs.audit where tenant_id = $1 and seq = $2 and prev = $3',
      [tenantA, rows.length + 1, rows.at(-1)?.hash],
    );
    expect((await worker.runReader.records(tenantA, runId))?.audit).toEqual({
      seq: rows.length + 1,
      head: `sha256:${submitted?.hash.toString('hex')}`,
    });
  });
});

it('a text that no query reads takes no list of open gates away: in a mark it is none, and in a request it is altered', async () => {
  const { runId } = await gated(1);
  const listed = async () => (await web.gateStore.open(tenantA, 200, null)).map((row) => row.runId);
  for (const mark of [String.raw`{"code":"\u0000"}`, String.raw`{"\ud800":1}`]) {
    await database.sql('update pack_runs.runs set altered = $2 where run_id = $1', [runUuid(runId), mark]);
    expect(await listed()).toContain(runId);
  }
  for (const [column, document] of [
    ['request', 'gate'],
    ['show', 'show'],
  ] as const) {
    const forged = await gated(1);
    const id = forged.runId;
    const text = String.raw`{"a":"\ud800"}`;
    await database.sql(`update pack_runs.gates set ${column} = $2 where run_id = $1`, [runUuid(id), text]);
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId: id, document } };
    await expect(listed()).rejects.toMatchObject(altered);
    await expect(web.gateStore.find(tenantA, id, 'approve')).rejects.toMatchObject(altered);
    await web.alteredRuns.mark({ tenant: tenantA, runId: id, document, what: 'it', expected: 'a', found: 'b' });
    expect(await listed()).toContain(runId);
  }
});
