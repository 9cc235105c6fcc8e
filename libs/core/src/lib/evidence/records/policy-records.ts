import type { Digest } from '../../foundation/ids';
import { nodeOf } from '../../plan/place';
import type { Policy, PolicyLevel } from '../../plan/plan';
import type { PlanIndex } from '../../plan/plan-index';
import type { EvidenceDocuments } from './evidence-documents';
import { digestOfRef, type Placed } from './run-facts';

/** The statement's record of one policy verdict. */
export type PolicyRecord = {
  readonly gate: string;
  readonly policy: string;
  readonly engine: string;
  readonly digest: Digest;
  readonly level: PolicyLevel;
  readonly result: 'allow' | 'deny' | 'undecided';
  /** Digest of the journaled input. */
  readonly input: Digest | null;
  /** The gate digest of the request to override the verdict; null if nobody was asked. */
  readonly override: Digest | null;
};

/** The policy of the plan that a gate instance evaluates; null if it has none. */
export function policyAt(index: PlanIndex, { step }: Placed<'policy.judged'>): Policy | null {
  const node = index.nodes.get(nodeOf(step))?.node;
  if (node?.kind !== 'gate' || node.policy === null) return null;
  return index.plan.policies.find(({ id }) => id === node.policy) ?? null;
}

/** Policy verdicts in journal order. */
export function policyRecords({ facts, index }: EvidenceDocuments): readonly PolicyRecord[] {
  return facts.judged.flatMap((judged): PolicyRecord[] => {
    const policy = policyAt(index, judged);
    if (!policy) return [];
    const override = facts.gates.find(({ opened }) => opened.step === judged.step && opened.seq > judged.seq);
    return [
      {
        gate: judged.step,
        policy: policy.id,
        engine: judged.engine,
        digest: judged.digest,
        level: policy.level,
        result: judged.undecided ? 'undecided' : judged.allow ? 'allow' : 'deny',
        input: digestOfRef(judged.input),
        override: override?.opened.gateDigest ?? null,
      },
    ];
  });
}
