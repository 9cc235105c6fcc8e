import { parsed } from '../columns';
import type { RunRow } from '../rows';
import type { Session } from '../session';

/** The row that a claim returns for a run. */
export function claimedRow({ tx, tables }: Pick<Session, 'tx' | 'tables'>, run: RunRow): Record<string, unknown> {
  const key = tables.runs.keyOf(run);
  const s = tx.find(tables.sources, key);
  if (!s) throw new TypeError('a run without its source');
  const pages = run.last_seq > 0 ? [...tx.scan(tables.journal, key)] : [];
  const last = pages.reduce<(typeof pages)[number] | null>((a, b) => (a && a.first_seq > b.first_seq ? a : b), null);
  const { tenant_id, run_id, fence, crashes, last_seq, last_line, head, snapshot_seq, seen } = run;
  return {
    ...{ tenant_id, run_id, fence, crashes, last_seq, last_line, head, snapshot_seq, seen },
    mac: last?.mac ?? null,
    ...{ plan_hash: s.plan_hash, profile_digest: s.profile_digest, pack_name: s.pack_name },
    ...{ pack_version: s.pack_version, content_digest: s.content_digest, source_digest: s.source_digest },
    ...{ manifest: s.manifest, files: parsed(s.files), inputs: parsed(s.inputs), admission: parsed(s.admission) },
    ...{ admission_digest: s.admission_digest, trace_context: s.trace_context },
    ...{ plan: s.plan, profile: s.profile, environment: s.environment },
  };
}

/** The admission of a run as `claim-runs.sql` returns it: as its row stores it. */
export function admissionCells({ tx, tables }: Pick<Session, 'tx' | 'tables'>, run: RunRow): Record<string, unknown> {
  const s = tx.find(tables.sources, tables.runs.keyOf(run));
  if (!s) throw new TypeError('a run without its source');
  const { stored_admission, admitted, signed, admitted_digests } = s;
  return { admission: stored_admission === null ? null : parsed(stored_admission), admitted, signed, admitted_digests };
}
