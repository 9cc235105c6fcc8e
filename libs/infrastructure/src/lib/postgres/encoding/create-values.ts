import { runUuid, type Json, type TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { arrayLiteral, type Cell } from './array-literal';
import { digestBytes } from './digest-bytes';
import { packedAdmission } from './packed-admission';

/** Columns of runs, in the order of the parameters of create-runs.sql. */
export const CREATE_COLUMNS = [
  ...([
    'run_id',
    'plan_bytes',
    'profile_bytes',
    'environment_digest',
    'isolation',
    'pack_name',
    'pack_version',
  ] as const),
  ...(['content_bytes', 'source_bytes', 'manifest', 'files', 'inputs', 'initiators', 'requester', 'labels'] as const),
  ...(['admission', 'admission_bytes', 'accepted_ms', 'key', 'iss', 'sub', 'route', 'body_digest', 'counts'] as const),
  ...(['trace_context', 'pack_signatures', 'sensitive', 'worker_labels', 'rerun_of', 'concurrency_group'] as const),
  ...(['refuses', 'waits', 'forms', 'admitted', 'signed', 'requester_sub', 'requester_name', 'trace_bytes'] as const),
];

/** The parameters of `create-runs`: one array for each column, documents once, or none of them. */
export function createValues(tenant: TenantId, runs: readonly NewRun[], withDocuments = true): unknown[] {
  const rows = runs.map(columnsOf);
  const documented = withDocuments ? runs : [];
  const plans = new Map(documented.map((run) => [run.planHash, run]));
  const planned = [...plans.values()];
  const profiles = new Map(documented.map((run) => [run.profileDigest, run]));
  const settings = [...profiles.values()];
  return [
    tenant,
    ...CREATE_COLUMNS.map((name) => arrayLiteral(rows.map((row) => row[name]))),
    arrayLiteral([...plans.keys()]),
    arrayLiteral(planned.map(({ plan }) => plan)),
    arrayLiteral(planned.map(({ manifest }) => manifest)),
    arrayLiteral([...profiles.keys()]),
    arrayLiteral(settings.map(({ profile }) => profile)),
    arrayLiteral(settings.map(({ environmentDigest }) => digestBytes(environmentDigest))),
    arrayLiteral(settings.map(({ environment }) => environment)),
  ];
}

function columnsOf(run: NewRun) {
  const { concurrency, idempotency, pack, planHash, profileDigest, runId } = run;
  const { contentDigest, sourceDigest } = pack;
  const traceBytes = bytesOfTrace(run.traceContext);
  const packed = packedAdmission(run.admission, { runId, planHash, profileDigest, contentDigest, sourceDigest });
  return {
    run_id: runUuid(run.runId),
    plan_bytes: digestBytes(planHash),
    profile_bytes: digestBytes(profileDigest),
    environment_digest: digestBytes(run.environmentDigest),
    isolation: isolationOf(run.environment),
    pack_name: pack.name,
    pack_version: pack.version,
    content_bytes: digestBytes(contentDigest),
    source_bytes: digestBytes(sourceDigest),
    manifest: run.manifest,
    files: JSON.stringify(run.files),
    inputs: run.inputs,
    initiators: JSON.stringify(run.initiators),
    requester: isInitiator(run) ? null : JSON.stringify(run.requester),
    labels: JSON.stringify(run.labels),
    admission: packed === null ? JSON.stringify(run.admission) : null,
    admission_bytes: digestBytes(run.admissionDigest),
    accepted_ms: run.acceptedAt,
    key: idempotency?.key ?? null,
    iss: idempotency?.person.iss ?? null,
    sub: idempotency?.person.sub ?? null,
    route: idempotency?.route ?? null,
    body_digest: idempotency?.bodyDigest ?? null,
    counts: JSON.stringify({ total: run.stepsTotal, pending: run.stepsTotal }),
    // The check of the column refuses any other text.
    trace_context: traceBytes === null ? (run.traceContext ?? null) : null,
    pack_signatures: JSON.stringify(run.packSignatures),
    sensitive: JSON.stringify(
      Object.fromEntries(run.sensitive.map(({ name, sealed }) => [name, Buffer.from(sealed).toString('base64')])),
    ),
    worker_labels: arrayLiteral(run.workerLabels),
    rerun_of: run.rerunOf && runUuid(run.rerunOf),
    concurrency_group: concurrency?.group ?? null,
    refuses: concurrency?.onConflict === 'refuse',
    waits:
      concurrency &&
      JSON.stringify([
        { kind: 'concurrency', id: concurrency.group, since: new Date(run.acceptedAt).toISOString(), until: null },
      ]),
    forms: run.forms,
    admitted: packed?.admitted ?? null,
    signed: packed?.signed ?? null,
    requester_sub: run.requester.sub,
    requester_name: isInitiator(run) ? run.requester.name : null,
    trace_bytes: traceBytes,
  } satisfies Record<(typeof CREATE_COLUMNS)[number], Cell>;
}

/** A traceparent of version 00 (W3C Trace Context, 3.2), as it is stored; null for any other text. */
function bytesOfTrace(text: string | null | undefined): Buffer | null {
  return text != null && TRACEPARENT.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : null;
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The requester is the first initiator, of whom the view `run_sources` reads the rest. */
function isInitiator({ initiators: [first], requester }: NewRun): boolean {
  return first?.iss === requester.iss && first.sub === requester.sub && Object.keys(requester).length === 3;
}

/** The last environment, cached because an installation has one or two. */
let last = { environment: '', isolation: '' };

function isolationOf(environment: string): string {
  if (last.environment === environment) return last.isolation;
  const { isolation } = JSON.parse(environment) as { isolation?: Json };
  last = { environment, isolation: typeof isolation === 'string' ? isolation : '' };
  return last.isolation;
}
