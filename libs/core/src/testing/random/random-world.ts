import { digestOf } from '../../lib/canonical/digest';
import type { Digest, RunId, StepId } from '../../lib/foundation/ids';
import { chain, type Head } from '../../lib/journal/chain';
import type { Entry, Unnumbered } from '../../lib/journal/page';
import { isItem, ROOT } from '../../lib/plan/place';
import { blockOf, childOf, nodeAt, parentOf, type PlanIndex } from '../../lib/plan/plan-index';
import { advance, initialState, isParked, nextWakeAt, type Turn } from '../../lib/run/advance';
import type { Command } from '../../lib/run/command';
import { poisoning } from '../../lib/run/poison';
import type { InputEvent, InputEventBody } from '../../lib/run/run-event';
import type { RunState } from '../../lib/run/run-state';
import type { Answer } from '../../lib/step/question';
import { isBusy } from '../../lib/step/step-state';
import { LoopWatch } from '../loop-watch';
import type { Random } from './random';

/** The function under test; a planted bug replaces it. */
export type Advance = (index: PlanIndex, state: RunState, input: InputEvent) => Turn;

/** What a random world saw. */
export interface Story {
  readonly state: RunState;
  readonly entries: readonly Entry[];
  readonly violations: readonly string[];
  /** Iterations of loops that began. */
  readonly iterations: number;
  /** Executions that another worker had. */
  readonly assigned: number;
}

const RUN = `run_${'0'.repeat(26)}` as RunId;
const initiator = { iss: 'https://issuer.test', sub: 'ada' };
const value = (text: string) => ({ kind: 'value', digest: digestOf(text), size: text.length }) as const;

interface InFlightExecution {
  readonly step: StepId;
  readonly execution: number;
  stopping: boolean;
  /** Its worker is dead. */
  readonly gone?: boolean;
  /** Another worker has it: it outlives the driver. */
  assigned: boolean;
}

/** Plays one run to its end: random completion order, failures, stops that lose races, crashes, cancels, loans, time. Checks on the way. */
export class RandomWorld {
  private state: RunState;
  private readonly entries: Unnumbered[] = [];
  private readonly violations: string[] = [];
  private readonly flying = new Map<string, InFlightExecution>();
  private questions: Extract<Command, { type: 'answer' | 'judge' }>[] = [];
  private readonly seen = new Map<StepId, number>();
  private readonly ended = new Set<StepId>();
  private readonly loops: LoopWatch;
  private at = 1_000_000;
  private fence = 0;
  private readonly orphans = new Map<string, InFlightExecution>();
  private crashes = 0;
  private cancelled = false;
  private assigned = 0;

  constructor(
    private readonly index: PlanIndex,
    private readonly random: Random,
    private readonly step: Advance = advance,
  ) {
    this.state = initialState(index, RUN, [initiator], random.chance(0.2));
    this.loops = new LoopWatch(index, (what) => void this.violations.push(what));
  }

  play(maxMoves = 5_000): Story {
    this.claim();
    let moves = 0;
    while (this.state.phase !== 'ended' && this.violations.length === 0) {
      if (++moves > maxMoves) this.violations.push('does not end');
      else this.move();
    }
    if (this.state.phase === 'ended' && this.flying.size > 0 && !this.poisoned())
      this.violations.push('ended with an execution under way');
    const head: Head = { seq: 0, hash: digestOf('admission') };
    return {
      state: this.state,
      entries: chain(head, this.entries, {}).page.entries,
      violations: this.violations,
      iterations: this.loops.iterations,
      assigned: this.assigned,
    };
  }

  private poisoned(): boolean {
    return this.state.result?.code === 'POISON';
  }

