import type { Values } from '../columns';
import type { Session } from '../session';
import { CRASHES_TO_POISON } from '../../../lib/postgres/claims/claimed-run';
import { runKey, type RunRow, type WorkerRow } from '../rows';
import type { Execution } from '../transaction';
import { giveBackAll } from './assignments';
import { appendAudit } from './audit';
import { admissionCells, claimedRow } from './claimed-row';

/** `register-worker.sql`. */
export function* registerWorker({ tx, tables, clock, uuid }: Session, values: Values): Execution<unknown> {
  const [name, , , , isolation, environments, labels, lease_ms] = values as [
    string,
    string,
    string,
    string,
    string,
    Buffer[],
    string[],
    number,
  ];
  const worker_id = uuid(clock());
  const now = tx.startedAt;
  yield* tx.insert(tables.workers, {
    ...{ worker_id, name, isolation, labels, lease_ms, state: 'live' as const },
    environments: environments.map((digest) => digest.toString('hex')),
    ...{ lease_until: now + lease_ms, renewed_at: now, steady_since: now },
  });
  return [{ worker_id }];
}

/** `renew-lease.sql`. */
export function* renewLease({ tx, tables, clock }: Session, values: Values): Execution<unknown> {
  const [id, lease_ms] = values as [string, number];
  const w = yield* tx.lock(tables.workers, id, ({ state }: WorkerRow) => state === 'live');
  const now = clock();
  if (w) {
    tx.write(tables.workers, {
      ...{ ...w, lease_ms },
      lease_until: now + lease_ms,
      steady_since: w.renewed_at > now - lease_ms / 2 && w.renewed_at <= now ? w.steady_since : now,
      renewed_at: now,
    });
  }
  return [{ held: w !== null, at_ms: Math.floor(now) }];
}

/** `mark-dead.sql`. */
export function* markDead({ tx, tables, clock, bugs }: Session, values: Values): Execution<unknown> {
  const [id] = values as [string];
  const me = tx.find(tables.workers, id);
  const now = clock();
  const steady =
    me !== null &&
    ((me.steady_since <= now - me.lease_ms && me.renewed_at > now - me.lease_ms / 2) ||
      bugs.has('sweeps-without-being-steady'));
  if (!me || me.state !== 'live' || me.lease_until <= now || !steady) return [{ may_sweep: false, dead: [] }];
  const early = bugs.has('leases-end-early') ? 5_000 : 0;
  const dead: { id: string; name: string }[] = [];
  for (const w of tx.scan(tables.workers)) {
    const isLate = (one: WorkerRow): boolean => one.state === 'live' && one.lease_until - early < clock();
    const late = w === me ? null : yield* tx.lock(tables.workers, w.worker_id, isLate, 'skip');
    if (!late) continue;
    tx.write(tables.workers, { ...late, state: 'dead' as const });
    dead.push({ id: late.worker_id, name: late.name });
  }
  return [{ may_sweep: true, dead: dead.sort((a, b) => (a.id < b.id ? -1 : 1)) }];
}

/** `heal-times.sql`: the clock of the model is never set back. */
export function* healTimes(): Execution<unknown> {
  return [{ runs: 0, items: 0, deliveries: 0, leases: 0 }];
}

const FREED_AT_ONCE = 500;

/** `free-runs.sql`. */
export function* freeRuns({ tx, tables, bugs }: Session, values: Values): Execution<unknown> {
  const [toQuarantine] = values as [number];
  let freed = 0;
  for (const run of tx.scan(tables.runs)) {
    if (freed === FREED_AT_ONCE || run.owner === null) continue;
    if (tx.find(tables.workers, run.owner)?.state !== 'dead') continue;
    const r = yield* tx.lock(tables.runs, tables.runs.keyOf(run), ({ owner }) => owner === run.owner, 'skip');
    if (!r) continue;
    const counts = r.crashes < toQuarantine || r.alone_fence === r.fence || bugs.has('sweeps-condemn');
    const more = bugs.has('sweeps-condemn') ? CRASHES_TO_POISON : 1;
    tx.write(tables.runs, { ...r, owner: null, crashes: r.crashes + (counts ? more : 0), due_at: tx.startedAt });
    freed++;
  }
  return [{ freed }];
}

