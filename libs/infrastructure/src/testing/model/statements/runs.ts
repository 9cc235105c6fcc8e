import { statement } from '../../../lib/postgres/connection/statement';
import { arraysRead, parsed, readTexts, type Values } from '../columns';
import type { Session } from '../session';
import { runKey } from '../rows';
import type { Execution } from '../transaction';

/** `create-run.sql`, without idempotency keys and concurrency groups, which no worker meets. */
export function* createRun({ tx, tables, clock }: Session, values: Values): Execution<unknown> {
  const at = (place: number): string => values[place - 1] as string;
  if (values[22] !== null || values[32] !== null) throw new TypeError('the model has no keys and groups');
  const tenant_id = at(1);
  const run_id = at(2);
  yield* tx.insert(tables.sources, {
    ...{ tenant_id, run_id, plan_hash: at(3), plan: at(4), profile_digest: at(5), profile: at(6), environment: at(8) },
    ...{ pack_name: at(10), pack_version: at(11), content_digest: at(12), source_digest: at(13), manifest: at(14) },
    ...{ files: at(15), inputs: at(16), initiators: at(17), admission: at(20), admission_digest: at(21) },
    trace_context: values[28] as string | null,
  });
  yield* tx.insert(tables.runs, {
    ...{
      tenant_id,
      run_id,
      owner: null,
      fence: 0,
      due_at: clock(),
      committed_at: null,
      inbox_seq: 0,
      cancel_position: 0,
    },
    ...{ refused_position: 0, last_decided_ms: 0, started_ms: null, finished_ms: null, crashes: 0, claim_seq: 0 },
    alone_fence: null,
    ...{ environment_digest: (values[6] as Buffer).toString('hex'), isolation: at(9), evidence_status: 'none' },
    ...{
      status: 'queued',
      last_seq: 0,
      seen: 0,
      last_line: 0,
      version: 1,
      head: null,
      snapshot_seq: null,
      counts: at(28),
      waits: null,
    },
    ...{ outputs: null, error: null, worker_labels: values[31] as string[], unplaced: false },
  });
  return [{ run_id, in_line: false }];
}

/** `create-runs.sql`: as if each came alone. */
export function* createRuns(session: Session, values: Values): Execution<unknown> {
  const read = arraysRead(statement('create-runs').text, values) as readonly (readonly (string | number | Buffer)[])[];
  const [plans, profiles] = [30, 32].map((first) => read.slice(first, first + 4));
  const rows: unknown[] = [];
  for (const [i] of (read[1] as readonly unknown[]).entries()) {
    const at = (place: number): unknown => read[place - 1]?.[i];
    const plan = plans?.[0]?.indexOf(at(3) as string) ?? 0;
    const profile = profiles?.[0]?.indexOf(at(4) as string) ?? 0;
    const one = yield* createRun(session, [
      ...[
        values[0],
        at(2),
        at(3),
        plans?.[1]?.[plan],
        at(4),
        profiles?.[1]?.[profile],
        at(5),
        profiles?.[3]?.[profile],
      ],
      ...Array.from({ length: 23 }, (_, column) => at(6 + column)),
      readTexts(at(29) as string),
      ...[null, false, null, at(30)],
    ]);
    rows.push(...one);
  }
  return rows;
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
