import type { Entry } from '../../journal/page';
import { nodeOf } from '../../plan/place';
import type { IndexedBlock, IndexedNode, PlanIndex } from '../../plan/plan-index';
import { ungatedEffects } from '../../plan/ungated-effects';
import type { ValueRef } from '../../step/value-ref';
import type { EvidenceDocuments } from '../records/evidence-documents';
import type { RunEvidence } from '../records/run-evidence';
import { digestOfRef, workersOf } from '../records/run-facts';
import { timeOf } from '../statement/statement';
import { stepRecords } from '../records/step-records';
import type { PlannedStep, ReportedOutputs, ReportedPlan, ReportedRun, ReportedStep } from './report';

function cancellationsIn(entries: readonly Entry[]): ReportedRun['cancellations'] {
  const found: ReportedRun['cancellations'][number][] = [];
  for (const { at, event } of entries)
    if (event.type === 'run.cancel-requested')
      found.push({ at: timeOf(at), by: event.by, reason: event.reason, force: event.force });
  return found;
}

function outputsOf({ pages }: RunEvidence, ref: ValueRef): ReportedOutputs | null {
  const digest = digestOfRef(ref);
  if (digest === null) return null;
  const page = pages.find(({ values }) => Object.hasOwn(values, digest));
  return { digest, value: page?.values[digest] ?? null, isHeld: page !== undefined };
}

/** Who started what, and how it ended. */
export function reportedRun({ admission, environment, evidence, facts }: EvidenceDocuments): ReportedRun {
  const { record } = admission;
  return {
    id: record.runId,
    tenant: record.tenant,
    pack: record.pack,
    mode: environment.mode,
    isolation: environment.isolation,
    builder: evidence.asserted.builder,
    initiators: record.initiators,
    scheduleId: record.scheduleId,
    rerunOf: record.rerunOf,
    acceptedAt: record.acceptedAt,
    startedAt: facts.startedAt === null ? null : timeOf(facts.startedAt),
    end: facts.ended && {
      at: timeOf(facts.ended.at),
      result: facts.ended.status,
      code: facts.ended.code,
      step: facts.ended.step,
      outputs: outputsOf(evidence, facts.ended.outputs),
      message: outputsOf(evidence, facts.ended.message ?? null),
      messageError: facts.ended.messageError ?? null,
    },
    cancellations: cancellationsIn(facts.entries),
    workers: workersOf(facts),
  };
}

/** The plan as a list, each step below its container. */
export function reportedPlan({ plan, planHash, profileDigest, index }: EvidenceDocuments): ReportedPlan {
  return {
    hash: planHash,
    schema: plan.schema,
    profileDigest,
    steps: plannedSteps(index),
    ungatedEffects: ungatedEffects(plan),
  };
}

function plannedSteps({ root }: PlanIndex): readonly PlannedStep[] {
  const steps: PlannedStep[] = [];
  const visit = (block: IndexedBlock, depth: number): void => {
    for (const { id, node, bodies } of block.nodes) {
      const { kind, needs, when } = node;
      steps.push({ id, depth, kind, uses: usesOf(node), effects: kind === 'run' ? node.effects : null, needs, when });
      for (const body of bodies) visit(body, depth + 1);
    }
  };
  visit(root, 0);
  return steps;
}

function usesOf(node: IndexedNode['node']): string | null {
  switch (node.kind) {
    case 'run':
    case 'pack':
      return node.uses;
    case 'gate':
      return node.policy ?? node.approval;
    default:
      return null;
  }
}

/** The steps that ended, in the order in which they did. */
export function reportedSteps({ index, facts }: EvidenceDocuments): readonly ReportedStep[] {
  const started = new Map<string, number>();
  for (const { step, at } of facts.stepsStarted) if (!started.has(step)) started.set(step, at);
  const ended = new Map(facts.stepsEnded.map((end) => [end.step, end]));
  return stepRecords(index, facts).map((record): ReportedStep => {
    const end = ended.get(record.id);
    const startedAt = started.get(record.id);
    return {
      ...record,
      startedAt: startedAt === undefined ? null : timeOf(startedAt),
      endedAt: timeOf(end?.at ?? 0),
      code: end?.code ?? null,
      message: end?.message ?? null,
    };
  });
}

/** The effect class of a step's node; null if the node executes nothing. */
export function effectsOf(index: PlanIndex, step: string): 'pure' | 'idempotent' | 'once' | null {
  const node = index.nodes.get(nodeOf(step as never))?.node;
  return node?.kind === 'run' ? node.effects : null;
}
