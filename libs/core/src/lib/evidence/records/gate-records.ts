import type { Digest, StepId } from '../../foundation/ids';
import type { Actor, Subject } from '../../foundation/principal';
import { nodeOf } from '../../plan/place';
import type { EvidenceDocuments } from './evidence-documents';
import { gatesUnder } from './gate-guards';

/** The statement's record of one gate instance. */
export type GateRecord = {
  readonly gate: string;
  /** The gate digest; null for a gate that did not apply, or one that only a policy guards. */
  readonly request: Digest | null;
  readonly outcome: 'approved' | 'rejected' | 'expired' | 'closed' | 'notApplied';
  readonly openedAt: string | null;
  /** Decisions that counted, in journal order. */
  readonly decisions: readonly {
    /** Digest of the decision record. */
    readonly record: Digest;
    readonly person: { readonly iss: string; readonly sub: string };
    readonly onBehalfOf: (Subject & { readonly delegation: Digest }) | null;
    /** Where the record has them. */
    readonly actors?: readonly Actor[];
    readonly proof: 'service' | 'token' | 'key';
    readonly decidedAt: string;
  }[];
};

/** The gates at which people were asked, in journal order, followed by the gates that did not apply. */
export function gateRecords(documents: EvidenceDocuments): readonly GateRecord[] {
  const asked = documents.facts.gates.map(({ opened, ended, decided }): GateRecord => {
    const request = documents.gates.get(opened.gateDigest)?.request;
    return {
      gate: opened.step,
      request: opened.gateDigest,
      outcome: ended?.outcome ?? 'closed',
      openedAt: request?.openedAt ?? null,
      decisions: decided.flatMap(({ record }) => {
        const decision = documents.decisions.get(record)?.record;
        if (!decision) return [];
        const { person, onBehalfOf, actors, proof, decidedAt } = decision;
        return [{ record, person, onBehalfOf, ...(actors && { actors }), proof: proof.kind, decidedAt }];
      }),
    };
  });
  const reached = new Set(asked.map(({ gate }) => gate));
  const passedOver = notApplied(documents).filter((gate) => !reached.has(gate));
  return [
    ...asked,
    ...passedOver.map((gate): GateRecord => {
      return { gate, request: null, outcome: 'notApplied', openedAt: null, decisions: [] };
    }),
  ];
}

const PASSED_OVER = new Set(['WHEN_FALSE', 'BRANCH_NOT_TAKEN']);

function notApplied({ facts, index }: EvidenceDocuments): readonly StepId[] {
  const gates = new Set<StepId>();
  for (const { step, status, code } of facts.stepsEnded) {
    if (status !== 'skipped' || code === null || !PASSED_OVER.has(code)) continue;
    if (index.nodes.has(nodeOf(step))) for (const gate of gatesUnder(index, step)) gates.add(gate);
  }
  return [...gates];
}
