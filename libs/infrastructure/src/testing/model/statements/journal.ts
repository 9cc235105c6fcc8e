import type { Values } from '../columns';
import type { Session } from '../session';
import { runKey } from '../rows';
import type { Execution } from '../transaction';

/** `run-positions.sql`. */
export function* runPositions({ tx, tables, bugs }: Session, values: Values): Execution<unknown> {
  const [tenants, runs] = values as [string[], string[]];
  return tenants.flatMap((tenant, index) => {
    const r = tx.find(tables.runs, runKey(tenant, runs[index] ?? ''));
    if (!r) return [];
    const head = bugs.has('standings-do-not-know-the-head') ? null : r.head;
    return [
      { i: index + 1, fence: r.fence, last_seq: r.last_seq, head, inbox_seq: r.inbox_seq, owned: r.owner !== null },
    ];
  });
}

/** `read-pages.sql`. */
export function* readPages({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, after, limit] = values as [string, string, number, number | null];
  const key = runKey(tenant, run);
  const pages = [...tx.scan(tables.journal, key)].sort((a, b) => a.first_seq - b.first_seq);
  const admission = tx.find(tables.sources, key)?.admission_digest.slice('sha256:'.length) ?? '';
  const found = pages.flatMap(({ first_seq, content, hash, mac }, index) => {
    if (first_seq <= after) return [];
    return [{ first_seq, content, hash, mac, prev: pages[index - 1]?.hash ?? Buffer.from(admission, 'hex') }];
  });
  return found.slice(0, limit ?? found.length);
}

/** `run-rows.sql`. */
export function* runRows({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run] = values as [string, string];
  const key = runKey(tenant, run);
  const steps = [...tx.scan(tables.steps, key)].map(({ step, status }) => ({ step, status }));
  const gates = [...tx.scan(tables.gates, key)].map((g) => ({
    gate: g.gate,
    state: g.state,
    gateDigest: g.gate_digest,
  }));
  const areStepsJournaled = tx.find(tables.runs, key)?.journaled_steps ?? false;
  return [
    {
      areStepsJournaled,
      steps: steps.sort((a, b) => order(a.step, b.step)),
      gates: gates.sort((a, b) => order(a.gate, b.gate)),
    },
  ];
}

/** Collation "C". */
function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
