import { parsed, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type DecisionRow, type GateRow, type RunRow } from '../rows';
import type { Execution, Transaction } from '../transaction';
import { appendAudit } from './audit';
import { insertInboxRow, soonest } from './inbox';

const SEPARATOR = '\u001f';
const UNDECIDABLE = ['succeeded', 'failed', 'cancelled', 'cancelling', 'halted'];

/** `decide-gate.sql`. */
export function* decideGate(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, bugs, clock } = session;
  const [tenant_id, run_id, gate, decision_id, decision, person, persons, iss, sub] = values as string[] as string[] &
    readonly [string, string, string, string, string, string, string, string, string];
  const decided_ms = values[9] as number;
  const [envelope, record_digest, response, given, audit, name, last] = values.slice(10) as [
    string,
    string,
    string | null,
    string,
    string,
    string,
    number | null,
  ];
  const key = runKey(tenant_id, run_id);
  const blind = bugs.has('decisions-do-not-look-at-the-run');
  const open = (r: RunRow): boolean =>
    blind ||
    (isLastDecision(session, r, decided_ms) &&
      (last === null || r.last_decided_ms === last) &&
      r.cancel_position === 0 &&
      r.refused_position === 0 &&
      !UNDECIDABLE.includes(r.status) &&
      !otherGateLapsed(tx, session, key, gate));
  const gateFirst = bugs.has('gates-are-locked-before-runs');
  if (gateFirst) yield* tx.lock(tables.gates, `${key}/${gate}`);
  const run = yield* tx.lock(tables.runs, key, open);
  if (!run) return [];
  const counts = (g: GateRow): boolean => {
    if (g.state !== 'open' || g.expires_at <= clock()) return false;
    if (decision === 'approved') return !g.counted.some((c) => overlap(c, persons));
    if (decision === 'withdrawn') return g.counted.some((c) => c.split(SEPARATOR)[0] === person);
    return true;
  };
  const g = yield* tx.lock(tables.gates, `${key}/${gate}`, counts);
  if (!g) return [];
  const before = bugs.has('quorum-is-read-from-the-snapshot') ? (tx.find(tables.gates, `${key}/${gate}`) ?? g) : g;
  const approved = decision === 'approved' && before.approvals + 1 >= g.required;
  const state = decision === 'rejected' ? 'rejected' : approved ? 'approved' : 'open';
  const approvals = before.approvals + (decision === 'approved' ? 1 : decision === 'withdrawn' ? -1 : 0);
  const counted =
    decision === 'approved'
      ? [...g.counted, persons]
      : decision === 'withdrawn'
        ? g.counted.filter((c) => c.split(SEPARATOR)[0] !== person)
        : g.counted;
  const ended_ms = state === 'open' ? null : decided_ms;
  tx.write(tables.gates, { ...g, approvals, counted, state, ended_ms });
  const position = run.inbox_seq + 1;
  tx.write(tables.runs, {
    ...run,
    inbox_seq: position,
    last_decided_ms: decided_ms,
    refused_position: decision === 'rejected' ? position : run.refused_position,
    due_at: run.owner === null ? soonest(run.due_at, tx.startedAt) : run.due_at,
    version: run.version + 1,
  });
  const inboxPosition = { tenant_id, run_id, position, dedupe: `decision:${decision_id}`, given, envelope, response };
  yield* insertInboxRow(session, { ...inboxPosition, posted_ms: Math.floor(clock()) }, 'fail');
  const signed = { decided_ms, envelope, record_digest };
  const row: DecisionRow = { tenant_id, run_id, gate, decision_id, decision, iss, sub, name, ...signed };
  yield* tx.insert(tables.decisions, row);
  const audit_seq = yield* appendAudit(session, tenant_id, audit);
  return [{ state, approvals, required: g.required, audit_seq }];
}

/**
 * True if the run has no decision at this time or later. A last one in the future of the clock is not believed; the snapshot then decides,
 * if the run still has its version.
 */
export function isLastDecision({ tx, tables, clock }: Session, r: RunRow, decided_ms: number): boolean {
  if (r.last_decided_ms < decided_ms) return true;
  const key = runKey(r.tenant_id, r.run_id);
  if (r.last_decided_ms <= Math.floor(clock()) || tx.find(tables.runs, key)?.version !== r.version) return false;
  const signed = [...tx.scan(tables.decisions, key), ...tx.scan(tables.resolutions, key)];
  return signed.every((one) => one.decided_ms < decided_ms);
}

/** Reads the snapshot like the subselect. */
function otherGateLapsed(tx: Transaction, { tables }: Session, key: string, gate: string): boolean {
  for (const o of tx.scan(tables.gates, key))
    if (o.gate !== gate && o.state === 'open' && o.expires_at <= tx.startedAt) return true;
  return false;
}

function overlap(counted: string, persons: string): boolean {
  const mine = persons.split(SEPARATOR);
  return counted.split(SEPARATOR).some((one) => mine.includes(one));
}

