import { digestOf } from '../lib/canonical/digest';
import type { RunId, StepId } from '../lib/foundation/ids';
import { nodeAt, type PlanIndex } from '../lib/plan/plan-index';
import { advance, initialState, nextWakeAt } from '../lib/run/advance';
import type { Command } from '../lib/run/command';
import type { Derived, InputEventBody } from '../lib/run/run-event';
import type { RunState } from '../lib/run/run-state';
import type { Answer } from '../lib/step/question';

/** One possible course of a run, chosen by a list of numbers; missing choices are 0. */
class OneRun {
  readonly events: Derived[] = [];
  /** Number of alternatives at each choice. */
  readonly ways: number[] = [];
  private state: RunState;
  private at = 1_000;
  private cancelled = false;
  private readonly todo: Command[] = [];

  constructor(
    private readonly index: PlanIndex,
    private readonly choices: readonly number[],
  ) {
    this.state = initialState(index, `run_${'0'.repeat(26)}` as RunId, []);
  }

  play(): void {
    const none = digestOf('none');
    const worker = { worker: 'w', version: '1', build: none, probe: none };
    this.apply({ type: 'run.claimed', fence: 1, crashes: 0, quarantine: false, ...worker });
    for (let moves = 0; this.state.phase !== 'ended' && moves < 200; moves++) {
      const command = this.todo.shift();
      if (command !== undefined) this.perform(command);
      else if (!this.decide()) {
        const wake = nextWakeAt(this.state);
        if (wake === null) return;
        this.at = Math.max(this.at, wake);
        this.apply({ type: 'time.reached' });
      }
    }
  }

  private choose(ways: number): number {
    this.ways.push(ways);
    return this.choices[this.ways.length - 1] ?? 0;
  }

  private apply(body: InputEventBody): void {
    const turn = advance(this.index, this.state, { ...body, at: this.at });
    this.state = turn.state;
    this.events.push(...turn.events);
    this.todo.push(...turn.commands);
  }

  private perform(command: Command): void {
    const { step } = command;
    if (command.type === 'answer')
      return this.apply({ type: 'question.answered', step, question: command.question, answer: this.answer(command) });
    if (command.type === 'judge') {
      const allow = this.choose(2) === 0;
      const by = { engine: 'cel', digest: digestOf('policy') };
      return this.apply({ type: 'policy.judged', step, allow, undecided: false, reasons: [], ...by, input: null });
    }
    // A pending outcome overtakes any stop.
    if (command.type === 'stop') return;
    const { execution } = command;
    if (this.choose(2) === 0) return this.apply({ type: 'attempt.succeeded', step, execution, outputs: null });
    const how = { code: 'EXIT_1', message: '', retryable: false, exitCode: 1 };
    return this.apply({ type: 'attempt.failed', step, execution, ...how });
  }

  private answer({ step, question }: Extract<Command, { type: 'answer' }>): Answer {
    const kept = { kind: 'value', digest: digestOf(step), size: 1 } as const;
    switch (question) {
      case 'when':
      case 'until':
        return { kind: 'truth', value: this.choose(2) === 0 };
      case 'items':
        return { kind: 'items', items: kept, count: 1 - this.choose(2) };
      case 'branch': {
        const bodies = nodeAt(this.index, step).bodies.length;
        const way = this.choose(bodies + 1);
        return { kind: 'branch', index: way === bodies ? null : way };
      }
      case 'gate':
        return {
          kind: 'gate',
          request: kept,
          gateDigest: digestOf(step),
          expiresAt: this.at + 60_000,
          executeBy: this.at + 90_000,
        };
      case 'outputs':
        return { kind: 'outputs', outputs: null };
      case 'successMessage':
      case 'failureMessage':
        return { kind: 'message', message: kept };
      case 'reuse':
        return { kind: 'reuse', source: null, outputs: null };
      case 'inputs':
        return { kind: 'inputs', inputs: kept };
    }
  }

  /** A person decides at the first waiting gate or cancels the run, or nobody does until its time is over. */
  private decide(): boolean {
    const waiting = this.state.steps.entries().find(([, state]) => state.kind === 'waiting');
    if (waiting?.[1].kind !== 'waiting') return false;
    const [step, { gate }] = waiting as [StepId, Extract<(typeof waiting)[1], { kind: 'waiting' }>];
    const way = this.choose(this.cancelled ? 3 : 4);
    if (way === 2) return false;
    if (way === 3) {
      this.cancelled = true;
      const by = { iss: 'https://issuer.test', sub: 'ada' };
      this.apply({ type: 'run.cancel-requested', by, reason: 'test', force: false });
      return true;
    }
    const { gateDigest, planHash } = gate;
    const decisionId = `d${this.events.length}`;
    const person = { iss: 'https://issuer.test', sub: decisionId };
    const decision = way === 0 ? ('approved' as const) : ('rejected' as const);
    this.apply({
      type: 'gate.decided',
      step,
      decision: {
        decisionId,
        gateDigest,
        planHash,
        decision,
        person,
        onBehalfOf: null,
        grants: ['packs.approve'],
        decidedAt: this.at,
      },
      record: digestOf(decisionId),
      response: null,
    });
    return true;
  }
}

/** Every possible course of a plan's run, up to `most`: each condition, branch, outcome, verdict and decision. Null: there are more. */
export function everyRun(index: PlanIndex, most: number): readonly (readonly Derived[])[] | null {
  const runs: (readonly Derived[])[] = [];
  for (let choices: number[] | null = []; choices !== null;) {
    if (runs.length === most) return null;
    const run = new OneRun(index, choices);
    run.play();
    runs.push(run.events);
    choices = after(choices, run.ways);
  }
  return runs;
}

/** The next list of choices in order; null after the last. */
function after(choices: readonly number[], ways: readonly number[]): number[] | null {
  for (let place = ways.length - 1; place >= 0; place--) {
    const chosen = choices[place] ?? 0;
    if (chosen + 1 < (ways[place] ?? 0))
      return [...Array.from({ length: place }, (_, index) => choices[index] ?? 0), chosen + 1];
  }
  return null;
}
