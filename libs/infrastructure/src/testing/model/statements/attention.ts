import { ENDED, parsed, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type ResolutionRow } from '../rows';
import type { Execution } from '../transaction';
import { appendAudit } from './audit';
import { isLastDecision, isMisplaced } from './gates';
import { insertInboxRow, soonest } from './inbox';

/** `resolve-attention.sql`. */
export function* resolveAttention(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, clock } = session;
  const [tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms] = values as [
    string,
    string,
    string,
    number,
    string,
    string,
    string,
    number,
  ];
  const [envelope, , given, response, audit, parent] = values.slice(8) as [
    string,
    string,
    string,
    string | null,
    string,
    string,
  ];
  const key = runKey(tenant_id, run_id);
  const before = tx.find(tables.runs, key);
  if (!before || !isNeeded(session, key, step, parent, execution)) return [];
  const run = yield* tx.lock(
    tables.runs,
    key,
    (r) =>
      r.version === before.version &&
      isLastDecision(session, r, decided_ms) &&
      r.cancel_position <= r.seen &&
      r.refused_position <= r.seen &&
      !ENDED.includes(r.status),
  );
  if (!run) return [];
  const position = run.inbox_seq + 1;
  const row: ResolutionRow = { tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms, envelope };
  if (!(yield* tx.insert(tables.resolutions, row, 'nothing'))) return [];
  const inboxPosition = {
    tenant_id,
    run_id,
    position,
    dedupe: `resolution:${execution}:${step}`,
    given,
    envelope,
    response,
  };
  yield* insertInboxRow(session, { ...inboxPosition, posted_ms: Math.floor(clock()) }, 'fail');
  tx.write(tables.runs, {
    ...run,
    inbox_seq: position,
    last_decided_ms: decided_ms,
    due_at: run.owner === null ? soonest(run.due_at, tx.startedAt) : run.due_at,
    version: run.version + 1,
  });
  return [{ position, audit_seq: yield* appendAudit(session, tenant_id, audit) }];
}

function isNeeded({ tx, tables }: Session, key: string, step: string, parent: string, execution: number): boolean {
  for (const s of tx.scan(tables.steps, key)) {
    if (s.step !== step || s.parent !== parent || s.status !== 'needs_attention') continue;
    if ((parsed(s.error) as { execution?: number } | null)?.execution === execution) return true;
  }
  return false;
}

/** `explain-resolution.sql`. */
export function* explainResolution(session: Session, values: Values): Execution<unknown> {
  const { tx, tables } = session;
  const [tenant, run, step, execution, parent] = values as [string, string, string, number, string];
  const key = runKey(tenant, run);
  const r = tx.find(tables.runs, key);
  if (!r) return [];
  const x = tx.find(tables.resolutions, `${key}/${step}#${execution}`);
  return [
    {
      status: r.status,
      misplaced: isMisplaced(session, r, key),
      doomed: r.cancel_position > r.seen || r.refused_position > r.seen,
      last_decided_ms: r.last_decided_ms,
      needed: isNeeded(session, key, step, parent, execution),
      outcome: x?.outcome ?? null,
      iss: x?.iss ?? null,
      sub: x?.sub ?? null,
      envelope: parsed(x?.envelope ?? null),
    },
  ];
}