/** `forget-dead.sql`. */
export function* forgetDead({ tx, tables }: Session): Execution<unknown> {
  const owners = new Set([...tx.scan(tables.runs), ...tx.scan(tables.assignments)].map(({ owner }) => owner));
  for (const w of tx.scan(tables.workers)) {
    const isOld = ({ state, lease_until }: WorkerRow): boolean =>
      state === 'dead' && lease_until < tx.startedAt - 3_600_000;
    if (owners.has(w.worker_id) || !isOld(w)) continue;
    if (yield* tx.lock(tables.workers, w.worker_id, isOld)) tx.remove(tables.workers, w.worker_id);
  }
  return [];
}

/** `claim-runs.sql`. */
export function* claimRuns({ tx, tables, clock, bugs }: Session, values: Values): Execution<unknown> {
  const [id, free, lastServed, number, plans, profiles] = values as [
    ...[string, number, string, number],
    ...[string[], string[]],
  ];
  const me = tx.find(tables.workers, id);
  if (!me || me.state !== 'live' || me.lease_until <= clock()) return [];
  const isolations = me.isolation.split(' ');
  const now = tx.startedAt;
  const isDue = (r: RunRow): boolean =>
    r.owner === null &&
    r.due_at !== null &&
    r.due_at <= now &&
    !r.unplaced &&
    isolations.includes(r.isolation) &&
    me.environments.includes(r.environment_digest) &&
    r.worker_labels.every((label) => me.labels.includes(label));
  const due = new Map<string, RunRow[]>();
  for (const r of tx.scan(tables.runs)) {
    if (!isDue(r)) continue;
    const tenant = bugs.has('claims-ignore-tenants') ? '' : r.tenant_id;
    const known = due.get(tenant);
    if (known) known.push(r);
    else due.set(tenant, [r]);
  }
  const isLater = (tenant: string): number => (tenant <= lastServed ? 1 : 0);
  const turns = [...due.keys()].sort((a, b) => isLater(a) - isLater(b) || (a < b ? -1 : 1));
  const share = Math.ceil(free / turns.length);
  const claimed: { run: RunRow; waited: number; turn: number; place: number }[] = [];
  for (const [turn, tenant] of turns.entries()) {
    // Each kind (environment and labels) locks its own share. The earliest of all locked runs are claimed.
    const kinds = new Map<string, number>();
    const ready: RunRow[] = [];
    for (const r of (due.get(tenant) ?? []).sort((a, b) => (a.due_at ?? 0) - (b.due_at ?? 0))) {
      const kind = `${r.environment_digest} ${r.worker_labels.join(' ')}`;
      const taken = kinds.get(kind) ?? 0;
      if (taken === share) continue;
      const locked = yield* tx.lock(tables.runs, tables.runs.keyOf(r), isDue, 'skip');
      if (!locked) continue;
      kinds.set(kind, taken + 1);
      ready.push(locked);
    }
    for (const [place, run] of ready.slice(0, share).entries()) {
      if (claimed.length === free) break;
      const waited = Math.max(0, clock() - (run.due_at ?? 0));
      claimed.push({ run, waited, turn: turn + 1, place: place + 1 });
    }
  }
  return claimed.map(({ run, waited, ...at }) => {
    const fence = run.fence + (bugs.has('claims-keep-the-fence') ? 0 : 1);
    tx.write(tables.runs, { ...run, owner: id, fence, claim_seq: number });
    const key = tables.runs.keyOf(run);
    const found = [tx.scan(tables.journal, key), tx.scan(tables.steps, key), tx.scan(tables.gates, key)];
    const nothing = found.every((rows) => [...rows].length === 0);
    // Runs of concurrency groups are not in this model.
    const fresh = { inbox_seq: run.inbox_seq, in_group: false, untouched: run.last_seq === 0 && nothing };
    const row = claimedRow({ tx, tables }, { ...run, fence });
    const known = {
      ...(plans.includes(row['plan_hash'] as string) ? { plan: null } : {}),
      ...(profiles.includes(row['profile_digest'] as string) ? { profile: null, environment: null } : {}),
    };
    return {
      ...row,
      ...admissionCells({ tx, tables }, run),
      ...known,
      ...at,
      ...fresh,
      waited_ms: waited,
      committed_ms: run.committed_at,
    };
  });
}

