import type { StepEnd } from '../foundation/statuses';
import type { Digest, StepId } from '../foundation/ids';
import { isJsonObject } from '../foundation/json';
import type { Subject } from '../foundation/principal';
import { indexOf, isItem, repeatOf } from '../plan/place';
import type { Entry, Unnumbered } from '../run/entry';
import type { GateOutcome } from '../gate/gate-state';
import type { ReusedStep } from '../step/question';
import type { ValueRef } from '../step/value-ref';

// The journal's results of each step, collected for code that looks at values: the driver's expressions, rows, evidence. The machine itself
// never sees them.

export interface CapturedArtifact {
  readonly name: string;
  readonly path: string;
  readonly execution: number;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

interface CountedDecision {
  readonly decisionId: string;
  readonly decision: 'approved' | 'rejected' | 'withdrawn';
  readonly person: Subject;
  readonly record: Digest;
  readonly response: ValueRef;
  readonly at: number;
}

export interface StepResult {
  readonly startedAt: number | null;
  /** Time of its last wait for a retry, a time or a person. */
  readonly waitingSince: number | null;
  readonly endedAt: number | null;
  readonly attempts: number;
  readonly execution: number;
  readonly status: StepEnd | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly exitCode: number | null;
  readonly outputs: ValueRef;
  /** Of a map: its frozen items and their number. Of a loop: the list or range, and the maximum number of iterations. */
  readonly items: { readonly ref: ValueRef; readonly count: number } | null;
  /** Of an inner pack: its frozen inputs. */
  readonly inputs: ValueRef;
  /** The step of another run whose result was reused; null if the step was executed, or is a container or gate. */
  readonly reusedFrom: ReusedStep | null;
  /** Of a conditional: the branch that was taken; null if none was taken or none yet. */
  readonly branch: number | null;
  /** Of a map or loop: how many of its items have begun. */
  readonly begun: number;
  /** Artifacts of the last execution. */
  readonly artifacts: readonly CapturedArtifact[];
  readonly gate: {
    readonly request: ValueRef;
    readonly gateDigest: Digest;
    readonly expiresAt: number;
    readonly openedAt: number;
    readonly outcome: GateOutcome | null;
    readonly decisions: readonly CountedDecision[];
  } | null;
  readonly judged: {
    readonly allow: boolean;
    readonly undecided: boolean;
    readonly reasons: readonly string[];
    readonly engine: string;
    readonly digest: Digest;
    readonly input: ValueRef;
  } | null;
}

type Changing = { -readonly [Name in keyof StepResult]: StepResult[Name] };

const NOTHING: StepResult = {
  startedAt: null,
  waitingSince: null,
  endedAt: null,
  attempts: 0,
  execution: 0,
  status: null,
  code: null,
  message: null,
  exitCode: null,
  outputs: null,
  items: null,
  inputs: null,
  reusedFrom: null,
  branch: null,
  begun: 0,
  artifacts: [],
  gate: null,
  judged: null,
};

/** Written out member by member. This gives every copy the same object layout, and it is called for every other entry of a journal. */
function copyOf(result: StepResult): Changing {
  return {
    startedAt: result.startedAt,
    waitingSince: result.waitingSince,
    endedAt: result.endedAt,
    attempts: result.attempts,
    execution: result.execution,
    status: result.status,
    code: result.code,
    message: result.message,
    exitCode: result.exitCode,
    outputs: result.outputs,
    items: result.items,
    inputs: result.inputs,
    reusedFrom: result.reusedFrom,
    branch: result.branch,
    begun: result.begun,
    artifacts: result.artifacts,
    gate: result.gate,
    judged: result.judged,
  };
}

/** A fold over a journal. `fork` gives an overlay for a turn that is not committed yet; `absorb` takes it over. */
export class RunProjection {
  private readonly own = new Map<StepId, StepResult>();
  private readonly secrets = new Map<string, string>();
  /** Steps whose results have changed since `settle`. */
  private readonly unsettled = new Set<StepId>();
  private failure: { readonly code: string; readonly message: string } | null = null;
  private pendingDecision: { readonly step: StepId; readonly decision: CountedDecision } | null = null;

  constructor(private readonly below: RunProjection | null = null) {}

  /** The fold that was in this state when it was settled. */
  static settled(
    steps: Iterable<readonly [StepId, Partial<StepResult>]>,
    secrets: Iterable<readonly [string, string]>,
  ): RunProjection {
    const results = new RunProjection();
    for (const [step, written] of steps) results.own.set(step, { ...NOTHING, ...written });
    for (const [name, version] of secrets) results.secrets.set(name, version);
    return results;
  }

  get(step: StepId): StepResult | undefined {
    return this.own.get(step) ?? this.below?.get(step);
  }

  fork(): RunProjection {
    return new RunProjection(this);
  }

  absorb(overlay: RunProjection): void {
    for (const [step, result] of overlay.own) {
      this.own.set(step, result);
      this.unsettled.add(step);
    }
    for (const [name, version] of overlay.secrets) this.secrets.set(name, version);
    this.failure ??= overlay.failure;
  }

  /** What was said when the run failed with this code beside all steps; null: nothing, or it was said before the fold was settled. */
  failureMessage(code: string | null): string | null {
    if (this.failure !== null && this.failure.code === code) return this.failure.message;
    return this.below?.failureMessage(code) ?? null;
  }

