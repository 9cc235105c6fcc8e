import type { RunProjection } from '../../binding/run-projection';
import { extended } from '../../foundation/extended';
import type { Digest, StepId } from '../../foundation/ids';
import type { Unnumbered } from '../../journal/page';
import type { PlanIndex } from '../../plan/plan-index';
import type { Assignment } from '../../ports/runs/assignments';
import type { ArtifactRow, Commit, GateChange } from '../../ports/runs/committer';
import { advance } from '../../run/advance';
import type { Command } from '../../run/command';
import type { Fact, InputEventBody } from '../../run/run-event';
import type { RunState } from '../../run/run-state';
import type { StepState } from '../../step/step-state';
import type { ValueRef } from '../../step/value-ref';

/** An input event, or a fact. */
export type QueuedInput =
  | { readonly kind: 'given'; readonly body: InputEventBody }
  | { readonly kind: 'fact'; readonly fact: Fact };

/**
 * Input of a driver: an input event, a fact, or several of them that must be in one page. An inbox message has its position, a dispatch its
 * assignment.
 */
export type Arrival = (
  | QueuedInput
  | { readonly kind: 'parts'; readonly parts: readonly QueuedInput[]; readonly assignment?: Assignment }
) & { readonly inboxPosition?: number };

/**
 * One turn under construction: the input, the events that `advance` derived, and the contents of the page. Nothing of it is visible before
 * its commit; a refused turn is dropped as a whole.
 */
export class TurnBuilder {
  readonly entries: Unnumbered[] = [];
  readonly taken: Arrival[] = [];
  /** Assignments to insert, if they are still relevant at the end of the turn. */
  readonly assignments: Assignment[] = [];
  readonly changed = new Map<StepId, StepState>();
  readonly held: Command[] = [];
  readonly values = new Set<Digest>();
  /** Bytes of the values that this turn's outcomes added. */
  bytes = 0;
  readonly gates: GateChange[] = [];
  /** Rows of gates whose requests were rendered. They are written if the gates open; a gate that was cancelled meanwhile does not. */
  readonly rendered = new Map<StepId, GateChange>();
  readonly artifacts: ArtifactRow[] = [];
  readonly chunks: Commit['chunks'][number][] = [];
  ended = false;
  /** True if it ends something that people may be answering: a gate, or the attention of a step. */
  closes = false;
  progressed = false;

  constructor(
    private readonly index: PlanIndex,
    readonly results: RunProjection,
    readonly at: number,
    public state: RunState,
    public ahead: readonly Command[],
    public lastLine: number,
    public seen: number,
  ) {}

  /** Advances over an input event. Commands that may run before the commit are queued; the others wait for it. */
  give(body: InputEventBody): void {
    this.needsValuesOf(body);
    this.note({ at: this.at, event: body, kind: 'given' });
    const before = this.state.steps;
    const result = advance(this.index, this.state, extended(body, { at: this.at }));
    this.state = result.state;
    for (const event of result.events) {
      this.note({ at: this.at, event, kind: 'derived' });
      if (event.type === 'run.ended') this.ended = true;
      if (event.type === 'step.ended') this.progressed = true;
      const opened = event.type === 'gate.opened' ? this.rendered.get(event.step) : undefined;
      if (opened) this.gates.push(opened);
      if (event.type === 'gate.ended' && event.outcome !== 'approved' && event.outcome !== 'rejected') {
        this.closes = true;
        this.gates.push({ kind: 'ended', gate: event.step, outcome: event.outcome });
      }
    }
    for (const [step, state] of result.changed) {
      this.changed.set(step, state);
      if (body.type !== 'attention.resolved' && before.get(step)?.kind === 'attention') this.closes = true;
    }
    this.ahead = [...this.ahead, ...result.commands.filter((command) => command.ahead)];
    this.held.push(...result.commands.filter((command) => !command.ahead));
  }

  /** The execution ends with this turn, so there is nobody to notify. */
  forgetStop(step: StepId, execution: number): void {
    const isOther = (one: Command): boolean => one.type !== 'stop' || one.step !== step || one.execution !== execution;
    this.held.splice(0, this.held.length, ...this.held.filter(isOther));
  }

  /** Adds a fact to the journal. A log chunk gets its line numbers. */
  record(fact: Fact): void {
    this.note({ at: this.at, event: fact, kind: 'fact' });
    if (fact.type === 'log') {
      const { step, execution, chunk, lines } = fact;
      this.chunks.push({ step, execution, chunk, firstLine: this.lastLine + 1 });
      this.lastLine += lines;
    }
    if (fact.type === 'artifact.captured') {
      const { step, execution, name, path, digest, size, mediaType } = fact;
      this.artifacts.push({ step, execution, name, path, digest, size, mediaType });
    }
  }

  /** Adds a value that the page must contain. */
  needs(ref: ValueRef | Digest): void {
    if (ref === null) return;
    if (typeof ref === 'string') this.values.add(ref);
    else if (ref.kind === 'value') {
      this.bytes += ref.size;
      this.values.add(ref.digest);
    }
  }

  /** The values that an input event adds are stored beside the page that contains it. */
  private needsValuesOf(body: InputEventBody): void {
    if (body.type === 'attempt.succeeded' || body.type === 'attention.resolved') this.needs(body.outputs);
    if (body.type === 'gate.decided') this.needs(body.response);
    if (body.type === 'policy.judged') this.needs(body.input);
  }

  private note(entry: Unnumbered): void {
    this.entries.push(entry);
    this.results.take(entry);
  }
}