  private move(): void {
    const { random } = this;
    if (!this.cancelled && random.chance(0.01)) return this.cancel(false);
    if (this.cancelled && random.chance(0.02)) return this.cancel(true);
    if (random.chance(0.02)) return this.crash();
    if (this.questions.length > 0 && random.chance(0.8))
      return this.answer(this.questions.splice(random.int(0, this.questions.length - 1), 1)[0] as never);
    const inFlight = [...this.flying.values()];
    const assigned = inFlight.filter((one) => one.assigned);
    if (assigned.length > 0 && random.chance(0.1)) return this.lose(random.pick(assigned));
    if (assigned.length < inFlight.length && random.chance(0.2))
      return this.dispatch(random.pick(inFlight.filter((one) => !one.assigned)));
    if (inFlight.length > 0 && random.chance(0.9)) return this.finish(random.pick(inFlight));
    const gates = this.state.steps.entries().filter(([, state]) => state.kind === 'waiting');
    if (gates.length > 0 && random.chance(0.6)) return this.decide(...(random.pick(gates) as [StepId, never]));
    const attention = this.state.steps.entries().filter(([, state]) => state.kind === 'attention');
    if (attention.length > 0 && random.chance(0.6)) return this.resolve(random.pick(attention)[0]);
    const wake = nextWakeAt(this.state);
    if (wake !== null) return this.apply({ type: 'time.reached' }, Math.max(this.at, wake));
    if (inFlight.length + this.questions.length + gates.length + attention.length > 0) return;
    if (this.state.phase !== 'ended')
      this.violations.push(isParked(this.state) ? 'sleeps for ever' : 'busy with nothing');
  }

  private claim(): void {
    this.fence++;
    const failed = poisoning(this.crashes, this.state);
    const zero = digestOf('x');
    this.apply({
      type: 'run.claimed',
      fence: this.fence,
      crashes: this.crashes,
      quarantine: false,
      worker: 'w',
      version: '1',
      build: zero,
      probe: zero,
    });
    if (failed) this.apply(failed);
  }

  private crash(): void {
    for (const [key, inFlight] of this.flying) {
      if (inFlight.assigned) continue;
      this.flying.delete(key);
      this.orphans.set(key, inFlight);
      if (this.random.chance(0.1)) this.leave(inFlight);
    }
    this.questions = [];
    if (this.random.chance(0.05)) this.crashes = 3;
    this.claim();
  }

  /** Its driver has not begun it. */
  private leave({ step, execution }: InFlightExecution): void {
    this.apply({ type: 'attempt.unbegun', step, execution });
  }

  /** Offers it to other workers; one that is to stop is not theirs to take. */
  private dispatch(one: InFlightExecution): void {
    const { step, execution } = one;
    this.apply({ type: 'attempt.assigned', step, execution, assignment: `${step}#${execution}` });
    const state = this.state.steps.get(step);
    one.assigned = state?.kind === 'running' && state.execution === execution && state.assignment !== null;
    if (one.assigned) this.assigned++;
    if (one.assigned && one.stopping) this.violations.push(`${step} is lent although it is to stop`);
  }

  /** Its holder is gone, or gave it back. */
  private lose({ step, execution }: InFlightExecution): void {
    this.flying.delete(`${step}#${execution}`);
    this.apply({ type: 'attempt.lost', step, execution, began: this.random.chance(0.5) });
  }

  private cancel(force: boolean): void {
    this.cancelled = true;
    this.apply({ type: 'run.cancel-requested', by: initiator, reason: 'test', force });
  }

  private finish(one: InFlightExecution): void {
    const { step, execution } = one;
    this.flying.delete(`${step}#${execution}`);
    const { random } = this;
    if (one.gone === true || (one.stopping && random.chance(0.7)))
      return this.apply({ type: 'attempt.stopped', step, execution, unknown: random.chance(0.2) });
    const roll = random.next();
    if (roll < 0.7)
      return this.apply({
        type: 'attempt.succeeded',
        step,
        execution,
        outputs: random.chance(0.7) ? value(`${step}${execution}`) : null,
      });
    if (roll < 0.95)
      return this.apply({
        type: 'attempt.failed',
        step,
        execution,
        code: 'EXIT',
        message: 'no',
        retryable: random.chance(0.7),
        exitCode: 1,
      });
    return this.apply({ type: 'attempt.deferred', step, execution, until: this.at + 1_500 });
  }

  private answer(command: Extract<Command, { type: 'answer' | 'judge' }>): void {
    const { step } = command;
    if (command.type === 'judge') {
      const allow = this.random.chance(0.7);
      return this.apply({
        type: 'policy.judged',
        step,
        allow,
        undecided: this.random.chance(0.1),
        reasons: [],
        engine: 'cel',
        digest: digestOf('p'),
        input: null,
      });
    }
    this.apply({
      type: 'question.answered',
      step,
      question: command.question,
      answer: this.answerTo(command.question, step),
    });
  }

