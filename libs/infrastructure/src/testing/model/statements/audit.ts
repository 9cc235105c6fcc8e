import type { Values } from '../columns';
import type { Session } from '../session';
import type { Execution, Pause } from '../transaction';

/** `append_audit`: the counter row of the tenant puts its appends in one order. */
export function* appendAudit({ tx, tables }: Session, tenant_id: string, _event: string): Generator<Pause, number> {
  if (yield* tx.insert(tables.audit, { tenant_id, seq: 1 }, 'nothing')) return 1;
  // ON CONFLICT DO UPDATE takes the row as it is by then, seen in the snapshot or not.
  const head = yield* tx.lockLatest(tables.audit, tenant_id);
  const seq = (head?.seq ?? 0) + 1;
  tx.write(tables.audit, { tenant_id, seq });
  return seq;
}

/** `append-audit.sql`. */
export function* audit(session: Session, values: Values): Execution<unknown> {
  const [tenant, event] = values as [string, string];
  return [{ append_audit: yield* appendAudit(session, tenant, event) }];
}
