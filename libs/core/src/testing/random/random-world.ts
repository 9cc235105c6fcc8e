import { digestOf } from '../../lib/canonical/digest';
import type { Digest, RunId, StepId } from '../../lib/foundation/ids';
import { chain, type Head } from '../../lib/journal/chain';
import type { Entry, Unnumbered } from '../../lib/journal/page';
import { nodeAt, type PlanIndex } from '../../lib/plan/plan-index';
import { advance, initialState, isParked, nextWakeAt, type Turn } from '../../lib/run/advance';
import type { Command } from '../../lib/run/command';
import { poisoning } from '../../lib/run/poison';
import type { InputEvent, InputEventBody } from '../../lib/run/run-event';
import type { RunState } from '../../lib/run/run-state';
import type { Answer } from '../../lib/step/question';
import { LoopWatch } from '../loop-watch';
import type { Random } from './random';
import { WorldWatch, type InFlightExecution } from './world-watch';

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

/** Plays one run to its end: random completion order, failures, stops that lose races, crashes, cancels, loans, time. Checks on the way. */
export class RandomWorld {
  private state: RunState;
  private readonly entries: Unnumbered[] = [];
  private readonly violations: string[] = [];
  private readonly flying = new Map<string, InFlightExecution>();
  private questions: Extract<Command, { type: 'answer' | 'judge' }>[] = [];
  private readonly loops: LoopWatch;
  private readonly watch: WorldWatch;
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
    const violation = (what: string): void => void this.violations.push(what);
    this.loops = new LoopWatch(index, violation);
    this.watch = new WorldWatch(index, this.flying, violation);
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
    this.watch.checkTurn(before, turn);
    this.loops.take(input, turn);
    for (const command of turn.commands) this.perform(command);
    this.watch.checkSlots(this.state);
    this.watch.checkWaits(this.state);
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
}