  private answerTo(question: string, step: StepId): Answer {
    if (this.random.chance(0.03)) return { kind: 'fault', code: 'EXPR_NULL', message: 'no value' };
    switch (question) {
      case 'when':
        return { kind: 'truth', value: this.random.chance(0.7) };
      case 'items': {
        const { node } = nodeAt(this.index, step);
        if (node.kind === 'loop') {
          const count = Math.min(this.random.pick([0, 1, 2, 5, 9]), node.maxIterations);
          if (node.items === null) return { kind: 'items', items: null, count: node.maxIterations };
          return { kind: 'items', items: value('list'), count };
        }
        return { kind: 'items', items: value('list'), count: this.random.pick([0, 1, 2, 5, 9]) };
      }
      case 'until':
        return { kind: 'truth', value: this.random.chance(0.3) };
      case 'branch': {
        const { bodies } = nodeAt(this.index, step);
        return { kind: 'branch', index: this.random.pick([null, ...bodies.keys()]) };
      }
      case 'gate':
        return {
          kind: 'gate',
          request: value(step),
          gateDigest: digestOf(step),
          expiresAt: this.at + 60_000,
          executeBy: this.at + this.random.pick([2_000, 600_000]),
        };
      case 'reuse':
        return this.random.chance(0.6)
          ? { kind: 'reuse', source: { run: RUN, digest: digestOf(step) }, outputs: value(`out ${step}`) }
          : { kind: 'reuse', source: null, outputs: null };
      case 'inputs':
        return { kind: 'inputs', inputs: value(`in ${step}`) };
      case 'successMessage':
      case 'failureMessage':
        return { kind: 'message', message: value(question) };
      default:
        return { kind: 'outputs', outputs: value(`out ${step}`) };
    }
  }

  private decide(step: StepId, state: { gate: { gateDigest: Digest; planHash: Digest } }): void {
    const { random } = this;
    const sub = random.pick(['ada', 'grace', 'linus', 'barbara']);
    const decision = {
      decisionId: `d${this.entries.length}`,
      gateDigest: random.chance(0.9) ? state.gate.gateDigest : digestOf('stale'),
      planHash: state.gate.planHash,
      decision: random.pick(['approved', 'approved', 'approved', 'rejected', 'withdrawn'] as const),
      person: { iss: 'https://issuer.test', sub },
      onBehalfOf: null,
      grants: ['packs.approve'],
      decidedAt: this.at,
    };
    this.apply({ type: 'gate.decided', step, decision, record: digestOf(decision.decisionId), response: null });
  }

  private resolve(step: StepId): void {
    const state = this.state.steps.get(step);
    if (state?.kind !== 'attention') return;
    const outcome = this.random.pick(['succeeded', 'failed', 'retry'] as const);
    this.apply({
      type: 'attention.resolved',
      step,
      execution: state.execution,
      outcome,
      outputs: null,
      record: digestOf('r'),
    });
  }

  private apply(body: InputEventBody, at = this.at + this.random.int(0, 400)): void {
    this.at = at;
    const input = { ...body, at } as InputEvent;
    const before = this.state;
    const turn = this.step(this.index, before, input);
    this.state = turn.state;
    this.entries.push(
      { at, kind: 'given', event: body },
      ...turn.events.map((event) => ({ at, kind: 'derived' as const, event })),
    );
    this.check(before, turn);
    this.loops.take(input, turn);
    for (const command of turn.commands) this.perform(command);
    this.checkSlots();
    this.checkWaits();
  }

  private perform(command: Command): void {
    if (command.type === 'answer' || command.type === 'judge') {
      const asks = (one: (typeof this.questions)[number]): string => (one.type === 'answer' ? one.question : one.type);
      if (!this.questions.some((one) => one.step === command.step && asks(one) === asks(command)))
        this.questions.push(command);
      return;
    }
    const key = `${command.step}#${command.execution}`;
    if (command.type === 'start')
      this.flying.set(key, { step: command.step, execution: command.execution, stopping: false, assigned: false });
    else {
      const [inFlight, orphan] = [this.flying.get(key), this.orphans.get(key)];
      if (inFlight) inFlight.stopping = true;
      // What a dead owner had under way is over: the next one says so.
      else if (orphan) this.flying.set(key, { ...orphan, stopping: true, gone: true });
    }
  }

