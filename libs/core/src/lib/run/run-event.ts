import type { RunEnd, StepEnd } from '../foundation/statuses';
import type { Digest, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Subject } from '../foundation/principal';
import type { GateDecision, GateOutcome } from '../gate/gate-state';
import type { Answer, Question } from '../step/question';
import type { TextRef, ValueRef } from '../step/value-ref';

type Union<Events> = { [Type in keyof Events]: { readonly type: Type } & Events[Type] }[keyof Events];

/** Why a run or a step is in its state: stable codes (`UPSTREAM_FAILED`, `GATE_REJECTED`, …). */
export type Code = string;

interface InputEvents {
  'run.claimed': {
    readonly fence: number;
    readonly crashes: number;
    readonly quarantine: boolean;
    readonly worker: string;
    readonly version: string;
    readonly build: Digest;
    /** Digest of the sandbox probe. */
    readonly probe: Digest;
  };
  'run.cancel-requested': { readonly by: Subject; readonly reason: string; readonly force: boolean };
  /** The run cannot continue: `GATE_CONTEXT_CHANGED`, `ENGINE_COMMIT_REFUSED`, … */
  'run.failed': { readonly code: Code; readonly step: StepId | null; readonly message: string };
  'time.reached': Record<never, never>;
  'attempt.succeeded': { readonly step: StepId; readonly execution: number; readonly outputs: ValueRef };
  'attempt.failed': {
    readonly step: StepId;
    readonly execution: number;
    readonly code: Code;
    readonly message: string;
    readonly retryable: boolean;
    readonly exitCode: number | null;
  };
  /** A stopped execution has provably ended; `unknown`: its effect is unknown. */
  'attempt.stopped': { readonly step: StepId; readonly execution: number; readonly unknown: boolean };
  /** The attempt only waits for time (`builtin:wait`). */
  'attempt.deferred': { readonly step: StepId; readonly execution: number; readonly until: number };
  /** Another worker may execute it: it is in the assignment of this name, which outlives the driver. */
  'attempt.assigned': { readonly step: StepId; readonly execution: number; readonly assignment: string };
  /** The holder of its assignment no longer has it, and there was no result. `began`: it may have acted. */
  'attempt.lost': { readonly step: StepId; readonly execution: number; readonly began: boolean };
  /** Its driver releases the run and has not begun it: nothing of it was executed. */
  'attempt.unbegun': { readonly step: StepId; readonly execution: number };
  'question.answered': { readonly step: StepId; readonly question: Question; readonly answer: Answer };
  'policy.judged': {
    readonly step: StepId;
    readonly allow: boolean;
    readonly undecided: boolean;
    readonly reasons: readonly string[];
    readonly engine: string;
    /** Of the policy. */
    readonly digest: Digest;
    /** Of the input it was asked with. */
    readonly input: ValueRef;
  };
  'gate.decided': {
    readonly step: StepId;
    readonly decision: GateDecision;
    /** Digest of the decision's DSSE payload. */
    readonly record: Digest;
    readonly response: ValueRef;
  };
  'attention.resolved': {
    readonly step: StepId;
    readonly execution: number;
    readonly outcome: 'succeeded' | 'failed' | 'retry';
    readonly outputs: ValueRef;
    readonly record: Digest;
  };
}

/**
 * The message of a run in the entry that ends it: a text, or why there is none. Both are absent if the pack has no message for this end, or
 * if the run was admitted by a release that evaluated none.
 */
export interface SaidMessage {
  readonly message?: TextRef;
  /** The fault of its expressions. It does not change how the run ends. */
  readonly messageError?: { readonly code: string; readonly message: string };
}

interface DerivedEvents {
  'run.started': Record<never, never>;
  'run.ended': {
    readonly status: RunEnd;
    readonly code: Code | null;
    readonly step: StepId | null;
    readonly outputs: ValueRef;
  } & SaidMessage;
  'cancel.accepted': { readonly force: boolean };
  /** A container began: its children may run. */
  'step.opened': { readonly step: StepId; readonly children: number };
  'map.expanded': { readonly step: StepId; readonly items: ValueRef; readonly count: number };
  /** An inner pack began with these inputs, frozen. */
  'pack.entered': { readonly step: StepId; readonly inputs: ValueRef };
  'step.started': { readonly step: StepId; readonly attempt: number; readonly execution: number };
  'step.retrying': { readonly step: StepId; readonly attempt: number; readonly at: number; readonly code: Code };
  'step.waiting': { readonly step: StepId; readonly until: number };
  'step.attention': { readonly step: StepId; readonly attempt: number; readonly execution: number };
  'step.ended': {
    readonly step: StepId;
    readonly status: StepEnd;
    readonly code: Code | null;
    readonly attempts: number;
    readonly outputs: ValueRef;
    readonly message: string | null;
    readonly exitCode: number | null;
  };
  'gate.opened': {
    readonly step: StepId;
    readonly request: ValueRef;
    readonly gateDigest: Digest;
    readonly expiresAt: number;
    readonly executeBy: number;
  };
  'gate.counted': {
    readonly step: StepId;
    readonly decisionId: string;
    readonly approvals: number;
    readonly required: number;
  };
  'gate.ended': { readonly step: StepId; readonly outcome: GateOutcome; readonly code: Code | null };
  'given.ignored': { readonly what: string; readonly step: StepId | null; readonly code: Code };
}

/** What the world reports without effect on the machine: it changes no state, but evidence is made of it. */
interface FactEvents {
  /** The chunk takes the next `lines` line numbers of the run. */
  log: {
    readonly step: StepId;
    readonly execution: number;
    readonly chunk: number;
    readonly lines: number;
    readonly bytes: number;
    readonly sha256: Digest;
  };
  /** A lost execution's stream is closed. */
  'log.cut': { readonly step: StepId; readonly execution: number };
  'artifact.captured': {
    readonly step: StepId;
    readonly execution: number;
    readonly name: string;
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly mediaType: string;
  };
  'tool.resolved': {
    readonly step: StepId;
    readonly execution: number;
    readonly path: string;
    readonly digest: Digest;
  };
  'material.mounted': {
    readonly step: StepId;
    readonly execution: number;
    readonly path: string;
    readonly digest: Digest;
  };
  'egress.closed': {
    readonly step: StepId;
    readonly execution: number;
    readonly allowed: number;
    readonly denied: number;
    readonly log: Digest;
  };
  note: { readonly code: Code; readonly detail: Json };
  /**
   * The state of the run. It is the first entry of its page: everything before it led to this state. Claims resume from the last one; a
   * replay from the start requires that it has reached the same state (ADR 39).
   */
  state: {
    /** Version of the machine to which the state belongs. It also determines the format of the snapshot. */
    readonly machine: number;
    /** Of the snapshot (`journal/snapshot.ts`), RFC 8785 in the object store. */
    readonly digest: Digest;
    /** Digest of the index of values of the preceding pages, for drivers; null: they added none. It proves nothing. */
    readonly values: Digest | null;
  };
}

/** Reported from outside; `at` is on the entry. */
export type InputEvent = Union<InputEvents> & { readonly at: number };
/** Derived by `advance`. */
export type Derived = Union<DerivedEvents>;
/** Recorded without effect on the machine. */
export type Fact = Union<FactEvents>;
/** An input event as an inbox message or an outcome carries it: without a time, which the driver puts on it. */
export type InputEventBody = Union<InputEvents>;
