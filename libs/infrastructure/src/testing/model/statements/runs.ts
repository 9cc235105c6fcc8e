import { toRunId, type Actor } from '@taskrunner/core/foundation';
import { statement } from '../../../lib/postgres/connection/statement';
import { CREATE_COLUMNS } from '../../../lib/postgres/encoding/create-values';
import { toDigest } from '../../../lib/postgres/encoding/digest-bytes';
import { unpackedAdmission } from '../../../lib/postgres/encoding/packed-admission';
import { arraysRead, parsed, readTexts, unnested, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type SourceRow } from '../rows';
import type { Execution } from '../transaction';

/** Position of the parameters that runs share, after their own columns. */
const PLANS = 2 + CREATE_COLUMNS.length;

/** `create-runs.sql` without idempotency keys and concurrency groups, which workers do not use. */
export function* createRuns({ tx, tables, clock }: Session, values: Values): Execution<unknown> {
  const read = arraysRead(statement('create-runs').text, values);
  const tenant_id = read[0] as string;
  const plans = unnested(read, PLANS, ['plan_hash', 'plan']);
  const profiles = unnested(read, PLANS + 3, ['profile_digest', 'profile', 'environment_digest', 'environment']);
  const runs = unnested(read, 2, CREATE_COLUMNS) as unknown as Readonly<Record<string, string>>[];
  for (const run of runs) {
    const { run_id = '', counts = '', isolation = '', worker_labels = '' } = run;
    if (run['key'] !== null || run['concurrency_group'] !== null)
      throw new TypeError('the model has no keys and groups');
    const columns = spelled(run);
    const plan = plans.find(({ plan_hash }) => plan_hash === columns['plan_hash']);
    const profile = profiles.find(({ profile_digest }) => profile_digest === columns['profile_digest']);
    const source = { tenant_id, ...columns, ...plan, ...profile } as unknown as SourceRow;
    yield* tx.insert(tables.sources, source);
    yield* tx.insert(tables.runs, {
      ...{ tenant_id, run_id, owner: null, fence: 0, due_at: clock(), committed_at: null, inbox_seq: 0 },
      ...{ cancel_position: 0, refused_position: 0, last_decided_ms: 0, started_ms: null, finished_ms: null },
      ...{ crashes: 0, claim_seq: 0, alone_fence: null, isolation, evidence_status: 'none', status: 'queued' },
      ...{ last_seq: 0, seen: 0, last_line: 0, version: 1, head: null, snapshot_seq: null, counts, waits: null },
      ...{
        outputs: null,
        message: null,
        journaled_steps: null,
        error: null,
        worker_labels: readTexts(worker_labels) as string[],
        unplaced: false,
      },
      environment_digest: (run['environment_digest'] as unknown as Buffer).toString('hex'),
    });
  }
  return runs.map(({ run_id }) => ({ run_id, in_line: false }));
}

/** The requester who is the first initiator. */
function requesterOf(initiators: string, name: string): string {
  const [first] = JSON.parse(initiators) as [Actor];
  return JSON.stringify({ iss: first.iss, sub: first.sub, name });
}

/** A traceparent (W3C Trace Context, 3.2): version, trace, parent and flags. */
function traceText(bytes: Buffer | null): string | null {
  const hex = bytes?.toString('hex') ?? null;
  return hex && [hex.slice(0, 2), hex.slice(2, 34), hex.slice(34, 50), hex.slice(50)].join('-');
}

/** The columns of a submission as the view `run_sources` has them. */
function spelled(run: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const digest = (name: string) => toDigest(run[name] as Buffer);
  const [planHash, profileDigest] = [digest('plan_bytes'), digest('profile_bytes')];
  const [contentDigest, sourceDigest] = [digest('content_bytes'), digest('source_bytes')];
  const bytes = ['plan_bytes', 'profile_bytes', 'content_bytes', 'source_bytes'].map((name) => run[name] as Buffer);
  const columns = {
    ...{ ...run, stored_admission: run['admission'], admitted_digests: Buffer.concat(bytes) },
    trace_context: run['trace_context'] ?? traceText(run['trace_bytes'] as Buffer | null),
    requester: run['requester'] ?? requesterOf(run['initiators'] as string, run['requester_name'] as string),
    ...{ plan_hash: planHash, profile_digest: profileDigest },
    ...{ content_digest: contentDigest, source_digest: sourceDigest, admission_digest: digest('admission_bytes') },
  };
  if (run['admitted'] === null) return columns;
  const packed = { admitted: run['admitted'] as string, signed: run['signed'] as Buffer };
  const admission = unpackedAdmission(packed, {
    runId: toRunId(run['run_id'] as string),
    planHash,
    profileDigest,
    contentDigest,
    sourceDigest,
  });
  return { ...columns, admission: JSON.stringify(admission) };
}

/** `read-admission.sql`. */
export function* readAdmission({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run] = values as [string, string];
  const source = tx.find(tables.sources, runKey(tenant, run));
  return source ? [{ admission: parsed(source.admission) }] : [];
}

/** `now.sql`. */
export function* now({ clock }: Session): Execution<unknown> {
  return [{ at_ms: Math.floor(clock()) }];
}

/** `stamp.sql`. */
export function* stamp({ clock, uuid }: Session): Execution<unknown> {
  const at_ms = Math.floor(clock());
  return [{ at_ms, run_id: uuid(at_ms) }];
}