/** True if the row of a run names a position that its inbox does not have. */
export function isMisplaced({ tx, tables }: Session, run: RunRow, key: string): boolean {
  const { seen, cancel_position: cancelled, refused_position: refused, inbox_seq } = run;
  if (Math.min(seen, cancelled, refused) < 0 || Math.max(seen, cancelled, refused) > inbox_seq) return true;
  if (inbox_seq > 0 && !tx.find(tables.inbox, `${key}/${inbox_seq}`)) return true;
  const given = (position: number) =>
    JSON.parse(tx.find(tables.inbox, `${key}/${position}`)?.given ?? '{}') as InboxEvent;
  if (cancelled > 0 && given(cancelled).type !== 'run.cancel-requested') return true;
  return refused > 0 && given(refused).decision?.decision !== 'rejected';
}

interface InboxEvent {
  readonly type?: string;
  readonly decision?: { readonly decision: string };
}

/** `explain-decision.sql`. */
export function* explainDecision(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, clock } = session;
  const [tenant, run, gate, decision, persons, iss, sub] = values as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const key = runKey(tenant, run);
  const r = tx.find(tables.runs, key);
  if (!r) return [];
  const g = tx.find(tables.gates, `${key}/${gate}`);
  const mine = [...tx.scan(tables.decisions, key)].filter((d) => d.gate === gate && d.iss === iss && d.sub === sub);
  mine.sort((a, b) => b.decided_ms - a.decided_ms);
  const latest = mine[0];
  return [
    {
      status: r.status,
      cancel_position: r.cancel_position,
      misplaced: isMisplaced(session, r, key),
      last_decided_ms: r.last_decided_ms,
      state: g?.state ?? null,
      approvals: g?.approvals ?? null,
      required: g?.required ?? null,
      expired: g ? g.expires_at <= clock() : null,
      doomed: r.refused_position > 0 || otherGateLapsed(tx, session, key, gate),
      counted: g?.counted.some((c) => overlap(c, persons)) ?? false,
      mine: tx.find(tables.decisions, `${key}/${decision}`) !== null,
      latest: latest?.decision ?? null,
      envelope: parsed(latest?.envelope ?? null),
    },
  ];
}

/** `later-records.sql`. */
export function* laterRecords({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, at] = values as [string, string, number];
  const key = runKey(tenant, run);
  const of = (document: string, rows: Iterable<{ envelope: string; decided_ms: number }>) =>
    [...rows]
      .filter(({ decided_ms }) => decided_ms >= at)
      .map(({ envelope, decided_ms }) => ({ document, envelope: parsed(envelope), decided_ms }));
  return [...of('decision', tx.scan(tables.decisions, key)), ...of('resolution', tx.scan(tables.resolutions, key))];
}

/** `run-gates.sql`. */
export function* runGates(session: Session, values: Values): Execution<unknown> {
  const [tenant, run, gates] = values as [string, string, readonly string[]];
  return gates.flatMap((gate) => gateOf(session, tenant, run, gate));
}

function gateOf(session: Session, tenant: string, run: string, gate: string): readonly unknown[] {
  const { tx, tables } = session;
  const key = runKey(tenant, run);
  const g = tx.find(tables.gates, `${key}/${gate}`);
  const r = tx.find(tables.runs, key);
  const s = tx.find(tables.sources, key);
  if (!g || !r || !s) return [];
  const decisions = [...tx.scan(tables.decisions, key)].filter((d) => d.gate === gate);
  decisions.sort((a, b) => a.decided_ms - b.decided_ms);
  return [
    {
      ...{ run_id: run, gate, state: g.state, gate_digest: g.gate_digest },
      ...{ request: g.request, show: g.show, approvals: g.approvals, required: g.required, counted: g.counted },
      ...{ opened_ms: g.opened_ms, expires_ms: g.expires_at },
      ...{
        plan_hash: s.plan_hash,
        profile_digest: s.profile_digest,
        pack_name: s.pack_name,
        pack_version: s.pack_version,
      },
      ...{ content_digest: s.content_digest, source_digest: s.source_digest, initiators: parsed(s.initiators) },
      requester: parsed(s.requester),
      ...{ rerun_of: null, admission: parsed(s.admission), admission_digest: s.admission_digest },
      run_status: shownStatus(r),
      last_decided_ms: r.last_decided_ms,
      misplaced: isMisplaced(session, r, key),
      doomed: r.refused_position > 0 || otherGateLapsed(tx, session, key, gate),
      decisions: decisions.map((d) => ({
        decisionId: d.decision_id,
        decision: d.decision,
        person: { iss: d.iss, sub: d.sub },
        name: d.name,
        envelope: parsed(d.envelope),
        recordDigest: d.record_digest,
        decidedAt: d.decided_ms,
      })),
    },
  ];
}

function shownStatus({ status, cancel_position, seen }: RunRow): string {
  return cancel_position > seen && ['queued', 'running', 'waiting'].includes(status) ? 'cancelling' : status;
}
