import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Actor } from '../../foundation/principal';
import type { DecisionRecord } from './documents';
import { asJson } from './run-evidence';

/** The published ledger record, `stellaops.pack.approval-ledger.v1`: a closed object. */
type LedgerRecord = {
  readonly schemaVersion: 'stellaops.pack.approval-ledger.v1';
  readonly runId: string;
  readonly gateId: string;
  readonly planHash: Digest;
  readonly decision: 'approved' | 'rejected' | 'expired';
  readonly decidedAt: string;
  readonly tenantId: string;
  readonly approver: { readonly id: string; readonly summary?: string };
  readonly reason?: string;
  readonly evidence: { readonly requestDigest: Digest; readonly responseDigest: Digest };
};

/**
 * The published record of a decision (docs/predicates/records.md); null for a withdrawal, which the published vocabulary lacks. It adds no information:
 * `evidence` names the gate request and the decision record, which are authoritative. If there is nothing else to say about the approver,
 * `summary` names the actors.
 */
export function ledgerRecordOf(record: DecisionRecord, summary: string | null = null): LedgerRecord | null {
  const { runId, tenant, gate, planHash, gateDigest, decision, decidedAt, person, actors = [], reason } = record;
  if (decision === 'withdrawn') return null;
  const reported = summary ?? actorsShown(actors);
  return {
    schemaVersion: 'stellaops.pack.approval-ledger.v1',
    runId,
    gateId: gate,
    planHash,
    decision,
    decidedAt,
    tenantId: tenant,
    approver: { id: `${person.iss}|${person.sub}`, ...(reported !== null && { summary: reported }) },
    ...(reason !== null && { reason }),
    evidence: { requestDigest: gateDigest, responseDigest: digestOf(asJson(record)) },
  };
}

function actorsShown(actors: readonly Actor[]): string | null {
  if (actors.length === 0) return null;
  const names = actors.map(({ iss, sub, kind }) => `${iss}|${sub}${kind === 'client' ? ' (program)' : ''}`);
  return `through ${names.join(', ')}`;
}
