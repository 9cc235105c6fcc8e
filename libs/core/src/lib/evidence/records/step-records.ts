import type { StepEnd } from '../../foundation/statuses';
import { digestOf } from '../../canonical/digest';
import type { Digest, StepId } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import { isItem, nodeOf, ROOT } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import { digestOfRef, type Placed, type RunFacts, type StepFact } from './run-facts';

/** The statement's record of one step, without any free text of the step. A line of `steps.ndjson`. */
export type StepRecord = {
  readonly id: StepId;
  readonly status: StepEnd;
  readonly attempts: number;
  /** Effect class; null for containers and gates. */
  readonly effects: 'pure' | 'idempotent' | 'once' | null;
  /** `unknown`: its last execution was stopped or lost, its effect is not known, and nobody resolved it. */
  readonly outcome: 'unknown' | null;
  /** Program of its last execution. */
  readonly tool: Digest | null;
  /** Input files of its last execution. */
  readonly materials: readonly { readonly path: string; readonly digest: Digest }[];
  /** Of a reused result: the step of the original, and the digest of its record there. */
  readonly reusedFrom: { readonly run: string; readonly step: StepId; readonly digest: Digest } | null;
  /** Digest of the record by which a person resolved it. */
  readonly resolution: Digest | null;
  /** Digest of its outputs. */
  readonly result: Digest | null;
  /** Null if it wrote nothing. */
  readonly log: LogRecord | null;
};

/** All streams of one step. `digest` is over `[{execution, chunk, lines, bytes, sha256}]` in journal order. */
type LogRecord = {
  readonly lines: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly digest: Digest;
};

/** The steps of a run that ended, in the order in which they ended; without the root and without the items of maps and loops. */
export function stepRecords(index: PlanIndex, facts: RunFacts): readonly StepRecord[] {
  const made = known.get(facts) ?? recordsOf(index, facts);
  known.set(facts, made);
  return made;
}

/** Cached: the statement, its provenance and `steps.ndjson` all need the result. */
const known = new WeakMap<RunFacts, readonly StepRecord[]>();

function recordsOf(index: PlanIndex, facts: RunFacts): readonly StepRecord[] {
  const dropped = droppedLines(facts);
  return facts.stepsEnded
    .filter(({ step }) => step !== ROOT && !isItem(step))
    .map((ended): StepRecord => {
      const own = facts.ofStep.get(ended.step) ?? [];
      const execution = lastExecution(own);
      const last = own.filter((fact) => fact.execution === execution);
      const reused = facts.reused.get(ended.step);
      const node = index.nodes.get(nodeOf(ended.step))?.node;
      // In RFC 8785 order, so that a record can be written without sorting.
      return {
        attempts: ended.attempts,
        effects: node?.kind === 'run' ? node.effects : null,
        id: ended.step,
        log: logRecord(facts.logs.get(ended.step) ?? [], dropped.get(ended.step) ?? 0),
        materials: last
          .filter((fact) => fact.type === 'material.mounted')
          .map(({ path, digest }) => ({ digest, path }))
          .sort((a, b) => (a.path < b.path ? -1 : 1)),
        outcome: isUnknown(ended, last) ? 'unknown' : null,
        resolution: own.findLast((fact) => fact.type === 'attention.resolved')?.record ?? null,
        result: digestOfRef(ended.outputs),
        reusedFrom: reused ? { run: reused.run, step: ended.step, digest: reused.digest } : null,
        status: ended.status,
        tool: last.find((fact) => fact.type === 'tool.resolved')?.digest ?? null,
      };
    });
}

/** True if the effect of its last execution is unknown and no person resolved it. */
function isUnknown({ code }: Placed<'step.ended'>, last: readonly StepFact[]): boolean {
  if (last.some(({ type }) => type === 'attention.resolved')) return false;
  const isLost = ({ type }: StepFact): boolean => type === 'step.attention';
  return code === 'OUTCOME_UNKNOWN' || last.some((fact) => isLost(fact) || isStoppedUnknown(fact));
}

function isStoppedUnknown(fact: StepFact): boolean {
  return fact.type === 'attempt.stopped' && fact.unknown;
}

function lastExecution(facts: readonly StepFact[]): number {
  return facts.reduce((last, fact) => Math.max(last, fact.execution), 0);
}

function logRecord(chunks: readonly Placed<'log'>[], dropped: number): LogRecord | null {
  if (chunks.length === 0 && dropped === 0) return null;
  const identity = chunks.map(({ execution, chunk, lines, bytes, sha256 }) => ({
    bytes,
    chunk,
    execution,
    lines,
    sha256,
  }));
  return {
    bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
    digest: digestOf(identity),
    dropped,
    lines: chunks.reduce((sum, chunk) => sum + chunk.lines, 0),
  };
}

/** Lines that were dropped at a limit, from notes `LOG_DROPPED {step, lines}`. */
function droppedLines(facts: RunFacts): ReadonlyMap<string, number> {
  const dropped = new Map<string, number>();
  for (const { code, detail } of facts.notes) {
    if (code !== 'LOG_DROPPED' || !isJsonObject(detail)) continue;
    const { step, lines } = detail;
    if (typeof step === 'string' && typeof lines === 'number') dropped.set(step, (dropped.get(step) ?? 0) + lines);
  }
  return dropped;
}
