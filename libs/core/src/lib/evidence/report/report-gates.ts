import type { Digest, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { sameSubject, type Actor, type Subject } from '../../foundation/principal';
import { personsOf } from '../../gate/deciders';
import { nodeOf } from '../../plan/place';
import type { DecisionRecord } from '../records/documents';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { guardIndex, guardInstance } from '../records/gate-guards';
import { gateRecords } from '../records/gate-records';
import { policyRecords } from '../records/policy-records';
import { isWithheld } from '../records/run-evidence';
import type { GateFact } from '../records/run-facts';
import { timeOf } from '../statement/statement';
import type { ReportedDecision, ReportedEffect, ReportedGate, ReportedPolicy } from './report';
import { effectsOf } from './report-run';

/** Gates at which people were asked, with what they were shown and what they decided. */
export function reportedGates(documents: EvidenceDocuments): readonly ReportedGate[] {
  return documents.facts.gates.map((gate): ReportedGate => {
    const found = documents.gates.get(gate.opened.gateDigest);
    const show = found?.show ?? null;
    return {
      gate: gate.opened.step,
      label: found?.request.label ?? null,
      digest: gate.opened.gateDigest,
      outcome: gate.ended?.outcome ?? 'closed',
      endedAt: gate.ended ? timeOf(gate.ended.at) : null,
      request: found?.request ?? null,
      show: typeof show === 'string' ? (JSON.parse(show) as Json) : null,
      showIsWithheld: show !== null && isWithheld(show),
      decisions: decisionsAt(documents, gate),
    };
  });
}

/** Gates at which nobody was asked because the guarded steps were skipped. */
export function gatesNotApplied(documents: EvidenceDocuments): readonly string[] {
  return gateRecords(documents)
    .filter(({ outcome }) => outcome === 'notApplied')
    .map(({ gate }) => gate);
}

function decisionsAt({ decisions }: EvidenceDocuments, { opened, decided }: GateFact): readonly ReportedDecision[] {
  const counted = new Set<Digest>(decided.map(({ record }) => record));
  const withdrawn = withdrawnAmong(
    decided.flatMap(({ record: digest }) => {
      const found = decisions.get(digest);
      return found ? [{ digest, record: found.record }] : [];
    }),
  );
  return [...decisions]
    .filter(([digest, { record }]) => counted.has(digest) || record.gateDigest === opened.gateDigest)
    .map(([digest, { record }]) =>
      reportedDecision(digest, record, { counted: counted.has(digest), withdrawn: withdrawn.has(digest) }),
    )
    .sort((a, b) => (a.decidedAt < b.decidedAt ? -1 : a.decidedAt > b.decidedAt ? 1 : 0));
}

/** The approvals that were withdrawn, as `decideGate` counts them. `decided`: the decisions that counted, in the order of the journal. */
function withdrawnAmong(
  decided: readonly { readonly digest: Digest; readonly record: DecisionRecord }[],
): ReadonlySet<Digest> {
  const withdrawn = new Set<Digest>();
  const before: { readonly digest: Digest; readonly persons: readonly Subject[] }[] = [];
  for (const { digest, record } of decided) {
    if (record.decision === 'approved') before.push({ digest, persons: personsOf(record) });
    if (record.decision !== 'withdrawn') continue;
    const back = personsOf({ ...record, actors: [] });
    for (const { digest: approval, persons } of before)
      if (persons.some((one) => back.some((other) => sameSubject(one, other)))) withdrawn.add(approval);
  }
  return withdrawn;
}

function reportedDecision(
  digest: Digest,
  // Records of earlier versions name no actors.
  record: DecisionRecord & { readonly actors?: readonly Actor[] },
  { counted, withdrawn }: Pick<ReportedDecision, 'counted' | 'withdrawn'>,
): ReportedDecision {
  const { decision, person, onBehalfOf, decidedAt, authTime, reason, response, grants, proof, bound } = record;
  return {
    decision,
    counted,
    withdrawn,
    person,
    onBehalfOf: onBehalfOf && { iss: onBehalfOf.iss, sub: onBehalfOf.sub },
    actors: record.actors ?? [],
    decidedAt,
    authTime,
    reason,
    response,
    grants,
    proof: proof.kind,
    bound,
    record: digest,
  };
}

/** Policy verdicts with their reasons. */
export function reportedPolicies(documents: EvidenceDocuments): readonly ReportedPolicy[] {
  const judged = [...documents.facts.judged];
  return policyRecords(documents).map((record): ReportedPolicy => {
    const place = judged.findIndex(({ step, digest }) => step === record.gate && digest === record.digest);
    const [fact] = place < 0 ? [] : judged.splice(place, 1);
    return { ...record, at: timeOf(fact?.at ?? 0), reasons: fact?.reasons ?? [] };
  });
}

/** Started steps that may change something outside, with the gates that guarded them. */
export function reportedEffects({ facts, index }: EvidenceDocuments): readonly ReportedEffect[] {
  const guards = guardIndex(index);
  const outcomes = new Map<StepId, string>();
  for (const { step, status, code } of facts.stepsEnded) {
    if (index.nodes.get(nodeOf(step))?.node.kind !== 'gate') continue;
    outcomes.set(step, status === 'succeeded' ? 'passed' : status === 'skipped' ? 'did not apply' : (code ?? status));
  }
  for (const { opened, ended } of facts.gates) if (ended) outcomes.set(opened.step, ended.outcome);
  const statuses = new Map(facts.stepsEnded.map(({ step, status }) => [step, status]));
  const starts = new Map<StepId, { at: number; executions: number }>();
  for (const { step, at } of facts.stepsStarted) {
    const known = starts.get(step);
    if (known) known.executions += 1;
    else starts.set(step, { at, executions: 1 });
  }
  return [...starts].flatMap(([step, { at, executions }]): readonly ReportedEffect[] => {
    const effects = effectsOf(index, step);
    if (effects === null || effects === 'pure') return [];
    const behind = (guards.get(nodeOf(step)) ?? []).map((guard) => {
      const gate = guardInstance(guard, step);
      return { gate, outcome: outcomes.get(gate) ?? 'did not end' };
    });
    return [{ step, effects, startedAt: timeOf(at), executions, status: statuses.get(step) ?? null, behind }];
  });
}
