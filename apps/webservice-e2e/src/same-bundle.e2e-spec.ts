import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { adminUrlOf } from './stack/replicas';
import { Caller, pack, pause, startStack, type DevStack } from './stack/stack';

// A run has one bundle, whoever seals it: the worker that has driven it, from what it has in memory (ADR 102), or another one, from what is
// stored. The seal is undone in the database, together with its entry in the audit chain, and another worker makes it again.

const WORK = pack(
  `- id: first
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo one; echo '{\\"n\\": 1}' > $TASKRUNNER_OUTPUTS" } }
- id: each
  map:
    items: "{{ inputs.items }}"
    maxParallel: 2
    steps:
      - { id: item, run: { uses: "builtin:noop", with: { n: "{{ item }}" } } }
- id: second
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo two; sleep 3; echo three" } }
- { id: last, run: { uses: "builtin:noop", with: { n: "{{ steps.first.outputs.n }}" } } }`,
  '  inputs: [ { name: items, type: array, default: [1, 2, 3] } ]\n',
);

/** Deletes what `seal-runs.sql` has stored for a run, whose entry in the audit chain is the last one of its tenant. */
const UNSEAL = `with attestation as (delete from pack_artifacts.attestations where run_id = $1),
  archive as (delete from pack_artifacts.archives where run_id = $1),
  chunks as (delete from pack_artifacts.archived_chunks where run_id = $1),
  run as (
    update pack_runs.runs set evidence_status = 'pending', evidence_digest = null, version = version + 1
    where run_id = $1 returning tenant_id
  ),
  entry as (
    delete from pack_runs.audit a using run, pack_runs.audit_heads h
    where h.tenant_id = run.tenant_id and a.tenant_id = run.tenant_id and a.seq = h.seq
    returning a.event
  ),
  head as (
    update pack_runs.audit_heads h set seq = a.seq, at_ms = a.at_ms, prev = a.prev, head = a.hash
    from run, pack_runs.audit a where h.tenant_id = run.tenant_id and a.tenant_id = run.tenant_id and a.seq = h.seq - 1
  )
  insert into pack_runs.outbox (tenant_id, run_id, kind, body) select tenant_id, $1, 'attest', '{}' from run
  returning (select event from entry)`;

let folder: string;
let stack: DevStack;
let ada: Caller;
let admin: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taskrunner-same-bundle-'));
  stack = await startStack(folder, { configuration: { worker: { lease: '4s' } } });
  ada = new Caller(stack.server, await stack.tokenFor('ada'));
  admin = new Client({ connectionString: adminUrlOf(stack) });
  admin.on('error', () => undefined);
  await admin.connect();
}, 120_000);

afterAll(async () => {
  await admin?.end();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function killWorkers(): Promise<void> {
  for (const pid of await stack.workerPids()) await stack.killWorker('SIGKILL', pid);
}

/** The bundle that another worker makes of a sealed run. */
async function sealedAgain(run: string): Promise<Uint8Array> {
  await killWorkers();
  const { rows } = await admin.query<{ event: unknown }>(UNSEAL, [runUuid(run as RunId)]);
  expect(rows).toEqual([{ event: expect.objectContaining({ type: 'run.sealed', runId: run }) as unknown }]);
  expect((await ada.ask('GET', `/api/runs/${run}/evidence`)).status).toBe(409);
  await stack.startWorker();
  for (const end = Date.now() + 30_000; Date.now() < end; await pause(100)) {
    const { body } = await ada.ask('GET', `/api/runs/${run}`);
    if ((body['evidence'] as { status: string }).status === 'sealed') break;
  }
  return ada.sealed(run);
}

it('a run that one worker has driven has the same bundle if another one seals it', async () => {
  const run = await ada.submit(WORK);
  const hot = await ada.sealed(run);
  expect(Buffer.compare(await sealedAgain(run), hot)).toBe(0);
}, 120_000);

it('a run that was taken over has the same bundle, whoever seals it', async () => {
  const run = await ada.submit(WORK);
  // The first lines: the second step has begun.
  await ada.lines(run, { stopAfter: 2 });
  await killWorkers();
  await stack.startWorker();
  const ofSuccessor = await ada.sealed(run);
  expect((await ada.ask('GET', `/api/runs/${run}`)).body).toMatchObject({ status: 'succeeded' });
  expect(Buffer.compare(await sealedAgain(run), ofSuccessor)).toBe(0);
}, 120_000);