  /** The version of a secret that was noted last; null if the secret was never read. */
  secretVersion(name: string): string | null {
    return this.secrets.get(name) ?? this.below?.secretVersion(name) ?? null;
  }

  /** Versions of secrets by name, overlays apart. */
  secretVersions(): IterableIterator<[string, string]> {
    return this.secrets.entries();
  }

  /** Steps whose results have changed since the fold was settled last. */
  changed(): ReadonlySet<StepId> {
    return this.unsettled;
  }

  /** Marks the current state as settled: later changes count as new. */
  settle(): void {
    this.unsettled.clear();
  }

  /** Every step that this fold knows, overlays apart. */
  all(): IterableIterator<[StepId, StepResult]> {
    return this.own.entries();
  }

  /** The step's result, to be changed while an entry is applied. It is a copy, so that earlier readers keep the previous state. */
  private changing(step: StepId): Changing {
    const result = copyOf(this.get(step) ?? NOTHING);
    this.own.set(step, result);
    this.unsettled.add(step);
    return result;
  }

  take(entry: Entry | Unnumbered): void {
    const { event, at } = entry;
    // The event that counts a decision directly follows the decision.
    if (entry.kind === 'given') this.pendingDecision = null;
    switch (event.type) {
      case 'step.opened': {
        this.countItem(event.step);
        this.changing(event.step).startedAt ??= at;
        return;
      }
      case 'map.expanded': {
        const result = this.changing(event.step);
        result.startedAt ??= at;
        result.items = { ref: event.items, count: event.count };
        return;
      }
      case 'pack.entered': {
        const result = this.changing(event.step);
        result.startedAt ??= at;
        result.inputs = event.inputs;
        return;
      }
      case 'question.answered': {
        const { answer, step } = event;
        if (answer.kind === 'branch') this.changing(step).branch = answer.index;
        if (answer.kind === 'reuse' && answer.source !== null) {
          const result = this.changing(step);
          result.startedAt = at;
          result.reusedFrom = answer.source;
        }
        return;
      }
      case 'step.started': {
        const result = this.changing(event.step);
        result.startedAt ??= at;
        result.attempts = event.attempt;
        result.execution = event.execution;
        result.artifacts = [];
        return;
      }
      case 'step.ended': {
        this.countItem(event.step);
        const result = this.changing(event.step);
        result.status = event.status;
        result.code = event.code;
        result.message = event.message;
        result.exitCode = event.exitCode;
        result.outputs = event.outputs;
        result.endedAt = at;
        result.attempts = event.attempts;
        return;
      }
      case 'step.retrying':
      case 'step.waiting':
      case 'step.attention':
        this.changing(event.step).waitingSince = at;
        return;
      case 'artifact.captured': {
        const { step, name, path, execution, digest, size, mediaType } = event;
        const result = this.changing(step);
        result.artifacts = [...result.artifacts, { name, path, execution, digest, size, mediaType }];
        return;
      }
      case 'gate.opened': {
        const { request, gateDigest, expiresAt } = event;
        const result = this.changing(event.step);
        result.startedAt ??= at;
        result.waitingSince = at;
        result.gate = { request, gateDigest, expiresAt, openedAt: at, outcome: null, decisions: [] };
        return;
      }
      case 'gate.decided': {
        const { decisionId, decision, person } = event.decision;
        this.pendingDecision = {
          step: event.step,
          decision: { decisionId, decision, person, record: event.record, response: event.response, at },
        };
        return;
      }
      case 'gate.counted':
        return this.countDecision(event.step);
      case 'gate.ended': {
        if (event.outcome === 'rejected') this.countDecision(event.step);
        const gate = this.get(event.step)?.gate;
        if (gate) this.changing(event.step).gate = { ...gate, outcome: event.outcome };
        return;
      }
      case 'policy.judged': {
        const { allow, undecided, reasons, engine, digest, input } = event;
        this.changing(event.step).judged = { allow, undecided, reasons, engine, digest, input };
        return;
      }
      case 'run.failed': {
        const { code, step, message } = event;
        if (step === null) this.failure ??= { code, message };
        return;
      }
      case 'note': {
        const { code, detail } = event;
        if (code !== 'SECRET_VERSION' || !isJsonObject(detail)) return;
        const { name, version } = detail;
        if (typeof name === 'string' && typeof version === 'string') this.secrets.set(name, version);
        return;
      }
      default:
        return;
    }
  }

  /** An item that is opened counts as begun. An item that is skipped without being opened counts as begun too. */
  private countItem(step: StepId): void {
    if (!isItem(step)) return;
    const repeat = repeatOf(step);
    const begun = indexOf(step) + 1;
    if (begun > (this.get(repeat)?.begun ?? 0)) this.changing(repeat).begun = begun;
  }

  /** True if the decision of the preceding input event counts according to this derived event. */
  private countDecision(step: StepId): void {
    const gate = this.get(step)?.gate;
    if (!gate || this.pendingDecision?.step !== step) return;
    this.changing(step).gate = { ...gate, decisions: [...gate.decisions, this.pendingDecision.decision] };
    this.pendingDecision = null;
  }
}