function inOrder(runs: Iterable<RunRow>, wanted: (run: RunRow) => boolean): RunRow[] {
  const keyOf = (run: RunRow): string => runKey(run.tenant_id, run.run_id);
  return [...runs].filter(wanted).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** `unclaim-lost.sql`. */
export function* unclaimLost({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [id, numbers] = values as [string, number[]];
  const isLost = (r: RunRow): boolean => r.owner === id && numbers.includes(r.claim_seq);
  for (const run of inOrder(tx.scan(tables.runs), isLost)) {
    const r = yield* tx.lock(tables.runs, tables.runs.keyOf(run), isLost);
    if (r) tx.write(tables.runs, { ...r, owner: null, due_at: tx.startedAt });
  }
  return [];
}

/** `retire-worker.sql`. */
export function* retireWorker(session: Session, values: Values): Execution<unknown> {
  const { tx, tables } = session;
  const [id] = values as [string];
  const isMine = (r: RunRow): boolean => r.owner === id;
  for (const run of inOrder(tx.scan(tables.runs), isMine)) {
    const r = yield* tx.lock(tables.runs, tables.runs.keyOf(run), isMine);
    if (r) tx.write(tables.runs, { ...r, owner: null, due_at: tx.startedAt });
  }
  yield* giveBackAll(session, id);
  if (yield* tx.lock(tables.workers, id)) tx.remove(tables.workers, id);
  return [];
}

/** `resume-run.sql`. */
export function* resumeRun({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, fence, owner] = values as [string, string, number, string];
  const r = tx.find(tables.runs, runKey(tenant, run));
  if (r?.fence !== fence || r.owner !== owner || tx.find(tables.workers, owner)?.state !== 'live') return [];
  const { last_seq, last_line, head, snapshot_seq, seen, mac } = claimedRow({ tx, tables }, r);
  return [{ last_seq, last_line, head, snapshot_seq, seen, committed_ms: r.committed_at, mac }];
}

/** `release-run.sql`. */
export function* releaseRun({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, fence, waits] = values as [string, string, number, string | null];
  const r = yield* tx.lock(tables.runs, runKey(tenant, run), (one) => one.fence === fence && one.owner !== null);
  if (r) {
    tx.write(tables.runs, {
      ...r,
      owner: null,
      due_at: waits === null ? tx.startedAt : tx.startedAt + 5_000,
      status: waits === null ? r.status : 'waiting',
      waits: waits ?? r.waits,
      version: r.version + 1,
    });
  }
  return [];
}

/** `begin-isolated.sql`. */
export function* beginIsolated({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, fence] = values as [string, string, number];
  const r = yield* tx.lock(tables.runs, runKey(tenant, run), (one) => one.fence === fence && one.owner !== null);
  if (r) tx.write(tables.runs, { ...r, alone_fence: r.fence });
  return r ? [{ fence: r.fence }] : [];
}

/** `mark-run-poisoned.sql`. */
export function* markRunPoisoned({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, fence, crashes] = values as [string, string, number, number];
  const r = yield* tx.lock(tables.runs, runKey(tenant, run), (one) => one.fence === fence && one.owner !== null);
  const poisoned = { owner: null, due_at: tx.startedAt };
  if (r) tx.write(tables.runs, { ...r, ...poisoned, crashes: Math.max(r.crashes, crashes), version: r.version + 1 });
  return [];
}

/** `halt-run.sql`. */
export function* haltRun(session: Session, values: Values): Execution<unknown> {
  const { tx, tables } = session;
  const [tenant, run, fence, error, audit] = values as [string, string, number, string, string];
  const r = yield* tx.lock(tables.runs, runKey(tenant, run), (one) => one.fence === fence && one.owner !== null);
  if (!r) {
    const found = tx.find(tables.runs, runKey(tenant, run));
    return [{ halted: found?.fence === fence && found.status === 'halted' }];
  }
  const version = r.version + 1;
  const halted = {
    owner: null,
    due_at: null,
    status: 'halted',
    evidence_status: 'refused',
    waits: '[]',
    outputs: null,
    error,
  };
  tx.write(tables.runs, { ...r, ...halted, version });
  yield* appendAudit(session, tenant, audit);
  return [{ halted: true }];
}