  private check(before: RunState, turn: Turn): void {
    const wrong = (what: string): void => void this.violations.push(what);
    for (const event of turn.events) {
      if (before.phase === 'ended' && event.type !== 'given.ignored') wrong('an event after the end');
      if (event.type === 'step.started') {
        if (event.execution <= (this.seen.get(event.step) ?? 0))
          wrong(`execution ${event.execution} of ${event.step} again`);
        this.seen.set(event.step, event.execution);
        if (this.ended.has(event.step)) wrong(`${event.step} starts after its end`);
        if ([...this.flying.values()].some((one) => one.step === event.step))
          wrong(`two executions of ${event.step} overlap`);
        this.checkNeeds(event.step);
        if (before.ending && !this.isCleanup(event.step, before))
          wrong(`${event.step} starts although the run is ending`);
      }
      if (event.type === 'step.ended') {
        if (this.ended.has(event.step)) wrong(`${event.step} ends twice`);
        this.ended.add(event.step);
      }
      if (event.type === 'run.ended') {
        const open = [...this.seen.keys()].filter((step) => !this.ended.has(step));
        if (open.length > 0) wrong(`${open.join()} never ended`);
        const { counts } = turn.state;
        if (counts.running + counts.waiting + counts.retrying + counts.pending + counts.needs_attention !== 0)
          wrong(`counts left: ${JSON.stringify(counts)}`);
        if (turn.state.openGates !== 0) wrong('gates left open');
      }
    }
  }

  private checkNeeds(step: StepId): void {
    const above = parentOf(this.index, step);
    for (const need of nodeAt(this.index, step).node.needs) {
      if (!this.ended.has(childOf(this.index, above, need)))
        this.violations.push(`${step} starts before ${need} is over`);
    }
  }

  private isCleanup(step: StepId, before: RunState): boolean {
    if (before.ending?.force) return false;
    for (let at = step; at !== ROOT; at = parentOf(this.index, at)) {
      if (!isItem(at) && nodeAt(this.index, at).node.runOn !== 'success') return true;
    }
    return false;
  }

  private checkSlots(): void {
    for (const [step, state] of this.state.steps.entries()) {
      if (state.kind !== 'group' && state.kind !== 'repeat') continue;
      const children = this.state.steps
        .entries()
        .filter(([child]) => child !== ROOT && child !== step && parentOf(this.index, child) === step);
      const busy = children.filter(([, child]) => isBusy(child)).length;
      if (busy !== state.live) this.violations.push(`${step || 'root'} counts ${state.live} busy children of ${busy}`);
      const limit =
        state.kind === 'group' ? blockOf(this.index, step, state.branch).maxParallel || Infinity : this.widthOf(step);
      if (busy > limit) this.violations.push(`${step} runs ${busy} children of ${limit}`);
      const open = children.filter(([, child]) => child.kind !== 'ended').length;
      if (open !== state.open) this.violations.push(`${step || 'root'} counts ${state.open} open children of ${open}`);
    }
  }

  /** What waits for a time is told it; what is to stop was told to. */
  private checkWaits(): void {
    for (const [step, state] of this.state.steps.entries()) {
      const due =
        state.kind === 'retrying' && !state.queued
          ? state.at
          : state.kind === 'delaying'
            ? state.until
            : state.kind === 'waiting'
              ? state.gate.expiresAt
              : state.kind === 'repeat' && state.loop?.between?.kind === 'delaying'
                ? state.loop.between.until
                : null;
      const wake = this.state.wakes.get(step);
      if (due !== null && (wake === undefined || wake > due))
        this.violations.push(`${step} is ${state.kind} and nobody wakes it`);
      if (state.kind !== 'running' || state.stopping === null) continue;
      const inFlight = this.flying.get(`${step}#${state.execution}`);
      if (inFlight && !inFlight.stopping) this.violations.push(`${step} is to stop and was never told`);
    }
  }

  private widthOf(step: StepId): number {
    const { node } = nodeAt(this.index, step);
    return node.kind === 'map' ? (node.width ?? this.index.defaults.maxParallel) : 1;
  }
}
