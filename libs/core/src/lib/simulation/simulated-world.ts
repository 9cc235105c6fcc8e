import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import { isItem, nodeOf, ROOT } from '../plan/place';
import { nodeAt } from '../plan/plan-index';
import { advance, initialState, nextWakeAt } from '../run/advance';
import type { Command } from '../run/command';
import type { Derived, InputEventBody } from '../run/run-event';
import type { RunState } from '../run/run-state';
import { assumedAnswer } from './assumed-answer';
import { assumedOutcome } from './assumed-outcome';
import { Fifo } from './fifo';
import { NO_DOCUMENT, SIMULATED_RUN, type Knowledge } from './knowledge';
import type { Script } from './script';
import { simulatedVerdict } from './simulated-verdict';

type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;

/**
 * A scripted world in virtual time that executes nothing. Its turns are like those of the driver: pure commands are performed immediately,
 * first in, first out; the others after the turn; results arrive in the order in which the executions began.
 */
export class SimulatedWorld {
  state: RunState;
  private at = 0;
  private readonly ahead = new Fifo<Command>();
  private readonly held = new Fifo<Command>();
  private readonly outcomes = new Fifo<InputEventBody>();
  private readonly gates = new Fifo<StepId>();

  constructor(
    readonly knowledge: Knowledge,
    private readonly script: Script,
  ) {
    this.state = initialState(knowledge.context.index, SIMULATED_RUN, []);
  }

  /** Runs until the end, or as far as possible. */
  play(): void {
    this.apply({
      type: 'run.claimed',
      fence: 1,
      crashes: 0,
      quarantine: false,
      worker: 'simulation',
      version: '0',
      build: NO_DOCUMENT,
      probe: NO_DOCUMENT,
    });
    while (this.state.phase !== 'ended') {
      if (!this.move()) return;
    }
  }

  /** Virtual time since the beginning, milliseconds. */
  get now(): number {
    return this.at;
  }

  private move(): boolean {
    const ahead = this.ahead.take();
    if (ahead !== undefined) return this.perform(ahead);
    const held = this.held.take();
    if (held !== undefined) return this.perform(held);
    const outcome = this.outcomes.take();
    if (outcome !== undefined) return this.apply(outcome);
    const gate = this.gates.take();
    if (gate !== undefined) return this.decide(gate);
    const wake = nextWakeAt(this.state);
    if (wake === null) return false;
    this.at = Math.max(this.at, wake);
    return this.apply({ type: 'time.reached' });
  }

  private apply(body: InputEventBody): true {
    const turn = advance(this.knowledge.context.index, this.state, { ...body, at: this.at });
    this.state = turn.state;
    this.knowledge.results.take({ at: this.at, kind: 'given', event: body });
    for (const event of turn.events) {
      this.knowledge.results.take({ at: this.at, kind: 'derived', event });
      this.note(event);
    }
    for (const command of turn.commands) (command.ahead ? this.ahead : this.held).push(command);
    return true;
  }

  private note(event: Derived): void {
    if (event.type === 'gate.opened') {
      this.knowledge.trace(nodeOf(event.step)).reached = true;
      this.gates.push(event.step);
    }
    if (event.type === 'map.expanded') {
      const trace = this.knowledge.trace(nodeOf(event.step));
      trace.items = Math.max(trace.items ?? 0, event.count);
    }
    if (event.type !== 'step.ended' || event.step === ROOT) return;
    const { step, status, code } = event;
    const { kind } = nodeAt(this.knowledge.context.index, step).node;
    if (status === 'succeeded' || kind === 'map' || kind === 'loop') {
      this.knowledge.unknowns.ended(
        step,
        this.knowledge.branches.get(step) ?? 0,
        this.knowledge.results.get(step)?.begun ?? 0,
      );
    }
    if (isItem(step)) return;
    const trace = this.knowledge.trace(nodeOf(step));
    trace.ended.set(status, (trace.ended.get(status) ?? 0) + 1);
    // A false condition was recorded when it was evaluated. Other skipped steps did not satisfy their `runOn`.
    if (status === 'skipped') trace.skippedBy ??= code === 'WHEN_FALSE' ? 'RUN_ON_NOT_MET' : code;
    if (status === 'failed') trace.failedBy ??= code;
  }

  private perform(command: Command): true {
    switch (command.type) {
      case 'start': {
        const input = assumedOutcome(this.knowledge, this.script, command, this.at);
        if (command.ahead) return this.apply(input);
        this.outcomes.push(input);
        return true;
      }
      case 'stop':
        // Its outcome is already on the way and overtakes the stop.
        return true;
      case 'answer': {
        const { step, question } = command;
        const answer = assumedAnswer(this.knowledge, step, question, this.at);
        if (answer.kind === 'truth' && !answer.value && question === 'when')
          this.knowledge.trace(nodeOf(step)).skippedBy ??= 'WHEN_FALSE';
        if (answer.kind === 'branch') this.knowledge.trace(nodeOf(step)).isBranched = true;
        return this.apply({ type: 'question.answered', step, question, answer });
      }
      case 'judge':
        return this.judge(command);
    }
  }

  private judge({ step, policy: id }: CommandOf<'judge'>): true {
    const { knowledge, script } = this;
    knowledge.trace(nodeOf(step)).reached = true;
    const policy = knowledge.context.index.plan.policies.find((one) => one.id === id);
    if (policy === undefined) throw new TypeError('no such policy in the plan');
    const verdict = simulatedVerdict(knowledge, step, policy, script.outcomeOf(step));
    const { engine, digest } = policy;
    return this.apply({ type: 'policy.judged', step, ...verdict, engine, digest, input: null });
  }

  /** People decide when nothing else is in progress. A gate that the script lets expire is left alone. */
  private decide(step: StepId): true {
    const state = this.state.steps.get(step);
    if (state?.kind !== 'waiting') return true;
    const scripted = this.script.outcomeOf(step);
    const { requirement, gateDigest, planHash, approvals } = state.gate;
    // If a script states only how the gate ends, this is the policy's answer, and people override it.
    const isJudged = (this.knowledge.results.get(step)?.judged ?? null) !== null;
    const isSilent = scripted === null || (isJudged && scripted.policy === null);
    const decision = isSilent ? 'approved' : scripted.decision;
    if (isSilent)
      this.knowledge.assume(
        step,
        requirement.minApprovals === 1 ? 'one person approves' : `${requirement.minApprovals} people approve`,
      );
    if (decision === 'expired') return true;
    const person = { iss: 'simulation', sub: `person-${approvals.length + 1}` };
    const decisionId = `${step}#${approvals.length + 1}`;
    this.gates.push(step);
    return this.apply({
      type: 'gate.decided',
      step,
      decision: {
        decisionId,
        gateDigest,
        planHash,
        decision,
        person,
        onBehalfOf: null,
        grants: ['packs.approve', ...requirement.grants],
        decidedAt: this.at,
      },
      record: digestOf(decisionId),
      response: decision === 'approved' && scripted?.response ? this.knowledge.keep(scripted.response.value) : null,
    });
  }
}
