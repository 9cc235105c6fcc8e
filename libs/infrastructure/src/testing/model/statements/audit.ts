import type { Values } from '../columns';
import { runKey } from '../rows';
import type { Session } from '../session';
import type { Execution, Pause } from '../transaction';

/** `append_audit`: the counter row of the tenant serializes its appends. */
export function* appendAudit({ tx, tables }: Session, tenant_id: string, _event: string): Generator<Pause, number> {
  if (yield* tx.insert(tables.audit, { tenant_id, seq: 1 }, 'nothing')) return 1;
  // ON CONFLICT DO UPDATE reads the latest version of the row, whether the snapshot has it or not.
  const head = yield* tx.lockLatest(tables.audit, tenant_id);
  const seq = (head?.seq ?? 0) + 1;
  tx.write(tables.audit, { tenant_id, seq });
  return seq;
}

/** `audit-submissions.sql`: entries for the runs that exist. */
export function* auditSubmissions(session: Session, values: Values): Execution<unknown> {
  const [tenant, runs, events] = values as [string, readonly string[], readonly string[]];
  const rows: unknown[] = [];
  for (const [i, run] of runs.entries()) {
    if (!session.tx.find(session.tables.runs, runKey(tenant, run))) continue;
    rows.push({ audit_seq: yield* appendAudit(session, tenant, events[i] ?? '') });
  }
  return rows;
}

/** `append-audit.sql`. */
export function* audit(session: Session, values: Values): Execution<unknown> {
  const [tenant, event] = values as [string, string];
  return [{ append_audit: yield* appendAudit(session, tenant, event) }];
}
